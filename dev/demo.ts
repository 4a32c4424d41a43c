import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * A realistic year through the public API alone: customers sign up month by month, in several currencies and on several
 * plans; some cards fail, some customers change their mind. Prints what became of it. Runs against `npm start`.
 */
const { values } = parseArgs({
  options: { api: { type: 'string' }, key: { type: 'string' }, accounts: { type: 'string', default: '240' } },
})
const kept = join(import.meta.dirname, '..', '.perennial', 'kept.json')
const api = values.api ?? process.env.API ?? 'http://127.0.0.1:8787/v1'
const key = values.key ?? process.env.KEY ?? (existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')).key : '')

const MONTHS = 12
const CLOCKS = 4
const run = Date.now().toString(36)
/** The same year every time. */
const random = seeded(20260101)

const currencies = [
  { currency: 'USD', zones: ['America/New_York', 'America/Los_Angeles'], factor: 100 },
  { currency: 'EUR', zones: ['Europe/Berlin', 'Europe/Paris'], factor: 95 },
  { currency: 'GBP', zones: ['Europe/London'], factor: 80 },
  { currency: 'JPY', zones: ['Asia/Tokyo'], factor: 150 },
  { currency: 'KWD', zones: ['Asia/Kuwait'], factor: 310 },
]
const plans = [
  { code: `starter-${run}`, name: 'Starter', amount: 19, trial_days: 14 },
  { code: `pro-${run}`, name: 'Pro', amount: 49, trial_days: 0 },
  { code: `business-${run}`, name: 'Business', amount: 199, trial_days: 0 },
]

type Wire = Record<string, unknown> & { readonly id: string }
type Signup = { readonly month: number; readonly day: number; readonly clock: number; readonly index: number }

const started = Date.now()
await begin()
const clocks = await times(CLOCKS, (n) =>
  post('/test_clocks', { name: `Demo ${run} ${n + 1}`, now: '2026-01-01T00:00:00Z' }),
)
for (const plan of plans) await post('/plans', planOf(plan))

const signups = Array.from(
  { length: Number(values.accounts) },
  (_, index): Signup => ({
    index,
    month: Math.floor(random() * 9),
    day: 1 + Math.floor(random() * 28),
    clock: index % CLOCKS,
  }),
)
const live: { readonly id: string; readonly clock: number }[] = []
const told = { accounts: 0, subscriptions: 0, declined: 0, cancelled: 0, takenBack: 0 }
let steps = 0
for (let month = 0; month < MONTHS; month++) {
  await Promise.all(clocks.map((clock, index) => playMonth(clock.id, index, month)))
  await changeMinds()
}
await report()

/** Signs up who comes this month, day by day, then lets the rest of the month pass. */
async function playMonth(clock: string, index: number, month: number): Promise<void> {
  const coming = signups.filter((signup) => signup.month === month && signup.clock === index)
  for (const day of [...new Set(coming.map((signup) => signup.day))].sort((a, b) => a - b)) {
    await advance(clock, new Date(Date.UTC(2026, month, day, 9)))
    for (const signup of coming.filter((one) => one.day === day)) await signUp(signup, clock)
  }
  await advance(clock, new Date(Date.UTC(2026, month + 1, 1)))
  steps += 1
  progress(steps / (MONTHS * CLOCKS), `${String(month + 1).padStart(2)}/2026`)
}

async function signUp({ index, clock: number }: Signup, clock: string): Promise<void> {
  const { currency, zones } = pick(currencies)
  const invoice = random() < 0.1
  const account = await post('/accounts', {
    email: `customer-${index}@demo.example`,
    name: `${pick(['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia'])} ${index}`,
    external_key: `demo-${run}-${index}`,
    currency,
    timezone: pick(zones),
    collection: invoice ? 'invoice' : 'automatic',
    test_clock: clock,
  })
  told.accounts += 1
  if (!invoice) {
    const token =
      random() < 0.06 ? 'pm_card_chargeCustomerFail' : pick(['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex'])
    await post(`/accounts/${account.id}/payment_methods`, { token })
  }
  const subscription = await post('/subscriptions', {
    account: account.id,
    plan: pick(plans).code,
    interval: random() < 0.2 ? 'year' : 'month',
    quantity: 1 + Math.floor(random() * 8),
  })
  told.subscriptions += 1
  if ((subscription.payment as { status?: string } | null)?.status === 'failed') told.declined += 1
  live.push({ id: subscription.id, clock: number })
}

/** Between two months a few cancel, and some of them think better of it. */
async function changeMinds(): Promise<void> {
  for (const { id } of live.filter(() => random() < 0.03)) {
    const now = random() < 0.2
    const reply = await send('POST', `/subscriptions/${id}/cancel`, { when: now ? 'now' : 'period_end' })
    if (!reply.ok) continue
    told.cancelled += 1
    if (!now && random() < 0.4 && (await send('POST', `/subscriptions/${id}/uncancel`)).ok) told.takenBack += 1
  }
}

async function advance(clock: string, to: Date): Promise<void> {
  const reply = await send('POST', `/test_clocks/${clock}/advance`, { to: to.toISOString() })
  if (!reply.ok) throw new Error(await reply.text())
  for (let { status } = (await reply.json()) as { status: string }; status !== 'ready'; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    status = String((await get(`/test_clocks/${clock}`)).status)
  }
}

async function report(): Promise<void> {
  const totals = new Map<string, { invoices: number; paid: number; open: number; amount: number }>()
  for await (const invoice of all('/invoices')) {
    const currency = String(invoice.currency)
    const total = totals.get(currency) ?? { invoices: 0, paid: 0, open: 0, amount: 0 }
    total.invoices += 1
    if (invoice.status === 'paid') total.paid += 1
    if (invoice.status === 'open') total.open += 1
    total.amount += Number(invoice.total)
    totals.set(currency, total)
  }
  const { currencies: balances } = (await get('/ledger/trial_balance')) as unknown as {
    currencies: { currency: string; balanced: boolean }[]
  }
  process.stdout.write('\n\n')
  console.table(
    Object.fromEntries(
      [...totals].map(([currency, { amount, ...counts }]) => [
        currency,
        {
          ...counts,
          invoiced: money(amount, currency),
          ledger: balances.find((balance) => balance.currency === currency)?.balanced ? 'balanced' : 'OUT OF BALANCE',
        },
      ]),
    ),
  )
  console.log(`
${told.accounts} accounts, ${told.subscriptions} subscriptions; ${told.declined} first payments declined, ${told.cancelled} cancellations, ${told.takenBack} taken back.
A year in ${((Date.now() - started) / 1000).toFixed(0)} s.

  ${api}/invoices
  ${api}/payments?status=failed
  ${api}/ledger/trial_balance
  ${new URL(api).origin}/docs
`)
}

function planOf({ code, name, amount, trial_days }: (typeof plans)[number]) {
  const prices = currencies.flatMap(({ currency, factor }) => [
    { currency, interval: 'month', unit_amount: String(amount * factor) },
    { currency, interval: 'year', unit_amount: String(amount * factor * 10) },
  ])
  return { code, name, trial_days, prices }
}

async function begin(): Promise<void> {
  const reply = await fetch(`${new URL(api).origin}/health`).catch(() => null)
  if (reply?.ok && key !== '') return
  console.error('The platform is not running: start it with `npm start` in another terminal, then run this again.')
  process.exit(1)
}

async function* all(path: string): AsyncGenerator<Wire> {
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = (await get(`${path}?limit=100${query}`)) as unknown as { data: Wire[]; next_cursor: string | null }
    yield* page.data
    cursor = page.next_cursor
  } while (cursor !== null)
}

function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  return fetch(`${api}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

async function get(path: string): Promise<Wire> {
  return read(await send('GET', path), path)
}

async function post(path: string, body: unknown): Promise<Wire> {
  return read(await send('POST', path, body), path)
}

async function read(reply: Response, path: string): Promise<Wire> {
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
  return (await reply.json()) as Wire
}

function progress(share: number, label: string): void {
  const width = 40
  const done = Math.round(share * width)
  process.stdout.write(`\r  ${'█'.repeat(done)}${'░'.repeat(width - done)} ${Math.round(share * 100)} %  ${label} `)
}

function money(amount: number, currency: string): string {
  const decimals = { JPY: 0, KWD: 3 }[currency] ?? 2
  return (amount / 10 ** decimals).toLocaleString('en', { minimumFractionDigits: decimals })
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}

function times<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => make(n)))
}

/** mulberry32: small, and good enough for a demonstration. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
