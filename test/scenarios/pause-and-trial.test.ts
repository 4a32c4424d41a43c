import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import type { Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { monthly, newWorld } from '../support/world.ts'

/** Jane on Starter, 4900 a month, from 1 April, which has 30 days; Pro is 9900. */
async function onStarter(about: Json = {}, account: Json = {}) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC', ...account })
  return { ...world, jane, sub: await jane.buys('starter', about) }
}

const days = (invoices: readonly Json[]) =>
  invoices.map(({ period, total }) => [period.start.slice(0, 10), period.end.slice(0, 10), total])
const amounts = ({ lines }: Json) => lines.map(({ amount }: Json) => amount)

describe('S16 FR-033 a pause', () => {
  test('bills nothing, ends on its date by itself, and moves the period by the days it took', async () => {
    const world = await onStarter()
    const { jane, sub, until, gateway } = world
    await until('2026-04-11T10:00:00Z')
    await sub.pauses({ resumes_at: '2026-05-09T08:00:00Z' })
    await until('2026-05-09T07:59:59Z')
    expect([(await sub.shown()).status, await jane.invoices()]).toEqual(['paused', [expect.anything()]])
    await until('2026-05-09T08:00:00Z')
    // 11 April to 8 May: 28 days. The day of the pause counts, that of the resumption does not.
    const period = { start: '2026-04-01T00:00:00Z', end: '2026-05-29T00:00:00Z' }
    expect(await sub.shown()).toMatchObject({
      status: 'active',
      pause: null,
      anchor: period.end,
      current_period: period,
    })
    await until('2026-07-01T00:00:00Z')
    expect(days(await jane.invoices())).toEqual([
      ...[
        ['2026-04-01', '2026-05-01', 4900],
        ['2026-05-29', '2026-06-29', 4900],
        ['2026-06-29', '2026-07-29', 4900],
      ],
    ])
    expect(await eventsOf(sub.id)).toEqual([
      ...['subscription.created', 'subscription.activated', 'subscription.paused', 'subscription.resumed'],
      ...['subscription.renewed', 'subscription.renewed'],
    ])
    expect((await gateway.taken()).received).toEqual({ usd: 3 * 4900 })
    await expectSoundBooks(world)
  })

  test('until it is resumed, is in neither number of what a change comes to afterwards', async () => {
    const world = await onStarter()
    const { sub, until } = world
    await until('2026-04-11T00:00:00Z')
    await sub.pauses()
    await until('2026-05-01T00:00:00Z')
    await sub.resumes()
    // Ten days were served before, five since: 15 of 30 are left, to 21 May.
    await until('2026-05-06T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'pro', invoice: 'now' })
    expect(amounts(latest_invoice)).toEqual([-2450, 4950])
    expect(latest_invoice.lines.map(({ proration }: Json) => proration)).toEqual(
      Array(2).fill({ numerator: 15, denominator: 30 }),
    )
    await expectSoundBooks(world)
  })

  test('of an hour is none, and two are the sum of both', async () => {
    const world = await onStarter()
    const { sub, until } = world
    await until('2026-04-11T10:00:00Z')
    await sub.pauses()
    await until('2026-04-11T11:00:00Z')
    expect((await sub.resumes()).current_period.end).toBe('2026-05-01T00:00:00Z')
    await sub.pauses()
    await until('2026-04-13T00:00:00Z')
    expect((await sub.resumes()).current_period.end).toBe('2026-05-03T00:00:00Z')
    await until('2026-04-20T00:00:00Z')
    await sub.pauses()
    await until('2026-04-21T00:00:00Z')
    expect((await sub.resumes()).current_period.end).toBe('2026-05-04T00:00:00Z')
    await expectSoundBooks(world)
  })

  test('on the calendar credits the rest, and charges what is left when it is resumed', async () => {
    const world = await onStarter({ billing_time: 'calendar' })
    const { jane, sub, until } = world
    await until('2026-04-11T00:00:00Z')
    expect((await sub.pauses()).latest_invoice).toMatchObject({ total: -3267, credits_applied: -3267 })
    await until('2026-04-21T00:00:00Z')
    expect((await sub.resumes()).latest_invoice).toMatchObject({ total: 1633, credits_applied: 1633, paid: 0 })
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({ total: 4900, credits_applied: 1634, paid: 3266 })
    await expectSoundBooks(world)
  })

  test('settles what the day changed before, and is cancelled with what is left given back', async () => {
    const world = await onStarter()
    const { jane, sub, until } = world
    await until('2026-04-16T00:00:00Z')
    await sub.changes({ plan: 'pro' })
    await sub.pauses()
    expect((await jane.invoices()).map(({ status, total }) => [status, total])).toEqual([
      ...[
        ['paid', 4900],
        ['paid', 2500],
      ],
    ])
    expectProblem(await sub.asks('cancel'), 409, 'command_not_possible', pointsAt('/when'))
    expectProblem(await sub.asks('change', { quantity: 2 }), 409, 'command_not_possible')
    await until('2026-04-20T00:00:00Z')
    const { latest_invoice } = await sub.cancels({ when: 'now', prorate: true })
    expect(latest_invoice).toMatchObject({ total: -4950, credits_applied: -4950 })
    expect(await jane.hasToItsCredit()).toBe(4950)
    await expectSoundBooks(world)
  })

  test('cannot be planned for longer than it can last', async () => {
    const { sub } = await onStarter()
    for (const resumes_at of ['2026-07-01T00:00:00Z', '2026-03-31T00:00:00Z', '2026-04-01T00:00:00Z']) {
      expectProblem(await sub.asks('pause', { resumes_at }), 422, 'invalid_request', pointsAt('/resumes_at'))
    }
    expect(await sub.pauses({ resumes_at: '2026-06-30T00:00:00Z' })).toMatchObject({ status: 'paused' })
  })
})

test('S16 FR-034 a pause of more than 90 days cancels, with notice before and what was not served credited', async () => {
  const world = await onStarter()
  const { jane, sub, until } = world
  await until('2026-04-11T00:00:00Z')
  await sub.pauses()
  await until('2026-07-02T23:59:59Z')
  expect(await eventsOf(sub.id)).not.toContain('subscription.pause_will_end')
  await until('2026-07-03T00:00:00Z')
  expect((await eventsOf(sub.id)).at(-1)).toBe('subscription.pause_will_end')
  await until('2026-07-09T23:59:59Z')
  expect((await sub.shown()).status).toBe('paused')
  await until('2026-07-10T00:00:00Z')
  expect(await sub.shown()).toMatchObject({ status: 'cancelled', ended_at: '2026-07-10T00:00:00Z' })
  // 20 of its 30 days.
  expect((await jane.invoices()).map(({ total }) => total)).toEqual([4900, -3267])
  expect(await jane.hasToItsCredit()).toBe(3267)
  await until('2027-01-01T00:00:00Z')
  expect(await jane.invoices()).toHaveLength(2)
  await expectSoundBooks(world)
})

describe('FR-028 a trial', () => {
  test('is announced three days before its end, becomes active by itself, and costs nothing till then', async () => {
    const world = await onStarter({ trial_days: 14 })
    const { jane, sub, until } = world
    await until('2026-04-11T23:59:59Z')
    expect(await eventsOf(sub.id)).toEqual(['subscription.created', 'subscription.trial_started'])
    await until('2026-04-12T00:00:00Z')
    expect((await eventsOf(sub.id)).at(-1)).toBe('subscription.trial_will_end')
    const changed = await sub.changes({ plan: 'pro', quantity: 2 })
    expect([changed.status, changed.latest_invoice]).toEqual(['trial', null])
    await until('2026-04-15T00:00:00Z')
    expect(await sub.shown()).toMatchObject({ status: 'active', anchor: '2026-04-15T00:00:00Z', quantity: 2 })
    expect(days(await jane.invoices())).toEqual([['2026-04-15', '2026-05-15', 19_800]])
    await expectSoundBooks(world)
  })

  test('is extended, with a notice of the later end, and ended early', async () => {
    const { jane, sub, until } = await onStarter({ trial_days: 14 })
    await until('2026-04-13T00:00:00Z')
    expect(await sub.endsTrial('2026-04-30T00:00:00Z')).toMatchObject({ trial_ends_at: '2026-04-30T00:00:00Z' })
    await until('2026-04-28T00:00:00Z')
    expect((await eventsOf(sub.id)).filter((type) => type === 'subscription.trial_will_end')).toHaveLength(2)
    const refused = await sub.asks('trial', { end: '2026-04-27T00:00:00Z' })
    expectProblem(refused, 422, 'invalid_request', pointsAt('/end'))
    const ended = await sub.endsTrial('now')
    expect(ended).toMatchObject({ status: 'active', anchor: '2026-04-28T00:00:00Z', payment: { status: 'succeeded' } })
    expect(days(await jane.invoices())).toEqual([['2026-04-28', '2026-05-28', 4900]])
    expectProblem(await sub.asks('trial', { end: 'now' }), 409, 'command_not_possible')
  })

  test.each<[string, string, number]>([
    ['invoice', 'active', 1],
    ['pause', 'paused', 0],
    ['cancel', 'cancelled', 0],
  ])('without a way to be paid ends as it says: %s → %s', async (trial_end, status, invoices) => {
    const world = await onStarter({ trial_days: 14, trial_end }, { card: null })
    const { jane, sub, until } = world
    await until('2026-04-15T00:00:00Z')
    expect([(await sub.shown()).status, (await jane.invoices()).length]).toEqual([status, invoices])
    await until('2026-04-20T00:00:00Z')
    if (status === 'paused') {
      const resumed = await sub.resumes()
      expect(resumed).toMatchObject({ status: 'active', anchor: '2026-04-20T00:00:00Z' })
      expect(resumed.latest_invoice).toMatchObject({ total: 4900, period: resumed.current_period })
    }
    await expectSoundBooks(world)
  })

  test.each(['invoice', 'pause', 'cancel'])('with a card becomes active, whatever it says: %s', async (trial_end) => {
    const { jane, sub, until } = await onStarter({ trial_days: 14, trial_end })
    await until('2026-04-15T00:00:00Z')
    expect([(await sub.shown()).status, (await jane.invoices()).length]).toEqual(['active', 1])
  })
})
