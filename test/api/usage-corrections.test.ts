import { beforeAll, expect, test } from 'vitest'
import { body, type Client, clientOf, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { inRealTime, type Meter, meteredPlan, meters } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let client: Client
let meter: Meter
let timestamp: string

const DAY = 24 * 60 * 60 * 1000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

beforeAll(async () => {
  world = await newWorld()
  client = world.client
  await meteredPlan(world, 'pro', { cap: { limit: '1000', over: 'reject' } })
  meter = await meters(world, await inRealTime(world), 'pro', { start: ago(40 * DAY) })
  timestamp = ago(DAY)
})

const corrects = (id: string, about: Json = {}, by: Pick<Client, 'put'> = client) =>
  by.put(meter.path(id), { metric: 'api_calls', quantity: '2', timestamp, ...about })
const used = async () => body(await meter.asks()).caps[0].used

test('FR-072 an event is corrected, and shows what it was and who did it', async () => {
  await meter.uses(meter.event('typo', { quantity: '100', timestamp, properties: { region: 'eu' } }))
  const [before, later] = [await used(), ago(1000)]
  const corrected = body(
    await corrects('typo', { quantity: 10.5, timestamp: later, properties: { region: 'us', n: 1 } }),
  )
  expect(corrected).toEqual({
    ...{ id: 'typo', subscription: meter.subscription, version: 2, metric: 'api_calls', quantity: '10.5' },
    ...{ timestamp: later, properties: { region: 'us', n: '1' }, late: null, voided_at: null },
    received_at: expect.stringMatching(/Z$/),
    corrections: [
      {
        ...{
          version: 1,
          metric: 'api_calls',
          quantity: '100',
          timestamp,
          properties: { region: 'eu' },
          voided_at: null,
        },
        ...{ corrected_at: expect.stringMatching(/Z$/), actor: expect.stringMatching(/^key_/) },
      },
    ],
  })
  expect(body(await client.get(meter.path('typo')))).toEqual(corrected)
  expect(Number(before) - Number(await used())).toBe(89.5)
  const again = body(await corrects('typo', { quantity: '3' }))
  expect(again.corrections.map(({ version, quantity }: Json) => [version, quantity])).toEqual([
    [1, '100'],
    [2, '10.5'],
  ])
})

test('FR-073 the same correction again changes nothing', async () => {
  await meter.uses(meter.event('same', { timestamp }))
  const first = body(await corrects('same'))
  expect(first.version).toBe(2)
  expect(body(await corrects('same', { quantity: 2.0 }))).toEqual(first)
})

test('FR-072 a voided event is kept, does not count, and its id stays taken', async () => {
  const before = await used()
  await meter.uses(meter.event('mistake', { quantity: '7', timestamp }))
  const voided = body(await client.delete(meter.path('mistake')))
  expect(voided).toMatchObject({ version: 2, quantity: '7', voided_at: expect.stringMatching(/Z$/) })
  expect(voided.corrections).toEqual([expect.objectContaining({ version: 1, quantity: '7', voided_at: null })])
  expect(await used()).toBe(before)
  expect(body(await client.delete(meter.path('mistake')))).toEqual(voided)
  expect(body(await meter.sends(meter.event('mistake'))).duplicates).toBe(1)
  const listed = (await meter.events()).find(({ id }) => id === 'mistake')
  expect(listed).toMatchObject({ voided_at: voided.voided_at, version: 2 })
})

test('FR-072 a voided event that is corrected counts again', async () => {
  const before = await used()
  await meter.uses(meter.event('back', { quantity: '7', timestamp }))
  body(await client.delete(meter.path('back')))
  const back = body(await corrects('back', { quantity: '4' }))
  expect(back).toMatchObject({ version: 3, voided_at: null, quantity: '4' })
  expect(back.corrections.map(({ voided_at }: Json) => voided_at !== null)).toEqual([false, true])
  expect(Number(await used()) - Number(before)).toBe(4)
})

test('FR-072 an event that was only just accepted can be corrected', async () => {
  for (const id of ['quick-1', 'quick-2']) {
    await meter.uses(meter.event(id, { timestamp }))
    expect(body(id === 'quick-1' ? await corrects(id) : await client.delete(meter.path(id))).version).toBe(2)
  }
})

test('FR-073 of corrections at once each is one after another, and none is lost', async () => {
  await meter.uses(meter.event('race', { timestamp }))
  const quantities = Array.from({ length: 8 }, (_, n) => String(n + 10))
  const replies = await Promise.all(quantities.map((quantity) => corrects('race', { quantity })))
  expect(replies.map(({ status }) => status)).toEqual(quantities.map(() => 200))
  const { version, quantity, corrections } = body(await client.get(meter.path('race')))
  expect(version).toBe(9)
  expect(corrections.map((one: Json) => one.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect([...corrections.map((one: Json) => one.quantity), quantity].sort()).toEqual(['1', ...quantities])
})

test.each<[string, Json, string, number, string]>([
  ['no metric', { metric: undefined }, '/metric', 422, 'invalid_request'],
  ['no quantity', { quantity: undefined }, '/quantity', 422, 'invalid_request'],
  ['no time', { timestamp: undefined }, '/timestamp', 422, 'invalid_request'],
  ['a quantity in words', { quantity: 'two' }, '/quantity', 422, 'invalid_request'],
  ['a quantity that is no number', { quantity: null }, '/quantity', 422, 'invalid_request'],
  ['an exponent', { quantity: '1e3' }, '/quantity', 422, 'invalid_request'],
  ['another id', { id: 'other' }, '/id', 422, 'invalid_request'],
  [
    '33 properties',
    {
      properties: Object.fromEntries(
        Array(33)
          .fill(0)
          .map((_, n) => [n, '']),
      ),
    },
    '/properties',
    422,
    'invalid_request',
  ],
  ['a property of null', { properties: { region: null } }, '/properties/region', 422, 'invalid_request'],
  ['a metric that is not there', { metric: 'api_cals' }, '/metric', 404, 'not_found'],
  ['a quantity below zero', { quantity: '-1' }, '/quantity', 422, 'negative_quantity'],
  ['16 digits', { quantity: '1000000000000000' }, '/quantity', 422, 'too_many_digits'],
  ['a time before its start', { timestamp: ago(41 * DAY) }, '/timestamp', 422, 'too_old'],
  ['a time to come', { timestamp: ago(-DAY) }, '/timestamp', 422, 'in_the_future'],
])('FR-128 a correction to %s is refused, and the event stays as it is', async (_, about, pointer, status, code) => {
  await meter.sends(meter.event('stays', { timestamp }))
  const reply = await meter.hearsNothing(() => corrects('stays', about))
  expectProblem(reply, status, code, pointsAt(pointer))
  expect(body(await client.get(meter.path('stays'))).version).toBe(1)
})

test('FR-128 an event that is not there, or another organization’s, is neither shown nor corrected', async () => {
  await meter.uses(meter.event('mine', { timestamp }))
  const stranger = await organization()
  const theirs = [
    () => corrects('nothing'),
    () => client.delete(meter.path('nothing')),
    () => client.get(meter.path('nothing')),
    () => corrects('mine', {}, stranger),
    () => stranger.delete(meter.path('mine')),
    () => stranger.get(meter.path('mine')),
    () => client.get('/v1/usage/events/sub_01jhd3wz00f888000000000001/mine'),
    () => client.delete('/v1/usage/events/sub_01jhd3wz00f888000000000001/mine'),
  ]
  for (const ask of theirs) expectProblem(await meter.hearsNothing(ask), 404, 'not_found')
})

test('FR-128 what is no subscription or no JSON is refused', async () => {
  expectProblem(await client.get('/v1/usage/events/acct_1/mine'), 422, 'invalid_request', pointsAt('/subscription'))
  expectProblem(await client.get(meter.path('i'.repeat(201))), 422, 'invalid_request', pointsAt('/id'))
  expectProblem(await client.get(meter.path('a\0b')), 422, 'invalid_request', pointsAt('/id'))
  expectProblem(await client.put(meter.path('mine'), '{'), 400, 'malformed_json')
  expectProblem(await client.delete(`${meter.path('mine')}?force=1`), 422, 'invalid_request', pointsAt('/force'))
  const { key } = body(await client.post('/v1/api_keys', { name: 'Reader', scopes: ['read'] }))
  expect((await clientOf(key).get(meter.path('mine'))).status).toBe(200)
  expectProblem(await clientOf(key).delete(meter.path('mine')), 403, 'forbidden')
})

test('FR-072 ids of any characters can be corrected', async () => {
  for (const id of ['a/b', 'a b', '100%', '?x=1#y', '😀', 'a%2Fb', '…']) {
    await meter.uses(meter.event(id, { timestamp }))
    expect(body(await corrects(id))).toMatchObject({ id, version: 2 })
    expect(body(await client.delete(meter.path(id)))).toMatchObject({ id, version: 3 })
  }
})
