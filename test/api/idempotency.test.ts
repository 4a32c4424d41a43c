import { expect, test } from 'vitest'
import { body, type Client, type Json, organization, type Reply } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld } from '../support/world.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const pro = { code: 'pro', name: 'Pro', prices: [monthly('USD', '9900')] }

type Post = readonly [path: string, about: Json]

const send = (client: Client, [path, about]: Post, key: string) =>
  client.post(path, about, { headers: { 'Idempotency-Key': key } })

/** The first answer again, byte for byte, and nothing done. */
async function expectReplay(first: Reply, again: () => Promise<Reply>): Promise<void> {
  expect(first.headers.get('Idempotent-Replayed')).toBeNull()
  const replayed = await storesNothing(again)
  expect([replayed.status, replayed.text]).toEqual([first.status, first.text])
  expect(replayed.headers.get('Idempotent-Replayed')).toBe('true')
  expect(replayed.headers.get('Content-Type')).toBe(first.headers.get('Content-Type'))
  expect(replayed.headers.get('Request-Id')).not.toBe(first.headers.get('Request-Id'))
}

test('FR-001 a replayed creation of an account answers the first response, though the account changed since', async () => {
  const client = await organization()
  const post: Post = ['/v1/accounts', { ...jane, external_key: 'u_1' }]
  const first = await send(client, post, 'key-1')
  expect(first.status).toBe(201)
  body(await client.patch(`/v1/accounts/${first.body.id}`, { name: 'Jane Doe', external_key: 'u_2' }))
  await expectReplay(first, () => send(client, post, 'key-1'))
  expect(body(await client.get('/v1/accounts')).data).toHaveLength(1)
})

test('FR-016 a replayed creation of a plan answers the first response', async () => {
  const client = await organization()
  const first = await send(client, ['/v1/plans', pro], 'key-1')
  await expectReplay(first, () => send(client, ['/v1/plans', pro], 'key-1'))
})

test('FR-062 a replayed subscription answers the first response with its payment, and charges once', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const { id: account } = await world.account()
  const post: Post = ['/v1/subscriptions', { account, plan: 'pro' }]
  const first = await send(world.client, post, 'key-1')
  expect([first.status, first.body.payment.status, first.body.latest_invoice.status]).toEqual([
    ...[201, 'succeeded', 'paid'],
  ])
  await expectReplay(first, () => send(world.client, post, 'key-1'))
  expect((await world.gateway.taken()).succeeded_count).toBe(1)
  const cancel: Post = [`/v1/subscriptions/${first.body.id}/cancel`, { when: 'now' }]
  const cancelled = await send(world.client, cancel, 'key-2')
  expect(cancelled.body.status).toBe('cancelled')
  await expectReplay(cancelled, () => send(world.client, cancel, 'key-2'))
  await expectReplay(first, () => send(world.client, post, 'key-1'))
})

test('FR-059 a replayed subscription whose charge was declined answers that, and tries no other charge', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const { id: account } = await world.account({ card: 'pm_card_chargeCustomerFail' })
  const post: Post = ['/v1/subscriptions', { account, plan: 'pro' }]
  const first = await send(world.client, post, 'key-1')
  expect([first.status, first.body.status, first.body.latest_invoice.status]).toEqual([201, 'active', 'open'])
  const asked = (await world.gateway.requests()).length
  await expectReplay(first, () => send(world.client, post, 'key-1'))
  expect(await world.gateway.requests()).toHaveLength(asked)
})

test('FR-003 a replayed payment method answers the first response, and attaches once at the gateway', async () => {
  const world = await newWorld()
  const { id } = await world.account({ card: null })
  const post: Post = [`/v1/accounts/${id}/payment_methods`, { token: 'pm_card_visa' }]
  const first = await send(world.client, post, 'key-1')
  const asked = (await world.gateway.requests()).length
  await expectReplay(first, () => send(world.client, post, 'key-1'))
  expect(await world.gateway.requests()).toHaveLength(asked)
  const second = body(await send(world.client, post, 'key-2'))
  expect(second.id).not.toBe(first.body.id)
  const newest = await sql('select gateway_method from payment_methods order by id desc limit 2')
  expect(new Set(newest.map(({ gateway_method }) => gateway_method)).size, 'at the gateway too').toBe(2)
})

test('FR-003 a token that was declined is asked for again under another key', async () => {
  const world = await newWorld()
  const { id } = await world.account({ card: null })
  await world.gateway.fault({ match: { operation: 'post_payment_methods_payment_method_attach' }, fault: 'decline' })
  const post: Post = [`/v1/accounts/${id}/payment_methods`, { token: 'pm_card_visa' }]
  expectProblem(await send(world.client, post, 'key-1'), 422, 'payment_method_refused')
  expect(body(await send(world.client, post, 'key-2')).last4).toBe('4242')
})

test('FR-128 a key that comes again with another body, path or method is refused', async () => {
  const client = await organization()
  const first = body(await send(client, ['/v1/accounts', jane], 'key-1'))
  const others: readonly Post[] = [
    ['/v1/accounts', { ...jane, name: 'John' }],
    ['/v1/accounts', { name: 'Jane', email: 'jane@startup.example' }],
    ['/v1/plans', pro],
    [`/v1/accounts/${first.id}/payment_methods`, { token: 'pm_card_visa' }],
    ['/v1/subscriptions', { account: first.id, plan: 'pro' }],
  ]
  for (const post of others) {
    const reply = await storesNothing(() => send(client, post, 'key-1'))
    expectProblem(reply, 422, 'idempotency_key_reused')
  }
})

test('FR-062 two requests at once with one key have one effect', async () => {
  const world = await newWorld()
  const { client } = world
  await world.plan('pro')
  const { id: account } = await world.account()
  const path = `/v1/accounts/${account}/payment_methods`
  const posts: readonly Post[] = [
    ['/v1/accounts', { ...jane, external_key: 'once' }],
    ['/v1/plans', { ...pro, code: 'once' }],
    ['/v1/subscriptions', { account, plan: 'pro' }],
    [path, { token: 'pm_card_amex' }],
  ]
  for (const [index, post] of posts.entries()) {
    const key = `key-${index}`
    const replies = await Promise.all(Array.from({ length: 5 }, () => send(client, post, key)))
    const done = replies.filter(({ status }) => status === 201)
    const waiting = replies.filter(({ status }) => status !== 201)
    expect(done.length, post[0]).toBeGreaterThan(0)
    expect(new Set(done.map(({ text }) => text)).size).toBe(1)
    for (const reply of waiting) expect([post[0], [409, 503].includes(reply.status)]).toEqual([post[0], true])
    for (const reply of waiting) expect(reply.headers.get('Retry-After'), reply.text).toMatch(/^\d+$/)
    const again = await send(client, post, key)
    expect([again.status, again.text]).toEqual([201, done[0]?.text])
  }
  expect((await world.gateway.taken()).succeeded_count).toBe(1)
  expect(body(await client.get(path)).data.map(({ brand }: Json) => brand)).toEqual(['amex', 'visa'])
  expect(body(await client.get('/v1/accounts?external_key=once')).data).toHaveLength(1)
})

test('FR-128 what was refused is not stored: the key works once the fault is corrected', async () => {
  const world = await newWorld()
  const { client } = world
  const refusals: readonly (readonly [Post, number])[] = [
    [['/v1/accounts', { email: 'jane' }], 422],
    [['/v1/accounts', '{'], 400],
    [['/v1/subscriptions', { account: (await world.account()).id, plan: 'nope' }], 404],
  ]
  for (const [post, status] of refusals) {
    const reply = await storesNothing(() => send(client, post, 'key-1'))
    expect(reply.status).toBe(status)
  }
  expect((await send(client, ['/v1/accounts', jane], 'key-1')).status).toBe(201)
})

test('FR-128 a rejection is not stored: the very same request succeeds once it is possible', async () => {
  const world = await newWorld()
  const { id: account } = await world.account()
  const post: Post = ['/v1/subscriptions', { account, plan: 'pro' }]
  expectProblem(await send(world.client, post, 'key-1'), 404, 'not_found')
  await world.plan('pro')
  expect((await send(world.client, post, 'key-1')).status).toBe(201)
})

test('FR-128 a key belongs to one organization', async () => {
  const [one, other] = [await organization(), await organization()]
  const first = await send(one, ['/v1/accounts', jane], 'key-1')
  const second = await send(other, ['/v1/accounts', jane], 'key-1')
  expect([first.status, second.status]).toEqual([201, 201])
  expect(second.headers.get('Idempotent-Replayed')).toBeNull()
  expect(second.body.id).not.toBe(first.body.id)
})

test.each([
  ['no', ''],
  ['256', 'k'.repeat(256)],
])('FR-128 a key of %s characters is refused', async (_, key) => {
  const client = await organization()
  const reply = await storesNothing(() => send(client, ['/v1/accounts', jane], key))
  expectProblem(reply, 422, 'invalid_request', { detail: 'An Idempotency-Key has 1 to 255 characters.' })
})

test('FR-128 a key of 255 characters is kept apart from another that begins the same', async () => {
  const client = await organization()
  const first = await send(client, ['/v1/accounts', jane], 'k'.repeat(255))
  const second = await send(client, ['/v1/accounts', jane], 'k'.repeat(254))
  expect(second.body.id).not.toBe(first.body.id)
})

test('FR-140 a replayed creation of an API key does not show the key again, which is stored nowhere', async () => {
  const client = await organization()
  const post: Post = ['/v1/api_keys', { name: 'Server' }]
  const { key, ...shown } = body(await send(client, post, 'key-1'))
  expect(key).toMatch(/^sk_test_/)
  const replayed = await storesNothing(() => send(client, post, 'key-1'))
  expect(replayed.headers.get('Idempotent-Replayed')).toBe('true')
  expect(replayed.body).toEqual(shown)
})
