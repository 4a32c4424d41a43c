import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { body, type Client, clientOf, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { inRealTime, type Meter, meteredPlan, meters } from '../support/usage.ts'
import { realTimePasses } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let client: Client

beforeAll(async () => {
  world = await newWorld()
  client = world.client
  await meteredPlan(world, 'strict', { cap: { limit: '10', over: 'reject' } })
  await meteredPlan(world, 'open', { cap: { limit: '10', over: 'bill' } })
  await meteredPlan(world, 'free')
  await meteredPlan(world, 'european', { filters: { region: 'eu' }, cap: { limit: '10', over: 'reject' } })
})

afterEach(() => vi.useRealTimers())

const on = async (plan: string): Promise<Meter> => meters(world, await inRealTime(world), plan)
const settle = (one: Meter, reservation: Json, how: string, about: Json = {}) =>
  client.post(`/v1/usage/reservations/${reservation.id}/${how}`, { subscription: one.subscription, ...about })

async function reserves(one: Meter, quantity: string, expires_in = 60): Promise<Json> {
  const { allowed, reservation } = body(await one.asks({ quantity, reserve: { expires_in } }))
  expect(allowed).toBe(true)
  return reservation
}

test('FR-080 a check tells whether so much more may be used, and how the caps stand', async () => {
  const one = await on('strict')
  const asked = body(await one.asks({ quantity: 10 }))
  expect(asked).toEqual({
    ...{ allowed: true, refusal: null, reservation: null },
    caps: [
      {
        ...{ metric: 'api_calls', filters: {}, limit: '10', over: 'reject', used: '0', reserved: '0', remaining: '10' },
        resets_at: expect.stringMatching(/Z$/),
      },
    ],
  })
  await one.uses(one.event('a', { quantity: '7.5' }))
  expect(body(await one.asks({ quantity: '2.5' }))).toMatchObject({
    allowed: true,
    caps: [{ used: '7.5', remaining: '2.5' }],
  })
  const refused = body(await one.asks({ quantity: '2.6' }))
  expect(refused).toMatchObject({ allowed: false, refusal: { code: 'cap_reached' }, reservation: null })
  expect(refused.refusal.detail).toBe(
    `2.6 of api_calls is more than its cap allows: of 10 until ${refused.caps[0].resets_at} 7.5 are used and 0 reserved, 2.5 are left.`,
  )
  expect(await one.events(), 'to ask is not to use').toHaveLength(1)
})

test('FR-080 a cap that bills what is over it allows everything, and tells where it stands', async () => {
  const one = await on('open')
  await one.uses(one.event('a', { quantity: '12' }))
  expect(body(await one.asks())).toMatchObject({
    ...{ allowed: true, refusal: null },
    caps: [{ over: 'bill', used: '12', remaining: '0' }],
  })
  expect(body(await (await on('free')).asks({ quantity: '1000000' }))).toEqual({
    ...{ allowed: true, refusal: null, caps: [], reservation: null },
  })
})

test('FR-080 a cap is asked about by the properties that its charge is for', async () => {
  const one = await on('european')
  await one.uses(one.event('a', { quantity: '10', properties: { region: 'eu' } }), one.event('b', { quantity: '50' }))
  const europe = body(await one.asks({ properties: { region: 'eu' } }))
  expect(europe).toMatchObject({ allowed: false, caps: [{ filters: { region: 'eu' }, used: '10', remaining: '0' }] })
  expect(body(await one.asks({ properties: { region: 'us' } }))).toMatchObject({ allowed: true, caps: [] })
})

test('FR-080 what is reserved nobody else uses, until it is confirmed and counts', async () => {
  const one = await on('strict')
  const reservation = await reserves(one, '6')
  expect(reservation).toEqual({ id: expect.stringMatching(/^rsv_/), expires_at: expect.stringMatching(/Z$/) })
  expect(body(await one.asks({ quantity: '5' }))).toMatchObject({
    allowed: false,
    caps: [{ reserved: '6', remaining: '4' }],
  })
  const over = body(await one.sends(one.event('a', { quantity: '5' })))
  expect(over.rejected[0].code).toBe('cap_reached')
  const confirmed = await settle(one, reservation, 'confirm', { quantity: '5.5' })
  expect(body(confirmed)).toEqual({ id: reservation.id, subscription: one.subscription, status: 'confirmed' })
  expect(body(await one.asks())).toMatchObject({ caps: [{ used: '5.5', reserved: '0', remaining: '4.5' }] })
  expect(body(await client.get(one.path(reservation.id)))).toMatchObject({ quantity: '5.5', metric: 'api_calls' })
})

test('FR-080 a reservation that is released holds nothing more', async () => {
  const one = await on('strict')
  const reservation = await reserves(one, '10')
  expect(body(await one.asks()).allowed).toBe(false)
  expect(body(await settle(one, reservation, 'release')).status).toBe('released')
  expect(body(await one.asks())).toMatchObject({ allowed: true, caps: [{ reserved: '0', used: '0' }] })
  expect(await one.events()).toEqual([])
})

test('FR-073 a reservation that is settled again in the same way answers the same and counts once', async () => {
  const one = await on('strict')
  const [first, second] = [await reserves(one, '3'), await reserves(one, '3')]
  const replies = await Promise.all(Array.from({ length: 5 }, () => settle(one, first, 'confirm')))
  expect(replies.map((reply) => body(reply).status)).toEqual(Array(5).fill('confirmed'))
  expect((await one.events()).map(({ id, quantity }) => [id, quantity])).toEqual([[first.id, '3']])
  expectProblem(await settle(one, first, 'release'), 404, 'not_found')
  expect(body(await settle(one, second, 'release')).status).toBe('released')
  expect(body(await settle(one, second, 'release')).status).toBe('released')
  expectProblem(await settle(one, second, 'confirm'), 404, 'not_found')
})

test('FR-080 a reservation expires by itself', async () => {
  const one = await on('strict')
  const reservation = await reserves(one, '10', 5)
  expect(body(await one.asks()).allowed).toBe(false)
  realTimePasses(5_001)
  expect(body(await one.asks()).allowed).toBe(true)
  expectProblem(await settle(one, reservation, 'confirm'), 404, 'not_found', {
    hint: expect.stringContaining('/v1/usage/events'),
  })
})

test('FR-080 of many who reserve at once no more get it than there is', async () => {
  const one = await on('strict')
  const asks = Array.from({ length: 20 }, () => one.asks({ quantity: '1.5', reserve: { expires_in: 60 } }))
  const answers = (await Promise.all(asks)).map(body)
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(6)
  expect(answers.filter(({ reservation }) => reservation !== null)).toHaveLength(6)
})

test('FR-080 more than was reserved is not confirmed, and nothing is settled by asking for it', async () => {
  const one = await on('strict')
  const reservation = await reserves(one, '2')
  const more = await settle(one, reservation, 'confirm', { quantity: '2.1' })
  expectProblem(more, 422, 'more_than_reserved', pointsAt('/quantity'))
  expect(body(await settle(one, reservation, 'confirm')).status).toBe('confirmed')
})

test('FR-080 who has ended or not begun may use nothing, and is told why', async () => {
  const customer = await inRealTime(world)
  const sold = await customer.buys('strict')
  await sold.cancels({ when: 'now' })
  const ended = body(await client.post('/v1/usage/check', { subscription: sold.id, metric: 'api_calls' }))
  expect(ended).toMatchObject({ allowed: false, refusal: { code: 'ended' }, caps: [], reservation: null })
  const start = new Date(Date.now() + 86_400_000).toISOString()
  const later = await meters(world, await inRealTime(world), 'strict', { start })
  expect(body(await later.asks({ reserve: { expires_in: 5 } }))).toMatchObject({
    ...{ allowed: false, refusal: { code: 'not_started' }, reservation: null },
  })
})

test('FR-080 who is paused may use nothing', async () => {
  const sold = await (await inRealTime(world)).buys('strict')
  await sold.pauses()
  const asked = () => client.post('/v1/usage/check', { subscription: sold.id, metric: 'api_calls' })
  expect(body(await asked())).toMatchObject({ allowed: false, refusal: { code: 'paused' } })
  await sold.resumes()
  await vi.waitUntil(async () => body(await asked()).allowed)
})

test('FR-080 on a test clock the cap resets with the clock’s periods', async () => {
  const one = await meters(world, await world.account(), 'strict')
  await one.uses(one.event('a', { quantity: '10', timestamp: await world.now() }))
  expect(body(await one.asks())).toMatchObject({ allowed: false, caps: [{ resets_at: '2026-02-01T00:00:00Z' }] })
  await world.passes('1 month')
  expect(body(await one.asks())).toMatchObject({
    allowed: true,
    caps: [{ used: '0', resets_at: '2026-03-01T00:00:00Z' }],
  })
})

test.each<[string, Json, string, number, string]>([
  ['no subscription', { subscription: undefined }, '/subscription', 422, 'invalid_request'],
  ['no metric', { metric: undefined }, '/metric', 422, 'invalid_request'],
  ['a metric that is not there', { metric: 'api_cals' }, '/metric', 404, 'not_found'],
  [
    'a subscription that is not there',
    { subscription: 'sub_01jhd3wz00f888000000000001' },
    '/subscription',
    404,
    'not_found',
  ],
  ['nothing', { quantity: 0 }, '/quantity', 422, 'invalid_request'],
  ['less than nothing', { quantity: '-1' }, '/quantity', 422, 'invalid_request'],
  ['an exponent', { quantity: '1e3' }, '/quantity', 422, 'invalid_request'],
  ['a quantity that is no number', { quantity: [] }, '/quantity', 422, 'invalid_request'],
  ['13 decimals', { quantity: '0.0000000000001' }, '/quantity', 422, 'invalid_request'],
  ['a property of objects', { properties: { a: {} } }, '/properties/a', 422, 'invalid_request'],
  ['a property with a NUL', { properties: { a: '\0' } }, '/properties/a', 422, 'invalid_request'],
  ['properties that are none', { properties: [] }, '/properties', 422, 'invalid_request'],
  ['a reservation of no time', { reserve: { expires_in: 0 } }, '/reserve/expires_in', 422, 'invalid_request'],
  [
    'a reservation of more than an hour',
    { reserve: { expires_in: 3601 } },
    '/reserve/expires_in',
    422,
    'invalid_request',
  ],
  [
    'a reservation of a part of a second',
    { reserve: { expires_in: 0.5 } },
    '/reserve/expires_in',
    422,
    'invalid_request',
  ],
  ['a timestamp', { timestamp: '2026-01-01T00:00:00Z' }, '/timestamp', 422, 'invalid_request'],
])('FR-128 a check of %s is refused', async (_, about, pointer, status, code) => {
  const one = await on('strict')
  const reply = await one.asks(about)
  expectProblem(reply, status, code, pointsAt(pointer))
})

test('FR-128 a reservation that is not there, or another’s, is not settled', async () => {
  const [one, other] = [await on('strict'), await on('strict')]
  const reservation = await reserves(one, '4')
  expectProblem(await settle(other, reservation, 'confirm'), 404, 'not_found')
  expectProblem(await settle(one, { id: 'rsv_01jhd3wz00f888000000000001' }, 'release'), 404, 'not_found')
  expectProblem(await settle(one, { id: 'evt-1' }, 'release'), 422, 'invalid_request', pointsAt('/id'))
  const stranger = await organization()
  const theirs = { subscription: one.subscription }
  for (const how of ['confirm', 'release']) {
    const path = `/v1/usage/reservations/${reservation.id}/${how}`
    expectProblem(await stranger.post(path, theirs), 404, 'not_found')
    expectProblem(await client.post(path, {}), 422, 'invalid_request', pointsAt('/subscription'))
  }
  expectProblem(await stranger.post('/v1/usage/check', { ...theirs, metric: 'api_calls' }), 404, 'not_found')
  expect(body(await one.asks())).toMatchObject({ caps: [{ reserved: '4' }] })
  const { key } = body(await client.post('/v1/api_keys', { name: 'Reader', scopes: ['read'] }))
  expectProblem(await clientOf(key).post('/v1/usage/check', { ...theirs, metric: 'api_calls' }), 403, 'forbidden')
})
