import { expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { GatewayUnavailable } from '../../src/payments/gateway.ts'
import { inEuros, newKey, ourPayment, productIn } from './stripe-adapter-words.ts'
import { control, inEachWorld, inTheEmulator } from './stripe-world.ts'

const returnUrl = 'https://perennial.example/paid'
const genericDecline = { kind: 'declined', decline: { kind: 'soft', code: 'generic_decline' } }
const twentyDollars = { times: 1, amount: 1999 }
const nothing = { times: 0, amount: 0 }

inEachWorld('FR-058 the gateway’s payment', (world) => {
  const { gateway, saved, due, tried, taken } = productIn(world)

  it('is made once, says whose it is, and waits to be confirmed', async () => {
    const { payment, gatewayPayment, method } = await due(await saved('pm_card_visa'))
    expect(await gateway.createPayment(payment, method, 'Invoice JANE-0001')).toEqual({
      ...{ ok: true, value: gatewayPayment },
    })
    const intent = await world.stripe.paymentIntents.retrieve(gatewayPayment)
    expect(intent).toMatchObject({ amount: 1999, currency: 'usd', customer: method.gatewayCustomer })
    expect(intent.metadata).toEqual({
      perennial_payment: encodeId('payment', payment.id),
      perennial_invoice: encodeId('invoice', payment.invoiceId),
      perennial_account: encodeId('account', payment.accountId),
    })
    expect(await gateway.retrieve(gatewayPayment)).toEqual({ kind: 'unconfirmed' })
  })

  it('is not made with a method that is gone, and then made with another', async () => {
    const method = await saved('pm_card_visa')
    const payment = ourPayment()
    const gone = await gateway.createPayment(payment, { ...method, gatewayMethod: 'pm_gone' }, 'Invoice JANE-0001')
    expect(gone).toEqual({ ok: false, error: { kind: 'rejected' } })
    const made = await gateway.createPayment(payment, method, 'Invoice JANE-0001')
    expect(made).toMatchObject({ ok: true })
    if (made.ok) expect(await tried({ payment, gatewayPayment: made.value, method })).toEqual({ kind: 'succeeded' })
  })

  it('is brought to another amount', async () => {
    const { payment, gatewayPayment, method } = await due(await saved('pm_card_visa'))
    expect(await gateway.changePayment(gatewayPayment, { ...payment, amount: 500n }, method, newKey())).toBe('changed')
    expect(await tried({ payment, gatewayPayment, method })).toEqual({ kind: 'succeeded' })
    expect(await taken(gatewayPayment)).toEqual({ times: 1, amount: 500 })
  })

  it('is not brought to what the gateway refuses, and is as it was', async () => {
    const { payment, gatewayPayment, method } = await due(await saved('pm_card_visa'))
    const change = (about: object, by = method) =>
      gateway.changePayment(gatewayPayment, { ...payment, ...about }, by, newKey())
    expect(await change({ amount: 1n })).toBe('refused')
    expect(await change({}, { ...method, gatewayMethod: 'pm_gone' })).toBe('refused')
    expect(await change({}, await saved('pm_card_visa'))).toBe('refused')
    expect(await world.stripe.paymentIntents.retrieve(gatewayPayment)).toMatchObject({
      ...{ amount: 1999, payment_method: method.gatewayMethod, status: 'requires_confirmation' },
    })
  })

  it('is closed for good, also twice, and nothing is taken of it', async () => {
    const { gatewayPayment, ...rest } = await due(await saved('pm_card_visa'))
    expect(await gateway.cancel(gatewayPayment)).toEqual({ kind: 'canceled' })
    expect(await gateway.cancel(gatewayPayment)).toEqual({ kind: 'canceled' })
    expect(await gateway.retrieve(gatewayPayment)).toEqual({ kind: 'canceled' })
    expect(await tried({ gatewayPayment, ...rest })).toEqual({ kind: 'canceled' })
    expect(await gateway.changePayment(gatewayPayment, rest.payment, rest.method, newKey())).toBe('closed')
    expect(await taken(gatewayPayment)).toEqual(nothing)
  })

  it('that is not there is no answer to any question', async () => {
    await expect(gateway.retrieve('pi_gone')).rejects.toThrow(GatewayUnavailable)
    expect(await gateway.cancel('pi_gone')).toEqual({ kind: 'unknown' })
    const change = gateway.changePayment('pi_gone', ourPayment(), await saved('pm_card_visa'), newKey())
    expect(await change).toBe('refused')
  })
})

inEachWorld('FR-059 a try', (world) => {
  const { gateway, saved, savedDebit, due, tried, taken } = productIn(world)

  it('succeeds, once, whatever is asked for afterwards', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const key = newKey()
    for (const again of [key, key, newKey()]) expect(await tried(payment, again)).toEqual({ kind: 'succeeded' })
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
    expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
    const change = gateway.changePayment(payment.gatewayPayment, payment.payment, payment.method, newKey())
    expect(await change).toBe('closed')
    expect(await taken(payment.gatewayPayment)).toEqual(twentyDollars)
  })

  it('is declined, the same under the same key, and another method pays', async () => {
    const payment = await due(await saved('pm_card_chargeCustomerFail'))
    const key = newKey()
    for (const again of [key, key]) expect(await tried(payment, again)).toEqual(genericDecline)
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual(genericDecline)
    const { gatewayCustomer } = payment.method
    const other = await world.stripe.paymentMethods.attach('pm_card_mastercard', { customer: gatewayCustomer })
    const method = { ...payment.method, gatewayMethod: other.id }
    const change = gateway.changePayment(payment.gatewayPayment, payment.payment, method, newKey())
    expect(await change).toBe('changed')
    // What the first try said is no word on the second.
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'unconfirmed' })
    expect(await tried({ ...payment, method })).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(twentyDollars)
  })

  it('of a card whose bank asks for the customer takes nothing while they are not there', async () => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    expect(await tried(payment)).toEqual({ kind: 'authentication_required' })
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'authentication_required' })
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })

  it('sends a customer who is there to the bank, and can be called off', async () => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    const waiting = { kind: 'authenticating', url: expect.stringMatching(/^https?:/) }
    expect(await tried(payment, newKey(), returnUrl)).toEqual(waiting)
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual(waiting)
    expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'canceled' })
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })

  it('after the customer went to the bank takes another method', async () => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    await tried(payment, newKey(), returnUrl)
    const { gatewayCustomer } = payment.method
    const other = await world.stripe.paymentMethods.attach('pm_card_visa', { customer: gatewayCustomer })
    const method = { ...payment.method, gatewayMethod: other.id }
    const change = gateway.changePayment(payment.gatewayPayment, payment.payment, method, newKey())
    expect(await change).toBe('changed')
    expect(await tried({ ...payment, method })).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(twentyDollars)
  })

  it('of another customer’s method is rejected, and nothing is taken', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const method = await saved('pm_card_visa')
    expect(await tried({ ...payment, method })).toEqual({ kind: 'rejected' })
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'unconfirmed' })
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })

  it('of a debit is on its way, cannot be tried twice, and arrives', async () => {
    const payment = await due(await savedDebit(), inEuros)
    for (const key of [newKey(), newKey()]) expect(await tried(payment, key)).toEqual({ kind: 'processing' })
    const change = gateway.changePayment(payment.gatewayPayment, payment.payment, payment.method, newKey())
    expect(await change).toBe('closed')
    await world.settles()
    await world.eventually(() => gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(twentyDollars)
  })

  it('of a debit that comes back is declined', async () => {
    const payment = await due(await savedDebit('DE62370400440532013001'), inEuros)
    expect(await tried(payment)).toEqual({ kind: 'processing' })
    await world.settles()
    await world.eventually(() => gateway.retrieve(payment.gatewayPayment)).toMatchObject({ kind: 'declined' })
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })

  it('of a card is followed by one of a debit, once the payment allows it', async () => {
    const debit = await savedDebit()
    const card = await world.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: debit.gatewayCustomer,
    })
    const payment = await due({ ...debit, gatewayMethod: card.id, kind: 'card' }, inEuros)
    expect(await tried(payment)).toEqual(genericDecline)
    expect(await tried({ ...payment, method: debit })).toEqual({ kind: 'rejected' })
    const change = gateway.changePayment(payment.gatewayPayment, payment.payment, debit, newKey())
    expect(await change).toBe('changed')
    expect(await tried({ ...payment, method: debit })).toEqual({ kind: 'processing' })
  })
})

inTheEmulator('FR-059 a try', (world) => {
  const { gateway, saved, due, tried, taken } = productIn(world)
  const declines = (about: object) =>
    control('POST', 'faults', {
      ...{ match: { operation: 'post_payment_intents_intent_confirm' }, times: 1, fault: 'decline', ...about },
    })

  it.each([
    ['insufficient_funds', undefined, 'soft'],
    ['lost_card', undefined, 'hard'],
    ['expired_card', undefined, 'customer'],
    ['incorrect_cvc', undefined, 'customer'],
    ['no_such_code', undefined, 'soft'],
    ['insufficient_funds', 'do_not_try_again', 'hard'],
    ['lost_card', 'try_again_later', 'soft'],
    ['generic_decline', 'confirm_card_data', 'customer'],
  ])('declined for %s with the advice %s is %s, asked or looked up', async (decline_code, advice_code, kind) => {
    const payment = await due(await saved('pm_card_visa'))
    await declines({ decline_code, advice_code })
    const declined = { kind: 'declined', decline: { kind, code: decline_code } }
    expect(await tried(payment)).toEqual(declined)
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual(declined)
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })

  it.each([
    ['yes', { kind: 'succeeded' }, twentyDollars],
    ['no', { kind: 'declined', decline: { kind: 'customer', code: 'payment_intent_authentication_failure' } }, nothing],
  ])('is decided by the customer, who tells the bank %s', async (answer, outcome, sum) => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    const key = newKey()
    const waiting = await tried(payment, key, returnUrl)
    const url = waiting.kind === 'authenticating' ? (waiting.url ?? '') : ''
    const back = await fetch(url, { method: 'POST', body: `answer=${answer}`, redirect: 'manual' })
    expect(back.headers.get('location')).toMatch(/^https:\/\/perennial\.example\/paid\?/)
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual(outcome)
    // The key's answer is the one of then; how it stands is told by a look.
    expect(await tried(payment, key, returnUrl)).toEqual(waiting)
    expect(await taken(payment.gatewayPayment)).toEqual(sum)
  })

  it('succeeds at the bank while it is called off: the money is told of', async () => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    await tried(payment, newKey(), returnUrl)
    await control('POST', 'authenticate', { intent: payment.gatewayPayment, succeeds: true })
    expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
  })

  it('calls off what the bank was asked before: its page takes nothing any more', async () => {
    const payment = await due(await saved('pm_card_authenticationRequired'))
    const waiting = await tried(payment, newKey(), returnUrl)
    const less = { ...payment.payment, amount: 500n }
    await gateway.changePayment(payment.gatewayPayment, less, payment.method, newKey())
    const url = waiting.kind === 'authenticating' ? (waiting.url ?? '') : ''
    await fetch(url, { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'unconfirmed' })
    expect(await taken(payment.gatewayPayment)).toEqual(nothing)
  })
})
