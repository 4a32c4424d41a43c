import { expect } from 'vitest'
import { body, type Client, type Json, organization, type Reply } from './client.ts'
import { type GatewayControl, gatewayOf } from './gateway.ts'
import { type Sold, sold } from './sold.ts'
import { toldTo } from './told.ts'

/** The words that the tests are written in. Each world is an organization of its own with one test clock. */
export type World = {
  readonly client: Client
  readonly gateway: GatewayControl
  readonly clock: string
  /** An account on the world's clock with a card that works, unless said otherwise. */
  readonly account: (about?: Json & { card?: string | null }) => Promise<Customer>
  /** A plan by its code, with one price unless said otherwise. */
  readonly plan: (code: string, about?: Json) => Promise<Json>
  readonly now: () => Promise<string>
  /** Advances the clock: `'1 month'`, `'14 days'`, `'3 years'`, counted in UTC. */
  readonly passes: (span: string) => Promise<void>
  readonly until: (instant: string) => Promise<void>
  /** Debits equal credits in every currency. More is checked by `expectSoundBooks`. */
  readonly isBalanced: () => Promise<void>
}

export type Customer = {
  readonly id: string
  readonly subscribes: (plan: string, about?: Json) => Promise<Json>
  readonly asksToSubscribe: (plan: string, about?: Json) => Promise<Reply>
  /** Subscribes, and answers what can be done with the subscription. */
  readonly buys: (plan: string, about?: Json) => Promise<Sold>
  /** Is given credit. */
  readonly isGranted: (amount: number, about?: Json) => Promise<Json>
  /** Is billed by hand: descriptions and unit amounts. */
  readonly isBilled: (lines: Readonly<Record<string, string>>, about?: Json) => Promise<Json>
  /** A coupon is attached to all it is billed. */
  readonly redeems: (coupon: string) => Promise<Json>
  readonly hasToItsCredit: () => Promise<number>
  /** The account as the API shows it. */
  readonly shown: () => Promise<Json>
  /** Attaches another method, charged from now on unless said otherwise. */
  readonly changesCard: (token: string, about?: Json) => Promise<Json>
  /** Charges an open invoice of its, also where that will be refused. */
  readonly pays: (invoice: Json, about?: Json) => Promise<Reply>
  /** Money for an open invoice that came in past the gateway. */
  readonly paysByHand: (invoice: Json, about?: Json) => Promise<Reply>
  /** Oldest first. */
  readonly invoices: () => Promise<readonly Json[]>
  readonly payments: () => Promise<readonly Json[]>
  /** Every try to charge it, oldest first. */
  readonly attempts: () => Promise<readonly Json[]>
  /** The kinds of what it was told, oldest first. */
  readonly wasTold: () => Promise<readonly string[]>
  readonly subscriptions: () => Promise<readonly Json[]>
  readonly owes: () => Promise<number>
}

export async function newWorld(start = '2026-01-01T00:00:00Z'): Promise<World> {
  const client = await organization('sandbox')
  const clock = body(await client.post('/v1/test_clocks', { now: start })).id as string
  const now = async () => body(await client.get(`/v1/test_clocks/${clock}`)).now as string
  const until = async (to: string) => {
    const reply = await client.post(`/v1/test_clocks/${clock}/advance`, { to })
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  }
  return {
    client,
    clock,
    gateway: gatewayOf(client.stripeKey),
    now,
    until,
    passes: async (span) => until(later(await now(), span)),
    account: async ({ card = 'pm_card_visa', ...about } = {}) => {
      const given = { email: 'jane@startup.example', name: 'Jane', test_clock: clock, ...about }
      const account = body(await client.post('/v1/accounts', given))
      if (card !== null) body(await client.post(`/v1/accounts/${account.id}/payment_methods`, { token: card }))
      return customer(client, account.id)
    },
    plan: async (code, about = {}) =>
      body(
        await client.post('/v1/plans', {
          code,
          name: code[0]?.toUpperCase() + code.slice(1),
          prices: [monthly('USD', '4900')],
          ...about,
        }),
      ),
    isBalanced: async () => {
      const { currencies } = body(await client.get('/v1/ledger/trial_balance'))
      for (const { currency, debits, credits } of currencies)
        expect({ currency, debits }).toEqual({ currency, debits: credits })
    },
  }
}

function customer(client: Client, id: string): Customer {
  const asksToSubscribe = (plan: string, about: Json = {}) =>
    client.post('/v1/subscriptions', { account: id, plan, ...about })
  const subscribes = async (plan: string, about?: Json) => body(await asksToSubscribe(plan, about))
  const shown = async () => body(await client.get(`/v1/accounts/${id}`))
  const list = async (what: string) => [...body(await client.get(`/v1/${what}?account=${id}&limit=100`)).data].reverse()
  return {
    id,
    asksToSubscribe,
    subscribes,
    buys: async (plan, about) => sold(client, await subscribes(plan, about)),
    isGranted: async (amount, about) =>
      body(await client.post('/v1/credits', { account: id, amount, reason: 'An apology', ...about })),
    isBilled: async (lines, about) => {
      const written = Object.entries(lines).map(([description, unit_amount]) => ({ description, unit_amount }))
      return body(await client.post('/v1/invoices', { account: id, lines: written, ...about }))
    },
    redeems: async (coupon) => body(await client.post(`/v1/accounts/${id}/discount`, { coupon })),
    hasToItsCredit: async () => (await shown()).credit_balance,
    shown,
    changesCard: async (token, about) =>
      body(await client.post(`/v1/accounts/${id}/payment_methods`, { token, ...about })),
    pays: (invoice, about = {}) => client.post(`/v1/invoices/${invoice.id}/pay`, about),
    paysByHand: (invoice, about = {}) => client.post(`/v1/invoices/${invoice.id}/record_payment`, about),
    invoices: () => list('invoices'),
    payments: () => list('payments'),
    attempts: async () => {
      const read = (await list('payments')).map((payment) =>
        client.get(`/v1/payments/${payment.id}/attempts?limit=100`),
      )
      const tries: readonly Json[] = (await Promise.all(read)).flatMap((reply) => body(reply).data)
      return tries.toSorted((left, right) => (left.id < right.id ? -1 : 1))
    },
    wasTold: async () => (await toldTo(id)).map(({ kind }) => kind),
    subscriptions: () => list('subscriptions'),
    owes: async () => (await list('invoices')).reduce((sum, { balance }) => sum + balance, 0),
  }
}

export function monthly(currency: string, unit_amount: string) {
  return { currency, interval: 'month', unit_amount }
}

export function yearly(currency: string, unit_amount: string) {
  return { currency, interval: 'year', unit_amount }
}

/** `'1 month'` after an instant, in UTC; the 31st goes to the month's last day. */
export function later(from: string, span: string): string {
  const [, count, unit] = /^(\d+) (day|week|month|year)s?$/.exec(span) ?? []
  const date = new Date(from)
  const days = { day: 1, week: 7 }[unit ?? '']
  if (days !== undefined) date.setUTCDate(date.getUTCDate() + days * Number(count))
  else {
    const day = date.getUTCDate()
    date.setUTCDate(1)
    date.setUTCMonth(date.getUTCMonth() + (unit === 'year' ? 12 : 1) * Number(count))
    date.setUTCDate(Math.min(day, new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()))
  }
  return date.toISOString().replace('.000Z', 'Z')
}
