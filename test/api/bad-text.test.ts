import { beforeAll, expect, test } from 'vitest'
import { body, type Client, type Json, organization, type Reply } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const prices = [{ currency: 'USD', interval: 'month', unit_amount: '9900' }]

let client: Client
let account: Json
let clock: Json

beforeAll(async () => {
  client = await organization()
  clock = body(await client.post('/v1/test_clocks', {}))
  account = body(await client.post('/v1/accounts', { ...jane, test_clock: clock.id }))
  body(await client.post('/v1/plans', { code: 'pro', name: 'Pro', prices }))
})

const pointersOf = (reply: Reply) => reply.body.errors.map(({ pointer }: Json) => pointer).sort()

// JSON can say these, Postgres can keep neither of them.
const NUL = 'a\u0000b'
const HALF = 'a\ud800b'

test.each([
  ['NUL', NUL, 'must not contain the character U+0000'],
  ['half of a surrogate pair', HALF, 'must not contain half of a surrogate pair'],
])('FR-128 a string with %s is refused wherever it stands, naming each member', async (_, text, detail) => {
  const address = { line1: text, line2: null, city: text, region: null, postal_code: null }
  const given = { ...jane, name: text, external_key: text, address, metadata: { [text]: 'v', k: text } }
  const reply = await storesNothing(() => client.post('/v1/accounts', given))
  expectProblem(reply, 422, 'invalid_request')
  expect(pointersOf(reply)).toEqual([
    ...['/address/city', '/address/line1', '/external_key', `/metadata/${text}`, '/metadata/k', '/name'].toSorted(),
  ])
  expect(new Set(reply.body.errors.map((fault: Json) => fault.detail))).toEqual(new Set([detail]))
})

// ACCOUNT stands for the id of the account above.
test.each<[method: 'POST' | 'PATCH', path: string, about: Json, pointer: string]>([
  ['POST', '/v1/plans', { code: 'other', name: NUL, prices }, '/name'],
  ['PATCH', '/v1/plans/pro', { metadata: { k: NUL } }, '/metadata/k'],
  ['PATCH', '/v1/accounts/ACCOUNT', { name: NUL }, '/name'],
  ['POST', '/v1/subscriptions', { account: 'ACCOUNT', plan: NUL }, '/plan'],
  ['POST', '/v1/subscriptions', { account: 'ACCOUNT', plan: 'pro', external_key: NUL }, '/external_key'],
  ['POST', '/v1/test_clocks', { name: NUL }, '/name'],
  ['POST', '/v1/api_keys', { name: NUL }, '/name'],
  ['POST', '/v1/gateway_accounts', { kind: 'stripe', name: NUL, secret_key: 'sk_test_1' }, '/name'],
  ['PATCH', '/v1/settings', { tax: { engine: 'rates', rates: [rate(NUL)] } }, '/tax/rates/0/name'],
])('FR-128 %s %s refuses a NUL', async (method, path, about, pointer) => {
  const here = (text: string) => text.replace('ACCOUNT', account.id)
  const send = method === 'POST' ? client.post : client.patch
  const reply = await storesNothing(() => send(here(path), here(JSON.stringify(about))))
  expectProblem(reply, 422, 'invalid_request')
  expect(pointersOf(reply)).toEqual([pointer])
})

function rate(name: string) {
  return { country: 'DE', region: null, name, percent: '19' }
}

test.each([
  ['/v1/accounts?email=a%00b', '/email'],
  ['/v1/accounts?external_key=%00', '/external_key'],
  ['/v1/invoices?number=%00', '/number'],
  ['/v1/subscriptions?external_key=%00', '/external_key'],
  ['/v1/plans/a%00b', '/id'],
  ['/v1/plans/a%00b/versions', '/id'],
])('FR-128 GET %s refuses the NUL', async (path, pointer) => {
  const reply = await client.get(path)
  expectProblem(reply, 422, 'invalid_request')
  expect(pointersOf(reply)).toEqual([pointer])
})

test('FR-128 every other character is kept as it was sent', async () => {
  const name = '😀 李 Ünïcödé \u202e \u{10ffff} \ufffd "quoted" \\ \' ; drop table accounts; -- $1'
  const kept = { [name.slice(0, 40)]: name, constructor: 'c', toString: 't' }
  const reply = body(await client.post('/v1/accounts', { ...jane, name, metadata: kept, external_key: name }))
  expect([reply.name, reply.metadata, reply.external_key]).toEqual([name, kept, name])
  expect(body(await client.get(`/v1/accounts/${reply.id}`))).toMatchObject(reply)
  const found = body(await client.get(`/v1/accounts?external_key=${encodeURIComponent(name)}`)).data
  expect(found).toEqual([reply])
})

test('FR-128 a surrogate pair in escapes is one character, and is kept', async () => {
  const text = '{"email": "jane@startup.example", "name": "\\ud83d\\ude00"}'
  expect(body(await client.post('/v1/accounts', text)).name).toBe('😀')
})

test.each([
  ['at the top', '{"email":"j@startup.example","name":"J","__proto__":{"tax_exempt":true}}', ['/__proto__']],
  ['in metadata', '{"email":"j@startup.example","name":"J","metadata":{"__proto__":"x"}}', ['/metadata/__proto__']],
  [
    'as constructor.prototype',
    '{"email":"j@startup.example","name":"J","constructor":{"prototype":{"admin":true}}}',
    ['/constructor'],
  ],
  [
    'in an address, with another fault',
    '{"email":"j","name":"J","address":{"__proto__":{"line1":"x"}}}',
    ['/address/__proto__', '/email'],
  ],
])('FR-128 a prototype %s is refused, and changes nobody else’s', async (_, text, pointers) => {
  const reply = await storesNothing(() => client.post('/v1/accounts', text))
  expectProblem(reply, 422, 'invalid_request')
  expect(pointersOf(reply)).toEqual(pointers)
  expect(({} as Json).admin).toBeUndefined()
  expect(body(await client.post('/v1/accounts', jane)).tax_exempt).toBe(false)
})

test.each([
  ['arrays', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, ''],
  ['metadata', `{"email":"j@startup.example","name":"J","metadata":${nested(50_000)}}`, '/metadata/a'],
  [
    'a NUL, deep down,',
    `{"email":"j@startup.example","name":"J","metadata":${nested(5_000, '\\u0000')}}`,
    '/metadata/a',
  ],
])('FR-128 %s nested deeply are refused', async (_, text, pointer) => {
  const reply = await storesNothing(() => client.post('/v1/accounts', text))
  expectProblem(reply, 422, 'invalid_request')
  expect(pointersOf(reply)[0]).toBe(pointer)
})

function nested(depth: number, inside = '') {
  return `${'{"a":'.repeat(depth)}"${inside}"${'}'.repeat(depth)}`
}

test('FR-102 a currency that is not the account’s is refused by PATCH, and nothing else is changed', async () => {
  const reply = await storesNothing(() => client.patch(`/v1/accounts/${account.id}`, { currency: 'EUR', name: 'New' }))
  expectProblem(reply, 422, 'currency_mismatch', { errors: [expect.objectContaining({ pointer: '/currency' })] })
})
