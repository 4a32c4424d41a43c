import { beforeAll, expect, test } from 'vitest'
import { body, type Client, type Json, organization, type Reply } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const pro = { code: 'pro', name: 'Pro', prices: [{ currency: 'USD', interval: 'month', unit_amount: '9900' }] }
const invalid = [422, 'invalid_request'] as const

let client: Client
let account: Json
let subscription: Json

beforeAll(async () => {
  client = await organization()
  account = body(await client.post('/v1/accounts', jane))
  body(await client.post('/v1/plans', pro))
  subscription = body(await client.post('/v1/subscriptions', { account: account.id, plan: 'pro' }))
})

const pointersOf = (reply: Reply) => reply.body.errors.map(({ pointer }: Json) => pointer).sort()
const creating = (about: Json) => storesNothing(() => client.post('/v1/accounts', about))

test.each([
  ['cut off', '{"email": "jane@startup.example", '],
  ['empty', ''],
  ['not JSON', 'email=jane@startup.example'],
  ['JSON with a comma too many', '{"email": "jane@startup.example",}'],
  ['JSON with NaN', '{"payment_terms_days": NaN}'],
  ['a raw control character in a string', '{"name": "Ja\u0000ne"}'],
])('FR-128 a body that is %s is refused as malformed', async (_, text) => {
  const reply = await storesNothing(() => client.post('/v1/accounts', text))
  expectProblem(reply, 400, 'malformed_json', { hint: 'Send a JSON object with Content-Type: application/json.' })
})

test.each(['[]', '"text"', 'null', '42', 'true', `[${JSON.stringify(jane)}]`])(
  'FR-128 a body that is %s, and no object, is refused',
  async (text) => {
    const reply = await storesNothing(() => client.post('/v1/accounts', text))
    expectProblem(reply, ...invalid)
    expect(pointersOf(reply)).toEqual([''])
  },
)

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml', 'json'])(
  'FR-128 a body marked as %s is refused, and not taken for an empty one',
  async (type) => {
    const options = { headers: { 'Content-Type': type } }
    const path = `/v1/subscriptions/${subscription.id}/cancel`
    const reply = await storesNothing(() => client.post(path, { when: 'now' }, options))
    expectProblem(reply, 415, 'unsupported_media_type')
  },
)

test('FR-128 a body marked as JSON in another way is read', async () => {
  for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/merge-patch+json']) {
    const reply = await client.post('/v1/accounts', jane, { headers: { 'Content-Type': type } })
    expect([type, reply.status]).toEqual([type, 201])
  }
})

test('FR-128 all faults of a body are named at once', async () => {
  const reply = await creating({
    ...{ email: 5, name: null, tax_exempt: 'yes', payment_terms_days: '30', metadata: [], collection: 'later' },
    ...{ address: { line1: 1, street: 'x' }, timezone: 'Mars/Olympus', country: 'usa', external_key: '' },
    ...{ test_clock: 'clock_1', surprise: 1, 'a/b~c': 2 },
  })
  expectProblem(reply, ...invalid)
  expect(pointersOf(reply)).toEqual([
    ...['/address/line1', '/address/street', '/a~1b~0c', '/collection', '/country', '/email', '/external_key'],
    ...['/metadata', '/name', '/payment_terms_days', '/surprise', '/tax_exempt', '/test_clock', '/timezone'],
  ])
})

test('FR-128 of more than a hundred faults a hundred are named', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`m${index}`, index]))
  const reply = await creating({ ...jane, ...unknown })
  expectProblem(reply, ...invalid)
  expect(reply.body.errors).toHaveLength(100)
})

test.each(['-1', '1e3', '1000000000000001', '0.1234567890123', '٣', ' 1', '', '+1', '0x10', '1,5', '.5', 9900, null])(
  'FR-024 the unit amount %j is refused',
  async (unit_amount) => {
    const prices = [{ currency: 'USD', interval: 'month', unit_amount }]
    const reply = await storesNothing(() => client.post('/v1/plans', { ...pro, code: 'other', prices }))
    expectProblem(reply, ...invalid)
    expect(pointersOf(reply)).toEqual(['/prices/0/unit_amount'])
  },
)

test.each([
  ['/v1/subscriptions', 'quantity', [0, -1, 1.5, 1_000_001, '5', null, 10 ** 9]],
  ['/v1/subscriptions', 'trial_days', [-1, 731, 0.5, '14']],
  ['/v1/subscriptions', 'interval_count', [0, 121, 1.5]],
  ['/v1/subscriptions', 'interval', ['day', 'MONTH', '']],
  ['/v1/subscriptions', 'start', ['2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00', 0, 'now']],
  ['/v1/subscriptions', 'account', ['acct_1', '01m8193kv2f2q91yg0dtf4j001', 1]],
  ['/v1/accounts', 'payment_terms_days', [-1, 366, 1.5, '30']],
  ['/v1/accounts', 'name', ['', '   ', 'n'.repeat(201), 5]],
  ['/v1/accounts', 'external_key', ['', 'k'.repeat(256)]],
  ['/v1/accounts', 'timezone', ['', '+02:00', 'Mars/Olympus', '../etc/passwd']],
  ['/v1/accounts', 'country', ['', 'usa', 'de', 'D']],
  ['/v1/test_clocks', 'now', ['2026-13-01T00:00:00Z', '10000-01-01T00:00:00Z']],
  ['/v1/billing_runs', 'as_of', ['yesterday']],
  ['/v1/api_keys', 'scopes', [[], 'admin', null]],
])('FR-128 POST %s refuses a %s that is out of range', async (path, member, values) => {
  const valid: Json = {
    '/v1/accounts': jane,
    '/v1/subscriptions': { account: account.id, plan: 'pro', interval: 'month' },
    '/v1/api_keys': { name: 'Key' },
  }
  for (const value of values) {
    const reply = await storesNothing(() => client.post(path, { ...valid[path], [member]: value }))
    expectProblem(reply, ...invalid)
    expect([value, pointersOf(reply)]).toEqual([value, [`/${member}`]])
  }
})

test('FR-128 an amount beyond what JSON carries exactly is refused', async () => {
  const prices = [{ currency: 'USD', interval: 'month', unit_amount: '1000000000000000' }]
  body(await client.post('/v1/plans', { ...pro, code: 'dear', prices }))
  const asked = { account: account.id, plan: 'dear', quantity: 1_000_000 }
  expectProblem(await storesNothing(() => client.post('/v1/subscriptions', asked)), 422, 'amount_too_large')
})

test('FR-128 a plan that is not there is said not to be', async () => {
  const asked = { account: account.id, plan: 'nope' }
  const reply = await storesNothing(() => client.post('/v1/subscriptions', asked))
  expectProblem(reply, 404, 'not_found', { errors: [expect.objectContaining({ pointer: '/plan' })] })
})

test.each(['0', '101', '-1', '1.5', 'abc', '', '1&limit=2'])('FR-124 ?limit=%s is refused', async (limit) => {
  for (const path of ['/v1/accounts', '/v1/plans', `/v1/accounts/${account.id}/payment_methods`]) {
    const reply = await client.get(`${path}?limit=${limit}`)
    expectProblem(reply, ...invalid)
    expect(pointersOf(reply)).toEqual(['/limit'])
  }
})

const likeAnId = 'acct_01m8193kv2f2q91yg0dtf4j001'

test.each(['abc', '', '!!!', btoa('x'.repeat(32)), `${btoa('0'.repeat(32))}AA`, 'a%00b', likeAnId])(
  'FR-124 the cursor %j, which no list gave, is refused',
  async (cursor) => {
    const reply = await client.get(`/v1/invoices?cursor=${encodeURIComponent(cursor)}`)
    expectProblem(reply, ...invalid)
    expect(pointersOf(reply)).toEqual(['/cursor'])
  },
)

test('FR-128 query parameters that a route does not know are refused', async () => {
  const reply = await client.get('/v1/accounts?mail=a&limit=1000&constructor=1')
  expectProblem(reply, ...invalid)
  expect(pointersOf(reply)).toEqual(['/constructor', '/limit', '/mail'])
  const ofOne = await client.get(`/v1/accounts/${account.id}?fields=email`)
  expectProblem(ofOne, ...invalid)
  expect(pointersOf(ofOne)).toEqual(['/fields'])
})

test.each(['1', 'acct_1', 'ACCT_01M8193KV2F2Q91YG0DTF4J001', '%00', '..%2F..%2Fetc', '%E0%A4%A'])(
  'FR-128 the id %s is refused as none',
  async (id) => {
    const reply = await client.get(`/v1/accounts/${id}`)
    expectProblem(reply, ...invalid)
    expect(pointersOf(reply)).toEqual(['/id'])
  },
)

test('FR-128 an id of another kind is refused', async () => {
  const reply = await client.get(`/v1/subscriptions/${account.id}`)
  expectProblem(reply, ...invalid, { errors: [{ pointer: '/id', detail: 'is not an id of the form sub_…' }] })
})

test('FR-128 a body of more than a mebibyte is refused unread', async () => {
  const reply = await creating({ ...jane, name: 'n'.repeat(1024 * 1024) })
  expectProblem(reply, 413, 'body_too_large')
})
