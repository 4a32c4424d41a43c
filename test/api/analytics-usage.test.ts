import { beforeAll, expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { inRealTime, type Meter, meters } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

const metrics = { api_calls: 'sum', requests: 'count', people: 'unique_count', peak: 'max', level: 'weighted_sum' }

/** A bank and a shop on Pro, and one without an industry on Team, from January to March. */
beforeAll(async () => {
  world = await newWorld('2026-01-01T00:00:00Z')
  for (const [code, aggregation] of Object.entries(metrics)) {
    const field = code === 'people' ? { field: 'user' } : {}
    body(await world.client.post('/v1/metrics', { code, name: code, aggregation, ...field }))
  }
  for (const code of ['pro', 'team']) await world.plan(code)
  const joins = async (plan: string, metadata: Json) => meters(world, await world.account({ metadata }), plan)
  const [bank, shop, other] = [
    await joins('pro', { industry: 'bank' }),
    await joins('pro', { industry: 'shop' }),
    await joins('team', {}),
  ]
  await world.until('2026-01-31T00:00:00Z')
  await uses(bank, '2026-01-10', { api_calls: '100', peak: '5', level: '10', requests: '1' })
  await uses(shop, '2026-01-12', { api_calls: '50', peak: '2', requests: '1' })
  await world.until('2026-02-28T00:00:00Z')
  await uses(bank, '2026-02-10', { api_calls: '150.5', peak: '4', requests: '1' })
  await uses(other, '2026-02-11', { api_calls: '20', requests: '1' })
  for (const user of ['ann', 'ben', 'ann'])
    await shop.uses(
      shop.event(crypto.randomUUID(), { metric: 'people', timestamp: '2026-02-12T00:00:00Z', properties: { user } }),
    )
  await world.until('2026-03-31T00:00:00Z')
  await uses(bank, '2026-03-31', { api_calls: '75.25' })
}, 60_000)

async function uses(meter: Meter, day: string, quantities: Readonly<Record<string, string>>): Promise<void> {
  const timestamp = `${day}T00:00:00Z`
  await meter.uses(
    ...Object.entries(quantities).map(([metric, quantity]) =>
      meter.event(`${metric} ${day}`, { metric, quantity, timestamp }),
    ),
  )
}

const quarter = 'from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z'
const trends = async (query: string): Promise<readonly Json[]> =>
  body(await world.client.get(`/v1/analytics/usage?${query}`)).data
const quantities = ({ points }: Json) => points.map(({ quantity }: Json) => quantity)

test('usage by month is the sum of what each subscription used, with its growth', async () => {
  const [calls] = await trends(`metric=api_calls&${quarter}`)
  expect(calls).toEqual({
    ...{ metric: 'api_calls', aggregation: 'sum', plan: null, segment: null },
    points: [
      { ...month('01', '02'), quantity: '150', growth: null },
      { ...month('02', '03'), quantity: '170.5', growth: '0.1367' },
      { ...month('03', '04'), quantity: '75.25', growth: '-0.5587' },
    ],
  })
})

function month(start: string, end: string): Json {
  return { start: `2026-${start}-01T00:00:00Z`, end: `2026-${end}-01T00:00:00Z`, complete: true }
}

test('every metric is measured as it says, subscription by subscription', async () => {
  const all = await trends(quarter)
  expect(Object.fromEntries(all.map((trend) => [trend.metric, quantities(trend)]))).toEqual({
    api_calls: ['150', '170.5', '75.25'],
    requests: ['2', '2', '0'],
    people: ['0', '2', '0'],
    peak: ['7', '4', '0'],
    level: ['7.096774193548', '10', '10'],
  })
})

test('by plan, by a segment of the accounts, and by both, the most first', async () => {
  const told = async (query: string) =>
    (await trends(`metric=api_calls&${quarter}&${query}`)).map((trend) => [
      trend.plan,
      trend.segment,
      ...quantities(trend),
    ])
  expect(await told('group_by=plan')).toEqual([
    ['pro', null, '150', '150.5', '75.25'],
    ['team', null, '0', '20', '0'],
  ])
  expect(await told('segment=industry')).toEqual([
    [null, 'bank', '100', '150.5', '75.25'],
    [null, 'shop', '50', '0', '0'],
    [null, null, '0', '20', '0'],
  ])
  expect((await told('group_by=plan&segment=industry')).map(([plan, segment]) => [plan, segment])).toEqual([
    ['pro', 'bank'],
    ['pro', 'shop'],
    ['team', null],
  ])
})

test('by days and weeks of a zone, whole ones', async () => {
  const day = 'metric=api_calls&interval=day&from=2026-01-10T12:00:00Z&to=2026-01-12T12:00:00Z'
  expect(quantities((await trends(day))[0])).toEqual(['100', '0', '50'])
  expect(quantities((await trends(`${day}&timezone=America/New_York`))[0])).toEqual(['0', '50', '0'])
  const [weeks] = await trends('metric=api_calls&interval=week&from=2026-01-09T00:00:00Z&to=2026-01-12T00:00:01Z')
  expect(weeks.points.map(({ start, quantity, growth }: Json) => [start.slice(0, 10), quantity, growth])).toEqual([
    ['2026-01-05', '100', null],
    ['2026-01-12', '50', '-0.5'],
  ])
})

test('the first grows against what was before it; what is not over grows against nothing yet', async () => {
  const [march] = await trends('metric=api_calls&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z')
  expect(march.points).toEqual([{ ...month('03', '04'), quantity: '75.25', growth: '-0.5587' }])
  const meter = await meters(world, await inRealTime(world), 'pro')
  await meter.uses(meter.event('now', { quantity: '3' }))
  const [recent] = await trends('metric=api_calls&interval=day')
  expect(recent.points.length).toBe(30)
  expect(recent.points.at(-1)).toMatchObject({ quantity: '3', complete: false, growth: null })
})

test('it has its bounds', async () => {
  const ask = (query: string) => world.client.get(`/v1/analytics/usage?${query}`)
  const long = await ask('from=2025-01-01T00:00:00Z&to=2026-02-03T00:00:00Z')
  expectProblem(long, 422, 'invalid_request', pointsAt('/from'))
  const backwards = await ask('from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z')
  expectProblem(backwards, 422, 'invalid_request', pointsAt('/to'))
  expectProblem(await ask('interval=hour'), 422, 'invalid_request', pointsAt('/interval'))
  expect(await trends('metric=unknown')).toEqual([])
})

test('another organization sees nothing of it', async () => {
  const other = await organization()
  body(await other.post('/v1/metrics', { code: 'api_calls', name: 'Calls', aggregation: 'sum' }))
  body(await other.post('/v1/metrics', { code: 'level', name: 'Level', aggregation: 'weighted_sum' }))
  expect(body(await other.get(`/v1/analytics/usage?${quarter}`)).data).toEqual([])
})
