import { applyNews } from '../../src/billing/gateway-news.ts'
import { encodeId, type Id } from '../../src/kernel/id.ts'
import type { Instant } from '../../src/kernel/instant.ts'
import { openGateway } from '../../src/payments/open-gateway.ts'
import { gatewayAccountById } from '../../src/payments/repository.ts'
import { pathOf } from '../../src/portal/domain/link.ts'
import { signLink } from '../../src/portal/link.ts'
import type { Json } from './client.ts'
import type { Lane } from './fault-lane.ts'
import { sql } from './sql.ts'
import { signatureOf } from './webhook.ts'

/** What a Worker is asked to do while things go wrong. `choice` picks among the forms that it has. */
export type At = {
  readonly lane: Lane
  /** As the API writes it. */
  readonly account: string
  /** Different for each history. */
  readonly name: string
  readonly seen: Seen
  readonly choice: number
}

/** How the account stood when the Workers of a step began. */
export type Seen = {
  readonly invoice: {
    readonly id: Id<'invoice'>
    readonly status: string
    readonly line: Id<'line'>
    readonly paid: number
  } | null
  readonly payments: readonly { readonly id: Id<'payment'>; readonly status: string; readonly intent: string | null }[]
  readonly methods: readonly Id<'payment_method'>[]
  /** Tries and refunds without an end. */
  readonly open: number
  /** Whether the request for the invoice has its answer. */
  readonly isAnswered: boolean
  /** What the gateway has to tell of its payments. */
  readonly events: readonly Json[]
}

const PRICE = 9900

const cards = [
  ...['pm_card_visa', 'pm_card_visa', 'pm_card_chargeCustomerFail', 'pm_card_authenticationRequired'],
  ...['pm_usBankAccount_success', 'pm_usBankAccount_insufficientFunds'],
]

export type Job = (at: At) => Promise<unknown>

export const jobs = {
  /** The one request that makes the history's invoice, and every repetition of it. */
  invoices: ({ lane, account, name }) => {
    const lines = [{ description: 'Work', unit_amount: String(PRICE) }]
    return lane.ask('POST', '/v1/invoices', { account, lines }, keyed(invoiceKey(name)))
  },
  pays: onInvoice('pay', (choice) => [choice % 3, choice % 3 === 1 ? { amount: 4000 } : {}]),
  records: onInvoice('record_payment', (choice) => [
    choice % 3,
    choice % 3 === 0 ? {} : { amount: [3000, 12_000][(choice % 3) - 1] },
  ]),
  voids: onInvoice('void', (choice) => [choice % 2, { reason: 'Never mind' }]),
  gives_up: onInvoice('mark_uncollectible', (choice) => [choice % 2, {}]),
  credits: async (at) => {
    const { lane, account, choice, name } = at
    const body = { account, amount: 1500, reason: 'An apology' }
    await lane.ask('POST', '/v1/credits', body, keyed(`${name} credit ${choice % 2}`))
    return onInvoice('apply_credit', () => [choice % 2, choice % 4 < 2 ? {} : { amount: 500 }])(at)
  },
  corrects: async ({ lane, name, seen: { invoice }, choice }) => {
    if (invoice === null) return
    const part = choice % 3 === 0 ? {} : { lines: [{ line: encodeId('line', invoice.line), amount: 2000 }] }
    const back = choice % 2 === 0 && invoice.paid > 0 ? { refund: choice % 3 === 0 ? invoice.paid : 2000 } : {}
    const body = { invoice: encodeId('invoice', invoice.id), reason: 'Too much', ...part, ...back }
    return lane.ask('POST', '/v1/credit_notes', body, keyed(`${name} note ${JSON.stringify(body)}`))
  },
  refunds: async ({ lane, name, seen: { payments }, choice }) => {
    const paid = payments.filter(({ status, intent }) => status === 'succeeded' && intent !== null)
    const payment = paid[choice % Math.max(1, paid.length)]
    if (payment === undefined) return
    const body = { payment: encodeId('payment', payment.id), amount: 1000 }
    return lane.ask('POST', '/v1/refunds', body, keyed(`${name} refund ${choice % 2}`))
  },
  /** The customer pays on our page. */
  visits: async ({ lane, seen: { invoice, methods }, choice }) => {
    if (invoice === null) return
    const method = methods[choice % Math.max(1, methods.length)]
    const form = method === undefined ? '' : `method=${encodeId('payment_method', method)}`
    await lane.ask('POST', await payPage(lane, invoice.id), form)
  },
  /** The customer comes back from the bank. */
  returns: async ({ lane, seen: { invoice } }) => {
    if (invoice !== null) await lane.ask('GET', `${await payPage(lane, invoice.id)}?payment_intent=pi_1`)
  },
  attaches: ({ lane, account, name, choice }) => {
    const body = { token: cards[choice % cards.length], default: choice % 4 !== 0 }
    return lane.ask('POST', `/v1/accounts/${account}/payment_methods`, body, keyed(`${name} card ${choice % 12}`))
  },
  prefers: async (at) => onMethod(at, 'POST', '/default'),
  removes: async (at) => onMethod(at, 'DELETE', ''),
  /** Who is charged by itself from now on, or not any more. */
  switches: ({ lane, account, name, choice }) => {
    const body = { collection: choice % 2 === 0 ? 'automatic' : 'invoice' }
    return lane.ask('PATCH', `/v1/accounts/${account}`, body, keyed(`${name} collection ${choice % 12}`))
  },
  /** The charge queue, and what the relay sends there. */
  charges: ({ lane: { gatewayAccountId, deliver } }) => deliver('perennial-charges', [{ gatewayAccountId }]),
  relays: async ({ lane }) => {
    await deliverSent(lane, 'perennial-relay')
    await deliverSent(lane, 'perennial-charges')
  },
  /** What is due by now: retries too. */
  bills: async ({ lane }) => {
    await lane.ask('POST', '/v1/billing_runs', {})
    await deliverSent(lane, 'perennial-billing')
  },
  /** An event of the gateway comes, if one does: late, doubled and out of order as the script says. */
  hears: async ({ lane, seen: { events }, choice }) => {
    const event = events[choice % Math.max(1, events.length)]
    if (event === undefined) return
    const body = JSON.stringify(event)
    const signature = { 'Stripe-Signature': await signatureOf(body, { at: lane.now() }) }
    const answer = await lane.ask('POST', webhookOf(lane), body, signature)
    await deliverSent(lane, 'perennial-gateway')
    return answer
  },
  /** How a payment stands at the gateway is applied, whether that is news or not. */
  looks: async ({ lane, seen: { payments }, choice }) => {
    const payment = payments[choice % Math.max(1, payments.length)]
    if (payment?.intent) await lookUp(lane, payment.intent, payment.id)
  },
} as const satisfies Record<string, Job>

export type JobName = keyof typeof jobs

function invoiceKey(name: string): string {
  return `${name} invoice`
}

function keyed(key: string) {
  return { 'Idempotency-Key': key }
}

function onInvoice(what: string, form: (choice: number) => readonly [key: number, body: Json]): Job {
  return async ({ lane, name, seen: { invoice }, choice }) => {
    if (invoice === null) return
    const [key, body] = form(choice)
    return lane.ask(
      'POST',
      `/v1/invoices/${encodeId('invoice', invoice.id)}/${what}`,
      body,
      keyed(`${name} ${what} ${key}`),
    )
  }
}

async function onMethod({ lane, account, seen: { methods }, choice }: At, verb: string, what: string) {
  const method = methods[choice % Math.max(1, methods.length)]
  if (method === undefined) return
  return lane.ask(verb, `/v1/accounts/${account}/payment_methods/${encodeId('payment_method', method)}${what}`)
}

async function payPage({ env, organizationId }: Lane, id: Id<'invoice'>): Promise<string> {
  const link = { kind: 'pay', organizationId, id, expiresAt: 4_000_000_000_000 as Instant } as const
  return pathOf('pay', await signLink(env.SEALING_KEY, link))
}

/** What others have sent for this gateway; messages of other lanes' are theirs to send. */
async function deliverSent(
  { sent, deliver, gatewayAccountId }: Lane,
  queue: Parameters<Lane['deliver']>[0],
): Promise<void> {
  const own = sent.filter((message) => message.queue === queue)
  sent.splice(0, sent.length, ...sent.filter((message) => message.queue !== queue))
  const bodies = own.map(({ body }) => body as Json)
  const isOurs = (body: Json) => queue !== 'perennial-charges' || body.gatewayAccountId === gatewayAccountId
  await deliver(queue, bodies.filter(isOurs))
}

function webhookOf({ gatewayAccountId }: Lane): string {
  return `/gateways/stripe/${encodeId('gateway_account', gatewayAccountId)}/webhook`
}

async function lookUp(lane: Lane, gatewayPayment: string, ourPayment: Id<'payment'>): Promise<void> {
  const { env, database, organizationId, gatewayAccountId } = lane
  const [account] = await gatewayAccountById(database, organizationId, gatewayAccountId)
  if (account === undefined) throw new Error('the gateway account is gone')
  const outcome = await (await openGateway(env, account)).retrieve(gatewayPayment)
  const told = { kind: 'payment', gatewayPayment, ourPayment, outcome } as const
  await applyNews(env, database)({ ...told, organizationId, gatewayAccountId })
}

/** One trip past any Worker. */
export async function look(lane: Lane, account: Id<'account'>, name: string): Promise<Omit<Seen, 'events'>> {
  const [row] = await sql(
    `select
       (select json_build_object('id', i.id, 'status', i.status, 'paid', i.paid, 'line',
          (select l.id from invoice_lines l where l.organization_id = i.organization_id and l.invoice_id = i.id limit 1))
        from invoices i where i.organization_id = $1 and i.account_id = $2 order by i.id limit 1) as invoice,
       (select coalesce(json_agg(json_build_object('id', p.id, 'status', p.status, 'intent', p.gateway_payment) order by p.id), '[]')
        from payments p where p.organization_id = $1 and p.account_id = $2) as payments,
       (select coalesce(json_agg(m.id order by m.id), '[]')
        from payment_methods m where m.organization_id = $1 and m.account_id = $2 and m.removed_at is null) as methods,
       (select count(*) from payment_attempts t where t.organization_id = $1 and t.account_id = $2 and t.ended_at is null)
       + (select count(*) from refunds r where r.organization_id = $1 and r.account_id = $2 and r.ended_at is null) as open,
       exists (select from idempotency_keys k where k.organization_id = $1 and k.key = $3 and k.status is not null) as "isAnswered"`,
    lane.organizationId,
    account,
    invoiceKey(name),
  )
  return { ...(row as Omit<Seen, 'events'>), open: Number(row?.open) }
}
