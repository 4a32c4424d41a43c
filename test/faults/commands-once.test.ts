import { describe, expect, test } from 'vitest'
import { operations } from '../support/api-document.ts'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json, type Reply } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import type { Sold } from '../support/sold.ts'
import { database, sql } from '../support/sql.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

/** Jane, who is charged, on Starter since the 1st; John, who owes the invoice of his; it is the 16th. */
type Given = World & { readonly jane: Customer; readonly sub: Sold; readonly john: Customer; readonly johns: Sold }

async function given(): Promise<Given> {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  await world.plan('extra', { kind: 'add_on', prices: [monthly('USD', '1000')] })
  body(await world.client.post('/v1/coupons', { code: 'TEN', percent_off: '10' }))
  const [jane, john] = [await world.account({ timezone: 'UTC' }), await world.account({ name: 'John', card: null })]
  const [sub, johns] = [await jane.buys('starter'), await john.buys('starter')]
  await world.until('2026-04-16T00:00:00Z')
  return { ...world, jane, sub, john, johns }
}

type Post = readonly [path: string, about: Json]
type Command = {
  /** The name of its commit, and the event that says it was done. */
  readonly cause: string
  readonly event: string
  readonly prepare: (given: Given) => Promise<Post> | Post
}

const of = ({ sub }: Given, command: string, about: Json = {}): Post => [
  `/v1/subscriptions/${sub.id}/${command}`,
  about,
]
const owed = ({ johns }: Given, command: string, about: Json = {}): Post => [
  `/v1/invoices/${johns.made.latest_invoice.id}/${command}`,
  about,
]
const paid = ({ sub }: Given) => ({ invoice: sub.made.latest_invoice.id, reason: 'Wrong', refund: 4900 })
const line = { description: 'Set-up', unit_amount: '700' }

/** Every POST that is a command on something there is, by its path. */
const commands: Readonly<Record<string, Command>> = {
  '/v1/subscriptions/{id}/change': {
    ...{ cause: 'change_subscription', event: 'subscription.changed' },
    prepare: (world) => of(world, 'change', { plan: 'pro', invoice: 'now' }),
  },
  '/v1/subscriptions/{id}/items': {
    ...{ cause: 'change_subscription', event: 'subscription.changed' },
    prepare: (world) => of(world, 'items', { plan: 'extra', quantity: 2 }),
  },
  '/v1/subscriptions/{id}/cancel': {
    ...{ cause: 'cancel_subscription', event: 'subscription.cancelled' },
    prepare: (world) => of(world, 'cancel', { when: 'now', prorate: true, credit: 'refund' }),
  },
  '/v1/subscriptions/{id}/uncancel': {
    ...{ cause: 'uncancel_subscription', event: 'subscription.cancellation_revoked' },
    prepare: async (world) => {
      await world.sub.cancels()
      return of(world, 'uncancel')
    },
  },
  '/v1/subscriptions/{id}/pause': {
    ...{ cause: 'pause_subscription', event: 'subscription.paused' },
    prepare: (world) => of(world, 'pause'),
  },
  '/v1/subscriptions/{id}/resume': {
    ...{ cause: 'resume_subscription', event: 'subscription.resumed' },
    prepare: async (world) => {
      await world.sub.pauses()
      return of(world, 'resume')
    },
  },
  '/v1/subscriptions/{id}/trial': {
    ...{ cause: 'change_trial', event: 'invoice.paid' },
    prepare: async ({ jane }) => {
      const { id } = await jane.subscribes('pro', { trial_days: 14 })
      return [`/v1/subscriptions/${id}/trial`, { end: 'now' }]
    },
  },
  '/v1/subscriptions/{id}/discount': {
    ...{ cause: 'attach_coupon', event: 'discount.created' },
    prepare: (world) => of(world, 'discount', { coupon: 'TEN' }),
  },
  '/v1/accounts/{id}/discount': {
    ...{ cause: 'attach_coupon', event: 'discount.created' },
    prepare: ({ jane }) => [`/v1/accounts/${jane.id}/discount`, { coupon: 'TEN' }],
  },
  '/v1/invoices': {
    ...{ cause: 'create_invoice', event: 'invoice.paid' },
    prepare: ({ jane }) => ['/v1/invoices', { account: jane.id, lines: [line] }],
  },
  '/v1/invoices/{id}/finalize': {
    ...{ cause: 'finalize_invoice', event: 'invoice.finalized' },
    prepare: async ({ jane }) => {
      const { id } = await jane.isBilled({ 'Set-up': '700' }, { finalize: false })
      return [`/v1/invoices/${id}/finalize`, {}]
    },
  },
  '/v1/invoices/{id}/void': {
    ...{ cause: 'void_invoice', event: 'invoice.voided' },
    prepare: (world) => owed(world, 'void', { reason: 'Wrong' }),
  },
  '/v1/invoices/{id}/mark_uncollectible': {
    ...{ cause: 'mark_uncollectible', event: 'invoice.marked_uncollectible' },
    prepare: (world) => owed(world, 'mark_uncollectible'),
  },
  '/v1/invoices/{id}/apply_credit': {
    ...{ cause: 'apply_credit', event: 'credit.applied' },
    prepare: async (world) => {
      await world.john.isGranted(2000)
      return owed(world, 'apply_credit', { amount: 900 })
    },
  },
  '/v1/invoices/{id}/pay': {
    ...{ cause: 'pay_invoice', event: 'invoice.paid' },
    prepare: async (world) => {
      await world.gateway.declines('lost_card')
      await world.john.changesCard('pm_card_visa')
      return owed(world, 'pay')
    },
  },
  '/v1/invoices/{id}/record_payment': {
    ...{ cause: 'record_payment', event: 'payment.succeeded' },
    prepare: (world) => owed(world, 'record_payment', { amount: 1000 }),
  },
  '/v1/accounts/{id}/payment_methods': {
    ...{ cause: 'attach_method', event: 'invoice.paid' },
    prepare: ({ john }) => [`/v1/accounts/${john.id}/payment_methods`, { token: 'pm_card_visa' }],
  },
  '/v1/accounts/{id}/payment_methods/{method}/default': {
    ...{ cause: 'set_default_method', event: 'account.default_payment_method_changed' },
    prepare: async ({ jane }) => {
      const { id } = await jane.changesCard('pm_card_amex', { default: false })
      return [`/v1/accounts/${jane.id}/payment_methods/${id}/default`, {}]
    },
  },
  '/v1/accounts/{id}/dispute_hold': {
    ...{ cause: 'place_hold', event: 'account.dispute_hold_placed' },
    prepare: ({ john }) => [`/v1/accounts/${john.id}/dispute_hold`, { reason: 'Never ordered' }],
  },
  '/v1/credit_notes': {
    ...{ cause: 'create_credit_note', event: 'refund.created' },
    prepare: (world) => ['/v1/credit_notes', paid(world)],
  },
  '/v1/credit_notes/{id}/void': {
    ...{ cause: 'void_credit_note', event: 'credit_note.voided' },
    prepare: async (world) => {
      const { id } = body(await world.client.post('/v1/credit_notes', { ...paid(world), refund: 0 }))
      return [`/v1/credit_notes/${id}/void`, {}]
    },
  },
  '/v1/credits': {
    ...{ cause: 'grant_credit', event: 'credit.granted' },
    prepare: ({ jane }) => ['/v1/credits', { account: jane.id, amount: 500, reason: 'Sorry' }],
  },
  '/v1/credits/{id}/void': {
    ...{ cause: 'void_credit', event: 'credit.voided' },
    prepare: async ({ jane }) => [`/v1/credits/${(await jane.isGranted(500)).id}/void`, {}],
  },
}

const names = Object.keys(commands)

const refundsUnderWay = () => sql('select id from refunds where ended_at is null')

/** A world in which a command is about to be sent: `again` sends it with the same key. */
async function about(name: string) {
  const command = commands[name]
  if (command === undefined) throw new Error(`no ${name}`)
  const world = await given()
  const [path, asked] = await command.prepare(world)
  const counted = `select count(*)::int from events where type = $1`
  const before = (await sql(counted, command.event))[0]?.count
  const again = () => world.client.post(path, asked, { headers: { 'Idempotency-Key': `once-${path}` } })
  const expectOnce = async (first: Reply) => {
    expect(first.status, first.text).toBeLessThan(300)
    await expect.poll(refundsUnderWay).toEqual([])
    const replayed = await storesNothing(again)
    expect([replayed.status, replayed.text]).toEqual([first.status, first.text])
    expect(replayed.headers.get('Idempotent-Replayed')).toBe('true')
    expect((await sql(counted, command.event))[0]?.count - before, command.event).toBe(1)
    await expectSoundBooks(world)
  }
  return { ...world, command, again, expectOnce }
}

test('every command on a subscription, an account, an invoice or a credit is tried below', async () => {
  const posts = (await operations()).filter(({ method }) => method === 'POST').map(({ path }) => path)
  const isMeant = (path: string) =>
    /^\/v1\/(subscriptions\/\{id\}|invoices|credits|credit_notes)|(discount|methods|default|hold)$/.test(path)
  const writing = posts.filter((path) => isMeant(path) && !/(preview|verify|payment_link)$/.test(path))
  expect(writing.toSorted()).toEqual(names.toSorted())
})

describe('FR-062 a command is made once', () => {
  test.each(names)('%s, sent twice with one key: the same answer', async (name) => {
    const { again, expectOnce } = await about(name)
    await expectOnce(await again())
  })

  test.each(names)('%s, whose commit’s answer is lost', async (name) => {
    const { command, again, expectOnce } = await about(name)
    await database.losesReply(`"${command.cause}"`)
    await expectOnce(await again())
  })

  test.each(names)('%s, whose commit is lost on the way', async (name) => {
    const { command, again, expectOnce } = await about(name)
    await database.losesRequest(`"${command.cause}"`)
    await expectOnce(await again())
  })

  test.each(names)('%s, while others write to the same account: it is decided again', async (name) => {
    const { again, expectOnce, client, jane, john } = await about(name)
    const others = [jane, john].flatMap(({ id }) =>
      Array.from({ length: 4 }, (_, n) => client.patch(`/v1/accounts/${id}`, { metadata: { n: String(n) } })),
    )
    const [first, ...replies] = await Promise.all([again(), ...others])
    // Whoever writes an account itself is told that he came too late; a command is not.
    for (const { status } of replies) expect([200, 409]).toContain(status)
    await expectOnce(first)
  })
})
