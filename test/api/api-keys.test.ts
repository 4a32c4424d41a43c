import { afterEach, expect, test, vi } from 'vitest'
import { operations, pathWith } from '../support/api-document.ts'
import { body, type Client, clientOf, type Json, organization, request } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storedRows, storesNothing } from '../support/rows.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }

afterEach(() => vi.restoreAllMocks())

const isForSecretKeys = ({ security }: Json) => security.some((scheme: Json) => 'bearer' in scheme)

type Key = { readonly id: string; readonly key: string; readonly client: ReturnType<typeof clientOf> }

async function keyWith(client: Client, scopes: readonly string[]): Promise<Key> {
  const made = body(await client.post('/v1/api_keys', { name: 'Server', scopes }))
  return { ...made, client: clientOf(made.key) }
}

test('FR-140 a key is shown once, and the database holds none: only its hash and its ending', async () => {
  const client = await organization()
  const { key, ...shown } = body(await client.post('/v1/api_keys', { name: 'Server' }))
  expect(key).toMatch(/^sk_test_[A-Za-z0-9_-]{32}$/)
  expect(shown).toEqual({
    ...{ id: expect.stringMatching(/^key_/), name: 'Server', kind: 'secret', scopes: ['read', 'write'] },
    ...{ origins: null, ending: key.slice(-4) },
    created_at: expect.stringMatching(/Z$/),
  })
  expect(body(await client.get('/v1/api_keys')).data[0]).toEqual(shown)
  const everything = Object.values(await storedRows()).join('\n')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  expect(everything).toContain(hash)
  for (const secret of [key, client.key]) expect(everything).not.toContain(secret.slice(8))
})

test('FR-140 a live organization’s keys are told apart by their beginning', async () => {
  const client = await organization('live')
  expect(client.key).toMatch(/^sk_live_/)
  expect(body(await client.post('/v1/api_keys', { name: 'Server' })).key).toMatch(/^sk_live_/)
})

test('FR-140 the gateway’s secret is sealed, and shown by no answer', async () => {
  const client = await organization()
  const secret = 'sk_test_averysecretkeyofthegateway'
  const about = { kind: 'stripe', name: 'Stripe EU', secret_key: secret }
  const made = await client.post('/v1/gateway_accounts', about)
  expect([made.status, Object.keys(made.body).sort()]).toEqual([201, ['created_at', 'id', 'kind', 'name', 'webhook']])
  const listed = await client.get('/v1/gateway_accounts')
  expect(listed.body.data).toHaveLength(2)
  const everything = `${made.text} ${listed.text} ${Object.values(await storedRows()).join('\n')}`
  expect(everything).not.toContain(secret.slice(8))
  expect(everything).not.toContain(client.stripeKey)
})

test('FR-140 a revoked key that was not in use stops working at once', async () => {
  const client = await organization()
  const { id, client: server } = await keyWith(client, ['read', 'write'])
  const revoked = body(await client.delete(`/v1/api_keys/${id}`))
  expect(revoked.id).toBe(id)
  expectProblem(await server.get('/v1/accounts'), 401, 'unauthenticated')
  expect(body(await client.get('/v1/api_keys')).data.map((one: Json) => one.id)).not.toContain(id)
  expectProblem(await client.delete(`/v1/api_keys/${id}`), 404, 'not_found')
})

test('FR-140 a revoked key that was in use stops working within 30 seconds', async () => {
  const client = await organization()
  const { id, client: server } = await keyWith(client, ['read', 'write'])
  body(await server.get('/v1/accounts'))
  body(await client.delete(`/v1/api_keys/${id}`))
  const later = Date.now() + 30_001
  vi.spyOn(Date, 'now').mockImplementation(() => later)
  expectProblem(await server.get('/v1/accounts'), 401, 'unauthenticated')
  body(await client.get('/v1/accounts'))
})

test('FR-140 a key that may only read writes nothing, at any route', async () => {
  const client = await organization()
  const { client: reader } = await keyWith(client, ['read'])
  body(await reader.get('/v1/accounts'))
  const head = await request('/v1/accounts', { method: 'HEAD', headers: { Authorization: `Bearer ${reader.key}` } })
  expect(head.status).toBe(200)
  const one = new Proxy({}, { get: () => 'x' }) as Record<string, string>
  const writes = (await operations()).filter(({ method, about }) => method !== 'GET' && isForSecretKeys(about))
  await storesNothing(async () => {
    for (const { name, method, path } of writes) {
      const headers = { Authorization: `Bearer ${reader.key}`, 'Content-Type': 'application/json' }
      const reply = await request(pathWith(path, one), { method, headers, body: '{}' })
      expect([name, reply.status, reply.body.code]).toEqual([name, 403, 'forbidden'])
    }
  })
})

test('FR-140 only the beacon is for publishable keys', async () => {
  const others = (await operations()).filter(({ about }) => !isForSecretKeys(about))
  expect(others.map(({ name, about }) => [name, about.security])).toEqual([
    ['POST /v1/usage/beacon', [{ publishable: [] }]],
  ])
})

test('FR-140 a publishable key is made for some pages, shown once and listed with them', async () => {
  const client = await organization()
  const about = { name: 'Web', kind: 'publishable', origins: ['https://app.example', 'http://localhost:3000'] }
  const { key, ...shown } = body(await client.post('/v1/api_keys', about))
  expect(key).toMatch(/^pk_test_[A-Za-z0-9_-]{32}$/)
  expect(shown).toMatchObject({ ...about, scopes: ['usage'], ending: key.slice(-4) })
  expect(body(await client.get('/v1/api_keys')).data[0]).toEqual(shown)
  expect(Object.values(await storedRows()).join('\n')).not.toContain(key.slice(8))
  const live = await organization('live')
  expect(body(await live.post('/v1/api_keys', { ...about, origins: ['*'] })).key).toMatch(/^pk_live_/)
})

test('FR-140 a publishable key opens no route that is for secret ones, and is told where it belongs', async () => {
  const client = await organization()
  const { key } = body(await client.post('/v1/api_keys', { name: 'Web', kind: 'publishable', origins: ['*'] }))
  const one = new Proxy({}, { get: () => 'x' }) as Record<string, string>
  const routes = (await operations()).filter(({ about }) => isForSecretKeys(about))
  expect(routes.length).toBeGreaterThan(50)
  await storesNothing(async () => {
    for (const { name, method, path } of routes) {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
      const reply = await request(pathWith(path, one), { method, headers, ...(method !== 'GET' && { body: '{}' }) })
      expect([name, reply.status, reply.body.code]).toEqual([name, 403, 'forbidden'])
      expect(reply.body.hint).toContain('/v1/usage/beacon')
    }
  })
})

test.each<[string, Json, string]>([
  ['without origins', { kind: 'publishable' }, '/origins'],
  ['for no page', { kind: 'publishable', origins: [] }, '/origins'],
  ['for 21 pages', { kind: 'publishable', origins: Array(21).fill('https://app.example') }, '/origins'],
  ['with scopes', { kind: 'publishable', origins: ['*'], scopes: ['read'] }, '/scopes'],
  ['that is secret, with origins', { origins: ['https://app.example'] }, '/origins'],
  ['that is secret, for usage', { scopes: ['usage'] }, '/scopes/0'],
  ['of another kind', { kind: 'private' }, '/kind'],
  ...[
    ...[
      'https://app.example/',
      'https://app.example/path',
      'HTTPS://app.example',
      'https://App.example',
      'app.example',
    ],
    ...[
      'https://*.app.example',
      'https://app.example:443',
      'null',
      '',
      'ftp://app.example',
      'https://user@app.example',
    ],
    ...['javascript:alert(1)', 'https://app.example?x', ' https://app.example'],
  ].map((origin): [string, Json, string] => [
    `for pages of ${JSON.stringify(origin)}`,
    { kind: 'publishable', origins: [origin] },
    '/origins/0',
  ]),
])('FR-140 a key %s is refused', async (_, about, pointer) => {
  const client = await organization()
  const refused = await storesNothing(() => client.post('/v1/api_keys', { name: 'Web', ...about }))
  expectProblem(refused, 422, 'invalid_request', { errors: [expect.objectContaining({ pointer })] })
})

test('FR-140 who may not write gives no key that writes usage', async () => {
  const { client: admin } = await keyWith(await organization(), ['read', 'admin'])
  const asked = () => admin.post('/v1/api_keys', { name: 'Web', kind: 'publishable', origins: ['*'] })
  expectProblem(await storesNothing(asked), 403, 'forbidden')
})

test('FR-140 a key that may only write reads nothing', async () => {
  const { client: writer } = await keyWith(await organization(), ['write'])
  expect((await writer.post('/v1/accounts', jane)).status).toBe(201)
  const reply = await writer.get('/v1/accounts')
  expectProblem(reply, 403, 'forbidden', { detail: 'The key has the scopes write; this needs read.' })
})

test('FR-140 what belongs to the organization needs admin', async () => {
  const { client } = await keyWith(await organization(), ['read', 'write'])
  body(await client.get('/v1/settings'))
  const asked = [
    () => client.patch('/v1/settings', { default_currency: 'EUR' }),
    () => client.get('/v1/api_keys'),
    () => client.post('/v1/api_keys', { name: 'Server' }),
    () => client.delete('/v1/api_keys/key_01m8193kv2f2q91yg0dtf4j001'),
    () => client.get('/v1/gateway_accounts'),
    () => client.post('/v1/gateway_accounts', { kind: 'stripe', name: 'S', secret_key: 'sk_test_1' }),
  ]
  for (const ask of asked) {
    const reply = await storesNothing(ask)
    expectProblem(reply, 403, 'forbidden', { detail: 'The key has the scopes read, write; this needs admin.' })
  }
})

test('FR-140 a key gives no scope that it does not have', async () => {
  const { client: admin } = await keyWith(await organization(), ['read', 'write', 'admin'])
  const beyond = () => admin.post('/v1/api_keys', { name: 'Server', scopes: ['read', 'operate'] })
  expectProblem(await storesNothing(beyond), 403, 'forbidden', {
    detail: 'This key cannot give the scopes operate, which it does not have.',
  })
  const given = body(await admin.post('/v1/api_keys', { name: 'Server', scopes: ['read', 'admin'] }))
  expect(given.scopes).toEqual(['read', 'admin'])
  expectProblem(await clientOf(given.key).post('/v1/api_keys', { name: 'More' }), 403, 'forbidden')
})
