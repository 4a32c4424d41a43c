import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { sql } from '../support/sql.ts'
import { chargesRun, realTimePasses } from '../support/worker.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A world with a plan of 9900 a month, and an account in real time. */
async function selling(about: Json = {}): Promise<World & { readonly jane: Customer }> {
  const world = await newWorld()
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  return { ...world, jane: await world.account({ test_clock: undefined, ...about }) }
}

const intent = expect.objectContaining({ path: '/v1/payment_intents' })

const attemptsOf = async ({ client }: World, payment: string) =>
  body(await client.get(`/v1/payments/${payment}/attempts`)).data as readonly Json[]

const confirmations = async ({ gateway }: World) =>
  (await gateway.requests()).filter(({ operation }) => operation === 'post_payment_intents_intent_confirm')

describe('FR-057 a payment is attempted on creation', () => {
  test('FR-058 through the gateway: one intent of the amount, whose id is kept, confirmed once', async () => {
    const world = await selling()
    const { payment, latest_invoice: invoice } = await world.jane.subscribes('pro')
    expect(payment).toMatchObject({ status: 'succeeded', outcome: 'succeeded', decline: null, amount: 9900 })
    expect(payment).toMatchObject({
      currency: 'USD',
      invoice: invoice.id,
      gateway_payment: expect.stringMatching(/^pi_/),
    })
    const [attempt, ...others] = await attemptsOf(world, payment.id)
    expect(others).toEqual([])
    expect(attempt).toMatchObject({ payment: payment.id, outcome: 'succeeded', ended_at: expect.stringMatching(/Z$/) })
    const requests = (await world.gateway.requests()).filter(({ path }) => path.startsWith('/v1/payment_intents'))
    expect(requests.map(({ path, idempotency_key, status }) => [path, idempotency_key, status])).toEqual([
      ['/v1/payment_intents', payment.id, 200],
      [`/v1/payment_intents/${payment.gateway_payment}/confirm`, attempt?.id, 200],
    ])
    expect(await world.gateway.bugs()).toEqual([])
  })

  test('FR-066 and the invoice is PAID when it covers it', async () => {
    const { jane, client, isBalanced } = await selling()
    const { payment, latest_invoice } = await jane.subscribes('pro')
    expect(latest_invoice).toMatchObject({ status: 'paid', paid: 9900, balance: 0 })
    expect(body(await client.get(`/v1/invoices/${latest_invoice.id}`))).toEqual(latest_invoice)
    expect(body(await client.get(`/v1/payments/${payment.id}`))).toEqual(payment)
    expect(body(await client.get(`/v1/payments?invoice=${latest_invoice.id}`)).data).toEqual([payment])
    await isBalanced()
  })

  test('not where there is nothing to charge with, or nothing to charge', async () => {
    const { jane, account, plan, gateway } = await selling({ card: null })
    await plan('free', { prices: [monthly('USD', '0')] })
    expect((await jane.subscribes('pro')).payment).toBeNull()
    expect((await (await account({ name: 'John' })).subscribes('free')).payment).toBeNull()
    expect((await gateway.taken()).succeeded_count).toBe(0)
  })
})

const declines: readonly [code: string, advice: string | undefined, kind: string][] = [
  ['insufficient_funds', undefined, 'soft'],
  ['generic_decline', undefined, 'soft'],
  ['never_heard_of', undefined, 'soft'],
  ['lost_card', undefined, 'hard'],
  ['expired_card', undefined, 'customer'],
  ['insufficient_funds', 'do_not_try_again', 'hard'],
  ['lost_card', 'try_again_later', 'soft'],
  ['generic_decline', 'confirm_card_data', 'customer'],
]

describe('FR-059 a payment is pending, succeeded or failed:', () => {
  test.each(declines)('failed where %s (advice %s) declines it, %s', async (decline_code, advice_code, kind) => {
    const world = await selling()
    await world.gateway.fault({ fault: 'decline', decline_code, ...(advice_code && { advice_code }) })
    const made = await world.jane.subscribes('pro')
    expect(made).toMatchObject({ status: 'active', latest_invoice: { status: 'open', balance: 9900, paid: 0 } })
    const decline = { kind, code: decline_code }
    expect(made.payment).toMatchObject({ status: 'failed', outcome: 'declined', decline })
    expect(await attemptsOf(world, made.payment.id)).toMatchObject([{ outcome: 'declined', decline }])
    const events = await sql(`select type from events where data ->> 'id' = $1 order by id`, made.payment.id)
    expect(events.map(({ type }) => type)).toEqual(['payment.created', 'payment.failed'])
    expect((await world.gateway.taken()).received).toEqual({})
  })

  test('failed is final: no sweep tries it again', async () => {
    const world = await selling({ card: 'pm_card_chargeCustomerFail' })
    const { payment } = await world.jane.subscribes('pro')
    expect(payment.status).toBe('failed')
    realTimePasses(2 * 3_600_000)
    await chargesRun()
    expect(await world.jane.payments()).toEqual([payment])
    expect(await confirmations(world)).toHaveLength(1)
  })

  test('pending where the bank asks the customer: no failure, and nothing more without the customer', async () => {
    const world = await selling({ card: 'pm_card_authenticationRequired' })
    const { payment, latest_invoice, status } = await world.jane.subscribes('pro')
    expect([status, latest_invoice.status]).toEqual(['active', 'open'])
    expect(payment).toMatchObject({ status: 'pending', outcome: 'authentication_required', decline: null })
    realTimePasses(2 * 3_600_000)
    await chargesRun()
    expect(await confirmations(world)).toHaveLength(1)
  })

  test.each([
    ['pm_usBankAccount_success', { status: 'succeeded', outcome: 'succeeded' }, 9900],
    ['pm_usBankAccount_insufficientFunds', { status: 'failed', outcome: 'declined' }, 0],
  ])('pending while a debit is under way: %s', async (card, end, paid) => {
    const world = await selling({ card })
    const { payment } = await world.jane.subscribes('pro')
    expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
    await world.gateway.settles()
    realTimePasses(3_601_000)
    await chargesRun()
    expect(await world.jane.payments()).toMatchObject([end])
    expect(await world.jane.invoices()).toMatchObject([{ paid, balance: 9900 - paid }])
    expect(await confirmations(world)).toHaveLength(1)
    await world.isBalanced()
  })
})

test.each([
  ['EUR', '1999', { eur: 1999 }, 1999, 0],
  ['GBP', '4900', { gbp: 4900 }, 4900, 0],
  ['JPY', '1500', { jpy: 1500 }, 1500, 0],
  ['KWD', '1239', { kwd: 1230 }, 1230, 9],
  ['ISK', '4900', { isk: 490_000 }, 4900, 0],
  ['UGX', '15000', { ugx: 1_500_000 }, 15_000, 0],
])('FR-105 %s %s is charged as %o', async (currency, unit_amount, received, amount, written_off) => {
  const { account, plan, gateway, isBalanced } = await newWorld()
  await plan('pro', { prices: [monthly(currency, unit_amount)] })
  const jane = await account({ currency })
  const { payment, latest_invoice } = await jane.subscribes('pro')
  expect(payment).toMatchObject({ status: 'succeeded', amount, currency })
  const settled = { status: 'paid', currency, total: +unit_amount, paid: amount, written_off, balance: 0 }
  expect(latest_invoice).toMatchObject(settled)
  expect((await gateway.taken()).received).toEqual(received)
  await isBalanced()
})

test('FR-105 what no gateway can charge is not attempted', async () => {
  const { account, plan, gateway } = await newWorld()
  await plan('pro', { prices: [monthly('KWD', '9')] })
  const { payment } = await (await account({ currency: 'KWD' })).subscribes('pro')
  expect([payment, await gateway.requests()]).toEqual([null, expect.not.arrayContaining([intent])])
})
