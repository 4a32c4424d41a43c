import { afterEach, describe, expect, test, vi } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json, type Reply, request } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storedRows, storesNothing } from '../support/rows.ts'
import { sellingTo } from '../support/selling.ts'
import { database, sql } from '../support/sql.ts'
import type { Customer, World } from '../support/world.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** An account that has nothing to be charged yet, and the ways to its methods. */
async function given() {
  const world = await sellingTo({ card: null })
  const path = `/v1/accounts/${world.jane.id}/payment_methods`
  const attach = (token: string, key?: string, about: Json = {}): Promise<Reply> =>
    world.client.post(path, { token, ...about }, key === undefined ? {} : { headers: { 'Idempotency-Key': key } })
  const listed = async () => body(await world.client.get(path)).data as readonly Json[]
  return { ...world, path, attach, listed }
}

const ATTACH = 'post_payment_methods_payment_method_attach'

const sentTo = async ({ gateway }: World, operation: string) =>
  (await gateway.requests()).filter((sent) => sent.operation === operation)

const nameOf = async (method: Json): Promise<string> => {
  const [row] = await sql(
    `select gateway_method from payment_methods m join accounts a on a.id = m.account_id
     where m.last4 = $1 order by m.id desc limit 1`,
    method.last4,
  )
  return row?.gateway_method
}

describe('FR-003 a payment method attaches by the gateway’s token', () => {
  test.each([
    ['pm_card_visa', { kind: 'card', brand: 'visa', last4: '4242' }],
    ['pm_card_amex', { kind: 'card', brand: 'amex', last4: '0005' }],
    ['pm_usBankAccount_success', { kind: 'us_bank_account', brand: null, last4: '6789' }],
  ])('%s is shown masked, and in its account and event', async (token, about) => {
    const { attach, listed, jane } = await given()
    const reply = await attach(token)
    expect([reply.status, reply.body]).toMatchObject([201, { ...about, default: true }])
    expect(await listed()).toEqual([reply.body])
    expect((await jane.shown()).payment_methods).toEqual([reply.body])
    const [event] = await sql(
      `select actor, data, previous from events where type = 'account.payment_method_attached' and data ->> 'id' = $1`,
      jane.id,
    )
    expect(event).toMatchObject({
      ...{ actor: expect.stringMatching(/^key_/), data: { payment_methods: [reply.body] } },
      previous: { payment_methods: [] },
    })
  })

  test('and is charged for what is owed in the same request', async () => {
    const world = await given()
    const { attach, jane } = world
    await jane.subscribes('pro')
    await jane.isBilled({ Work: '700' })
    expect(body(await attach('pm_card_visa')).last4).toBe('4242')
    expect((await jane.invoices()).map(({ status }) => status)).toEqual(['paid', 'paid'])
    expect((await jane.attempts()).map(({ reason }) => reason)).toEqual(['new_method', 'new_method'])
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 2, received: { usd: 10_600 } })
    await expectSoundBooks(world)
  })

  test('once, however often the request is repeated under its key', async () => {
    const world = await given()
    const { attach, listed, jane } = world
    await jane.subscribes('pro')
    const first = await attach('pm_card_visa', 'key-1')
    expect(first.status).toBe(201)
    const again = await storesNothing(() => attach('pm_card_visa', 'key-1'))
    expect([again.status, again.text]).toEqual([201, first.text])
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expectProblem(await storesNothing(() => attach('pm_card_amex', 'key-1')), 422, 'idempotency_key_reused')
    expect(await listed()).toHaveLength(1)
    expect(await sentTo(world, ATTACH), 'a replay does not ask the gateway').toHaveLength(1)
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 1 })
  })

  test('once, where ten send it at once under one key', async () => {
    const world = await given()
    const { attach, listed, jane } = world
    await jane.subscribes('pro')
    const replies = await Promise.all(Array.from({ length: 10 }, () => attach('pm_card_visa', 'key-1')))
    for (const reply of replies) if (reply.status !== 201) expectProblem(reply, 409, 'idempotency_key_in_use')
    expect(replies.some(({ status }) => status === 201)).toBe(true)
    expect((await attach('pm_card_visa', 'key-1')).status).toBe(201)
    expect(await listed()).toHaveLength(1)
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })

  test.each(['execute_then_drop', 'drop_before', 'rate_limited_429', 'stored_500'])(
    'or, where the gateway gives no answer (%s), not at all until it is repeated',
    async (fault) => {
      const world = await given()
      const { attach, listed } = world
      await world.gateway.fault({ match: { operation: ATTACH }, fault })
      const lost = await storesNothing(() => attach('pm_card_visa', 'key-1'))
      expectProblem(lost, 503, 'gateway_unavailable')
      expect(lost.headers.get('Retry-After')).toBe('10')
      // A 500 is stored under its key there: only another key gets past it.
      const again = await attach('pm_card_visa', fault === 'stored_500' ? 'key-2' : 'key-1')
      expect(again.status).toBe(201)
      expect(await listed()).toEqual([again.body])
    },
  )

  test('also where the database’s answer is lost', async () => {
    const { attach, listed } = await given()
    await database.losesReply('"attach_method"')
    expect((await attach('pm_card_visa', 'key-1')).status).toBe(201)
    expect(await listed()).toHaveLength(1)
  })

  test('that is attached already is not stored twice, but made the default', async () => {
    const { attach, listed } = await given()
    const first = body(await attach('pm_card_visa'))
    const second = body(await attach('pm_card_amex'))
    const known = await nameOf(first)
    expect(body(await attach(known, undefined, { default: false }))).toEqual({ ...first, default: false })
    expect(body(await attach(known))).toEqual(first)
    expect((await listed()).map(({ id, default: chosen }) => [id, chosen])).toEqual([
      [second.id, false],
      [first.id, true],
    ])
  })

  test.each(['pm_card_visa_chargeDeclinedInsufficientFunds', 'pm_card_radarBlock', 'pm_never_heard_of'])(
    'not %s, which the gateway refuses',
    async (token) => {
      const { gateway, attach } = await given()
      const refused = await storesNothing(() => attach(token))
      expectProblem(refused, 422, 'payment_method_refused', pointsAt('/token'))
      expect(await gateway.taken()).toMatchObject({ succeeded_count: 0, captured_charges: 0 })
    },
  )
})

describe('FR-011 of several methods one is the default', () => {
  async function withTwo() {
    const world = await given()
    const [visa, amex] = [body(await world.attach('pm_card_visa')), body(await world.attach('pm_card_amex'))]
    return { ...world, visa, amex }
  }

  test('the last that was attached as such, or the one that is chosen; and it is the one that is charged', async () => {
    const { client, jane, path, visa, amex, listed } = await withTwo()
    expect((await listed()).filter((method) => method.default)).toMatchObject([{ id: amex.id }])
    const chosen = await client.post(`${path}/${visa.id}/default`)
    expect([chosen.status, chosen.body]).toEqual([200, { ...visa, default: true }])
    expect((await eventsOf(jane.id)).at(-1)).toBe('account.default_payment_method_changed')
    expect((await jane.subscribes('pro')).payment).toMatchObject({ status: 'succeeded', payment_method: visa.id })
    await storesNothing(() => client.post(`${path}/${visa.id}/default`))
  })

  test('choosing is done once under one key', async () => {
    const { client, path, visa } = await withTwo()
    const choose = () => client.post(`${path}/${visa.id}/default`, {}, { headers: { 'Idempotency-Key': 'key-1' } })
    const first = await choose()
    const again = await storesNothing(choose)
    expect([again.text, again.headers.get('Idempotent-Replayed')]).toEqual([first.text, 'true'])
  })

  test('a removed one is detached at the gateway, charged no more, and hands over to the newest left', async () => {
    const world = await withTwo()
    const { client, jane, path, visa, amex, listed } = world
    const removed = await client.delete(`${path}/${amex.id}`)
    expect([removed.status, removed.body]).toEqual([200, { ...amex, default: false }])
    expect(await listed()).toEqual([{ ...visa, default: true }])
    expect((await eventsOf(jane.id)).at(-1)).toBe('account.payment_method_removed')
    await expect.poll(() => sentTo(world, 'post_payment_methods_payment_method_detach')).toHaveLength(1)
    for (const again of [() => client.delete(`${path}/${amex.id}`), () => client.post(`${path}/${amex.id}/default`)]) {
      expectProblem(await storesNothing(again), 404, 'not_found')
    }
    expect((await jane.subscribes('pro')).payment.payment_method).toBe(visa.id)
  })

  test('one that is being charged is not removed before that has an outcome', async () => {
    const { client, jane, path, attach, gateway } = await given()
    const debit = body(await attach('pm_usBankAccount_success'))
    expect((await jane.subscribes('pro')).payment.outcome).toBe('processing')
    const refused = await storesNothing(() => client.delete(`${path}/${debit.id}`))
    expectProblem(refused, 409, 'payment_under_way')
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(await gateway.bugs()).toEqual([])
  })

  test('one of another account is not found', async () => {
    const { client, account, path } = await withTwo()
    const john: Customer = await account({ name: 'John' })
    const [johns] = (await john.shown()).payment_methods
    expectProblem(await storesNothing(() => client.post(`${path}/${johns.id}/default`)), 404, 'not_found')
    expectProblem(await storesNothing(() => client.delete(`${path}/${johns.id}`)), 404, 'not_found')
  })
})

describe('FR-004 FR-138 nothing like a card’s number', () => {
  const NUMBER = '4000056655665556'
  const groups = NUMBER.replace(/(....)(?=.)/g, '$1 ')

  test.each([
    ['as the token', { token: NUMBER }],
    ['in a token', { token: `pm_${NUMBER}` }],
    ['in groups', { token: groups }],
    ['as a number', { token: Number(NUMBER) }],
    ['as a card', { token: 'pm_card_visa', card: { number: NUMBER, exp_month: 12, exp_year: 2030, cvc: '123' } }],
    ['in Stripe’s form', { type: 'card', 'card[number]': NUMBER }],
  ])('is accepted %s, answered, stored or logged', async (_, about) => {
    const { client, path } = await given()
    const logs = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
    const reply = await storesNothing(() => client.post(path, about))
    expectProblem(reply, 422, 'invalid_request')
    expect(reply.text).not.toContain('5665')
    expect(logs.flatMap((log) => log.mock.calls.map(String)).join()).not.toContain('5665')
  })

  test.each([NUMBER, groups, groups.replaceAll(' ', '-')])('is logged of an address that holds %s', async (text) => {
    const { client } = await given()
    const logs = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
    await storesNothing(() => client.get(`/v1/accounts/${encodeURIComponent(text)}/payment_methods`))
    await request(`/${encodeURIComponent(text)}`)
    const lines = logs.flatMap((log) => log.mock.calls.map(String))
    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toMatch(/5665|4000/)
  })

  test('is in any table after a card was attached, charged and removed', async () => {
    const { client, jane, path, attach } = await given()
    const { id } = body(await attach('pm_card_visa_debit'))
    await jane.subscribes('pro')
    body(await client.delete(`${path}/${id}`))
    const everything = Object.values(await storedRows()).join('\n')
    expect(everything.match(/"last4": "(\d+)"/g)).toContain('"last4": "5556"')
    const more = new RegExp([...NUMBER.slice(-8)].join('[ -]?'))
    expect(everything.match(more), 'nothing before the last four').toBeNull()
  })
})
