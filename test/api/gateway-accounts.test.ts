import { env } from 'cloudflare:workers'
import { expect, inject, test } from 'vitest'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { openWebhookSecret } from '../../src/payments/open-gateway.ts'
import type { Env } from '../../src/platform/env.ts'
import { body, type Client, clientOf, type Json, organization } from '../support/client.ts'
import { gatewayOf } from '../support/gateway.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storedRows, storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { deliverWebhook, givenEvent } from '../support/webhook.ts'

/** Nobody listens there; the emulator takes loopback addresses only. */
const NOWHERE = 'http://127.0.0.1:9/webhook'

const own = async (client: Client) => body(await client.get('/v1/gateway_accounts')).data[0]
const register = (client: Client, id: string, about: Json = { url: NOWHERE }, headers = {}) =>
  client.post(`/v1/gateway_accounts/${id}/webhook`, about, { headers })

/** The endpoints in the organization's world of the emulator. */
async function endpoints(client: Client): Promise<readonly Json[]> {
  return (await atGateway(client, 'GET', 'webhook_endpoints?limit=100')).data
}

async function idsAt(client: Client): Promise<readonly string[]> {
  return (await endpoints(client)).map(({ id }) => id).sort()
}

async function atGateway(client: Client, method: string, path: string, form?: Record<string, string>): Promise<Json> {
  const response = await fetch(`${inject('stack').stripe}/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${client.stripeKey}` },
    ...(form && { body: new URLSearchParams(form) }),
  })
  return response.json()
}

const events = (id: string) =>
  sql(
    'select type, sequence, data, previous from events where subject_id = $1 order by sequence',
    decodeId('gateway_account', id),
  )

test('a gateway account is shown with where its webhooks go', async () => {
  const client = await organization()
  const listed = await own(client)
  expect(listed).toEqual({
    ...{ id: expect.stringMatching(/^gwa_/), kind: 'stripe', name: 'Stripe', created_at: expect.stringMatching(/Z$/) },
    webhook: {
      url: `http://perennial.test/gateways/stripe/${listed.id}/webhook`,
      ...{ endpoint: null, configured: false, last_event_at: null },
    },
  })
  expect(body(await client.get(`/v1/gateway_accounts/${listed.id}`))).toEqual(listed)
})

test('FR-006 its name and its webhooks’ secret are changed, each with its event', async () => {
  const client = await organization()
  const { id, ...before } = await own(client)
  const renamed = body(await client.patch(`/v1/gateway_accounts/${id}`, { name: '  Stripe EU ' }))
  expect(renamed).toEqual({ id, ...before, name: 'Stripe EU' })
  const heard = body(await client.patch(`/v1/gateway_accounts/${id}`, { webhook_secret: 'whsec_first' }))
  expect(heard).toEqual({ ...renamed, webhook: { ...before.webhook, configured: true } })
  const unheard = body(await client.patch(`/v1/gateway_accounts/${id}`, { webhook_secret: null }))
  expect(unheard).toEqual(renamed)
  expect(await events(id)).toEqual([
    { type: 'gateway_account.updated', sequence: 2, data: renamed, previous: { id, ...before } },
    { type: 'gateway_account.updated', sequence: 3, data: heard, previous: renamed },
    { type: 'gateway_account.updated', sequence: 4, data: unheard, previous: heard },
  ])
})

test.each<[string, Json, string]>([
  ['an empty name', { name: ' ' }, '/name'],
  ['a secret of another kind', { webhook_secret: 'sk_test_1' }, '/webhook_secret'],
  ['a secret with a space', { webhook_secret: 'whsec_a b' }, '/webhook_secret'],
  ['a key of the other mode', { secret_key: 'sk_live_1' }, '/secret_key'],
])('a change to %s is refused', async (_, about, pointer) => {
  const client = await organization()
  const { id } = await own(client)
  const reply = await storesNothing(() => client.patch(`/v1/gateway_accounts/${id}`, about))
  expectProblem(reply, 422, 'invalid_request', pointsAt(pointer))
})

test('of two changes at once one is told that the other was faster, and nothing is lost', async () => {
  const client = await organization()
  const { id } = await own(client)
  const changes = [{ name: 'A' }, { webhook_secret: 'whsec_b' }, { name: 'C' }, { webhook_secret: null }]
  const replies = await Promise.all(changes.map((change) => client.patch(`/v1/gateway_accounts/${id}`, change)))
  const done = replies.filter(({ status }) => status === 200)
  for (const reply of replies) if (reply.status !== 200) expectProblem(reply, 409, 'changed_meanwhile')
  expect((await events(id)).map(({ sequence }) => sequence)).toEqual(done.map((_, index) => index + 2))
})

test('FR-140 the endpoint is made at the gateway, and its secret kept sealed and shown by nothing', async () => {
  const client = await organization()
  const { id, webhook } = await own(client)
  const reply = await register(client, id)
  const [endpoint, ...others] = await endpoints(client)
  expect(others).toEqual([])
  expect(body(reply).webhook).toEqual({ ...webhook, endpoint: endpoint.id, configured: true })
  expect(endpoint).toMatchObject({ url: NOWHERE, status: 'enabled', livemode: false })
  expect(endpoint.enabled_events).toHaveLength(18)
  expect(endpoint.enabled_events).toContain('payment_intent.succeeded')
  expect(body(await client.get(`/v1/gateway_accounts/${id}`))).toEqual(reply.body)
  const [{ webhook_secret: sealed }] = await sql(
    'select webhook_secret from gateway_accounts where webhook_endpoint = $1',
    endpoint.id,
  )
  expect(Object.keys(sealed).sort()).toEqual(['key', 'nonce', 'text'])
  const everything = `${reply.text} ${Object.values(await storedRows()).join('\n')}`
  expect(everything).not.toContain('whsec_')
})

test('asked for again it is the same endpoint, brought to date', async () => {
  const client = await organization()
  const { id } = await own(client)
  const first = body(await register(client, id))
  const again = await storesNothing(() => register(client, id))
  expect(body(again)).toEqual(first)
  expect(await idsAt(client)).toEqual([first.webhook.endpoint])
  const current = (await endpoints(client))[0]
  const changes = [
    { disabled: 'true' },
    { 'enabled_events[0]': 'charge.succeeded' },
    { url: 'http://127.0.0.1:9/elsewhere' },
  ]
  for (const change of changes) {
    await atGateway(client, 'POST', `webhook_endpoints/${current.id}`, change)
    expect(await endpoints(client)).not.toEqual([current])
    expect(body(await register(client, id))).toEqual(first)
    expect(await endpoints(client)).toEqual([current])
  }
  const moved = 'http://127.0.0.1:9/moved'
  expect(body(await register(client, id, { url: moved }))).toEqual(first)
  expect(await endpoints(client)).toEqual([{ ...current, url: moved }])
})

test('one at the same address whose secret is not known is replaced; the seller’s others are left', async () => {
  const client = await organization()
  const { id } = await own(client)
  const made = (url: string) => atGateway(client, 'POST', 'webhook_endpoints', { url, 'enabled_events[0]': '*' })
  const stranger = await made('http://127.0.0.1:9/other')
  const unknown = await made(NOWHERE)
  const first = body(await register(client, id)).webhook.endpoint
  await expect.poll(() => idsAt(client)).toEqual([stranger.id, first].sort())
  expect(first).not.toBe(unknown.id)
  await atGateway(client, 'DELETE', `webhook_endpoints/${first}`)
  const second = body(await register(client, id)).webhook.endpoint
  await expect.poll(() => idsAt(client)).toEqual([stranger.id, second].sort())
  body(await client.patch(`/v1/gateway_accounts/${id}`, { webhook_secret: null }))
  const { configured, endpoint: third } = body(await register(client, id, { url: 'http://127.0.0.1:9/3' })).webhook
  expect([configured, third === second]).toEqual([true, false])
  await expect.poll(() => idsAt(client)).toEqual([stranger.id, third].sort())
})

test('by several requests at once one endpoint is kept, which is there; the next request clears up', async () => {
  const client = await organization()
  const { id } = await own(client)
  const replies = await Promise.all([1, 2, 3].map(() => register(client, id)))
  for (const reply of replies) if (reply.status !== 200) expectProblem(reply, 409, 'changed_meanwhile')
  const { endpoint } = (await own(client)).webhook
  expect(replies.find(({ status }) => status === 200)?.body.webhook.endpoint).toBe(endpoint)
  expect((await endpoints(client)).map((one) => one.id)).toContain(endpoint)
  expect(body(await register(client, id)).webhook.endpoint).toBe(endpoint)
  await expect.poll(() => idsAt(client)).toEqual([endpoint])
})

test('a lost answer of the gateway makes no second endpoint', async () => {
  const client = await organization()
  const { id } = await own(client)
  await gatewayOf(client.stripeKey).fault({
    match: { operation: 'post_webhook_endpoints' },
    fault: 'execute_then_drop',
  })
  // The client's own retry, under the same key, gets the answer that was lost.
  const { webhook } = body(await register(client, id))
  expect(await idsAt(client)).toEqual([webhook.endpoint])
})

test('a replay of the request is answered as before, and asks the gateway nothing', async () => {
  const client = await organization()
  const { id } = await own(client)
  const headers = { 'Idempotency-Key': 'register' }
  const first = await register(client, id, { url: NOWHERE }, headers)
  const again = await register(client, id, { url: NOWHERE }, headers)
  expect([again.status, again.body, again.headers.get('Idempotent-Replayed')]).toEqual([200, first.body, 'true'])
  const requests = await gatewayOf(client.stripeKey).requests()
  expect(requests.map(({ operation }) => operation)).toEqual(['get_webhook_endpoints', 'post_webhook_endpoints'])
})

test('an address that the gateway refuses is told', async () => {
  const client = await organization()
  const { id } = await own(client)
  const reply = await storesNothing(() => register(client, id, {}))
  expectProblem(reply, 422, 'gateway_refused', {
    detail: expect.stringContaining(`http://perennial.test/gateways/stripe/${id}/webhook (url_invalid)`),
  })
  const odd = await storesNothing(() => register(client, id, { url: 'ftp://example.com' }))
  expectProblem(odd, 422, 'invalid_request', pointsAt('/url'))
})

test('a gateway that gives no answer is told, and nothing is stored', async () => {
  const client = await organization()
  const { id } = await own(client)
  await gatewayOf(client.stripeKey).down(true)
  const reply = await storesNothing(() => register(client, id))
  expectProblem(reply, 503, 'gateway_unavailable')
  expect(reply.headers.get('Retry-After')).toBe('10')
})

test('FR-061 what is signed with the secret that the gateway gave is taken', async () => {
  const client = await organization()
  const { id } = await own(client)
  body(await register(client, id))
  const uuid = decodeId('gateway_account', id)
  const [{ webhook_secret: sealed }] = await sql('select webhook_secret from gateway_accounts where id = $1', uuid)
  const secret = await openWebhookSecret(env as unknown as Env, uuid as Id<'gateway_account'>, sealed)
  expect(secret).toMatch(/^whsec_\w{32}$/)
  expect((await deliverWebhook(id, givenEvent({ type: 'charge.succeeded' }), { secret })).status).toBe(200)
  expect((await deliverWebhook(id, givenEvent(), { secret: `${secret}x` })).status).toBe(400)
})

test('FR-140 all of it needs admin', async () => {
  const client = await organization()
  const { id } = await own(client)
  const { key } = body(await client.post('/v1/api_keys', { name: 'Server', scopes: ['read', 'write'] }))
  const server = clientOf(key)
  for (const ask of [
    () => server.get(`/v1/gateway_accounts/${id}`),
    () => server.patch(`/v1/gateway_accounts/${id}`, { name: 'Mine' }),
    () => server.post(`/v1/gateway_accounts/${id}/webhook`, {}),
  ])
    expectProblem(await storesNothing(ask), 403, 'forbidden')
})

test('another organization’s is not found', async () => {
  const { id } = await own(await organization())
  const stranger = await organization()
  for (const ask of [
    () => stranger.get(`/v1/gateway_accounts/${id}`),
    () => stranger.patch(`/v1/gateway_accounts/${id}`, { name: 'Mine' }),
    () => stranger.post(`/v1/gateway_accounts/${id}/webhook`, { url: NOWHERE }),
  ])
    expectProblem(await storesNothing(ask), 404, 'not_found')
  expect(await endpoints(stranger)).toEqual([])
})
