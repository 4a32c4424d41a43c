import Stripe from 'stripe'
import { expect, it } from 'vitest'
import { confirmed, customerWith, payable, refusal } from './stripe-words.ts'
import { control, inEachWorld, inTheEmulator } from './stripe-world.ts'

const return_url = 'https://perennial.example/paid'

inEachWorld('a payment', (world) => {
  const { stripe, eventually } = world

  it('succeeds, with its charge and its balance transaction', async () => {
    const intent = await confirmed(world, await payable(world, 'pm_card_visa', 10_00))
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 1000, metadata: { invoice: 'inv_1' } })
    const id = String(intent.latest_charge)
    const find = () => stripe.charges.retrieve(id, { expand: ['balance_transaction'] })
    expect(await find()).toMatchObject({ status: 'succeeded', amount_captured: 1000, payment_intent: intent.id })
    await eventually(async () => (await find()).balance_transaction).toMatchObject({ amount: 1000, source: id })
  })

  it('can succeed once only', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await confirmed(world, intent)
    const error = await refusal(confirmed(world, intent))
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' })
    const charges = await stripe.charges.list({ payment_intent: intent.id })
    expect(charges.data).toHaveLength(1)
  })

  it('is declined: 402 with the intent inside, which waits for another method and then takes it', async () => {
    const intent = await payable(world, 'pm_card_chargeCustomerFail')
    const error = await refusal(confirmed(world, intent))
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError)
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' })
    expect(error.payment_intent).toMatchObject({
      ...{ id: intent.id, status: 'requires_payment_method', payment_method: null },
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
    expect((await confirmed(world, { id: intent.id, payment_method: other.id })).status).toBe('succeeded')
  })

  it('that was declined forgets why as soon as it is changed', async () => {
    const intent = await payable(world, 'pm_card_chargeCustomerFail')
    await refusal(confirmed(world, intent))
    const changed = await stripe.paymentIntents.update(intent.id, { amount: 2999 })
    expect(changed).toMatchObject({ status: 'requires_payment_method', amount: 2999, last_payment_error: null })
  })

  it('needs the customer: off-session it fails and waits for a method, and with a return_url it redirects', async () => {
    const intent = await payable(world, 'pm_card_authenticationRequired')
    const error = await refusal(confirmed(world, intent))
    expect(error).toMatchObject({ code: 'authentication_required', decline_code: 'authentication_required' })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after).toMatchObject({
      ...{ status: 'requires_payment_method', payment_method: null },
      last_payment_error: { code: 'authentication_required', payment_method: { id: intent.payment_method } },
    })
    const { payment_method } = intent
    const waiting = await stripe.paymentIntents.confirm(intent.id, { payment_method, return_url })
    expect(waiting).toMatchObject({ status: 'requires_action', last_payment_error: null })
    expect(waiting.next_action?.redirect_to_url?.url).toMatch(/^https?:/)
  })

  it('takes no method of another customer', async () => {
    const { id } = await payable(world, 'pm_card_visa')
    const { payment_method } = await customerWith(world, 'pm_card_visa')
    const error = await refusal(confirmed(world, { id, payment_method }))
    expect(error).toMatchObject({ statusCode: 400, param: 'payment_method' })
  })

  it('once cancelled is never confirmed, once paid never cancelled or changed', async () => {
    const cancelled = await payable(world, 'pm_card_visa')
    expect((await stripe.paymentIntents.cancel(cancelled.id)).status).toBe('canceled')
    const refused = { statusCode: 400, code: 'payment_intent_unexpected_state' }
    expect(await refusal(confirmed(world, cancelled))).toMatchObject(refused)
    const paid = await payable(world, 'pm_card_visa')
    await confirmed(world, paid)
    expect(await refusal(stripe.paymentIntents.cancel(paid.id))).toMatchObject(refused)
    expect(await refusal(stripe.paymentIntents.update(paid.id, { amount: 5000 }))).toMatchObject(refused)
  })
})

inEachWorld('a payment whose customer is at the bank', (world) => {
  const { stripe } = world

  async function authenticating() {
    const intent = await payable(world, 'pm_card_authenticationRequired')
    const { payment_method } = intent
    const waiting = await stripe.paymentIntents.confirm(intent.id, { payment_method, return_url })
    expect(waiting.status).toBe('requires_action')
    return { ...intent, customer: String(waiting.customer) }
  }

  it('can be given another amount', async () => {
    const { id } = await authenticating()
    expect((await stripe.paymentIntents.update(id, { amount: 2999 })).amount).toBe(2999)
  })

  it('is to be confirmed again once it is given another method', async () => {
    const { id, customer } = await authenticating()
    const other = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    const changed = await stripe.paymentIntents.update(id, { payment_method: other.id })
    expect(changed).toMatchObject({ status: 'requires_confirmation', payment_method: other.id, next_action: null })
  })

  it('can be confirmed with another method, and is paid', async () => {
    const { id, customer } = await authenticating()
    const other = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    expect((await confirmed(world, { id, payment_method: other.id })).status).toBe('succeeded')
  })

  it('can be cancelled', async () => {
    const { id } = await authenticating()
    expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: 'canceled', next_action: null })
  })
})

inTheEmulator('a payment', (world) => {
  const { stripe } = world

  it('costs the fee of a card', async () => {
    const { latest_charge } = await confirmed(world, await payable(world, 'pm_card_visa', 10_00))
    const [entry] = (await stripe.balanceTransactions.list({ limit: 1 })).data
    expect(entry).toMatchObject({ source: latest_charge, amount: 1000, fee: 59, net: 941 })
  })

  it('is paid when the bank sends the customer back', async () => {
    const { id, payment_method } = await payable(world, 'pm_card_authenticationRequired')
    const waiting = await stripe.paymentIntents.confirm(id, { payment_method, return_url })
    const url = waiting.next_action?.redirect_to_url?.url ?? ''
    const back = await fetch(url, { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect(back.headers.get('location')).toMatch(
      /^https:\/\/perennial.example\/paid\?payment_intent=pi_.*redirect_status=succeeded$/,
    )
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded')
  })

  it('goes back to the start when the customer fails the bank', async () => {
    const intent = await payable(world, 'pm_card_authenticationRequired')
    await stripe.paymentIntents.confirm(intent.id, { payment_method: intent.payment_method })
    await control('POST', 'authenticate', { intent: intent.id, succeeds: false })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.status).toBe('requires_payment_method')
    expect(after.last_payment_error?.code).toBe('payment_intent_authentication_failure')
  })

  it('is not finished at the page of a bank that asked about another method', async () => {
    const { id, payment_method } = await payable(world, 'pm_card_authenticationRequired')
    const { next_action, customer } = await stripe.paymentIntents.confirm(id, { payment_method, return_url })
    const other = await stripe.paymentMethods.attach('pm_card_visa', { customer: String(customer) })
    await stripe.paymentIntents.update(id, { payment_method: other.id })
    await fetch(next_action?.redirect_to_url?.url ?? '', { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_confirmation')
  })

  it('by debit is processing until it settles', async () => {
    const intent = await payable(world, 'pm_usBankAccount_success')
    expect((await confirmed(world, intent)).status).toBe('processing')
    await control('POST', 'settle')
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('with automatic methods wants a return_url, even off-session', async () => {
    const { customer, payment_method } = await customerWith(world, 'pm_card_visa')
    const { id } = await stripe.paymentIntents.create({ amount: 1999, currency: 'usd', customer })
    const error = await refusal(confirmed(world, { id, payment_method }))
    expect(error).toMatchObject({ statusCode: 400, param: 'return_url' })
    const allowed_payment_method_types = ['card' as const]
    const paid = await stripe.paymentIntents.confirm(id, { payment_method, allowed_payment_method_types })
    expect(paid.status).toBe('succeeded')
  })
})
