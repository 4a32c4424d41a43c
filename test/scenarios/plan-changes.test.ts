import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import type { Sold } from '../support/sold.ts'
import { type Customer, monthly, newWorld, type World, yearly } from '../support/world.ts'

type Selling = World & { readonly jane: Customer; readonly plan: World['plan']; readonly sub: Sold }

/** Jane on Starter, 4900 a month, from 1 April, which has 30 days; Pro is 9900, an extra 1000. */
async function onStarter(
  about: Json = {},
  { start = '2026-04-01T00:00:00Z', ...account }: Json = {},
): Promise<Selling> {
  const world = await newWorld(start)
  await world.plan('starter', { prices: [monthly('USD', '4900'), yearly('USD', '49000')] })
  await world.plan('pro', { prices: [monthly('USD', '9900'), yearly('USD', '99900')] })
  await world.plan('extra', { kind: 'add_on', prices: [monthly('USD', '1000'), yearly('USD', '10000')] })
  const jane = await world.account({ timezone: 'UTC', ...account })
  return { ...world, jane, sub: await jane.buys('starter', { interval: 'month', ...about }) }
}

const MIDDLE = '2026-04-16T00:00:00Z'
const amounts = ({ lines }: Json) => lines.map(({ amount }: Json) => amount)
const last = async ({ jane }: Pick<Selling, 'jane'>) => (await jane.invoices()).at(-1)

describe('S6 FR-030 changes of a day', () => {
  test('net into one invoice at its end: the arithmetic of the day, and of the next change', async () => {
    const world = await onStarter()
    const { jane, sub, until, gateway } = world
    await until('2026-04-16T09:00:00Z')
    const { latest_invoice: draft } = await sub.changes({ plan: 'pro' })
    expect([draft.status, draft.reason, amounts(draft)]).toEqual(['draft', 'proration', [-2450, 4950]])
    await until('2026-04-16T12:00:00Z')
    const { latest_invoice: grown } = await sub.changes({ quantity: 2 })
    expect([grown.id, amounts(grown), grown.total]).toEqual([draft.id, [-2450, 9900], 7450])
    await until('2026-04-16T18:00:00Z')
    await sub.changes({ quantity: 1 })
    expect(await jane.payments()).toHaveLength(1)
    await until('2026-04-17T00:00:00Z')
    expect(await last(world)).toMatchObject({
      ...{ id: draft.id, number: 'JANE-0002', status: 'paid', total: 2500, paid: 2500 },
      lines: [
        { kind: 'proration_credit', amount: -2450, proration: { numerator: 15, denominator: 30 } },
        { kind: 'proration_charge', amount: 4950, unit_amount: '9900', quantity: '1' },
      ],
    })
    // 4950 were for 15 days, of which 11 are left: 3630. Starter’s 11 of 30 days: 1796.67.
    await until('2026-04-20T00:00:00Z')
    const { latest_invoice: back } = await sub.changes({ plan: 'starter' })
    expect([amounts(back), back.total]).toEqual([[-3630, 1797], -1833])
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(({ total, paid, credits_applied }) => [total, paid, credits_applied])).toEqual([
      ...[
        [4900, 4900, 0],
        [2500, 2500, 0],
        [-1833, 0, -1833],
        [4900, 3067, 1833],
      ],
    ])
    expect((await gateway.taken()).received).toEqual({ usd: 4900 + 2500 + 3067 })
    await expectSoundBooks(world)
  })

  test('that end where they began leave no invoice', async () => {
    const world = await onStarter()
    const { jane, sub, until } = world
    await until('2026-04-16T09:00:00Z')
    const { latest_invoice: draft } = await sub.changes({ plan: 'pro', quantity: 3 })
    await sub.has(2, 'extra')
    await sub.has(0, 'extra')
    const back = await sub.changes({ plan: 'starter', quantity: 1 })
    expect(back.latest_invoice).toBeNull()
    expectProblem(await world.client.get(`/v1/invoices/${draft.id}`), 404, 'not_found')
    expect((await eventsOf(draft.id)).at(-1)).toBe('invoice.deleted')
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(({ total }) => total)).toEqual([4900, 4900])
    await expectSoundBooks(world)
  })

  test('that net to nothing make none either: another plan of the same price, another interval and back', async () => {
    const world = await onStarter()
    const { jane, plan, sub, until } = world
    await plan('twin')
    await until('2026-04-16T09:00:00Z')
    const changed = await sub.changes({ plan: 'twin' })
    expect([changed.latest_invoice, changed.plan === sub.made.plan]).toEqual([null, false])
    await until('2026-04-17T09:00:00Z')
    await sub.changes({ plan: 'starter', interval: 'year' })
    const back = await sub.changes({ plan: 'twin', interval: 'month' })
    expect(back).toMatchObject({ anchor: '2026-04-01T00:00:00Z', current_period: sub.made.current_period })
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(amounts)).toEqual([[4900], [4900]])
    await expectSoundBooks(world)
  })

  test('end with the local day, in the subscription’s zone', async () => {
    const { sub, until } = await onStarter({}, { timezone: 'America/New_York' })
    await until('2026-04-16T02:00:00Z')
    const { latest_invoice: draft } = await sub.changes({ plan: 'pro' })
    // It is the 15th there, and the period ends on 30 April: the day of the change is one of the 15 that are left.
    expect([draft.finalize_at, amounts(draft)]).toEqual(['2026-04-16T04:00:00Z', [-2450, 4950]])
  })

  test.each<[string, Json, Json[]]>([
    ['now', { invoice: 'now' }, [[-2450, 4950], [9900]]],
    ['with the next invoice', { invoice: 'next_invoice' }, [[-2450, 4950, 9900]]],
    ['by the second', { proration: 'second' }, [[-2368, 4785], [9900]]],
    ['not at all', { proration: 'none' }, [[9900]]],
  ])('are invoiced %s', async (_, how, expected) => {
    const world = await onStarter()
    const { jane, sub, until } = world
    await until('2026-04-16T12:00:00Z')
    const changed = await sub.changes({ plan: 'pro', ...how })
    expect(changed.plan).not.toBe(sub.made.plan)
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).slice(1).map(amounts)).toEqual(expected)
    expect((await jane.invoices()).map(({ status }) => status)).toEqual(Array(expected.length + 1).fill('paid'))
    await expectSoundBooks(world)
  })

  test('are made as of an earlier instant of the period, and not before the last one', async () => {
    const world = await onStarter()
    const { sub, until } = world
    await until('2026-04-20T00:00:00Z')
    const tooEarly = await sub.asks('change', { plan: 'pro', effective: '2026-03-31T00:00:00Z' })
    expectProblem(tooEarly, 422, 'change_too_early', pointsAt('/effective'))
    const { latest_invoice } = await sub.changes({ plan: 'pro', effective: MIDDLE, invoice: 'now' })
    expect([amounts(latest_invoice), latest_invoice.period.start]).toEqual([[-2450, 4950], MIDDLE])
    const again = await sub.asks('change', { quantity: 2, effective: '2026-04-10T00:00:00Z' })
    expectProblem(again, 422, 'change_too_early', pointsAt('/effective'))
    await expectSoundBooks(world)
  })
})

describe('S6 annual to monthly', () => {
  const year = { start: '2026-01-01T00:00:00Z' }

  test('carries the remainder as credit, which pays later renewals', async () => {
    const world = await onStarter({}, { ...year, card: 'pm_card_visa' })
    const { jane, until, gateway } = world
    const pro = await jane.buys('pro', { interval: 'year' })
    body(await world.client.post(`/v1/subscriptions/${world.sub.id}/cancel`, { when: 'now' }))
    await until('2026-07-02T00:00:00Z')
    await pro.changes({ interval: 'month' })
    await until('2026-07-03T00:00:00Z')
    const [, changed] = await pro.invoices()
    expect(changed).toMatchObject({ status: 'paid', total: -40_187, credits_applied: -40_187, paid: 0, balance: 0 })
    expect(changed?.lines.map(({ kind, amount, proration }: Json) => [kind, amount, proration])).toEqual([
      ['proration_credit', -50_087, { numerator: 183, denominator: 365 }],
      ['base', 9900, null],
    ])
    expect(await pro.shown()).toMatchObject({ anchor: '2026-07-02T00:00:00Z', interval: 'month' })
    expect(await jane.hasToItsCredit()).toBe(40_187)
    await until('2026-12-02T00:00:00Z')
    expect((await pro.invoices()).slice(2).map(({ credits_applied, paid }) => [credits_applied, paid])).toEqual([
      ...[...Array(4).fill([9900, 0]), [587, 9313]],
    ])
    expect((await gateway.taken()).received).toEqual({ usd: 4900 + 99_900 + 9313 })
    await expectSoundBooks(world)
  })

  test.each(['now', 'end_of_day'])('or gives it back to the card, where it is asked for (%s)', async (invoice) => {
    const world = await onStarter({ plan: 'pro', interval: 'year' }, year)
    const { client, jane, sub, until, gateway } = world
    await until('2026-07-02T00:00:00Z')
    await sub.changes({ interval: 'month', credit: 'refund', invoice })
    await until('2026-07-04T00:00:00Z')
    expect(await last(world)).toMatchObject({ total: -40_187, paid: -40_187, credits_applied: 0, status: 'paid' })
    expect(await jane.hasToItsCredit()).toBe(0)
    const { data } = body(await client.get(`/v1/refunds?account=${jane.id}`))
    expect(data).toMatchObject([{ status: 'succeeded', amount: 40_187, written_off: 0 }])
    expect(await gateway.taken()).toMatchObject({ received: { usd: 99_900 }, refunded: { usd: 40_187 } })
    await expectSoundBooks(world)
  })
})

describe('S6 FR-031 a downgrade at the period’s end', () => {
  test('waits, and is what is billed next', async () => {
    const world = await onStarter({ plan: 'pro' })
    const { jane, sub, until, client } = world
    await until(MIDDLE)
    const { scheduled_change, latest_invoice, plan } = await sub.changes({ plan: 'starter', effective: 'period_end' })
    expect([latest_invoice, plan, scheduled_change.effective]).toEqual([null, sub.made.plan, 'period_end'])
    await until('2026-04-30T23:59:59Z')
    expect(await sub.shown()).toMatchObject({ plan: sub.made.plan, scheduled_change: { made_at: MIDDLE } })
    await until('2026-05-01T00:00:00Z')
    const starter = body(await client.get('/v1/plans/starter'))
    expect(await sub.shown()).toMatchObject({ plan: starter.id, scheduled_change: null })
    expect((await jane.invoices()).map(amounts)).toEqual([[9900], [4900]])
    await expectSoundBooks(world)
  })

  test('can be taken back, and the last one stored wins', async () => {
    const world = await onStarter({ plan: 'pro' })
    const { jane, sub, until } = world
    await sub.changes({ plan: 'starter', effective: 'period_end' })
    await sub.staysAsItIs()
    await until('2026-05-01T00:00:00Z')
    await sub.changes({ plan: 'starter', effective: 'period_end' })
    await sub.changes({ quantity: 2, effective: '2026-05-17T00:00:00Z' })
    await until('2026-06-01T00:00:00Z')
    // May has 31 days, 15 of them from the 17th on: 9900 × 15/31 = 4790.32, twice that 9580.65.
    expect((await jane.invoices()).map(amounts)).toEqual([[9900], [9900], [-4790, 9581], [19_800]])
    await expectSoundBooks(world)
  })

  test('keeps the price it was made at', async () => {
    const { client, jane, sub, until } = await onStarter({ plan: 'pro' })
    await sub.changes({ plan: 'starter', effective: 'period_end' })
    body(await client.patch('/v1/plans/starter', { prices: [monthly('USD', '5900')] }))
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(amounts)).toEqual([[9900], [4900]])
  })
})

describe('FR-041 seats, add-ons and a price of its own', () => {
  test('more seats and fewer: all old ones are credited, all new ones charged', async () => {
    const world = await onStarter({ quantity: 2 })
    const { jane, sub, until } = world
    await until(MIDDLE)
    await sub.changes({ quantity: 5 })
    await until('2026-04-25T00:00:00Z')
    await sub.changes({ quantity: 1, invoice: 'now' })
    await until('2026-05-01T00:00:00Z')
    // The five were for 15 days, of which 6 are left.
    const expected = [[9800], [-4900, 12_250], [-4900, 980], [4900]]
    expect((await jane.invoices()).map(amounts)).toEqual(expected)
    expect((await jane.invoices()).at(-1)).toMatchObject({ credits_applied: 3920, paid: 980 })
    await expectSoundBooks(world)
  })

  test('an add-on is charged for the rest and credited when it goes; the plan goes on', async () => {
    const world = await onStarter()
    const { jane, sub, until } = world
    await until(MIDDLE)
    await sub.has(2, 'extra')
    await until('2026-04-21T00:00:00Z')
    await sub.has(0, 'extra')
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(amounts)).toEqual([[4900], [1000], [-667], [4900]])
    expect(await last(world)).toMatchObject({ credits_applied: 667, paid: 4233 })
    await expectSoundBooks(world)
  })

  test('a price of its own is rounded once a line, and taken away again', async () => {
    const world = await onStarter()
    const { jane, sub, until } = world
    await until(MIDDLE)
    await sub.changes({ unit_amount: '4000.5' })
    await until('2026-04-17T00:00:00Z')
    await sub.changes({ unit_amount: null })
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(amounts)).toEqual([[4900], [-2450, 2000], [-1867, 2287], [4900]])
    await expectSoundBooks(world)
  })
})
