import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { confirmed, mark, once, payable, refusal } from './stripe-words.ts'
import { clientOf, control, emulator, inEachWorld, inTheEmulator, type World } from './stripe-world.ts'

/** A paid intent with its charge. */
async function paid(world: World, token = 'pm_card_visa'): Promise<{ payment_intent: string; charge: string }> {
  const { id, latest_charge } = await confirmed(world, await payable(world, token))
  if (latest_charge === null) throw new Error('a confirmed intent has its charge')
  return { payment_intent: id, charge: String(latest_charge) }
}

inEachWorld('a refund', (world) => {
  const { stripe, eventually } = world

  it('of the whole is the default, with its balance transaction and the charge marked', async () => {
    const { payment_intent, charge } = await paid(world)
    const refund = await stripe.refunds.create(
      { payment_intent, reason: 'requested_by_customer', metadata: { perennial_refund: 'ref_1' } },
      { idempotencyKey: once('ref_whole') },
    )
    expect(refund).toMatchObject({ status: 'succeeded', amount: 1999, currency: 'usd', charge, payment_intent })
    expect(refund).toMatchObject({ reason: 'requested_by_customer', metadata: { perennial_refund: 'ref_1' } })
    const find = () => stripe.refunds.retrieve(refund.id, { expand: ['balance_transaction', 'charge'] })
    const entry = { amount: -1999, fee: 0, net: -1999, type: 'refund', reporting_category: 'refund', source: refund.id }
    await eventually(async () => (await find()).balance_transaction).toMatchObject(entry)
    expect((await find()).charge).toMatchObject({ amount_captured: 1999, amount_refunded: 1999, refunded: true })
    expect((await stripe.paymentIntents.retrieve(payment_intent)).status).toBe('succeeded')
    const { data } = await stripe.refunds.list({ payment_intent })
    expect(data.map(({ id }) => id)).toEqual([refund.id])
  })

  it('can be of parts, by the charge too, until nothing is left', async () => {
    const { payment_intent, charge } = await paid(world)
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
    expect(data.map(({ id }) => id).toSorted()).toEqual([second.id, first.id].toSorted())
  })

  it('under one key is made once', async () => {
    const { payment_intent } = await paid(world)
    const idempotencyKey = once('ref_replayed')
    const again = () => stripe.refunds.create({ payment_intent, amount: 500 }, { idempotencyKey })
    expect(await again()).toEqual(await again())
    expect((await stripe.refunds.list({ payment_intent })).data).toHaveLength(1)
    const other = stripe.refunds.create({ payment_intent, amount: 400 }, { idempotencyKey })
    expect(await refusal(other)).toMatchObject({ type: 'StripeIdempotencyError' })
  })

  it.each<[string, () => Promise<Stripe.RefundCreateParams>, object]>([
    ['what is not named', async () => ({}), { statusCode: 400 }],
    ['what is named twice', () => paid(world), { statusCode: 400 }],
    ['nothing', async () => ({ payment_intent: (await paid(world)).payment_intent, amount: 0 }), { param: 'amount' }],
    ['what was never paid', async () => ({ payment_intent: (await payable(world, 'pm_card_visa')).id }), {}],
    ['no intent of ours', async () => ({ payment_intent: 'pi_gone' }), { code: 'resource_missing' }],
    ['no charge of ours', async () => ({ charge: 'ch_gone' }), { code: 'resource_missing' }],
  ])('is refused for %s', async (_, given, expected) => {
    const error = await refusal(stripe.refunds.create(await given()))
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', ...expected })
  })

  it('that is not there is not found', async () => {
    const error = await refusal(stripe.refunds.retrieve('re_gone'))
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' })
  })

  it('succeeds first and fails later', async () => {
    const { payment_intent } = await paid(world, 'pm_card_refundFail')
    const { id, status } = await stripe.refunds.create({ payment_intent, amount: 500 })
    expect(status).toBe('succeeded')
    await world.settles()
    const failed = { status: 'failed', failure_reason: 'expired_or_canceled_card' }
    await eventually(() => stripe.refunds.retrieve(id)).toMatchObject(failed)
  })
})

inTheEmulator('a refund', (world) => {
  const { stripe } = world

  it.each<[string, () => Promise<Stripe.RefundCreateParams>, object]>([
    ['a debit on its way', processing, { param: 'payment_intent' }],
    ['a customer’s balance', async () => ({ origin: 'customer_balance' }), { statusCode: 501 }],
  ])('is refused for %s', async (_, given, expected) => {
    expect(await refusal(stripe.refunds.create(await given()))).toMatchObject(expected)
  })

  async function processing(): Promise<Stripe.RefundCreateParams> {
    return { payment_intent: (await confirmed(world, await payable(world, 'pm_usBankAccount_success'))).id }
  }

  it('that fails later is money that is back', async () => {
    const { payment_intent, charge } = await paid(world, 'pm_card_refundFail')
    const { id } = await stripe.refunds.create({ payment_intent, amount: 500 })
    await control('POST', 'settle')
    const failed = await stripe.refunds.retrieve(id, { expand: ['failure_balance_transaction'] })
    expect(failed.failure_balance_transaction).toMatchObject({ amount: 500, net: 500, type: 'refund_failure' })
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false })
    // What has failed does not fail again.
    await control('POST', 'settle')
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0 })
  })

  it.each(['pm_card_pendingRefund', 'pm_usBankAccount_success'])('of %s is pending and succeeds', async (token) => {
    const intent = await payable(world, token)
    await confirmed(world, intent)
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
    const customer = await client.customers.create({ metadata: mark })
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
