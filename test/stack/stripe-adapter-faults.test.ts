import { expect, it } from 'vitest'
import { GatewayUnavailable } from '../../src/payments/gateway.ts'
import { newKey, ourAccount, ourPayment, productIn } from './stripe-adapter-words.ts'
import { control, inTheEmulator } from './stripe-world.ts'

const CREATE = 'post_payment_intents'
const CHANGE = 'post_payment_intents_intent'
const CONFIRM = 'post_payment_intents_intent_confirm'
const CANCEL = 'post_payment_intents_intent_cancel'
const RETRIEVE = 'get_payment_intents_intent'
const ATTACH = 'post_payment_methods_payment_method_attach'
const CUSTOMER = 'post_customers'
const SET_UP = 'post_setup_intents'
const DETACH = 'post_payment_methods_payment_method_detach'

/** Every fault after which the same key may still do what it was for. */
const passing = [
  ['drop_before', {}],
  ['execute_then_drop', {}],
  ['truncate', {}],
  ['conflict_409', {}],
  ['rate_limited_429', {}],
  ['lock_timeout_429', {}],
] as const
/** Stripe repeats a 500 for its key, whether it did what was asked or not. */
const stored = [
  ['stored_500', { executes: 'never' }],
  ['stored_500', { executes: 'before' }],
] as const

const throttles: readonly string[] = ['rate_limited_429', 'lock_timeout_429']
const once = { times: 1, amount: 1999 }
const never = { times: 0, amount: 0 }

inTheEmulator('FR-062 whatever becomes of a request to the gateway', (world) => {
  const { gateway, saved, due, tried, taken } = productIn(world)

  async function failing(operation: string, fault: string, more: object = {}): Promise<void> {
    await control('POST', 'faults', { match: { operation }, times: 1, fault, ...more })
  }

  it.each(passing)('a try under %s is no failure, and the same key takes the money once', async (fault, more) => {
    const payment = await due(await saved('pm_card_visa'))
    const key = newKey()
    await failing(CONFIRM, fault, more)
    expect(await tried(payment, key)).toEqual({ kind: throttles.includes(fault) ? 'throttled' : 'unknown' })
    expect(await tried(payment, key)).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(once)
  })

  it.each(passing)('a try that is declined under %s is declined once it is told', async (fault, more) => {
    const payment = await due(await saved('pm_card_chargeCustomerFail'))
    const key = newKey()
    await failing(CONFIRM, fault, more)
    expect(await tried(payment, key)).toEqual({ kind: throttles.includes(fault) ? 'throttled' : 'unknown' })
    expect(await tried(payment, key)).toMatchObject({ kind: 'declined' })
    const { data } = await world.stripe.charges.list({ payment_intent: payment.gatewayPayment })
    expect(data).toHaveLength(1)
  })

  it('a try that a 500 kept from happening stays unknown under its key, and a new one pays', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const key = newKey()
    await failing(CONFIRM, 'stored_500')
    for (const again of [key, key]) expect(await tried(payment, again)).toEqual({ kind: 'unknown' })
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'unconfirmed' })
    expect(await tried(payment)).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(once)
  })

  it('a try that a 500 hides has succeeded, also when the look at it is lost first', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const key = newKey()
    await failing(CONFIRM, 'stored_500', { executes: 'before' })
    await failing(RETRIEVE, 'drop_before')
    expect(await tried(payment, key)).toEqual({ kind: 'unknown' })
    expect(await tried(payment, key)).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(once)
  })

  it('a try that a 500 puts off is unknown until it has happened', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const key = newKey()
    await failing(CONFIRM, 'stored_500', { executes: 'after' })
    for (const again of [key, key]) expect(await tried(payment, again)).toEqual({ kind: 'unknown' })
    await control('POST', 'settle')
    expect(await tried(payment, key)).toEqual({ kind: 'succeeded' })
    expect(await taken(payment.gatewayPayment)).toEqual(once)
  })

  it('a try that a 500 puts off comes to nothing where another has paid or it was called off meanwhile', async () => {
    const [paid, closed] = [await due(await saved('pm_card_visa')), await due(await saved('pm_card_visa'))]
    for (const payment of [paid, closed]) {
      await failing(CONFIRM, 'stored_500', { executes: 'after' })
      expect(await tried(payment)).toEqual({ kind: 'unknown' })
    }
    expect(await tried(paid)).toEqual({ kind: 'succeeded' })
    expect(await gateway.cancel(closed.gatewayPayment)).toEqual({ kind: 'canceled' })
    await control('POST', 'settle')
    expect([await taken(paid.gatewayPayment), await taken(closed.gatewayPayment)]).toEqual([once, never])
  })

  it('what an earlier try was told is never the answer to one that nothing is known of', async () => {
    const payment = await due(await saved('pm_card_chargeCustomerFail'))
    expect(await tried(payment)).toMatchObject({ kind: 'declined' })
    await gateway.changePayment(payment.gatewayPayment, payment.payment, payment.method, newKey())
    await failing(CONFIRM, 'stored_500')
    expect(await tried(payment)).toEqual({ kind: 'unknown' })
  })

  it.each([...passing, ...stored])('a payment is made under %s %o at most once', async (fault, more) => {
    const method = await saved('pm_card_visa')
    const payment = ourPayment()
    const make = () => gateway.createPayment(payment, method, 'Invoice JANE-0001')
    await failing(CREATE, fault, more)
    if (throttles.includes(fault)) expect(await make()).toEqual({ ok: false, error: { kind: 'throttled' } })
    else await expect(make()).rejects.toThrow(GatewayUnavailable)
    // A day later Stripe has forgotten the 500; until then it answers the same.
    if (fault === 'stored_500') {
      await expect(make()).rejects.toThrow(GatewayUnavailable)
      await control('POST', 'clock', { advance_s: 25 * 3_600 })
    }
    const made = await make()
    if (!made.ok) throw new Error(made.error.kind)
    expect(await make()).toEqual(made)
    expect(await tried({ payment, gatewayPayment: made.value, method })).toEqual({ kind: 'succeeded' })
    const { data } = await world.stripe.charges.list({ customer: method.gatewayCustomer })
    expect(data.map(({ payment_intent }) => payment_intent)).toEqual([made.value])
  })

  it.each(passing)('a payment that was not changed for certain is changed by the same key: %s', async (fault, more) => {
    const { payment, gatewayPayment, method } = await due(await saved('pm_card_visa'))
    const less = { ...payment, amount: 500n }
    const key = newKey()
    await failing(CHANGE, fault, more)
    await expect(gateway.changePayment(gatewayPayment, less, method, key)).rejects.toThrow(GatewayUnavailable)
    expect(await gateway.changePayment(gatewayPayment, less, method, key)).toBe('changed')
    expect(await tried({ payment: less, gatewayPayment, method })).toEqual({ kind: 'succeeded' })
    expect(await taken(gatewayPayment)).toEqual({ times: 1, amount: 500 })
  })

  it('a change that a 500 hides is looked for, and one that it kept from happening is not taken for done', async () => {
    const { payment, gatewayPayment, method } = await due(await saved('pm_card_visa'))
    const changeTo = (amount: bigint) => gateway.changePayment(gatewayPayment, { ...payment, amount }, method, newKey())
    await failing(CHANGE, 'stored_500', { executes: 'before' })
    expect(await changeTo(500n)).toBe('changed')
    await failing(CHANGE, 'stored_500')
    await expect(changeTo(700n)).rejects.toThrow(GatewayUnavailable)
    await failing(CHANGE, 'stored_500', { executes: 'before' })
    await failing(RETRIEVE, 'drop_before')
    await expect(changeTo(900n)).rejects.toThrow(GatewayUnavailable)
  })

  it.each([...passing, ...stored])(
    'a payment is closed for certain, or nothing is known: %s %o',
    async (fault, more) => {
      const payment = await due(await saved('pm_card_visa'))
      await failing(CANCEL, fault, more)
      expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'unknown' })
      expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'canceled' })
      expect(await taken(payment.gatewayPayment)).toEqual(never)
    },
  )

  it.each([...passing, ...stored])('a look under %s %o is no answer', async (fault, more) => {
    const payment = await due(await saved('pm_card_visa'))
    await tried(payment)
    await failing(RETRIEVE, fault, more)
    await expect(gateway.retrieve(payment.gatewayPayment)).rejects.toThrow(GatewayUnavailable)
    expect(await gateway.retrieve(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
    await failing(RETRIEVE, fault, more)
    expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'unknown' })
    expect(await gateway.cancel(payment.gatewayPayment)).toEqual({ kind: 'succeeded' })
  })

  it.each(passing.flatMap(([fault]) => [CUSTOMER, ATTACH, SET_UP].map((operation) => [fault, operation])))(
    'a method is attached once under %s of %s',
    async (fault = '', operation = '') => {
      const account = ourAccount({ email: `${newKey()}@example.com` })
      const request = { account, customer: null, token: 'pm_card_visa', key: newKey() }
      await failing(operation, fault)
      await expect(gateway.attach(request)).rejects.toThrow(GatewayUnavailable)
      const attached = await gateway.attach(request)
      if (!attached.ok) throw new Error(attached.error.code)
      const { data: customers } = await world.stripe.customers.list({ email: account.email })
      expect(customers.map(({ id }) => id)).toEqual([attached.value.gatewayCustomer])
      const { data: methods } = await world.stripe.customers.listPaymentMethods(attached.value.gatewayCustomer)
      expect(methods.map(({ id }) => id)).toEqual([attached.value.gatewayMethod])
    },
  )

  it.each(passing)('a method is detached for certain, or it is said: %s', async (fault, more) => {
    const method = await saved('pm_card_visa')
    await failing(DETACH, fault, more)
    await expect(gateway.detach(method)).rejects.toThrow(GatewayUnavailable)
    await gateway.detach(method)
    expect((await world.stripe.customers.listPaymentMethods(method.gatewayCustomer)).data).toEqual([])
  })
})
