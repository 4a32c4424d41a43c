import { beforeAll, describe, expect, test } from 'vitest'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { database } from '../support/sql.ts'
import { type Meter, meters } from '../support/usage.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

let world: World
let client: Client

const tiers = [
  { up_to: '1000', unit_amount: '10' },
  { up_to: '10000', unit_amount: '5' },
  { up_to: null, unit_amount: '1' },
]

/** Calls cost by tiers, in Europe twice over; e-mails are capped and cost nothing; levels and tokens are only measured. */
beforeAll(async () => {
  world = await newWorld('2026-01-01T00:00:00Z')
  client = world.client
  for (const [code, aggregation] of Object.entries({
    api_calls: 'sum',
    emails: 'sum',
    tokens: 'sum',
    level: 'weighted_sum',
  }))
    body(await client.post('/v1/metrics', { code, name: code, aggregation }))
  const charge = { currency: 'USD', metric: 'api_calls' }
  await world.plan('pro', {
    charges: [
      { ...charge, model: 'graduated', tiers },
      { ...charge, model: 'standard', unit_amount: '2', filters: { region: 'eu' } },
      { ...charge, metric: 'emails', model: 'standard', unit_amount: '0', cap: { limit: '5', over: 'bill' } },
    ],
  })
})

async function joins(about?: Json): Promise<{ readonly jane: Customer; readonly meter: Meter }> {
  const jane = await world.account()
  return { jane, meter: await meters(world, jane, 'pro', about) }
}

const usage = async ({ subscription }: Meter, query = '') =>
  body(await client.get(`/v1/subscriptions/${subscription}/usage${query}`))

/** What each charge comes to: `api_calls 15 for 150`. */
const charged = ({ charges }: Json): readonly string[] =>
  charges.map(({ metric, quantity, cost }: Json) => `${metric} ${quantity} for ${cost}`)

describe('in a month that runs', () => {
  let meter: Meter
  let jane: Customer

  beforeAll(async () => {
    ;({ jane, meter } = await joins())
    const at = { timestamp: '2026-01-01T00:00:00Z' }
    await meter.uses(
      meter.event('a', { ...at, quantity: '14999' }),
      meter.event('b', { ...at, quantity: '1', properties: { region: 'eu' } }),
      meter.event('c', { ...at, metric: 'emails', quantity: '7' }),
      meter.event('d', { ...at, metric: 'tokens', quantity: '2.5' }),
    )
  })

  test('FR-074 FR-077 usage and cost so far: all that was accepted before, charge by charge', async () => {
    const shown = await usage(meter)
    expect(charged(shown)).toEqual(['api_calls 15000 for 60000', 'api_calls 1 for 2', 'emails 7 for 0'])
    const january = { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' }
    expect(shown).toMatchObject({
      ...{ subscription: meter.subscription, status: 'active', as_of: '2026-01-01T00:00:00Z', currency: 'USD' },
      ...{ timezone: 'UTC', current_period: january, free: null, cost: 60_002, series: [] },
    })
    expect(shown.charges[1]).toMatchObject({ filters: { region: 'eu' }, period: january, interval: 'month', cap: null })
  })

  test('FR-076 itemised tier by tier, as an invoice line is', async () => {
    const [{ lines }] = (await usage(meter)).charges
    expect(lines).toEqual([
      {
        plan_version: expect.stringMatching(/^pver_/),
        period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' },
        ...{ quantity: '15000', amount: 60_000 },
        tiers: [
          { from: '0', up_to: '1000', quantity: '1000', unit_amount: '10', flat_amount: '0', amount: '10000' },
          { from: '1000', up_to: '10000', quantity: '9000', unit_amount: '5', flat_amount: '0', amount: '45000' },
          { from: '10000', up_to: null, quantity: '5000', unit_amount: '1', flat_amount: '0', amount: '5000' },
        ],
      },
    ])
  })

  test('FR-080 a cap tells how much is left, and when it begins anew', async () => {
    const [, , { cap }] = (await usage(meter)).charges
    expect(cap).toEqual({ limit: '5', over: 'bill', used: '7', remaining: '0', resets_at: '2026-02-01T00:00:00Z' })
  })

  test('what is not charged for is told by its quantity, and one metric by itself', async () => {
    const { metrics } = await usage(meter)
    expect(metrics.map(({ metric, quantity }: Json) => [metric, quantity])).toEqual([
      ['api_calls', '15000'],
      ['emails', '7'],
      ['tokens', '2.5'],
    ])
    const tokens = await usage(meter, '?metric=tokens')
    expect([tokens.cost, tokens.charges, tokens.metrics]).toEqual([0, [], [metrics[2]]])
    expect((await usage(meter, '?metric=level')).metrics).toEqual([
      expect.objectContaining({ metric: 'level', quantity: '0' }),
    ])
  })

  test('FR-075 the cost so far at the end is what the invoice says', async () => {
    await world.until('2026-01-31T23:59:00Z')
    await meter.uses(meter.event('last', { quantity: '3.7', timestamp: '2026-01-31T23:58:59Z' }))
    const shown = await usage(meter)
    await world.until('2026-02-03T00:00:00Z')
    const invoices = await jane.invoices()
    const lines = invoices.flatMap((invoice) => invoice.lines.filter(({ kind }: Json) => kind === 'usage'))
    expect(lines.map(({ metric, quantity, amount, tiers: parts }) => [metric, quantity, amount, parts])).toEqual(
      shown.charges.map(({ metric, lines: [{ quantity, amount, tiers: parts }] }: Json) => [
        metric,
        quantity,
        amount,
        parts,
      ]),
    )
    expect(lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(shown.cost)
    expect(charged(await usage(meter))).toEqual(['api_calls 0 for 0', 'api_calls 0 for 0', 'emails 0 for 0'])
  })
})

test('a trial costs nothing, and says so', async () => {
  const { meter } = await joins({ trial_days: 14 })
  await meter.uses(meter.event('a', { quantity: '2000', timestamp: await world.now() }))
  const shown = await usage(meter)
  expect([shown.status, shown.free, shown.cost, charged(shown)[0]]).toEqual([
    'trial',
    'trial',
    0,
    'api_calls 2000 for 0',
  ])
})

test('before it starts and after it has ended nothing runs', async () => {
  const { meter } = await joins({ start: '2027-01-01T00:00:00Z' })
  expect(await usage(meter)).toMatchObject({
    status: 'scheduled',
    current_period: null,
    cost: 0,
    charges: [],
    metrics: [],
  })
  const { meter: ended } = await joins()
  await ended.uses(ended.event('a', { timestamp: await world.now() }))
  body(await client.post(`/v1/subscriptions/${ended.subscription}/cancel`, { when: 'now' }))
  expect(await usage(ended)).toMatchObject({ status: 'cancelled', charges: [] })
})

describe('a series', () => {
  let meter: Meter
  const on = (timestamp: string, quantity: string, region?: string, metric = 'api_calls') =>
    meter.event(`${metric} ${timestamp} ${region}`, {
      metric,
      timestamp,
      quantity,
      ...(region && { properties: { region } }),
    })
  const points = (series: Json) => series.points.map(({ start, quantity }: Json) => [start.slice(5, 16), quantity])
  const march = '&from=2026-03-07T00:00:00-05:00&to=2026-03-10T00:00:00-04:00'

  /** In New York, where the clocks go forward on 8 March 2026 at two. */
  beforeAll(async () => {
    const jane = await world.account({ timezone: 'America/New_York' })
    await world.until('2026-03-10T12:00:00Z')
    meter = await meters(world, jane, 'pro', { start: '2026-03-01T05:00:00Z' })
    await meter.uses(
      on('2026-03-07T04:59:59Z', '100'),
      on('2026-03-07T05:00:00Z', '1', 'eu'),
      on('2026-03-08T06:30:00Z', '2', 'us'),
      on('2026-03-08T07:00:00Z', '4', 'us'),
      on('2026-03-09T04:00:00Z', '8'),
      on('2026-03-07T17:00:00Z', '10', undefined, 'level'),
    )
  })

  test('by days of the subscription’s zone, whatever the clocks do', async () => {
    const { series, metrics } = await usage(meter, `?window=day&metric=api_calls${march}`)
    expect(series.map(points)).toEqual([
      [
        ['03-07T05:00', '1'],
        ['03-08T05:00', '6'],
        ['03-09T04:00', '8'],
      ],
    ])
    expect(metrics[0].quantity).toBe('15')
  })

  test('by hours: the day has twenty-three', async () => {
    const day = '&from=2026-03-08T05:00:00Z&to=2026-03-09T04:00:00Z'
    const [one] = (await usage(meter, `?window=hour&metric=api_calls${day}`)).series
    expect(one.points.length).toBe(23)
    expect(points(one).filter(([, quantity]: Json) => quantity !== '0')).toEqual([
      ['03-08T06:00', '2'],
      ['03-08T07:00', '4'],
    ])
  })

  test('by weeks and months, cut by what was asked for', async () => {
    const weeks = (await usage(meter, '?window=week&metric=api_calls')).series[0]
    expect(points(weeks)).toEqual([
      ['03-01T05:00', '0'],
      ['03-02T05:00', '107'],
      ['03-09T04:00', '8'],
    ])
    expect(points((await usage(meter, `?window=month&metric=api_calls${march}`)).series[0])).toEqual([
      ['03-07T05:00', '15'],
    ])
  })

  test('in groups by a property, those without it too', async () => {
    const { series } = await usage(meter, `?group_by=region&metric=api_calls&window=day${march}`)
    expect(series.map((one: Json) => [one.group, points(one).map(([, quantity]: Json) => quantity)])).toEqual([
      ['us', ['0', '6', '0']],
      ['eu', ['1', '0', '0']],
      [null, ['0', '0', '8']],
    ])
    const whole = await usage(meter, `?group_by=region&metric=api_calls${march}`)
    expect(whole.series.map(({ group, points: all }: Json) => [group, all.length, all[0].quantity])).toEqual([
      ['us', 1, '6'],
      ['eu', 1, '1'],
      [null, 1, '8'],
    ])
  })

  test('of a level tells what was held, also on days on which nothing happened', async () => {
    const [level] = (await usage(meter, `?window=day&metric=level${march}`)).series
    expect(points(level).map(([, quantity]: Json) => quantity)).toEqual(['5', '10', '10'])
  })

  test('has its bounds', async () => {
    const ask = (query: string) => client.get(`/v1/subscriptions/${meter.subscription}/usage${query}`)
    const long = await ask('?window=hour&from=2020-01-01T00:00:00Z')
    expectProblem(long, 422, 'invalid_request', pointsAt('/window'))
    const backwards = await ask('?from=2026-03-08T05:00:00Z&to=2026-03-08T05:00:00Z')
    expectProblem(backwards, 422, 'invalid_request', pointsAt('/to'))
    expectProblem(await ask('?metric=unknown'), 404, 'not_found')
    expectProblem(await ask('?window=minute'), 422, 'invalid_request', pointsAt('/window'))
  })
})

test('another organization’s subscription is none', async () => {
  const { meter } = await joins()
  const other = await organization()
  expectProblem(await other.get(`/v1/subscriptions/${meter.subscription}/usage`), 404, 'not_found')
})

test('what cannot be read is not told: without the database there is no answer', async () => {
  const { meter } = await joins()
  await database.down(true)
  const reply = await client.get(`/v1/subscriptions/${meter.subscription}/usage`)
  await database.down(false)
  expectProblem(reply, 503, 'database_unavailable')
})
