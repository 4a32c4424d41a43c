import { beforeAll, expect, test, vi } from 'vitest'
import { body, type Client, type Json, organization, type Reply, request } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { inRealTime, type Meter, meteredPlan, meters } from '../support/usage.ts'
import { newWorld } from '../support/world.ts'

const PAGE = 'https://app.example'

let client: Client
let meter: Meter
/** For pages of https://app.example, and for whatever comes from anywhere. */
let key: string
let anywhere: string

beforeAll(async () => {
  const world = await newWorld()
  client = world.client
  await meteredPlan(world, 'pro')
  meter = await meters(world, await inRealTime(world), 'pro')
  key = await publishable([PAGE, 'http://localhost:3000'])
  anywhere = await publishable(['*'])
})

async function publishable(origins: readonly string[]): Promise<string> {
  return body(await client.post('/v1/api_keys', { name: 'Web', kind: 'publishable', origins })).key
}

type Beacon = {
  readonly key?: string
  readonly origin?: string | null
  readonly type?: string | null
  readonly method?: string
}

/** As a browser sends it: a text, from a page. */
function sends(
  what: Json,
  { key: sent = key, origin = PAGE, type = 'text/plain;charset=UTF-8', method = 'POST' }: Beacon = {},
) {
  const headers = { ...(origin !== null && { Origin: origin }), ...(type !== null && { 'Content-Type': type }) }
  const text = typeof what === 'string' ? what : JSON.stringify(what)
  const about = method === 'POST' ? { body: text } : {}
  return request(`/v1/usage/beacon${sent === '' ? '' : `?key=${sent}`}`, { method, headers, ...about })
}

const cors = ({ headers }: Reply) => headers.get('Access-Control-Allow-Origin')

test('FR-072 a page sends usage by a beacon, as text, and may read the answer', async () => {
  const reply = await sends(meter.event('beacon-1', { quantity: 2 }))
  expect(body(reply)).toEqual({
    ...{ accepted: 1, duplicates: 0, rejected: [], results: [{ id: 'beacon-1', status: 'accepted' }] },
  })
  expect([cors(reply), reply.headers.get('Vary')]).toEqual([PAGE, 'Origin'])
  expect(reply.headers.get('Access-Control-Allow-Credentials')).toBe('true')
  expect(body(await client.get(meter.path('beacon-1'))).quantity).toBe('2')
})

test('FR-072 beacons come in batches, as JSON, without a type, and as CloudEvents', async () => {
  const many = await sends({ events: [meter.event('beacon-2'), meter.event('beacon-1'), 5] })
  expect(body(many)).toMatchObject({ accepted: 1, rejected: [{ index: 2 }] })
  expect(body(await sends(meter.event('beacon-3'), { type: 'application/json' })).accepted).toBe(1)
  expect(body(await sends(meter.event('beacon-4'), { type: 'text/plain' })).accepted).toBe(1)
  const cloud = { specversion: '1.0', id: 'beacon-5', subject: meter.subscription, type: 'api_calls' }
  expect(body(await sends(cloud, { type: 'application/cloudevents+json' })).accepted).toBe(1)
})

test('FR-073 a beacon that is sent again is a duplicate, whoever sends it', async () => {
  body(await client.post('/v1/usage/events', meter.event('both')))
  expect(body(await sends(meter.event('both')))).toMatchObject({ accepted: 0, duplicates: 1 })
})

test.each(['application/json', 'content-type'])(
  'FR-072 a browser that asks first, of %s, is told that the page may',
  async (asked) => {
    const headers = { Origin: PAGE, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': asked }
    const reply = await request(`/v1/usage/beacon?key=${key}`, { method: 'OPTIONS', headers })
    expect([reply.status, reply.text, cors(reply)]).toEqual([204, '', PAGE])
    expect(Object.fromEntries([...reply.headers].filter(([name]) => name.startsWith('access-control-')))).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '600',
      'access-control-expose-headers': 'Request-Id, Retry-After',
    })
  },
)

test.each([
  'https://other.example',
  'https://app.example.evil.example',
  'http://app.example',
  'https://app.example:8443',
  'https://APP.example',
  'null',
  '*',
])('FR-140 a page of %s is not one of the key’s', async (origin) => {
  for (const method of ['POST', 'OPTIONS']) {
    const reply = await meter.hearsNothing(() => sends(meter.event('elsewhere'), { origin, method }))
    expectProblem(reply, 403, 'forbidden', { detail: expect.stringContaining(origin) })
    expect([cors(reply), reply.headers.get('Vary')]).toEqual([null, 'Origin'])
  }
})

test('FR-140 what names no origin comes from no page: only a key for everything takes it', async () => {
  const refused = await meter.hearsNothing(() => sends(meter.event('nowhere'), { origin: null }))
  expectProblem(refused, 403, 'forbidden', { hint: expect.stringContaining('"*"') })
  const taken = await sends(meter.event('nowhere'), { origin: null, key: anywhere })
  expect([body(taken).accepted, cors(taken)]).toEqual([1, null])
  for (const origin of ['https://other.example', 'null', 'capacitor://localhost']) {
    const reply = await sends(meter.event(`from-${origin}`), { origin, key: anywhere })
    expect([body(reply).accepted, cors(reply)]).toEqual([1, origin])
  }
})

test('FR-140 a secret key in an address is refused unread, and its owner told to revoke it', async () => {
  const reply = await meter.hearsNothing(() => sends(meter.event('leaked'), { key: client.key }))
  expectProblem(reply, 401, 'unauthenticated', { hint: expect.stringMatching(/^Revoke it/) })
  expect(reply.text).not.toContain(client.key.slice(8))
})

test('FR-140 no key in the address, or one that is not known, is refused', async () => {
  const authorization = { Authorization: `Bearer ${client.key}`, Origin: PAGE }
  const inHeader = await request('/v1/usage/beacon', { method: 'POST', headers: authorization, body: '{}' })
  const unknown = await sends({}, { key: 'pk_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })
  for (const reply of [inHeader, unknown, await sends({}, { key: '' }), await sends({}, { key: 'app' })]) {
    expectProblem(reply, 401, 'unauthenticated', { hint: expect.stringContaining('publishable') })
  }
})

test('FR-140 neither the key nor what was used is in the log', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  body(await sends(meter.event('secret-event')))
  const lines = log.mock.calls.map(([line]) => String(line))
  vi.restoreAllMocks()
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ path: '/v1/usage/beacon', organization: client.organization })
  expect(lines[0]).not.toMatch(/pk_test|secret-event/)
})

test('FR-140 a revoked publishable key that was not in use stops working at once', async () => {
  const { id, key: revoked } = body(
    await client.post('/v1/api_keys', { name: 'Web', kind: 'publishable', origins: [PAGE] }),
  )
  body(await client.delete(`/v1/api_keys/${id}`))
  expectProblem(await sends(meter.event('late'), { key: revoked }), 401, 'unauthenticated')
})

test('FR-140 a key sends for its own organization’s subscriptions only', async () => {
  const stranger = await organization()
  const about = { name: 'Web', kind: 'publishable', origins: [PAGE] }
  const theirs = body(await stranger.post('/v1/api_keys', about)).key
  const told = body(await meter.hearsNothing(() => sends(meter.event('foreign'), { key: theirs })))
  expect(told.rejected[0].code).toBe('subscription_not_found')
})

test('FR-128 a page can read why its beacon was refused', async () => {
  const refusals = [
    [await sends('{'), 400, 'malformed_json'],
    [await sends([]), 422, 'invalid_request'],
    [await sends({ ...meter.event('x'), properties: { a: 'x'.repeat(64 * 1024) } }), 413, 'body_too_large'],
    [await sends('a=b', { type: 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
  ] as const
  for (const [reply, status, code] of refusals) {
    expectProblem(reply, status, code)
    expect(cors(reply)).toBe(PAGE)
  }
  const headers = { Origin: PAGE, 'Content-Type': 'text/plain' }
  const unknown = await request(`/v1/usage/beacon?key=${key}&debug=1`, { method: 'POST', headers, body: '{}' })
  expectProblem(unknown, 422, 'invalid_request', pointsAt('/debug'))
})

test('FR-129 a beacon is only sent', async () => {
  for (const method of ['GET', 'DELETE', 'PUT']) {
    expectProblem(await request(`/v1/usage/beacon?key=${anywhere}`, { method }), 404, 'route_not_found')
  }
})
