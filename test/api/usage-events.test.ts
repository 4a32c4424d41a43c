import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { shardOf } from '../../src/usage/objects.ts'
import { body, type Client, clientOf, type Json, organization, request } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { database } from '../support/sql.ts'
import { inRealTime, type Meter, meteredPlan, meterOf, meters } from '../support/usage.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

let world: World
let client: Client
let jane: Customer
/** Since 40 days, in real time. */
let meter: Meter

const DAY = 24 * 60 * 60 * 1000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

beforeAll(async () => {
  world = await newWorld()
  client = world.client
  jane = await inRealTime(world)
  await meteredPlan(world, 'pro')
  meter = await meters(world, jane, 'pro', { start: ago(40 * DAY) })
})

afterEach(() => vi.restoreAllMocks())

const acceptedOnly = (id: string) => ({
  ...{ accepted: 1, duplicates: 0, rejected: [], results: [{ id, status: 'accepted' }] },
})
const duplicateOnly = (id: string) => ({
  ...{ accepted: 0, duplicates: 1, rejected: [], results: [{ id, status: 'duplicate' }] },
})

test('FR-072 an event is taken by its id, and shown as it was sent', async () => {
  const timestamp = ago(60_000)
  const sent = meter.event('one', { quantity: '2.50', timestamp, properties: { region: 'eu', seats: 3, beta: true } })
  const reply = await meter.sends(sent)
  expect([reply.status, reply.body]).toEqual([200, acceptedOnly('one')])
  const shown = body(await client.get(meter.path('one')))
  expect(shown).toEqual({
    ...{ id: 'one', subscription: meter.subscription, version: 1, metric: 'api_calls', quantity: '2.5', timestamp },
    ...{ properties: { region: 'eu', seats: '3', beta: 'true' }, late: null, voided_at: null, corrections: [] },
    received_at: expect.stringMatching(/Z$/),
  })
})

test('FR-072 an event that says neither when nor how much is of one, now', async () => {
  const before = Date.now()
  await meter.uses(meter.event('plain'))
  const { quantity, properties, timestamp } = body(await client.get(meter.path('plain')))
  expect([quantity, properties]).toEqual(['1', {}])
  expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before)
  expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now())
})

test('FR-072 a thousand events of many subscriptions come in one request, and are answered in its order', async () => {
  const customers = await Promise.all(Array.from({ length: 8 }, () => inRealTime(world)))
  const all = await Promise.all(customers.map((customer) => meters(world, customer, 'pro')))
  const events = Array.from({ length: 1000 }, (_, n) => (all[n % all.length] as Meter).event(`n-${n}`))
  const told = body(await client.post('/v1/usage/events', { events }))
  expect([told.accepted, told.duplicates, told.rejected]).toEqual([1000, 0, []])
  expect(told.results).toEqual(events.map(({ id }) => ({ id, status: 'accepted' })))
  for (const one of all) {
    const first = body(await client.get(`/v1/usage/events?subscription=${one.subscription}&limit=100`))
    const { data } = body(
      await client.get(`/v1/usage/events?subscription=${one.subscription}&limit=100&cursor=${first.next_cursor}`),
    )
    expect(first.data.length + data.length).toBe(125)
  }
})

test('FR-073 an event that comes again is a duplicate, which is a success and changes nothing', async () => {
  const first = meter.event('again', { quantity: '5' })
  expect(body(await meter.sends(first))).toEqual(acceptedOnly('again'))
  expect(body(await meter.sends(first))).toEqual(duplicateOnly('again'))
  expect(body(await meter.sends({ ...first, quantity: '7', timestamp: ago(DAY) }))).toEqual(duplicateOnly('again'))
  expect(body(await client.get(meter.path('again')))).toMatchObject({ quantity: '5', version: 1 })
})

test('FR-073 of one id twice in a request the first counts', async () => {
  const told = body(await meter.sends(meter.event('twice', { quantity: '1' }), meter.event('twice', { quantity: '2' })))
  expect(told).toMatchObject({ accepted: 1, duplicates: 1, rejected: [] })
  expect(told.results.map(({ status }: Json) => status)).toEqual(['accepted', 'duplicate'])
  expect(body(await client.get(meter.path('twice'))).quantity).toBe('1')
})

test('FR-073 the same id at the same time from many senders counts once', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => meter.sends(meter.event('at-once'))))
  const statuses = replies.map((reply) => body(reply).results[0].status).sort()
  expect(statuses).toEqual(['accepted', ...Array(19).fill('duplicate')])
})

test('FR-073 the id of one subscription is free for another', async () => {
  const other = await meters(world, await inRealTime(world), 'pro')
  await meter.uses(meter.event('shared'))
  expect(body(await other.sends(other.event('shared')))).toEqual(acceptedOnly('shared'))
})

test('FR-073 a refused id is not remembered: corrected it is taken', async () => {
  const refused = body(await meter.sends(meter.event('fixed', { metric: 'api_cals' })))
  expect(refused.rejected[0]).toMatchObject({ code: 'metric_not_found', retry: false })
  expect(body(await meter.sends(meter.event('fixed')))).toEqual(acceptedOnly('fixed'))
})

test('FR-073 under the same Idempotency-Key an event is known by its id all the same', async () => {
  const send = () => client.post('/v1/usage/events', meter.event('keyed'), { headers: { 'Idempotency-Key': 'k-1' } })
  expect(body(await send())).toEqual(acceptedOnly('keyed'))
  const again = await send()
  expect(again.headers.get('Idempotent-Replayed')).toBeNull()
  expect(body(again)).toEqual(duplicateOnly('keyed'))
})

test('FR-072 a bad event does not fail its neighbours, and is told what is wrong with it', async () => {
  const stranger = 'sub_01jhd3wz00f888000000000001'
  const events = [
    meter.event('good-1'),
    meter.event('many', { quantity: 'many', surprise: 1 }),
    meter.event('nobody', { subscription: stranger }),
    5,
    { ...meter.event('x'), id: undefined },
    meter.event('less', { quantity: -1 }),
    meter.event('good-2'),
  ]
  const told = body(await client.post('/v1/usage/events', { events }))
  expect([told.accepted, told.duplicates, told.rejected.length]).toEqual([2, 0, 5])
  expect(told.results.map(({ id, status }: Json) => [id, status])).toEqual([
    ...[
      ['good-1', 'accepted'],
      ['many', 'rejected'],
      ['nobody', 'rejected'],
      [null, 'rejected'],
      [null, 'rejected'],
    ],
    ...[
      ['less', 'rejected'],
      ['good-2', 'accepted'],
    ],
  ])
  const rejected = new Map<number, Json>(told.rejected.map((one: Json) => [one.index, one]))
  expect(rejected.get(1)).toEqual({
    ...{ index: 1, id: 'many', code: 'invalid_event', retry: false },
    detail:
      '/events/1/quantity: must be a decimal string such as "3" or "0.25": digits, a point, no separators · /events/1/surprise: is not a known member',
    hint: 'Correct every member listed in `errors` and send the event again; it was not counted.',
    errors: [
      {
        pointer: '/events/1/quantity',
        detail: 'must be a decimal string such as "3" or "0.25": digits, a point, no separators',
      },
      { pointer: '/events/1/surprise', detail: 'is not a known member' },
    ],
  })
  expect(rejected.get(2)).toMatchObject({
    code: 'subscription_not_found',
    errors: [],
    hint: expect.stringMatching(/./),
  })
  expect(rejected.get(3)?.errors).toEqual([{ pointer: '/events/3', detail: 'must be an object' }])
  expect(rejected.get(4)?.errors[0]).toMatchObject({
    pointer: '/events/4/id',
    detail: expect.stringMatching('is required'),
  })
  expect(rejected.get(5)).toMatchObject({ id: 'less', code: 'negative_quantity' })
})

test('FR-072 one event that is refused is told as one of many is', async () => {
  const told = body(await meter.hearsNothing(() => meter.sends(meter.event('alone', { quantity: '1e3' }))))
  expect(told.results).toEqual([{ id: 'alone', status: 'rejected' }])
  expect(told.rejected[0]).toMatchObject({ index: 0, code: 'invalid_event', errors: [{ pointer: '/quantity' }] })
})

test.each<[string, unknown, number, string, string | null]>([
  ['no JSON', '{"events": [', 400, 'malformed_json', null],
  ['an array', [{ id: 'a' }], 422, 'invalid_request', ''],
  ['empty', {}, 422, 'invalid_request', ''],
  ['without events', { events: [] }, 422, 'invalid_request', '/events'],
  ['of 1,001 events', { events: Array(1001).fill({}) }, 422, 'invalid_request', '/events'],
  ['of more than a mebibyte', { id: 'x'.repeat(1024 * 1024) }, 413, 'body_too_large', null],
])('FR-072 a body that is %s is refused whole', async (_, sent, status, code, pointer) => {
  const reply = await meter.hearsNothing(() => client.post('/v1/usage/events', sent))
  expectProblem(reply, status, code, pointer === null ? {} : pointsAt(pointer))
})

test('FR-072 what is not marked as JSON is refused, and so is a parameter that nobody knows', async () => {
  const options = { headers: { 'Content-Type': 'text/plain' } }
  expectProblem(await client.post('/v1/usage/events', meter.event('t'), options), 415, 'unsupported_media_type')
  expectProblem(await client.post('/v1/usage/events?dry=1', meter.event('t')), 422, 'invalid_request', pointsAt('/dry'))
})

test('FR-072 CloudEvents are taken, one by one and in batches', async () => {
  const cloud = (id: string, about: Json = {}) => ({
    ...{ specversion: '1.0', id, source: '/gateway', subject: meter.subscription, type: 'api_calls' },
    ...{ time: ago(1000), data: { quantity: 4, region: 'eu' }, ...about },
  })
  const single = { headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' } }
  expect(body(await client.post('/v1/usage/events', cloud('ce-1'), single))).toEqual(acceptedOnly('ce-1'))
  expect(body(await client.get(meter.path('ce-1')))).toMatchObject({ quantity: '4', properties: { region: 'eu' } })
  const batch = { headers: { 'Content-Type': 'application/cloudevents-batch+json' } }
  const told = body(
    await client.post('/v1/usage/events', [cloud('ce-1'), cloud('ce-2'), cloud('ce-3', { subject: 'x' })], batch),
  )
  expect(told).toMatchObject({ accepted: 1, duplicates: 1 })
  expect(told.rejected[0]).toMatchObject({ index: 2, id: 'ce-3', errors: [{ pointer: '/2/subject' }] })
})

test('FR-078 usage is taken for 35 days, and is judged at the time it tells', async () => {
  const late = await meters(world, await inRealTime(world), 'pro', { start: ago(2 * DAY) })
  const refused = async (one: Meter, timestamp: string) => {
    const told = body(await one.sends(one.event(`at-${timestamp}`, { timestamp })))
    return told.rejected[0]?.code ?? told.results[0].status
  }
  expect(await refused(meter, ago(34.9 * DAY))).toBe('accepted')
  expect(await refused(meter, ago(35.1 * DAY))).toBe('too_old')
  expect(await refused(meter, ago(-4 * 60_000))).toBe('accepted')
  expect(await refused(meter, ago(-6 * 60_000))).toBe('in_the_future')
  expect(await refused(late, ago(1.9 * DAY))).toBe('accepted')
  expect(await refused(late, ago(2.1 * DAY))).toBe('not_started')
})

test('FR-078 on a test clock the clock says when it is', async () => {
  const clocked = await meters(world, await world.account(), 'pro')
  await clocked.uses(clocked.event('then', { timestamp: '2026-01-01T00:03:00Z' }))
  const ahead = body(await clocked.sends(clocked.event('real', { timestamp: ago(0) })))
  expect(ahead.rejected[0].code).toBe('in_the_future')
  await clocked.uses(clocked.event('now'))
  expect(body(await client.get(clocked.path('now'))).timestamp).toBe(await world.now())
})

test('FR-080 usage over a cap is refused whole, or billed, as the cap says', async () => {
  await meteredPlan(world, 'strict', { cap: { limit: '10', over: 'reject' } })
  await meteredPlan(world, 'open', { cap: { limit: '10', over: 'bill' } })
  const strict = await meters(world, await inRealTime(world), 'strict')
  const open = await meters(world, await inRealTime(world), 'open')
  await strict.uses(strict.event('a', { quantity: '8' }))
  const told = body(await strict.sends(strict.event('b', { quantity: '3' }), strict.event('c', { quantity: '2' })))
  expect(told.rejected).toEqual([expect.objectContaining({ index: 0, id: 'b', code: 'cap_reached', retry: false })])
  expect(told.results.map(({ status }: Json) => status)).toEqual(['rejected', 'accepted'])
  await open.uses(open.event('a', { quantity: '8' }), open.event('b', { quantity: '3' }))
})

test('FR-072 a key that may only read sends nothing, and another organization’s subscription is not there', async () => {
  const { key } = body(await client.post('/v1/api_keys', { name: 'Reader', scopes: ['read'] }))
  expectProblem(await clientOf(key).post('/v1/usage/events', meter.event('r')), 403, 'forbidden')
  expectProblem(await request('/v1/usage/events', { method: 'POST', body: '{}' }), 401, 'unauthenticated')
  const stranger = await organization()
  const told = body(await meter.hearsNothing(() => stranger.post('/v1/usage/events', meter.event('theirs'))))
  expect(told.rejected[0].code).toBe('subscription_not_found')
})

test('FR-072 without the database events of subscriptions that are known are taken, the others are to be sent again', async () => {
  const unknown = await anotherShardThan(meter)
  await meter.uses(meter.event('before-the-outage'))
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await database.down(true)
  try {
    const told = body(
      await client.post('/v1/usage/events', { events: [unknown.event('u'), meter.event('in-the-dark')] }),
    )
    expect(told.results.map(({ status }: Json) => status)).toEqual(['rejected', 'accepted'])
    expect(told.rejected[0]).toMatchObject({ index: 0, id: 'u', code: 'database_unavailable', retry: true })
    const none = await unknown.sends(unknown.event('u'))
    expectProblem(none, 503, 'database_unavailable')
    expect(none.headers.get('Retry-After')).toMatch(/^\d+$/)
  } finally {
    await database.down(false)
  }
  expect(body(await unknown.sends(unknown.event('u')))).toEqual(acceptedOnly('u'))
  expect(body(await client.get(meter.path('in-the-dark'))).id).toBe('in-the-dark')
})

/** A new subscription that no shard has heard of, in another shard than that of one. */
async function anotherShardThan(one: Meter): Promise<Meter> {
  const shard = ({ subscription }: Meter) => {
    const id = decodeId('subscription', subscription)
    return id === null ? null : shardOf(id)
  }
  for (;;) {
    const other = meterOf(client, (await (await inRealTime(world)).subscribes('pro')).id)
    if (shard(other) !== shard(one)) return other
  }
}
