import { env } from 'cloudflare:workers'
import { afterEach, expect, test, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { problems } from '../../src/platform/http/problem.ts'
import golden from '../golden/openapi.json'
import { operations, pathWith } from '../support/api-document.ts'
import { body, clientOf, type Json, organization, request } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { database } from '../support/sql.ts'
import { newWorld } from '../support/world.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const jsonHeaders = { 'Content-Type': 'application/json' }

afterEach(() => vi.restoreAllMocks())

test('FR-122 the Worker serves the committed OpenAPI document', async () => {
  const reply = await request('/openapi.json')
  expect([reply.status, reply.headers.get('Content-Type')]).toEqual([200, 'application/json'])
  expect(reply.body).toEqual(golden)
})

test('FR-122 every route that is mounted is in the document', async () => {
  const documented = (await operations()).map(({ name }) => name).sort()
  // Middleware is mounted for ALL methods; pages and probes are no part of the API.
  const pages = [
    '/health',
    '/health/ready',
    '/openapi.json',
    '/docs',
    '/docs/problems',
    '/docs/problems/:code',
    '/pay/:token',
    '/card/:token',
  ]
  const mounted = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !pages.includes(path))
    // Gateways send there what they sign; they have no key of ours.
    .filter(({ path }) => !path.startsWith('/gateways/'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect([...new Set(mounted)].sort()).toEqual(documented)
})

/** Exports are files and a stream is events; everything else is JSON. */
const mediaTypes = [
  ['.csv', 'text/csv'],
  ['.ndjson', 'application/x-ndjson'],
  ['/stream', 'text/event-stream'],
] as const

test('FR-122 every operation says what it is, what it answers and what a refusal looks like', async () => {
  for (const { name, path, about } of await operations()) {
    expect([name, about.summary?.length > 5, about.tags?.length]).toEqual([name, true, 1])
    expect(Object.keys(about.responses), name).toContain('default')
    expect(Object.keys(about.responses.default.content)).toEqual(['application/problem+json'])
    const success = Object.keys(about.responses).filter((status) => status.startsWith('2'))
    expect(success.length, name).toBeGreaterThan(0)
    const media = mediaTypes.find(([ending]) => path.endsWith(ending))?.[1] ?? 'application/json'
    for (const status of success) expect(about.responses[status].content[media]?.schema, name).toBeDefined()
    const named = (about.parameters ?? []).filter((one: Json) => one.in === 'path').map((one: Json) => one.name)
    expect([name, named]).toEqual([name, [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)])
  }
})

test('FR-122 every schema that the document refers to is in it, and none besides', () => {
  const text = JSON.stringify(golden)
  const used = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
  expect([...used].sort()).toEqual(Object.keys(golden.components.schemas).sort())
})

test('FR-122 FR-125 every route of the document answers, and asks for a key', async () => {
  const one = new Proxy({}, { get: () => 'x' }) as Record<string, string>
  for (const { name, method, path } of await operations()) {
    const reply = await request(pathWith(path, one), { method })
    expect([name, reply.status, reply.body.code]).toEqual([name, 401, 'unauthenticated'])
    expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer')
  }
})

test.each([
  ['no header', undefined],
  ['another scheme', 'Basic c2s6'],
  ['a scheme alone', 'Bearer'],
  ['an unknown key', 'Bearer sk_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['two keys', 'Bearer sk_test_a sk_test_b'],
  ['a key without its scheme', 'sk_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
])('FR-125 a request with %s is refused', async (_, authorization) => {
  const headers = { ...jsonHeaders, ...(authorization !== undefined && { Authorization: authorization }) }
  const reply = await request('/v1/accounts', { method: 'POST', headers, body: JSON.stringify(jane) })
  expectProblem(reply, 401, 'unauthenticated', { errors: [] })
})

test('FR-125 the scheme may be written in any case, and a key with a character too many is another', async () => {
  const { key } = await organization()
  const status = async (authorization: string) =>
    (await request('/v1/accounts', { headers: { Authorization: authorization } })).status
  expect([await status(`bearer ${key}`), await status(`BEARER ${key}`), await status(`Bearer ${key}x`)]).toEqual([
    ...[200, 200, 401],
  ])
})

test('FR-127 the interactive documentation refers to our own origin only, and what it names is there', async () => {
  const page = await request('/docs')
  expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=UTF-8'])
  const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '')
  expect(addresses).toContain('/swagger-ui/swagger-ui-bundle.js')
  expect(addresses.filter((address) => !/^\/[^/]/.test(address))).toEqual([])
  expect(page.text).not.toMatch(/https?:|\/\/\w/)
  const { ASSETS } = env as unknown as { ASSETS: Fetcher }
  for (const address of addresses) {
    const response = address.startsWith('/swagger-ui/')
      ? await ASSETS.fetch(`http://perennial.test${address}`)
      : new Response((await request(address)).text)
    expect([address, response.status, (await response.text()).length > 100]).toEqual([address, 200, true])
  }
  const start = await (await ASSETS.fetch('http://perennial.test/swagger-ui/start.js')).text()
  expect(start).toContain("url: '/openapi.json'")
})

test('FR-128 a refusal is a problem document that says what to do, with the request’s id and a page of its own', async () => {
  const client = await organization()
  const reply = await client.post('/v1/accounts', { email: 'jane', currency: 'XXX' })
  expect(reply.headers.get('Content-Type')).toBe('application/problem+json')
  expect(reply.body).toEqual({
    type: 'http://perennial.test/docs/problems/invalid_request',
    title: 'The request has members that cannot be accepted',
    status: 422,
    detail: reply.body.errors.map(({ pointer, detail }: Json) => `${pointer}: ${detail}`).join(' · '),
    code: 'invalid_request',
    hint: 'Correct every member listed in `errors`; nothing was written. The shapes are in /docs.',
    errors: [
      { pointer: '/email', detail: 'must be an email address, such as jane@startup.example' },
      { pointer: '/name', detail: 'is required' },
      { pointer: '/currency', detail: 'must be an active ISO 4217 code in capitals, such as USD' },
    ],
    request_id: reply.headers.get('Request-Id'),
  })
  expect(reply.body.request_id).toMatch(/^req_[0-9a-z]{26}$/)
})

test('FR-128 every problem is documented at the address that its documents name', async () => {
  for (const [code, { status, title }] of Object.entries(problems)) {
    const page = await request(`/docs/problems/${code}`)
    expect([code, page.status, page.text.includes(title), page.text.includes(`HTTP status ${status}`)]).toEqual([
      ...[code, 200, true, true],
    ])
  }
  const all = await request('/docs/problems')
  expect([...all.text.matchAll(/href="\/docs\/problems\/(\w+)"/g)].map(([, code]) => code)).toEqual(
    Object.keys(problems),
  )
  expectProblem(await request('/docs/problems/constructor'), 404, 'route_not_found')
})

test('FR-129 the API is under /v1; what is not there is said not to be', async () => {
  for (const { path } of await operations()) expect(path).toMatch(/^\/v1\//)
  const { get, post } = clientOf((await organization()).key)
  for (const reply of [await get('/v1/nothing'), await get('/v2/accounts'), await post('/v1/accounts/x/y/z', {})]) {
    expectProblem(reply, 404, 'route_not_found')
  }
  expectProblem(await get('/accounts'), 404, 'route_not_found')
})

test('FR-145 liveness answers within 100 ms, whether or not the database is there', async () => {
  await database.down(true)
  try {
    const started = performance.now()
    const reply = await request('/health')
    expect(performance.now() - started).toBeLessThan(100)
    expect([reply.status, reply.body]).toEqual([200, { status: 'ok' }])
  } finally {
    await database.down(false)
  }
})

test('FR-146 readiness asks the database, and names it when it is down', async () => {
  const answer = async () => {
    const { status, body: answered, headers } = await request('/health/ready')
    return [status, answered, headers.get('Retry-After')]
  }
  const check = (status: string) => ({ status, checks: { database: { status, latency_ms: expect.any(Number) } } })
  expect(await answer()).toEqual([200, check('ok'), null])
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await database.down(true)
  try {
    expect(await answer()).toEqual([503, check('unavailable'), '5'])
  } finally {
    await database.down(false)
  }
  expect(await answer()).toEqual([200, check('ok'), null])
})

/** What is logged, and what is answered, while the database is away. */
async function withoutDatabase<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T; readonly errors: readonly Json[] }> {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await database.down(true)
  try {
    const done = await work()
    return { done, errors: error.mock.calls.map(([line]) => JSON.parse(line)) }
  } finally {
    await database.down(false)
    vi.restoreAllMocks()
  }
}

test('FR-128 without the database a request is refused as one that can be repeated', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const { id } = await (await world.account()).subscribes('pro')
  const { client } = world
  const { done } = await withoutDatabase(async () => [
    await client.get('/v1/accounts'),
    await client.post('/v1/accounts', jane),
    await client.post(`/v1/subscriptions/${id}/cancel`, {}),
  ])
  for (const reply of done) {
    expectProblem(reply, 503, 'database_unavailable')
    expect(reply.headers.get('Retry-After')).toMatch(/^\d+$/)
  }
  body(await client.post(`/v1/subscriptions/${id}/cancel`, {}))
})

test('FR-149 an error is logged with its stack and the request’s id, and without the customer’s data', async () => {
  const client = await organization()
  body(await client.get('/v1/accounts'))
  const { done, errors } = await withoutDatabase(() => client.get('/v1/accounts?email=jane@startup.example'))
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatchObject({ level: 'error', message: 'database_unavailable', request_id: done.body.request_id })
  expect(errors[0].error.stack).toMatch(/\n {4}at /)
  expect(errors[0].error.message).toMatch(/^Failed query: select/)
  expect(JSON.stringify(errors)).not.toMatch(/jane@|sk_test/)
})

test('FR-148 each request writes one line of JSON: id, method, path, status, duration', async () => {
  const client = await organization()
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const replies = [
    await client.get('/v1/accounts?email=jane@startup.example'),
    await client.post('/v1/accounts', { email: 'no' }),
    await request('/v1/accounts'),
    await request('/health'),
  ]
  const lines = log.mock.calls.map(([line]) => JSON.parse(line))
  expect(lines.map(({ method, path, status }) => [method, path, status])).toEqual([
    ['GET', '/v1/accounts', 200],
    ['POST', '/v1/accounts', 422],
    ['GET', '/v1/accounts', 401],
    ['GET', '/health', 200],
  ])
  expect(lines.map((line) => line.request_id)).toEqual(replies.map(({ headers }) => headers.get('Request-Id')))
  expect(lines.map((line) => line.organization)).toEqual([client.organization, client.organization, null, null])
  for (const line of lines) expect(line.duration_ms).toBeGreaterThanOrEqual(0)
  expect(JSON.stringify(lines), 'neither a key nor what was asked for').not.toMatch(/sk_test|jane/)
})
