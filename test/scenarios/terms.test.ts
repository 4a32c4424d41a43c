import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { monthly, newWorld } from '../support/world.ts'

/** Jane on Starter, 4900 a month, sold on 1 April unless said otherwise. */
async function sold(about: Json = {}, { now = '2026-04-01T00:00:00Z', ...plan }: Json = {}) {
  const world = await newWorld(now)
  await world.plan('starter', plan)
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC' })
  return { ...world, jane, sub: await jane.buys('starter', about) }
}

const days = (invoices: readonly Json[]) =>
  invoices.map(({ period, total }) => [period.start.slice(0, 10), period.end.slice(0, 10), total])

describe('FR-037 on the calendar', () => {
  // The price is 4900, by the whole period's days.
  test.each<[string, string, (readonly [string, string, number])[]]>([
    [
      'week',
      '2026-04-16',
      [
        ['2026-04-16', '2026-04-20', 2800],
        ['2026-04-20', '2026-04-27', 4900],
      ],
    ],
    [
      'month',
      '2026-01-15',
      [
        ['2026-01-15', '2026-02-01', 2687],
        ['2026-02-01', '2026-03-01', 4900],
      ],
    ],
    [
      'month',
      '2026-01-31',
      [
        ['2026-01-31', '2026-02-01', 158],
        ['2026-02-01', '2026-03-01', 4900],
      ],
    ],
    [
      'month',
      '2026-03-01',
      [
        ['2026-03-01', '2026-04-01', 4900],
        ['2026-04-01', '2026-05-01', 4900],
      ],
    ],
    [
      'quarter',
      '2026-05-16',
      [
        ['2026-05-16', '2026-07-01', 2477],
        ['2026-07-01', '2026-10-01', 4900],
      ],
    ],
    [
      'year',
      '2026-07-02',
      [
        ['2026-07-02', '2027-01-01', 2457],
        ['2027-01-01', '2028-01-01', 4900],
      ],
    ],
  ])('by the %s from %s', async (interval, start, expected) => {
    const about = { now: `${start}T09:00:00Z`, prices: [{ currency: 'USD', interval, unit_amount: '4900' }] }
    const world = await sold({ billing_time: 'calendar' }, about)
    const { jane, until } = world
    await until(`${expected[1]?.[0]}T00:00:00Z`)
    expect(days(await jane.invoices())).toEqual(expected)
    await expectSoundBooks(world)
  })
})

describe('FR-027 a fixed term', () => {
  test('ends by itself, its last period cut and charged like one that begins late', async () => {
    const world = await sold({ ends_at: '2026-05-16T00:00:00Z' })
    const { jane, sub, until } = world
    await until('2026-05-01T00:00:00Z')
    expect(await sub.shown()).toMatchObject({ current_period: { end: '2026-05-16T00:00:00Z' } })
    await until('2026-05-16T00:00:00Z')
    expect(await sub.shown()).toMatchObject({ status: 'expired', ended_at: '2026-05-16T00:00:00Z' })
    expect((await eventsOf(sub.id)).at(-1)).toBe('subscription.expired')
    // 15 of the 31 days of May.
    expect(days(await jane.invoices())).toEqual([
      ...[
        ['2026-04-01', '2026-05-01', 4900],
        ['2026-05-01', '2026-05-16', 2371],
      ],
    ])
    for (const command of ['cancel', 'change', 'pause', 'uncancel']) {
      const about = command === 'change' ? { quantity: 2 } : {}
      expectProblem(await sub.asks(command, about), 409, 'command_not_possible')
    }
    const { data } = body(await world.client.get('/v1/subscriptions?status=expired'))
    expect(data).toMatchObject([{ id: sub.id }])
    expect(await (await jane.buys('starter')).shown()).toMatchObject({ status: 'active' })
    await expectSoundBooks(world)
  })

  test('that is changed in its last period is reckoned by what is left of it', async () => {
    const world = await sold({ ends_at: '2026-05-16T00:00:00Z' })
    const { sub, until } = world
    await until('2026-05-11T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'pro', invoice: 'now' })
    // 5 of the 15 days that 2371 were for; 9900 × 5/31.
    expect(latest_invoice.lines.map(({ amount }: Json) => amount)).toEqual([-790, 1597])
    await expectSoundBooks(world)
  })

  test('lies ahead', async () => {
    const { jane } = await sold()
    const refused = await jane.asksToSubscribe('pro', { ends_at: '2026-04-01T00:00:00Z' })
    expectProblem(refused, 422, 'invalid_request', pointsAt('/ends_at'))
  })
})

describe('FR-038 billing that begins later than the subscription', () => {
  test('keeps the anchor of the 31st and charges nobody twice', async () => {
    const world = await sold(
      { start: '2026-01-31T00:00:00Z', bill_from: '2026-06-01T00:00:00Z' },
      { now: '2026-06-15T00:00:00Z' },
    )
    const { jane, sub, until } = world
    expect(sub.made).toMatchObject({ status: 'active', anchor: '2026-01-31T00:00:00Z', latest_invoice: null })
    await until('2026-06-29T23:59:59Z')
    expect(await jane.invoices()).toEqual([])
    await until('2026-09-01T00:00:00Z')
    expect(days(await jane.invoices())).toEqual([
      ...[
        ['2026-06-30', '2026-07-31', 4900],
        ['2026-07-31', '2026-08-31', 4900],
        ['2026-08-31', '2026-09-30', 4900],
      ],
    ])
    await expectSoundBooks(world)
  })

  test('in the past: only what nobody else billed is billed at once', async () => {
    const world = await sold(
      { start: '2026-01-31T00:00:00Z', bill_from: '2026-05-01T00:00:00Z' },
      { now: '2026-06-15T00:00:00Z' },
    )
    expect(days(await world.jane.invoices())).toEqual([['2026-05-31', '2026-06-30', 4900]])
    await expectSoundBooks(world)
  })

  test('and a change before that is neither credited nor charged', async () => {
    const world = await sold(
      { start: '2026-01-31T00:00:00Z', bill_from: '2026-06-30T00:00:00Z' },
      { now: '2026-06-15T00:00:00Z' },
    )
    const { jane, sub, until } = world
    expect((await sub.changes({ plan: 'pro' })).latest_invoice).toBeNull()
    await until('2026-07-01T00:00:00Z')
    expect(days(await jane.invoices())).toEqual([['2026-06-30', '2026-07-31', 9900]])
    await expectSoundBooks(world)
  })
})

describe('FR-029 cancelling', () => {
  const thousand = { prices: [monthly('USD', '1000')] }

  test('now gives back what was not served where that is asked for: 1000 after 10 of 30 days is 667', async () => {
    const world = await sold({}, thousand)
    const { jane, sub, until } = world
    await until('2026-04-11T00:00:00Z')
    const cancelled = await sub.cancels({ when: 'now', prorate: true })
    expect(cancelled).toMatchObject({ status: 'cancelled', latest_invoice: { total: -667, credits_applied: -667 } })
    expect(await jane.hasToItsCredit()).toBe(667)
    await expectSoundBooks(world)
  })

  test('or back to the card', async () => {
    const world = await sold({}, thousand)
    const { jane, sub, until, gateway } = world
    await until('2026-04-11T00:00:00Z')
    await sub.cancels({ when: 'now', prorate: true, credit: 'refund' })
    await until('2026-04-12T00:00:00Z')
    expect(await gateway.taken()).toMatchObject({ received: { usd: 1000 }, refunded: { usd: 667 } })
    expect(await jane.hasToItsCredit()).toBe(0)
    await expectSoundBooks(world)
  })

  test('lowers what an invoice still owes before it gives anything back', async () => {
    const world = await sold({}, thousand)
    const { client, jane, until, plan } = world
    await plan('storage', thousand)
    await client.delete(`/v1/accounts/${jane.id}/payment_methods/${await onlyMethod(world)}`)
    const storage = await jane.buys('storage')
    await until('2026-04-11T00:00:00Z')
    await storage.cancels({ when: 'now', prorate: true, credit: 'refund' })
    expect((await storage.invoices()).map(({ total, balance }) => [total, balance])).toEqual([
      ...[
        [1000, 333],
        [-667, 0],
      ],
    ])
    await expectSoundBooks(world)
  })

  test('first settles the day’s changes and forgets what is scheduled', async () => {
    const world = await sold()
    const { sub, until } = world
    await until('2026-04-16T00:00:00Z')
    await sub.changes({ plan: 'pro' })
    await sub.changes({ quantity: 2, effective: 'period_end' })
    const cancelled = await sub.cancels({ when: 'now' })
    expect(cancelled).toMatchObject({ scheduled_change: null, latest_invoice: { status: 'paid', total: 2500 } })
    await until('2026-06-01T00:00:00Z')
    expect(await sub.invoices()).toHaveLength(2)
    await expectSoundBooks(world)
  })

  test('at the period’s end comes before a change for then, and can be taken back with it', async () => {
    const world = await sold()
    const { sub, until } = world
    await sub.changes({ plan: 'pro', effective: 'period_end' })
    await sub.cancels()
    expect(await sub.uncancels()).toMatchObject({ cancel_at: null, scheduled_change: { effective: 'period_end' } })
    await until('2026-05-01T00:00:00Z')
    expect((await sub.invoices()).map(({ total }) => total)).toEqual([4900, 9900])
    await sub.changes({ quantity: 2, effective: 'period_end' })
    await sub.cancels()
    await until('2026-06-01T00:00:00Z')
    expect(await sub.shown()).toMatchObject({ status: 'cancelled', quantity: 1 })
    expect(await sub.invoices()).toHaveLength(2)
    await expectSoundBooks(world)
  })

  test('at the period’s end has nothing to prorate', async () => {
    const { sub } = await sold()
    expectProblem(await sub.asks('cancel', { prorate: true }), 422, 'invalid_request', pointsAt('/prorate'))
  })
})

async function onlyMethod({ client, jane }: Awaited<ReturnType<typeof sold>>): Promise<string> {
  return body(await client.get(`/v1/accounts/${jane.id}/payment_methods`)).data[0].id
}
