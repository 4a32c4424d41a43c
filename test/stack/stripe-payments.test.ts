import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { clientOf, confirmed, control, customerWith, emulator, payable, refusal, stripe } from './stripe-world.ts'

describe('a payment', () => {
  it('succeeds, with its charge and its balance transaction', async () => {
    const intent = await confirmed(await payable('pm_card_visa', 10_00))
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 1000, metadata: { invoice: 'inv_1' } })
    const charge = await stripe.charges.retrieve(String(intent.latest_charge), { expand: ['balance_transaction'] })
    expect(charge).toMatchObject({ status: 'succeeded', amount_captured: 1000, payment_intent: intent.id })
    expect(charge.balance_transaction).toMatchObject({ amount: 1000, fee: 59, net: 941, source: charge.id })
    const entries = await stripe.balanceTransactions.list({ limit: 1 })
    expect(entries.data[0]?.source).toBe(charge.id)
  })

  it('can succeed once only', async () => {
    const intent = await payable('pm_card_visa')
    await confirmed(intent)
    const error = await refusal(confirmed(intent))
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' })
    const charges = await stripe.charges.list({ payment_intent: intent.id })
    expect(charges.data).toHaveLength(1)
  })

  it('is declined: 402 with the intent inside, which waits for another method and then takes it', async () => {
    const intent = await payable('pm_card_chargeCustomerFail')
    const error = await refusal(confirmed(intent))
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError)
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' })
    expect(error.payment_intent).toMatchObject({
      id: intent.id,
      status: 'requires_payment_method',
      payment_method: null,
    })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.last_payment_error).toMatchObject({
      code: 'card_declined',
      payment_method: { id: intent.payment_method },
    })
    const failed = await stripe.charges.retrieve(String(after.latest_charge))
    expect(failed).toMatchObject({ status: 'failed', failure_code: 'card_declined', balance_transaction: null })
    const customer = String(after.customer)
    const other = await stripe.paymentMethods.attach('pm_card_mastercard', { customer })
    expect((await confirmed({ id: intent.id, payment_method: other.id })).status).toBe('succeeded')
  })

  it('needs the customer: off-session it fails, with a return_url it redirects and the bank sends back', async () => {
    const intent = await payable('pm_card_authenticationRequired')
    const error = await refusal(confirmed(intent))
    expect(error).toMatchObject({ code: 'authentication_required', decline_code: 'authentication_required' })
    const { payment_method } = intent
    const return_url = 'http://127.0.0.1:9/paid'
    const waiting = await stripe.paymentIntents.confirm(intent.id, { payment_method, return_url })
    expect(waiting.status).toBe('requires_action')
    const url = waiting.next_action?.redirect_to_url?.url ?? ''
    const back = await fetch(url, { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect(back.headers.get('location')).toMatch(
      /^http:\/\/127.0.0.1:9\/paid\?payment_intent=pi_.*redirect_status=succeeded$/,
    )
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('goes back to the start when the customer fails the bank', async () => {
    const intent = await payable('pm_card_authenticationRequired')
    await stripe.paymentIntents.confirm(intent.id, { payment_method: intent.payment_method })
    await control('POST', 'authenticate', { intent: intent.id, succeeds: false })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.status).toBe('requires_payment_method')
    expect(after.last_payment_error?.code).toBe('payment_intent_authentication_failure')
  })

  it('by debit is processing until it settles', async () => {
    const intent = await payable('pm_usBankAccount_success')
    expect((await confirmed(intent)).status).toBe('processing')
    await control('POST', 'settle')
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('with automatic methods wants a return_url, even off-session', async () => {
    const { customer, payment_method } = await customerWith('pm_card_visa')
    const { id } = await stripe.paymentIntents.create({ amount: 1999, currency: 'usd', customer })
    expect(await refusal(confirmed({ id, payment_method }))).toMatchObject({ statusCode: 400, param: 'return_url' })
    const allowed_payment_method_types = ['card' as const]
    const paid = await stripe.paymentIntents.confirm(id, { payment_method, allowed_payment_method_types })
    expect(paid.status).toBe('succeeded')
  })

  it('takes no method of another customer', async () => {
    const { id } = await payable('pm_card_visa')
    const { payment_method } = await customerWith('pm_card_visa')
    expect(await refusal(confirmed({ id, payment_method }))).toMatchObject({ statusCode: 400, param: 'payment_method' })
  })

  it('once cancelled is never confirmed, once paid never cancelled', async () => {
    const cancelled = await payable('pm_card_visa')
    expect((await stripe.paymentIntents.cancel(cancelled.id)).status).toBe('canceled')
    expect(await refusal(confirmed(cancelled))).toMatchObject({ code: 'payment_intent_unexpected_state' })
    const paid = await payable('pm_card_visa')
    await confirmed(paid)
    expect(await refusal(stripe.paymentIntents.cancel(paid.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
    expect(await refusal(stripe.paymentIntents.update(paid.id, { amount: 5000 }))).toMatchObject({ statusCode: 400 })
  })
})

describe('a customer', () => {
  it('is created, changed, listed and deleted', async () => {
    const { customer, payment_method } = await customerWith('pm_card_amex')
    const changed = await stripe.customers.update(customer, {
      name: 'Ada',
      email: '',
      metadata: { account: '', plan: 'pro' },
      invoice_settings: { default_payment_method: payment_method },
    })
    expect(changed).toMatchObject({ name: 'Ada', email: null })
    expect(changed.metadata).toEqual({ plan: 'pro' })
    expect((await stripe.customers.list({ limit: 1 })).data[0]?.id).toBe(customer)
    await stripe.paymentMethods.detach(payment_method)
    const detached = await stripe.customers.retrieve(customer)
    expect(detached).toMatchObject({ invoice_settings: { default_payment_method: null } })
    expect(await refusal(stripe.paymentMethods.attach(payment_method, { customer }))).toMatchObject({ statusCode: 400 })
    await stripe.customers.del(customer)
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ id: customer, deleted: true })
    expect(await refusal(stripe.customers.update(customer, { name: 'x' }))).toMatchObject({ code: 'resource_missing' })
  })

  it.each([
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
  ])('cannot attach %s', async (token, code, decline_code) => {
    const { id } = await stripe.customers.create()
    const error = await refusal(stripe.paymentMethods.attach(token, { customer: id }))
    expect(error).toMatchObject({ statusCode: 402, code })
    // The SDK turns a missing decline code into an empty one.
    expect(error.decline_code || undefined).toBe(decline_code)
    expect((await stripe.customers.listPaymentMethods(id)).data).toEqual([])
  })

  it('saves a card by a SetupIntent', async () => {
    const { id } = await stripe.customers.create()
    const setup = await stripe.setupIntents.create({
      customer: id,
      payment_method: 'pm_card_visa',
      confirm: true,
      allowed_payment_method_types: ['card'],
    })
    expect(setup.status).toBe('succeeded')
    expect((await stripe.customers.listPaymentMethods(id)).data.map((method) => method.id)).toEqual([
      setup.payment_method,
    ])
  })

  it('is listed in pages', async () => {
    const paged = clientOf(emulator, 'sk_test_pages')
    for (let n = 0; n < 5; n += 1) await paged.customers.create({ name: `customer ${n}` })
    const first = await paged.customers.list({ limit: 3 })
    expect([first.data.map(({ name }) => name), first.has_more]).toEqual([
      ['customer 4', 'customer 3', 'customer 2'],
      true,
    ])
    const second = await paged.customers.list({ limit: 3, starting_after: first.data[2]?.id ?? '' })
    expect([second.data.map(({ name }) => name), second.has_more]).toEqual([['customer 1', 'customer 0'], false])
    expect(await refusal(paged.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
  })
})
