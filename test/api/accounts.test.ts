import { expect, test, vi } from 'vitest'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { storedRows, storesNothing } from '../support/rows.ts'

const jane = { email: 'jane@startup.example', name: 'Jane' }
const CARD_NUMBER = '4242424242424242'

const create = async (client: Client, about: Json = {}) =>
  body(await client.post('/v1/accounts', { ...jane, ...about }))
const attach = (client: Client, account: Json, about: Json = { token: 'pm_card_visa' }) =>
  client.post(`/v1/accounts/${account.id}/payment_methods`, about)
const find = async (client: Client, query: string) =>
  body(await client.get(`/v1/accounts?${query}`)).data.map(({ id }: Json) => id)

test('S1 an account in seconds: email and name, a card token, and one GET shows all of it', async () => {
  const client = await organization()
  const account = await create(client)
  const method = body(await attach(client, account))
  const shown = body(await client.get(`/v1/accounts/${account.id}`))
  expect(shown).toEqual({ ...account, payment_methods: [method], credit_balance: 0, discounts: [] })
  expect(method).toEqual({
    id: expect.stringMatching(/^pm_[0-9a-z]{26}$/),
    ...{ kind: 'card', brand: 'visa', last4: '4242' },
    expiry_month: expect.any(Number),
    expiry_year: expect.any(Number),
    default: true,
    created_at: expect.stringMatching(/Z$/),
  })
  const twin = await client.post('/v1/accounts', jane)
  expect(twin.status).toBe(201)
  expect(twin.body.id).not.toBe(account.id)
  await create(client, { external_key: 'u_42' })
  const taken = await client.post('/v1/accounts', { ...jane, external_key: 'u_42' })
  expect([taken.status, taken.body.code, taken.body.errors[0].pointer]).toEqual([
    ...[409, 'external_key_taken'],
    '/external_key',
  ])
})

test('FR-001 an account needs an email and a name only', async () => {
  const client = await organization()
  const reply = await client.post('/v1/accounts', jane)
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual({
    id: expect.stringMatching(/^acct_[0-9a-z]{26}$/),
    ...jane,
    ...{ currency: 'USD', timezone: 'UTC', country: null, location_source: 'guessed' },
    ...{ address: null, tax_exempt: false, external_key: null, collection: 'automatic', payment_terms_days: 30 },
    ...{ invoice_prefix: 'JANE', test_clock: null, metadata: {}, payment_methods: [] },
    ...{ overdue: { status: 'current', step: 'none', since: null }, dispute_hold: null, open_disputes: 0 },
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/),
  })
  expect(body(await client.get(`/v1/accounts/${reply.body.id}`))).toMatchObject(reply.body)
  const faults = (await client.post('/v1/accounts', {})).body.errors
  expect(faults).toEqual([
    { pointer: '/email', detail: 'is required' },
    { pointer: '/name', detail: 'is required' },
  ])
})

test('FR-001 an invoice prefix is made of the name, and another account of that name gets another one', async () => {
  const client = await organization()
  const first = await create(client, { name: 'Élodie Martin' })
  const second = await create(client, { name: 'Elodie' })
  const third = await create(client, { name: '李' })
  expect(first.invoice_prefix).toBe('ELODIE')
  expect(second.invoice_prefix).toMatch(/^ELODIE[0-9A-F]{8}$/)
  expect(third.invoice_prefix).toBe('ACCT')
})

test('FR-002 FR-012 zone and country come from where the request comes from, marked as guessed', async () => {
  const client = await organization()
  const cf = { country: 'DE', timezone: 'Europe/Berlin' }
  const { body: guessed } = await client.post('/v1/accounts', jane, { cf })
  expect(guessed).toMatchObject({ country: 'DE', timezone: 'Europe/Berlin', location_source: 'guessed' })
  const { body: zoned } = await client.post('/v1/accounts', { ...jane, timezone: 'Asia/Tokyo' }, { cf })
  expect(zoned).toMatchObject({ country: 'DE', timezone: 'Asia/Tokyo', location_source: 'guessed' })
  const given = { ...jane, country: 'US', timezone: 'America/New_York' }
  expect((await client.post('/v1/accounts', given, { cf })).body).toMatchObject({
    ...{ country: 'US', timezone: 'America/New_York', location_source: 'given' },
  })
})

test('FR-002 FR-012 a guess can be overridden later, and is none after that', async () => {
  const client = await organization()
  const cf = { country: 'DE', timezone: 'Europe/Berlin' }
  const { body: account } = await client.post('/v1/accounts', jane, { cf })
  const patched = body(await client.patch(`/v1/accounts/${account.id}`, { country: 'AT', timezone: 'Europe/Vienna' }))
  expect(patched).toEqual({
    ...account,
    ...{ country: 'AT', timezone: 'Europe/Vienna', location_source: 'given' },
  })
  expect(body(await client.get(`/v1/accounts/${account.id}`))).toMatchObject(patched)
})

test('FR-012 an address given at creation is no guess, as one given later is none', async () => {
  const client = await organization()
  const address = { line1: '1 Main St', city: 'Springfield', region: 'IL', postal_code: '62701' }
  const atOnce = await create(client, { address })
  const later = body(await client.patch(`/v1/accounts/${(await create(client)).id}`, { address }))
  expect([atOnce.location_source, later.location_source]).toEqual(['given', 'given'])
  expect(later.address).toEqual({ ...address, line2: null })
})

test.each(['T1', 'XX', 'de'])('FR-012 %s, which no country has as its code, is not guessed', async (country) => {
  const client = await organization()
  const cf = { country, timezone: 'Nowhere/Land' }
  expect((await client.post('/v1/accounts', jane, { cf })).body).toMatchObject({ country: null, timezone: 'UTC' })
})

test('FR-003 a payment method attaches by the gateway’s token and is shown masked', async () => {
  const client = await organization()
  const account = await create(client)
  const reply = await attach(client, account, { token: 'pm_card_mastercard' })
  expect(reply.status).toBe(201)
  expect(reply.body).toMatchObject({ kind: 'card', brand: 'mastercard', last4: '4444', default: true })
  expect(Object.keys(reply.body).sort()).toEqual([
    ...['brand', 'created_at', 'default', 'expiry_month', 'expiry_year', 'id', 'kind', 'last4'],
  ])
})

test('FR-003 a method that the gateway refuses is not attached, and the next one can be', async () => {
  const client = await organization()
  const account = await create(client)
  const refused = await storesNothing(() =>
    attach(client, account, { token: 'pm_card_visa_chargeDeclinedInsufficientFunds' }),
  )
  expect([refused.status, refused.body.code]).toEqual([422, 'payment_method_refused'])
  expect(refused.body.errors).toEqual([{ pointer: '/token', detail: 'insufficient_funds' }])
  body(await client.patch(`/v1/accounts/${account.id}`, { name: 'Jane Doe' }))
  expect(body(await attach(client, account)).last4).toBe('4242')
})

test.each([
  ['as the token', { token: CARD_NUMBER }],
  ['as the token, in groups', { token: '4242 4242 4242 4242' }],
  ['as the token, with the prefix of one', { token: `pm_${CARD_NUMBER}` }],
  ['in a member of its own', { token: 'pm_card_visa', number: CARD_NUMBER }],
  ['in a card of its own', { card: { number: CARD_NUMBER, exp_month: 1, exp_year: 2030, cvc: '123' } }],
])('FR-004 a card number %s is refused, and stored and logged nowhere', async (_, given) => {
  const client = await organization()
  const account = await create(client)
  const logs = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
  const reply = await storesNothing(() => attach(client, account, given))
  const lines = logs.flatMap((log) => log.mock.calls.map(String))
  vi.restoreAllMocks()
  expect(lines, 'the request’s own line').toHaveLength(1)
  expect(lines.join()).not.toMatch(/4242/)
  expect([reply.status, reply.headers.get('Content-Type')]).toEqual([422, 'application/problem+json'])
  expect(JSON.stringify(reply.body)).not.toContain(CARD_NUMBER)
})

test('FR-004 FR-138 of an attached card the tables hold its last four digits, and no longer number', async () => {
  const client = await organization()
  await attach(client, await create(client), { token: 'pm_card_visa', default: true })
  const everything = Object.values(await storedRows()).join('\n')
  expect(everything).toContain('"last4": "4242"')
  expect(everything).not.toContain('42424242')
})

test('FR-005 an account is found by email in any case, by external key, and by id', async () => {
  const client = await organization()
  const first = await create(client, { email: 'Ann@Startup.example', external_key: 'u_1' })
  const second = await create(client, { email: 'ann@startup.example' })
  await create(client)
  expect(await find(client, 'email=ann@STARTUP.example')).toEqual([second.id, first.id])
  expect(await find(client, 'external_key=u_1')).toEqual([first.id])
  expect(await find(client, 'email=ann@startup.example&external_key=u_1')).toEqual([first.id])
  expect(await find(client, 'email=nobody@startup.example')).toEqual([])
  expect(await find(client, 'external_key=U_1')).toEqual([])
  expect(body(await client.get(`/v1/accounts/${first.id}`))).toMatchObject(first)
})
