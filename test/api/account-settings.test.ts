import { expect, test } from 'vitest'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import { newWorld } from '../support/world.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const create = async (client: Client, about: Json = {}) =>
  body(await client.post('/v1/accounts', { ...jane, ...about }))
const methodsOf = async (client: Client, account: Json) =>
  body(await client.get(`/v1/accounts/${account.id}/payment_methods`)).data

test('FR-008 metadata is kept as it was given, and replaced whole', async () => {
  const client = await organization()
  const metadata = { crm: '42', 'a key': 'ünïcode 😀', empty: '' }
  const account = await create(client, { metadata })
  expect(account.metadata).toEqual(metadata)
  expect(body(await client.patch(`/v1/accounts/${account.id}`, { name: 'Jane Doe' })).metadata).toEqual(metadata)
  expect(body(await client.patch(`/v1/accounts/${account.id}`, { metadata: { b: '2' } })).metadata).toEqual({ b: '2' })
  expect(body(await client.get(`/v1/accounts/${account.id}`)).metadata).toEqual({ b: '2' })
})

test('FR-008 metadata has 50 keys of 40 characters with values of 500 at most', async () => {
  const client = await organization()
  const largest = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`${index}`.padEnd(40, 'k'), 'v'.repeat(500)]),
  )
  expect((await create(client, { metadata: largest })).metadata).toEqual(largest)
  const faults = async (metadata: Json) => {
    const reply = await storesNothing(() => client.post('/v1/accounts', { ...jane, metadata }))
    expect(reply.status).toBe(422)
    return reply.body.errors.map(({ pointer }: Json) => pointer)
  }
  expect(await faults({ ...largest, one: 'more' })).toEqual(['/metadata'])
  expect(await faults({ ['k'.repeat(41)]: 'v' })).toEqual([`/metadata/${'k'.repeat(41)}`])
  expect(await faults({ a: 'v'.repeat(501), b: 2 })).toEqual(['/metadata/a', '/metadata/b'])
})

test.each([
  'jane',
  'jane@',
  '@startup.example',
  'jane@startup',
  'jane @startup.example',
  'Jane <jane@startup.example>',
  `${'j'.repeat(250)}@startup.example`,
  '',
])('FR-010 the malformed email %j is refused, naming the field', async (email) => {
  const client = await organization()
  const reply = await storesNothing(() => client.post('/v1/accounts', { ...jane, email }))
  expect([reply.status, reply.body.code]).toEqual([422, 'invalid_request'])
  expect([...new Set(reply.body.errors.map(({ pointer }: Json) => pointer))]).toEqual(['/email'])
  const account = await create(client)
  expect((await client.patch(`/v1/accounts/${account.id}`, { email })).status).toBe(422)
  expect(body(await client.get(`/v1/accounts/${account.id}`)).email).toBe(jane.email)
})

test('FR-011 an account has several payment methods and one default, which only says so if told', async () => {
  const client = await organization()
  const account = await create(client)
  const attach = async (token: string, about: Json = {}) =>
    body(await client.post(`/v1/accounts/${account.id}/payment_methods`, { token, ...about }))
  const visa = await attach('pm_card_visa', { default: false })
  expect(visa.default, 'the first one is the default in any case').toBe(true)
  const amex = await attach('pm_card_amex')
  const jcb = await attach('pm_card_jcb', { default: false })
  expect((await methodsOf(client, account)).map(({ id, default: chosen }: Json) => [id, chosen])).toEqual([
    [jcb.id, false],
    [amex.id, true],
    [visa.id, false],
  ])
  const shown = body(await client.get(`/v1/accounts/${account.id}`)).payment_methods
  expect(shown).toEqual(await methodsOf(client, account))
})

test('FR-011 another method is made the default, and a removed default hands over to the newest one left', async () => {
  const client = await organization()
  const account = await create(client)
  const path = `/v1/accounts/${account.id}/payment_methods`
  const [visa, amex, jcb] = [
    body(await client.post(path, { token: 'pm_card_visa' })),
    body(await client.post(path, { token: 'pm_card_amex' })),
    body(await client.post(path, { token: 'pm_card_jcb', default: false })),
  ]
  const chosen = async () =>
    (await methodsOf(client, account)).map(({ id, default: isDefault }: Json) => [id, isDefault])
  expect(body(await client.post(`${path}/${visa.id}/default`))).toEqual({ ...visa, default: true })
  expect(await chosen()).toEqual([
    [jcb.id, false],
    [amex.id, false],
    [visa.id, true],
  ])
  expect(body(await client.delete(`${path}/${visa.id}`))).toEqual({ ...visa, default: false })
  expect(await chosen()).toEqual([
    [jcb.id, true],
    [amex.id, false],
  ])
  const again = [await client.delete(`${path}/${visa.id}`), await client.post(`${path}/${visa.id}/default`)]
  expect(again.map(({ status }) => status)).toEqual([404, 404])
  body(await client.delete(`${path}/${jcb.id}`))
  body(await client.delete(`${path}/${amex.id}`))
  expect(await chosen()).toEqual([])
})

test('FR-011 the default is the one that is charged', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const jane = await world.account({ card: 'pm_card_chargeCustomerFail' })
  body(await world.client.post(`/v1/accounts/${jane.id}/payment_methods`, { token: 'pm_card_visa' }))
  const { payment } = await jane.subscribes('pro')
  const [visa] = await methodsOf(world.client, jane)
  expect([payment.status, payment.payment_method]).toEqual(['succeeded', visa.id])
})

test('FR-013 the currency is chosen at creation; without one it is the organization’s', async () => {
  const client = await organization()
  expect((await create(client)).currency).toBe('USD')
  expect((await create(client, { currency: 'EUR' })).currency).toBe('EUR')
  body(await client.patch('/v1/settings', { default_currency: 'CHF' }))
  expect((await create(client)).currency).toBe('CHF')
})

test('FR-102 FR-106 the currency never changes, by no route', async () => {
  const client = await organization()
  const account = await create(client, { currency: 'EUR' })
  const refused = await storesNothing(() =>
    client.patch(`/v1/accounts/${account.id}`, { currency: 'USD', name: 'Jane Doe' }),
  )
  expect([refused.status, refused.body.code]).toEqual([422, 'currency_mismatch'])
  expect(refused.body.errors.map(({ pointer }: Json) => pointer)).toEqual(['/currency'])
  expect(refused.body.hint).toBe('Create another account in USD.')
  body(await client.patch('/v1/settings', { default_currency: 'GBP' }))
  const same = body(await client.patch(`/v1/accounts/${account.id}`, { currency: 'EUR', name: 'Jane Doe' }))
  expect([same.currency, same.name]).toEqual(['EUR', 'Jane Doe'])
})

const currencies = [
  ...['USD', 'EUR', 'GBP', 'CAD', 'AUD', 'JPY', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'HUF', 'BRL', 'MXN', 'INR'],
  ...['KRW', 'VND', 'CLP', 'ISK', 'UGX', 'KWD', 'BHD', 'TND', 'CLF', 'NZD', 'SGD', 'ZAR'],
]

test('FR-103 accounts are in any ISO 4217 currency, of no, two, three or four decimals', async () => {
  const client = await organization()
  for (const currency of currencies) expect((await create(client, { currency })).currency).toBe(currency)
  const listed = body(await client.get('/v1/accounts?limit=100')).data
  expect(listed.map(({ currency }: Json) => currency).reverse()).toEqual(currencies)
})

test.each(['XXX', 'BTC', 'usd', 'US', 'USDT', 'XAU', 'HRK', '', ' USD'])(
  'FR-103 the unknown currency %j is refused',
  async (currency) => {
    const client = await organization()
    const reply = await storesNothing(() => client.post('/v1/accounts', { ...jane, currency }))
    expect([reply.status, reply.body.errors]).toEqual([
      422,
      [{ pointer: '/currency', detail: 'must be an active ISO 4217 code in capitals, such as USD' }],
    ])
  },
)
