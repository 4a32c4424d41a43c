import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

/** A world on 1 April with plans of 4900, 9900 and 10000 a month, an add-on of 1000, and the coupons that are named. */
async function selling(coupons: Readonly<Record<string, Json>>) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  await world.plan('ten', { prices: [monthly('USD', '10000')] })
  await world.plan('extra', { kind: 'add_on', prices: [monthly('USD', '1000')] })
  for (const [code, about] of Object.entries(coupons)) body(await world.client.post('/v1/coupons', { code, ...about }))
  return { ...world, jane: await world.account({ timezone: 'UTC' }) }
}

const half = { percent_off: '50', duration: 'forever' }
const discounts = (invoices: readonly Json[]) => invoices.map(({ discount }) => discount)
const nets = ({ lines }: Json) => lines.map(({ amount, discount }: Json) => amount - discount)

describe('a coupon', () => {
  test.each<[string, Json, number[]]>([
    ['once', { duration: 'once' }, [2450, 0, 0]],
    ['for two periods', { duration: 'periods', periods: 2 }, [2450, 2450, 0]],
    ['forever', { duration: 'forever' }, [2450, 2450, 2450]],
  ])('FR-048 takes off %s', async (_, about, expected) => {
    const world = await selling({ HALF: { percent_off: '50', ...about } })
    const { jane, until, client } = world
    const sub = await jane.buys('starter', { coupon: 'HALF' })
    await until('2026-06-01T00:00:00Z')
    expect(discounts(await jane.invoices())).toEqual(expected)
    expect((await jane.invoices())[0]).toMatchObject({
      ...{ subtotal: 4900, discount: 2450, total: 2450, paid: 2450 },
      discounts: [{ coupon: 'HALF', scope: 'subscription', percent_off: '50', amount: 2450 }],
    })
    const { discounts: left } = body(await client.get(`/v1/subscriptions/${sub.id}`))
    expect(left.length).toBe(about.duration === 'forever' ? 1 : 0)
    await expectSoundBooks(world)
  })

  test('FR-030 discounts the period that another interval begins, however often the day is reckoned anew', async () => {
    const world = await selling({ HALF: { percent_off: '50', duration: 'once' } })
    const { jane, until, client } = world
    await world.plan('long', { prices: [monthly('USD', '10000'), yearly('USD', '100000')] })
    const sub = await jane.buys('long', { interval: 'month' })
    await until('2026-04-16T10:00:00Z')
    await jane.redeems('HALF')
    const left = async () => body(await client.get(`/v1/accounts/${jane.id}`)).discounts.length
    await sub.changes({ interval: 'year' })
    expect([nets((await jane.invoices())[1] as Json), await left()]).toEqual([[-5000, 50_000], 0])
    await sub.changes({ quantity: 2 })
    expect([nets((await jane.invoices())[1] as Json), await left()]).toEqual([[-5000, 100_000], 0])
    await sub.changes({ interval: 'month', quantity: 1 })
    expect([(await jane.invoices()).length, await left()]).toEqual([1, 1])
    await expectSoundBooks(world)
  })

  test('is taken off in order: 10 % and then 500 off 10000 is 8500', async () => {
    const world = await selling({
      TEN: { percent_off: '10', duration: 'forever' },
      FIVE: { amount_off: 500, currency: 'USD', duration: 'forever' },
      HALF: half,
    })
    const { jane, until } = world
    const sub = await jane.buys('ten', { coupon: 'FIVE' })
    await sub.redeems('TEN')
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({
      ...{ subtotal: 10_000, discount: 1500, total: 8500 },
      discounts: [
        { coupon: 'TEN', amount: 1000 },
        { coupon: 'FIVE', amount: 500 },
      ],
    })
    // What is on the account comes after what is on the subscription.
    await jane.redeems('HALF')
    await until('2026-06-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({ discount: 5750, total: 4250 })
    await expectSoundBooks(world)
  })

  test('of an amount is shared by the lines, and takes off no more than there is', async () => {
    const world = await selling({
      BIG: { amount_off: 5000, currency: 'USD' },
      BONUS: { amount_off: 10_000, currency: 'USD' },
    })
    const { jane } = world
    const first = await jane.buys('starter', { coupon: 'BIG', add_ons: [{ plan: 'extra' }] })
    expect(first.made.latest_invoice).toMatchObject({ subtotal: 5900, discount: 5000, total: 900 })
    // 5000 × 4900/5900 = 4152.54 and 847.46: the larger remainder gets the unit.
    expect(first.made.latest_invoice.lines.map(({ discount }: Json) => discount)).toEqual([4153, 847])
    const second = await jane.buys('pro', { coupon: 'BONUS' })
    expect(second.made.latest_invoice).toMatchObject({ discount: 9900, total: 0, status: 'paid' })
    await expectSoundBooks(world)
  })

  test.each<[string, number[]]>([
    ['extra', [4900, 1000]],
    ['starter', [2450, 2000]],
  ])('for certain plans discounts their lines only: %s', async (plan, expected) => {
    const world = await selling({ SOME: { ...half, plans: [plan] }, OTHER: { ...half, plans: ['pro'] } })
    const { jane } = world
    const other = await jane.asksToSubscribe('starter', { coupon: 'OTHER', add_ons: [{ plan: 'extra' }] })
    expectProblem(other, 422, 'coupon_not_for_plan', pointsAt('/coupon'))
    const sub = await jane.buys('starter', { coupon: 'SOME', add_ons: [{ plan: 'extra', quantity: 2 }] })
    expect(nets(sub.made.latest_invoice)).toEqual(expected)
    await expectSoundBooks(world)
  })

  test('is taken away: what was billed stays, what comes is whole', async () => {
    const world = await selling({ HALF: half })
    const { client, jane, until } = world
    const sub = await jane.buys('starter', { coupon: 'HALF' })
    expectProblem(
      await client.post(`/v1/subscriptions/${sub.id}/discount`, { coupon: 'HALF' }),
      409,
      'coupon_already_applied',
    )
    const { data } = body(await client.delete(`/v1/subscriptions/${sub.id}/discount?coupon=HALF`))
    expect(await eventsOf(data[0].id)).toEqual(['discount.created', 'discount.ended'])
    await until('2026-05-01T00:00:00Z')
    expect(discounts(await jane.invoices())).toEqual([2450, 0])
    await expectSoundBooks(world)
  })

  test('FR-050 gives its period back when the invoice that used it is voided', async () => {
    const world = await selling({ ONCE: { percent_off: '50' } })
    const { client, until } = world
    const ann = await world.account({ card: null, name: 'Ann', timezone: 'UTC' })
    const { made } = await ann.buys('starter', { coupon: 'ONCE' })
    const path = `/v1/invoices/${made.latest_invoice.id}/void`
    const { correction } = body(await client.post(path, { reason: 'Wrong' }))
    expect(correction).toMatchObject({ subtotal: 4900, discount: 2450, balance: 2450 })
    await until('2026-05-01T00:00:00Z')
    expect(discounts(await ann.invoices())).toEqual([2450, 2450, 0])
    await expectSoundBooks(world)
  })

  test('of another currency, or used up, is refused with the sale', async () => {
    const { jane } = await selling({ EURO: { amount_off: 5, currency: 'EUR' }, LAST: { ...half, max_redemptions: 1 } })
    const euro = await jane.asksToSubscribe('starter', { coupon: 'EURO' })
    expectProblem(euro, 422, 'currency_mismatch', pointsAt('/coupon'))
    await jane.buys('starter', { coupon: 'LAST' })
    const refused = await jane.asksToSubscribe('pro', { coupon: 'LAST' })
    expectProblem(refused, 422, 'coupon_used_up', pointsAt('/coupon'))
    expect(await jane.subscriptions()).toHaveLength(1)
  })

  test('is not used by a trial', async () => {
    const world = await selling({ ONCE: { percent_off: '50' } })
    const { jane, until } = world
    await jane.buys('starter', { coupon: 'ONCE', trial_days: 14 })
    await until('2026-05-15T00:00:00Z')
    expect(discounts(await jane.invoices())).toEqual([2450, 0])
    await expectSoundBooks(world)
  })
})

describe('FR-030 a change of what a coupon discounts', () => {
  test('by a percentage is discounted too, without using up a period: −1225 and +2475', async () => {
    const world = await selling({ HALF: { percent_off: '50', duration: 'periods', periods: 2 } })
    const { jane, until } = world
    const sub = await jane.buys('starter', { coupon: 'HALF' })
    await until('2026-04-16T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'pro' })
    expect(nets(latest_invoice)).toEqual([-1225, 2475])
    expect(latest_invoice).toMatchObject({ subtotal: 2500, discount: 1250, total: 1250 })
    await until('2026-06-01T00:00:00Z')
    expect(discounts(await jane.invoices())).toEqual([2450, 1250, 4950, 0])
    await expectSoundBooks(world)
  })

  test('by an amount moves at most the share that the line bore', async () => {
    const world = await selling({ TWENTY: { amount_off: 2000, currency: 'USD' } })
    const { jane, until } = world
    const sub = await jane.buys('starter', { coupon: 'TWENTY' })
    await until('2026-04-16T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'pro' })
    expect(nets(latest_invoice)).toEqual([-1450, 3950])
    await until('2026-05-01T00:00:00Z')
    expect(discounts(await jane.invoices())).toEqual([2000, 0, 0])
    await expectSoundBooks(world)
  })
})
