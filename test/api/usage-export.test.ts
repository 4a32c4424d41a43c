import { beforeAll, describe, expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { rowsOf } from '../support/csv.ts'
import { contentOf, exported } from '../support/exports.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { type Meter, meters } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
/** In Tokyo and in UTC. */
let tokyo: Meter
let utc: Meter

const aggregations = { api_calls: 'sum', peak: 'max', level: 'weighted_sum' }

beforeAll(async () => {
  world = await newWorld('2026-01-01T00:00:00Z')
  for (const [code, aggregation] of Object.entries(aggregations))
    body(await world.client.post('/v1/metrics', { code, name: code, aggregation }))
  await world.plan('pro')
  const start = { start: '2025-12-31T15:00:00Z' }
  tokyo = await meters(world, await world.account({ timezone: 'Asia/Tokyo' }), 'pro', start)
  utc = await meters(world, await world.account(), 'pro', start)
  await world.until('2026-01-10T00:00:00Z')
  const on = (timestamp: string, quantity: string, about: Json = {}) => ({ timestamp, quantity, ...about })
  await tokyo.uses(
    tokyo.event('late on the 1st', on('2026-01-01T14:59:59Z', '1')),
    tokyo.event('=1+1', on('2026-01-01T15:00:00Z', '2.5', { properties: { region: 'eu,us' } })),
    tokyo.event('\u{1f600}', on('2026-01-01T15:00:00Z', '4')),
    tokyo.event('\u{fffd}', on('2026-01-01T15:00:00Z', '8')),
    tokyo.event('peak 1', on('2026-01-02T00:00:00Z', '7', { metric: 'peak' })),
    tokyo.event('peak 2', on('2026-01-02T01:00:00Z', '3', { metric: 'peak' })),
  )
  await utc.uses(
    utc.event('level', on('2026-01-05T18:00:00Z', '12', { metric: 'level' })),
    utc.event('voided', on('2026-01-06T00:00:00Z', '100')),
  )
  body(await world.client.delete(utc.path('voided')))
}, 30_000)

async function text(path: string, key = world.client.key): Promise<string> {
  const response = await exported(path, key)
  const content = await contentOf(response)
  expect(response.status, content).toBe(200)
  return content
}

const objects = async (path: string, key?: string): Promise<readonly Json[]> =>
  (await text(path, key))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const ids = async (query: string) => (await objects(`usage.ndjson${query}`)).map(({ id }) => id)

describe('FR-081 the export of usage', () => {
  test('as NDJSON has every event as the API shows it: by subscription, time and id', async () => {
    const listed = [...(await tokyo.events()).toReversed(), ...(await utc.events()).toReversed()]
    expect(await objects('usage.ndjson')).toEqual(listed)
    expect(listed.map(({ id }) => id)).toEqual([
      ...['late on the 1st', '=1+1', '\u{fffd}', '\u{1f600}', 'peak 1', 'peak 2'],
      ...['level', 'voided'],
    ])
  })

  test('as CSV has a row each, and no formulas', async () => {
    const rows = rowsOf(await text('usage.csv'))
    expect(rows[1]).toEqual({
      ...{ id: "'=1+1", subscription: tokyo.subscription, metric: 'api_calls', timestamp: '2026-01-01T15:00:00Z' },
      ...{ quantity: '2.5', properties: '{"region":"eu,us"}', version: '1', late: '', voided_at: '' },
      received_at: expect.stringMatching(/Z$/),
    })
    expect(rows.length).toBe(8)
  })

  test('is filtered by subscription, metric and when it was used', async () => {
    expect(await ids(`?subscription=${utc.subscription}`)).toEqual(['level', 'voided'])
    expect(await ids('?metric=peak')).toEqual(['peak 1', 'peak 2'])
    expect(await ids('?from=2026-01-02T01:00:00Z&to=2026-01-06T00:00:00Z')).toEqual(['peak 2', 'level'])
    expect(await ids('?metric=unknown')).toEqual([])
    expectProblem(await world.client.get('/v1/exports/usage.csv?status=open'), 422, 'invalid_request')
    const backwards = '?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z'
    expectProblem(await world.client.get(`/v1/exports/usage.csv${backwards}`), 422, 'invalid_request', pointsAt('/to'))
  })

  test('goes on from page to page, also between events of one instant, without losing any or telling one twice', async () => {
    const meter = await meters(world, await world.account(), 'pro', { start: '2026-01-01T00:00:00Z' })
    const count = 1203
    await sql(
      `insert into usage_events select s.organization_id, s.id, 'e' || n, 1, 'api_calls',
         timestamptz '2026-01-03' + (n / 700) * interval '1 hour', '1', '{}', '1', now(), null, null
       from subscriptions s, generate_series(1, ${count}) n
       where s.account_id = (select account_id from subscriptions order by created_at desc, id desc limit 1)`,
    )
    const told = await ids(`?subscription=${meter.subscription}`)
    expect(told.length).toBe(count)
    expect(new Set(told).size).toBe(count)
    expect((await ids('')).length).toBe(count + 8)
    const [hour, ...rest] = await objects(`usage_totals.ndjson?subscription=${meter.subscription}`)
    expect([hour.events, hour.quantity, rest]).toEqual([count, String(count), []])
  })

  test('is the organization’s own', async () => {
    const { key } = await organization()
    expect(await objects('usage.ndjson', key)).toEqual([])
    expect(await objects(`usage.ndjson?subscription=${utc.subscription}`, key)).toEqual([])
    expect(await objects('usage_totals.ndjson', key)).toEqual([])
  })
})

describe('FR-081 usage by day', () => {
  const days = async (query: string) =>
    (await objects(`usage_totals.ndjson${query}`)).map(({ metric, day, events, quantity }) => [
      day,
      metric,
      events,
      quantity,
    ])

  test('is of the days of the subscription’s zone, each metric as it is measured, without what is voided', async () => {
    expect(await days(`?subscription=${tokyo.subscription}`)).toEqual([
      ['2026-01-01', 'api_calls', 1, '1'],
      ['2026-01-02', 'api_calls', 3, '14.5'],
      ['2026-01-02', 'peak', 2, '7'],
    ])
    // A quarter of a day was left.
    expect(await days(`?subscription=${utc.subscription}`)).toEqual([['2026-01-05', 'level', 1, '3']])
  })

  test('is cut by from and to', async () => {
    const part = '&from=2026-01-01T15:00:00Z&to=2026-01-02T01:00:00Z'
    expect(await days(`?subscription=${tokyo.subscription}${part}`)).toEqual([
      ['2026-01-02', 'api_calls', 3, '14.5'],
      ['2026-01-02', 'peak', 1, '7'],
    ])
    expect(await days(`?subscription=${tokyo.subscription}&metric=peak`)).toEqual([['2026-01-02', 'peak', 2, '7']])
  })

  test('as CSV says what it was measured by', async () => {
    const [row] = rowsOf(await text(`usage_totals.csv?subscription=${tokyo.subscription}&metric=peak`))
    expect(row).toEqual({
      ...{ subscription: tokyo.subscription, metric: 'peak', aggregation: 'max', day: '2026-01-02' },
      ...{ timezone: 'Asia/Tokyo', events: '2', quantity: '7' },
    })
  })
})

test('FR-081 pages of days go on where the one before ended', async () => {
  const meter = await meters(world, await world.account(), 'pro', {
    start: '2023-01-01T00:00:00Z',
    bill_from: '2026-02-01T00:00:00Z',
  })
  await sql(
    `insert into usage_events select s.organization_id, s.id, m.code || n, 1, m.code,
       timestamptz '2024-01-01' + n * interval '1 day', '1', '{}', '1', now(), null, null
     from subscriptions s, metrics m, generate_series(0, 399) n
     where s.account_id = (select account_id from subscriptions order by created_at desc, id desc limit 1)
       and m.code in ('api_calls', 'peak')`,
  )
  const all = await objects(`usage_totals.ndjson?subscription=${meter.subscription}`)
  expect(all.length).toBe(800)
  expect(new Set(all.map(({ day, metric }) => `${day} ${metric}`)).size).toBe(800)
})
