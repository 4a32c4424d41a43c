import { expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'

const calls = { code: 'api_calls', name: 'API calls', aggregation: 'sum' }

test('a metric says what is measured, and is shown and listed by its code', async () => {
  const client = await organization()
  const reply = await client.post('/v1/metrics', { ...calls, field: 'tokens', metadata: { team: 'core' } })
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual({
    ...{ ...calls, field: 'tokens', decimals: 12, allow_negative: false, metadata: { team: 'core' } },
    id: expect.stringMatching(/^met_[0-9a-z]{26}$/),
    created_at: expect.stringMatching(/Z$/),
  })
  const seats = body(await client.post('/v1/metrics', { code: 'seats', name: 'Seats', aggregation: 'max' }))
  expect(body(await client.get('/v1/metrics/api_calls'))).toEqual(reply.body)
  expect(body(await client.get('/v1/metrics')).data).toEqual([seats, reply.body])
  const first = body(await client.get('/v1/metrics?limit=1'))
  expect([first.data, first.has_more]).toEqual([[seats], true])
  const second = body(await client.get(`/v1/metrics?limit=1&cursor=${first.next_cursor}`))
  expect([second.data, second.has_more]).toEqual([[reply.body], false])
})

test.each([
  ['sum', 'quantity'],
  ['count', null],
  ['unique_count', 'quantity'],
  ['max', 'quantity'],
  ['latest', 'quantity'],
  ['weighted_sum', 'quantity'],
])('a %s is made of %s unless said otherwise', async (aggregation, field) => {
  const client = await organization()
  expect(body(await client.post('/v1/metrics', { ...calls, aggregation })).field).toBe(field)
})

test.each([
  ['sum', false],
  ['count', false],
  ['unique_count', false],
  ['max', false],
  ['latest', false],
  ['weighted_sum', true],
])('FR-077 the quantity of a %s may be below zero: %s, unless said otherwise', async (aggregation, allowed) => {
  const client = await organization()
  expect(body(await client.post('/v1/metrics', { ...calls, aggregation })).allow_negative).toBe(allowed)
  const other = { ...calls, code: 'other', aggregation, allow_negative: !allowed, decimals: 2 }
  expect(body(await client.post('/v1/metrics', other))).toMatchObject({ allow_negative: !allowed, decimals: 2 })
  expect(body(await client.get('/v1/metrics/other'))).toMatchObject({ allow_negative: !allowed, decimals: 2 })
})

test.each([
  ['decimals', [-1, 13, 1.5, '2', null]],
  ['allow_negative', ['yes', 1, null]],
])('FR-077 a metric whose %s is out of range is refused', async (member, values) => {
  const client = await organization()
  for (const value of values) {
    const refused = await storesNothing(() => client.post('/v1/metrics', { ...calls, [member]: value }))
    expectProblem(refused, 422, 'invalid_request', pointsAt(`/${member}`))
  }
  expect(body(await client.post('/v1/metrics', { ...calls, decimals: 0 })).decimals).toBe(0)
})

test('a metric’s code is taken once in an organization', async () => {
  const [client, other] = [await organization(), await organization()]
  body(await client.post('/v1/metrics', calls))
  const taken = await storesNothing(() => client.post('/v1/metrics', { ...calls, name: 'Other' }))
  expectProblem(taken, 409, 'metric_code_taken', pointsAt('/code'))
  body(await other.post('/v1/metrics', calls))
})

test('a metric keeps what it measures: only its name and metadata change', async () => {
  const client = await organization()
  const before = body(await client.post('/v1/metrics', calls))
  const changed = body(await client.patch('/v1/metrics/api_calls', { name: 'Calls', metadata: { a: '1' } }))
  expect(changed).toEqual({ ...before, name: 'Calls', metadata: { a: '1' } })
  expect(body(await client.get('/v1/metrics/api_calls'))).toEqual(changed)
  const patch = { aggregation: 'max', field: 'tokens', code: 'other', decimals: 2, allow_negative: true }
  const refused = await storesNothing(() => client.patch('/v1/metrics/api_calls', patch))
  expectProblem(refused, 422, 'invalid_request')
  expect(refused.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/aggregation', '/allow_negative', '/code', '/decimals', '/field'],
  ])
})

test('what is no metric is refused, every fault at once', async () => {
  const client = await organization()
  const refused = await storesNothing(() =>
    client.post('/v1/metrics', { code: 'API calls', aggregation: 'average', field: '', unit: 'call' }),
  )
  expectProblem(refused, 422, 'invalid_request')
  expect(refused.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/aggregation', '/code', '/field', '/name', '/unit'],
  ])
  const counted = await storesNothing(() =>
    client.post('/v1/metrics', { ...calls, aggregation: 'count', field: 'quantity' }),
  )
  expectProblem(counted, 422, 'invalid_request', pointsAt('/field'))
  expectProblem(await client.get('/v1/metrics/nothing'), 404, 'not_found')
})
