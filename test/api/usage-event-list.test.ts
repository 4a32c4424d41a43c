import { beforeAll, expect, test } from 'vitest'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { inRealTime, type Meter, meteredPlan, meters } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let client: Client
let meter: Meter

const DAY = 24 * 60 * 60 * 1000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

beforeAll(async () => {
  world = await newWorld()
  client = world.client
  await meteredPlan(world, 'pro')
  meter = await meters(world, await inRealTime(world), 'pro')
  await meter.uses(meter.event('one'))
})

test('FR-072 events are listed newest use first, by metric and time, page by page', async () => {
  const listed = await meters(world, await inRealTime(world), 'pro', { start: ago(10 * DAY) })
  body(await client.post('/v1/metrics', { code: 'other', name: 'Other', aggregation: 'count' }))
  const [old, middle] = [ago(3 * DAY), ago(2 * DAY)]
  await listed.uses(
    listed.event('b', { timestamp: middle }),
    listed.event('a', { timestamp: middle }),
    listed.event('😀/ü?#', { timestamp: middle }),
    listed.event('old', { timestamp: old }),
    listed.event('new'),
    listed.event('else', { timestamp: old, metric: 'other' }),
  )
  const ids = (events: readonly Json[]) => events.map(({ id }) => id)
  expect(ids(await listed.events())).toEqual(['new', '😀/ü?#', 'b', 'a', 'old', 'else'])
  expect(ids(await listed.events('&metric=other'))).toEqual(['else'])
  expect(ids(await listed.events(`&from=${middle}`))).toEqual(['new', '😀/ü?#', 'b', 'a'])
  expect(ids(await listed.events(`&from=${old}&to=${middle}`))).toEqual(['old', 'else'])
  const pages: Json[] = []
  for (let cursor = ''; ; ) {
    const path = `/v1/usage/events?subscription=${listed.subscription}&limit=1${cursor}`
    const page = body(await client.get(path))
    pages.push(...page.data)
    expect(page.has_more).toBe(page.next_cursor !== null)
    if (page.next_cursor === null) break
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
  expect(ids(pages)).toEqual(['new', '😀/ü?#', 'b', 'a', 'old', 'else'])
  expect(body(await client.get(listed.path('😀/ü?#'))).id).toBe('😀/ü?#')
})

test('FR-072 a list of events needs a subscription, and cursors that a list gave', async () => {
  expectProblem(await client.get('/v1/usage/events'), 422, 'invalid_request', pointsAt('/subscription'))
  const list = `/v1/usage/events?subscription=${meter.subscription}`
  for (const text of ['abc', '!!!', btoa('2026-01-01T00:00:00Z'), btoa('x y'), btoa('2026-01-01T00:00:00Z a%00')]) {
    const reply = await client.get(`${list}&cursor=${encodeURIComponent(text.replaceAll('=', ''))}`)
    expectProblem(reply, 422, 'invalid_request', pointsAt('/cursor'))
  }
  expectProblem(await client.get(`${list}&limit=101&from=now`), 422, 'invalid_request')
  const nobody = body(await client.get('/v1/usage/events?subscription=sub_01jhd3wz00f888000000000001'))
  expect(nobody).toEqual({ data: [], has_more: false, next_cursor: null })
  const stranger = await organization()
  expect(body(await stranger.get(list)).data).toEqual([])
  expectProblem(await stranger.get(meter.path('one')), 404, 'not_found')
})
