import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeId, type Id } from '../../src/kernel/id.ts'
import { body, type Json } from '../support/client.ts'
import { type Books, booksOf, DAY_MS, rowOf, takesAtGateway } from '../support/reconciliation.ts'
import { owesBack } from '../support/refund.ts'
import { sql } from '../support/sql.ts'
import { chargesRun, realTimePasses } from '../support/worker.ts'
import { monthly, newWorld, type World } from '../support/world.ts'

let world: World
let books: Books

beforeEach(async () => {
  world = await newWorld()
  books = await booksOf(world.client)
  await world.plan('pro')
})

afterEach(() => {
  vi.useRealTimers()
})

/** Somebody in real time pays 4900. */
async function pays(card = 'pm_card_visa'): Promise<Json> {
  const jane = await world.account({ test_clock: undefined, card })
  return (await jane.subscribes('pro')).payment
}

const clean = { not_ours: 0, found: 0, vanished: 0 }

describe('FR-071 a day on which all went well', () => {
  test('has no difference, and every payment and refund is matched', async () => {
    const payment = await pays()
    const yen = await world.account({ test_clock: undefined, currency: 'JPY' })
    const dinar = await world.account({ test_clock: undefined, currency: 'KWD' })
    const krona = await world.account({ test_clock: undefined, currency: 'ISK' })
    const onClock = await world.account()
    await yen.isBilled({ Work: '1500' })
    await dinar.isBilled({ Work: '1239' })
    await krona.isBilled({ Work: '990' })
    await onClock.subscribes('pro')
    const declined = await world.account({ test_clock: undefined, card: 'pm_card_chargeCustomerFail' })
    await declined.subscribes('pro')
    await owesBack(world.client.organization, payment, 1000)
    await chargesRun()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 6, matched: 6 })
    expect(await books.differences()).toEqual([])
    const unmatched = `select 1 from (select organization_id, status, balance_transaction from payments union all
      select organization_id, status, balance_transaction from refunds) m
      where organization_id = $1 and (balance_transaction is null) = (status = 'succeeded')`
    expect(await sql(unmatched, rowOf('organization', world.client.organization))).toEqual([])
    // Again, also long after: the day before is read once more, and nothing is missing.
    realTimePasses(5 * DAY_MS)
    expect(await books.reconciles()).toEqual({ ...clean, entries: 6, matched: 6 })
    expect(await books.reconciles()).toEqual({ ...clean, entries: 0, matched: 0 })
    expect(await books.events()).toEqual([])
    expect(await world.gateway.bugs()).toEqual([])
  })

  test('leaves the last hour for the next run', async () => {
    await pays()
    const asked = { gateway_account: books.gatewayAccount }
    expect(body(await world.client.post('/v1/reconciliation/runs', asked))).toEqual({
      ...clean,
      entries: 0,
      matched: 0,
    })
    expect(await books.reconciles()).toMatchObject({ entries: 1, matched: 1 })
  })
})

/** One difference, found once however often it is looked for. */
async function foundOnce(expected: Json, about: Json = {}): Promise<Json> {
  expect(await books.reconciles()).toMatchObject({ found: 1, vanished: 0, ...about })
  const [difference, ...others] = await books.differences()
  expect(others).toEqual([])
  expect(difference).toMatchObject({
    ...{ gateway_account: books.gatewayAccount, status: 'open', owner: null, resolution: null, closed_at: null },
    ...expected,
  })
  for (const days of [0, 1, 9]) {
    realTimePasses(days * DAY_MS)
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
  }
  expect(await books.differences()).toEqual([difference])
  expect(await books.events()).toMatchObject([
    { type: 'reconciliation.difference_found', data: difference, previous: null, sequence: 1 },
  ])
  return difference
}

/** It is no more: closed by the next run, with its event. */
async function vanishes({ id }: Json): Promise<void> {
  expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 1 })
  const closed = body(await world.client.get(`/v1/reconciliation/differences/${id}`))
  expect(closed).toMatchObject({ status: 'closed', resolution: 'vanished', note: null })
  expect((await books.events()).at(-1)).toMatchObject({
    ...{ type: 'reconciliation.difference_closed', data: closed, sequence: 2 },
    previous: { status: 'open', resolution: null },
  })
  expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
}

const unknownPayment = encodeId('payment', '01945a3e-7c00-7a10-8000-000000000001' as Id<'payment'>)

describe('FR-071 money at the gateway that we know nothing of', () => {
  test('is a difference where it names a payment of ours', async () => {
    await pays()
    const taken = await takesAtGateway(world.client, 700, { perennial_payment: unknownPayment })
    const difference = await foundOnce(
      { kind: 'unknown_here', object: unknownPayment, expected: null, actual: 700, currency: 'USD' },
      { entries: 2, matched: 1, not_ours: 0 },
    )
    expect(difference.gateway_object).toMatch(/^txn_/)
    expect(difference.detail).toContain(taken.id)
  })

  test('is a difference where it names a payment that has been paid', async () => {
    const payment = await pays()
    await takesAtGateway(world.client, 4900, { perennial_payment: payment.id })
    await foundOnce({ kind: 'unknown_here', object: payment.id, actual: 4900 }, { entries: 2, matched: 1 })
  })

  test('is somebody else’s where it names nothing of ours', async () => {
    const { id } = await takesAtGateway(world.client, 700)
    await world.gateway.refunds(id)
    expect(await books.reconciles()).toEqual({ entries: 2, matched: 0, not_ours: 2, found: 0, vanished: 0 })
  })

  test('is a refund without a document where it was given back past us', async () => {
    const payment = await pays()
    const refund = await world.gateway.refunds(payment.gateway_payment)
    const difference = await foundOnce(
      { kind: 'without_document', object: payment.id, expected: null, actual: 4900, currency: 'USD' },
      { entries: 2, matched: 1 },
    )
    expect(difference.detail).toContain(refund.id)
  })

  test('is a payment that was deleted here, until it is back', async () => {
    const payment = await pays()
    const id = rowOf('payment', payment.id)
    const [attempt] = await sql('select to_json(a) as row from payment_attempts a where payment_id = $1', id)
    const [row] = await sql('select to_json(p) as row from payments p where id = $1', id)
    await sql('delete from payment_attempts where payment_id = $1', id)
    await sql('update notifications set payment_id = null where payment_id = $1', id)
    await sql('delete from payments where id = $1', id)
    const difference = await foundOnce({ kind: 'unknown_here', object: payment.id, expected: null, actual: 4900 })
    for (const [table, lost] of [
      ['payments', row],
      ['payment_attempts', attempt],
    ]) {
      await sql(`insert into ${table} select * from json_populate_record(null::${table}, $1)`, JSON.stringify(lost.row))
    }
    await vanishes(difference)
    expect(await sql('select 1 from payments where id = $1 and balance_transaction is not null', id)).toHaveLength(1)
  })
})

describe('FR-071 a payment that we say otherwise', () => {
  const is = (payment: Json, what: string) =>
    sql(`update payments set ${what} where id = $1`, rowOf('payment', payment.id))

  test.each([
    ['amount', 'amount = 5000', 'amount = 4900', { expected: 5000, actual: 4900, currency: 'USD' }],
    ['currency', "currency = 'EUR'", "currency = 'USD'", { expected: 4900, actual: 4900, currency: 'EUR' }],
    [
      'not_settled_here',
      "status = 'failed', settled_at = null",
      "status = 'succeeded', settled_at = now()",
      { expected: 0, actual: 4900, currency: 'USD' },
    ],
  ])('is a difference until it is mended: %s', async (kind, wrong, right, expected) => {
    const payment = await pays()
    await is(payment, wrong)
    const difference = await foundOnce({ kind, object: payment.id, ...expected }, { entries: 1, matched: 0 })
    await is(payment, right)
    await vanishes(difference)
  })

  test('is missing there when the gateway has had no such money for two days', async () => {
    const payment = await pays('pm_card_chargeCustomerFail')
    expect(payment.status).toBe('failed')
    await is(payment, "status = 'succeeded', settled_at = now()")
    expect(await books.reconciles()).toEqual({ ...clean, entries: 0, matched: 0 })
    realTimePasses(2 * DAY_MS)
    const difference = await foundOnce({
      ...{ kind: 'missing_there', gateway_object: payment.gateway_payment, object: payment.id },
      ...{ expected: 4900, actual: null, currency: 'USD' },
    })
    await is(payment, "status = 'failed', settled_at = null")
    await vanishes(difference)
  })

  test('is not asked for again once somebody accepted that it is missing', async () => {
    const payment = await pays('pm_card_chargeCustomerFail')
    await is(payment, "status = 'succeeded', settled_at = now()")
    realTimePasses(2 * DAY_MS)
    expect(await books.reconciles()).toMatchObject({ found: 1 })
    const [difference] = await books.differences()
    const asked = async () =>
      (await world.gateway.requests()).filter(({ operation }) => operation === 'get_payment_intents_intent').length
    const before = await asked()
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
    expect(await asked()).toBe(before + 1)
    const accepted = { resolution: 'accepted', note: 'Paid in cash.' }
    body(await world.client.post(`/v1/reconciliation/differences/${difference.id}/close`, accepted))
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
    expect(await asked()).toBe(before + 1)
  })

  test('but learned of late is found at the gateway, however long ago it happened', async () => {
    const payment = await pays()
    await is(payment, "status = 'pending', settled_at = null")
    const difference = await foundOnce({ kind: 'not_settled_here', object: payment.id })
    await is(payment, `status = 'succeeded', settled_at = '${new Date(Date.now()).toISOString()}'`)
    await vanishes(difference)
    realTimePasses(9 * DAY_MS)
    expect(await books.reconciles()).toMatchObject({ found: 0 })
  })

  test('and was never read of is looked up by itself', async () => {
    const payment = await pays()
    await owesBack(world.client.organization, payment, 1000)
    await chargesRun()
    realTimePasses(20 * DAY_MS)
    expect(await books.reconciles()).toEqual({ ...clean, entries: 0, matched: 0 })
    const paid = rowOf('payment', payment.id)
    expect(await sql('select 1 from payments where id = $1 and balance_transaction is not null', paid)).toHaveLength(1)
    expect(
      await sql('select 1 from refunds where payment_id = $1 and balance_transaction is not null', paid),
    ).toHaveLength(1)
  })
})

test('FR-071 a plan in another currency is matched as well', async () => {
  await world.plan('euro', { prices: [monthly('EUR', '1900')] })
  const john = await world.account({ test_clock: undefined, currency: 'EUR' })
  await john.subscribes('euro')
  expect(await books.reconciles()).toMatchObject({ entries: 1, matched: 1, found: 0 })
})
