import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import type { Currency } from '../../src/kernel/currency.ts'
import type { Refund } from '../../src/payments/domain/refund.ts'
import { stripeGateway } from '../../src/payments/stripe.ts'
import { at, id } from '../support/given.ts'
import { clientOf, confirmed, control, emulator, key, payable, refusal, stripe } from './stripe-world.ts'

/** A paid intent with its charge. */
async function paid(token = 'pm_card_visa', amount = 1999): Promise<{ payment_intent: string; charge: string }> {
  const { id, latest_charge } = await confirmed(await payable(token, amount))
  if (latest_charge === null) throw new Error('a confirmed intent has its charge')
  return { payment_intent: id, charge: String(latest_charge) }
}

describe('a refund', () => {
  it('of the whole is the default, with its balance transaction and the charge marked', async () => {
    const { payment_intent, charge } = await paid()
    const refund = await stripe.refunds.create(
      { payment_intent, reason: 'requested_by_customer', metadata: { perennial_refund: 'ref_1' } },
      { idempotencyKey: 'ref_whole' },
    )
    expect(refund).toMatchObject({ status: 'succeeded', amount: 1999, currency: 'usd', charge, payment_intent })
    expect(refund).toMatchObject({ reason: 'requested_by_customer', metadata: { perennial_refund: 'ref_1' } })
    const found = await stripe.refunds.retrieve(refund.id, { expand: ['balance_transaction', 'charge'] })
    expect(found.balance_transaction).toMatchObject({ amount: -1999, fee: 0, net: -1999, type: 'refund' })
    expect(found.balance_transaction).toMatchObject({ source: refund.id, reporting_category: 'refund' })
    expect(found.charge).toMatchObject({ amount_captured: 1999, amount_refunded: 1999, refunded: true })
    expect((await stripe.paymentIntents.retrieve(payment_intent)).status).toBe('succeeded')
    const { data } = await stripe.refunds.list({ payment_intent })
    expect(data.map(({ id }) => id)).toEqual([refund.id])
  })

  it('can be of parts, by the charge too, until nothing is left', async () => {
    const { payment_intent, charge } = await paid()
    const first = await stripe.refunds.create({ payment_intent, amount: 500 })
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 500, refunded: false })
    const tooMuch = await refusal(stripe.refunds.create({ payment_intent, amount: 1500 }))
    expect(tooMuch).toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError', param: 'amount' })
    const second = await stripe.refunds.create({ charge })
    expect(second.amount).toBe(1499)
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 1999, refunded: true })
    const nothing = await refusal(stripe.refunds.create({ payment_intent, amount: 1 }))
    expect(nothing).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' })
    const { data } = await stripe.refunds.list({ charge })
    expect(data.map(({ id }) => id)).toEqual([second.id, first.id])
  })

  it('under one key is made once', async () => {
    const { payment_intent } = await paid()
    const again = () => stripe.refunds.create({ payment_intent, amount: 500 }, { idempotencyKey: 'ref_replayed' })
    expect(await again()).toEqual(await again())
    expect((await stripe.refunds.list({ payment_intent })).data).toHaveLength(1)
    const other = stripe.refunds.create({ payment_intent, amount: 400 }, { idempotencyKey: 'ref_replayed' })
    expect(await refusal(other)).toMatchObject({ type: 'StripeIdempotencyError' })
  })

  it.each<[string, () => Promise<Stripe.RefundCreateParams>, object]>([
    ['what is not named', async () => ({}), { statusCode: 400 }],
    ['what is named twice', paid, { statusCode: 400 }],
    ['nothing', async () => ({ payment_intent: (await paid()).payment_intent, amount: 0 }), { param: 'amount' }],
    ['what was never paid', unpaid, { param: 'payment_intent' }],
    ['a debit on its way', processing, { param: 'payment_intent' }],
    ['no intent of ours', async () => ({ payment_intent: 'pi_gone' }), { code: 'resource_missing' }],
    ['no charge of ours', async () => ({ charge: 'ch_gone' }), { code: 'resource_missing' }],
    ['a customer’s balance', async () => ({ origin: 'customer_balance' }), { statusCode: 501 }],
  ])('is refused for %s', async (_, given, expected) => {
    expect(await refusal(stripe.refunds.create(await given()))).toMatchObject(expected)
  })

  it('that is not there is not found', async () => {
    expect(await refusal(stripe.refunds.retrieve('re_gone'))).toMatchObject({ statusCode: 404, param: 'refund' })
  })
})

async function unpaid(): Promise<Stripe.RefundCreateParams> {
  return { payment_intent: (await payable('pm_card_visa')).id }
}

async function processing(): Promise<Stripe.RefundCreateParams> {
  return { payment_intent: (await confirmed(await payable('pm_usBankAccount_success'))).id }
}

describe('a refund that takes its time', () => {
  it('succeeds first and fails later, and the money is back', async () => {
    const { payment_intent, charge } = await paid('pm_card_refundFail')
    const { id, status } = await stripe.refunds.create({ payment_intent, amount: 500 })
    expect(status).toBe('succeeded')
    await control('POST', 'settle')
    const failed = await stripe.refunds.retrieve(id, { expand: ['failure_balance_transaction'] })
    expect(failed).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card' })
    expect(failed.failure_balance_transaction).toMatchObject({ amount: 500, net: 500, type: 'refund_failure' })
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false })
    // What has failed does not fail again.
    await control('POST', 'settle')
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0 })
  })

  it.each(['pm_card_pendingRefund', 'pm_usBankAccount_success'])('%s: is pending and succeeds', async (token) => {
    const intent = await payable(token)
    await confirmed(intent)
    await control('POST', 'settle')
    const refund = await stripe.refunds.create({ payment_intent: intent.id })
    expect(refund).toMatchObject({ status: 'pending', pending_reason: 'processing', balance_transaction: null })
    await control('POST', 'settle')
    const settled = await stripe.refunds.retrieve(refund.id, { expand: ['balance_transaction'] })
    expect(settled.status).toBe('succeeded')
    expect(settled.balance_transaction).toMatchObject({ amount: -1999 })
  })

  it('tells of each step', async () => {
    const watched = 'sk_test_refund_events'
    const client = clientOf(emulator, watched)
    const customer = await client.customers.create()
    const { id } = await client.paymentMethods.attach('pm_card_refundFail', { customer: customer.id })
    const about = { amount: 1999, currency: 'usd', customer: customer.id, payment_method: id }
    const off = { confirm: true, off_session: true, allowed_payment_method_types: ['card' as const] }
    const intent = await client.paymentIntents.create({ ...about, ...off })
    await client.refunds.create({ payment_intent: intent.id, amount: 500 })
    await control('POST', 'settle', undefined, watched)
    const types = ['refund.created', 'charge.refunded', 'refund.updated', 'charge.refund.updated', 'refund.failed']
    const { data } = await client.events.list({ types })
    expect(data.map(({ type }) => type)).toEqual(types.toReversed())
    expect(data[3]?.data).toMatchObject({
      object: { amount_refunded: 500 },
      previous_attributes: { amount_refunded: 0, refunded: false },
    })
    expect(await control('GET', 'bugs', undefined, watched)).toEqual([])
  })
})

const REFUND = 'post_refunds'
const LIST = 'get_refunds'
const gateway = stripeGateway(key, emulator.url)
let made = 0

/** A refund of ours, which nothing is known of at the gateway. */
function given(about: Partial<Refund> = {}): Refund {
  made += 1
  return {
    ...{ organizationId: id('organization', 1), id: id('refund', 100 + made), accountId: id('account', 2) },
    ...{ paymentId: id('payment', 3), gatewayAccountId: id('gateway_account', 4), clockId: null, creditNoteId: null },
    ...{ version: 1, status: 'pending', amount: 500n, writtenOff: 0n, currency: 'USD' as Currency, reason: null },
    ...{ gatewayRefund: null, outcome: null, failure: null, dueAt: at('2026-01-01'), createdAt: at('2026-01-01') },
    endedAt: null,
    ...about,
  }
}

async function refundsOf(payment_intent: string): Promise<readonly Stripe.Refund[]> {
  return (await stripe.refunds.list({ payment_intent })).data
}

describe('FR-063 the gateway gives money back', () => {
  it('once, however often it is asked', async () => {
    const { payment_intent } = await paid()
    const refund = given()
    const first = await gateway.refund(refund, payment_intent)
    const [sent, ...others] = await refundsOf(payment_intent)
    expect([first, others]).toEqual([{ kind: 'succeeded', gatewayRefund: sent?.id }, []])
    expect(sent).toMatchObject({ amount: 500, metadata: { perennial_refund: expect.stringMatching(/^ref_/) } })
    expect(await gateway.refund(refund, payment_intent)).toEqual(first)
    expect(await gateway.refund({ ...refund, gatewayRefund: sent?.id ?? '' }, payment_intent)).toEqual(first)
    expect(await refundsOf(payment_intent)).toHaveLength(1)
    expect(await gateway.refund(given(), payment_intent)).not.toEqual(first)
    expect(await refundsOf(payment_intent)).toHaveLength(2)
  })

  it.each([
    ['the answer', { fault: 'execute_then_drop' }, 'unknown', 1],
    ['half of the answer', { fault: 'truncate' }, 'unknown', 1],
    ['the request', { fault: 'drop_before' }, 'unknown', 0],
    ['patience', { fault: 'rate_limited_429' }, 'throttled', 0],
    ['the key to another request', { fault: 'conflict_409' }, 'unknown', 0],
    ['its head after it', { fault: 'stored_500', executes: 'before' }, 'unknown', 1],
  ])('once, when it loses %s, also after it has forgotten the key', async (_, fault, kind, sent) => {
    const { payment_intent } = await paid()
    const refund = given()
    await control('POST', 'faults', { match: { operation: REFUND }, times: 1, ...fault })
    expect(await gateway.refund(refund, payment_intent)).toEqual({ kind })
    expect(await refundsOf(payment_intent)).toHaveLength(sent)
    await control('POST', 'clock', { advance_s: 25 * 3_600 })
    expect(await gateway.refund(refund, payment_intent)).toMatchObject({ kind: 'succeeded' })
    expect(await refundsOf(payment_intent)).toHaveLength(1)
  })

  it('once, when what it answers nothing to is the look', async () => {
    const { payment_intent } = await paid()
    await control('POST', 'faults', { match: { operation: LIST }, times: 1, fault: 'drop_before' })
    expect(await gateway.refund(given(), payment_intent)).toEqual({ kind: 'unknown' })
    expect(await refundsOf(payment_intent)).toEqual([])
  })

  it('not beyond what is left: it says so', async () => {
    const { payment_intent } = await paid()
    await stripe.refunds.create({ payment_intent })
    const refused = await gateway.refund(given(), payment_intent)
    expect(refused).toEqual({ kind: 'rejected', failure: 'charge_already_refunded' })
    const refund = await gateway.refund(given({ amount: 500n }), 'pi_gone')
    expect(refund).toEqual({ kind: 'rejected', failure: 'resource_missing' })
  })

  it('in its own way of counting: 500 ISK are 50000', async () => {
    const { payment_intent } = await paid('pm_card_visa', 100_000)
    await gateway.refund(given({ currency: 'ISK' as Currency }), payment_intent)
    expect(await refundsOf(payment_intent)).toMatchObject([{ amount: 50_000 }])
  })

  it('later: it is processing, and then it is known how it went', async () => {
    const { payment_intent } = await paid('pm_card_pendingRefund')
    const refund = given()
    const [first, again] = [await gateway.refund(refund, payment_intent), await gateway.refund(refund, payment_intent)]
    expect(first).toMatchObject({ kind: 'processing' })
    expect(again).toEqual(first)
    await control('POST', 'settle')
    expect(await gateway.refund(refund, payment_intent)).toEqual({ ...first, kind: 'succeeded' })
  })

  it('or not, in the end', async () => {
    const { payment_intent } = await paid('pm_card_refundFail')
    const refund = given()
    const sent = await gateway.refund(refund, payment_intent)
    await control('POST', 'settle')
    const known = { ...refund, gatewayRefund: 'gatewayRefund' in sent ? sent.gatewayRefund : null }
    const failed = { ...sent, kind: 'failed', failure: 'expired_or_canceled_card' }
    expect(await gateway.refund(known, payment_intent)).toEqual(failed)
  })

  it('and one that cannot be looked up stands as it stood', async () => {
    const { payment_intent } = await paid('pm_card_pendingRefund')
    const refund = given()
    const sent = await gateway.refund(refund, payment_intent)
    await control('POST', 'faults', { match: { operation: 'get_refunds_refund' }, times: 1, fault: 'drop_before' })
    const known = { ...refund, gatewayRefund: 'gatewayRefund' in sent ? sent.gatewayRefund : null }
    expect(await gateway.refund(known, payment_intent)).toEqual(sent)
  })
})
