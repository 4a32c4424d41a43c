import { expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { GatewayUnavailable } from '../../src/payments/gateway.ts'
import { stripeGateway } from '../../src/payments/stripe.ts'
import { newKey, ourAccount, productIn } from './stripe-adapter-words.ts'
import { mark, once } from './stripe-words.ts'
import { control, inEachWorld, inTheEmulator } from './stripe-world.ts'

const pages = { returnUrl: 'https://perennial.example/saved', cancelUrl: 'https://perennial.example/pay' }

inEachWorld('FR-058 a method', (world) => {
  const { gateway, saved, due, tried } = productIn(world)

  it('is attached to a customer who is made for it, and says what may be shown', async () => {
    const account = ourAccount({ email: 'grace@example.com', name: 'Grace' })
    const attached = await gateway.attach({ account, customer: null, token: 'pm_card_mastercard', key: newKey() })
    if (!attached.ok) throw new Error(attached.error.code)
    const { gatewayCustomer, gatewayMethod } = attached.value
    expect(attached.value).toEqual({
      ...{ gatewayCustomer, gatewayMethod, kind: 'card', brand: 'mastercard', last4: '4444' },
      ...{ expiryMonth: expect.any(Number), expiryYear: expect.any(Number) },
    })
    expect(await world.stripe.customers.retrieve(gatewayCustomer)).toMatchObject({
      ...{ email: 'grace@example.com', name: 'Grace' },
      metadata: { perennial_account: encodeId('account', account.id) },
    })
  })

  it('is attached once under one key, and a second one beside it', async () => {
    const account = ourAccount()
    const { gatewayCustomer: customer } = await saved('pm_card_visa')
    const request = { account, customer, token: 'pm_card_amex', key: newKey() }
    const first = await gateway.attach(request)
    expect(await gateway.attach(request)).toEqual(first)
    expect(await gateway.attach({ ...request, key: newKey() })).not.toEqual(first)
    expect((await world.stripe.customers.listPaymentMethods(customer)).data).toHaveLength(3)
  })

  it.each([
    ['pm_card_visa', 'succeeded'],
    ['pm_card_authenticationRequired', 'canceled'],
  ])('FR-069 that is a card is verified without money, and kept: %s, where that has %s', async (token, status) => {
    const { gatewayCustomer: customer, gatewayMethod } = await saved(token)
    const { data: setUps } = await world.stripe.setupIntents.list({ customer })
    expect(setUps).toMatchObject([{ status, usage: 'off_session' }])
    const { data: methods } = await world.stripe.customers.listPaymentMethods(customer)
    expect(methods.map(({ id }) => id)).toEqual([gatewayMethod])
  })

  it.each([
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc'],
    ['pm_gone', 'resource_missing'],
  ])('%s is refused for %s, and nothing is saved', async (token, code) => {
    const { id: customer } = await world.stripe.customers.create({ metadata: mark })
    const refused = await gateway.attach({ account: ourAccount(), customer, token, key: newKey() })
    expect(refused).toMatchObject({ ok: false, error: { code, message: expect.any(String) } })
    expect((await world.stripe.customers.listPaymentMethods(customer)).data).toEqual([])
  })

  it('of a customer who is gone is refused', async () => {
    const request = { account: ourAccount(), customer: 'cus_gone', token: 'pm_card_visa', key: newKey() }
    expect(await gateway.attach(request)).toMatchObject({ ok: false, error: { code: 'resource_missing' } })
  })

  it('is detached, also twice, and can pay no more', async () => {
    const method = await saved('pm_card_visa')
    const payment = await due(method)
    await gateway.detach(method)
    await gateway.detach(method)
    await gateway.detach({ ...method, gatewayMethod: 'pm_gone' })
    expect(await tried(payment)).toEqual({ kind: 'rejected' })
  })
})

inEachWorld('FR-058 the page for a new method', (world) => {
  const { gateway } = productIn(world)

  it('is opened for an account, whose method there is none before it was given', async () => {
    const account = ourAccount()
    const { session, url } = await gateway.setupPage({ account, customer: null, ...pages })
    expect([session, url]).toEqual([expect.stringMatching(/^cs_test_/), expect.stringMatching(/^https?:/)])
    expect(await gateway.methodOfSetup(session, account)).toBeNull()
    expect(await gateway.methodOfSetup('cs_test_gone', account)).toBeNull()
    const { customer, metadata, cancel_url } = await world.stripe.checkout.sessions.retrieve(session)
    expect(cancel_url).toBe(pages.cancelUrl)
    expect(metadata).toEqual({ perennial_account: encodeId('account', account.id) })
    const again = await gateway.setupPage({ account, customer: String(customer), ...pages })
    expect(again.session).not.toBe(session)
  })
})

inTheEmulator('FR-058 the page for a new method', (world) => {
  const { gateway } = productIn(world)

  it('gives it to the account that it was opened for, and to no other', async () => {
    const account = ourAccount()
    const { session } = await gateway.setupPage({ account, customer: null, ...pages })
    const { url } = (await control('POST', 'checkout', { session, payment_method: 'pm_card_visa' })) as { url: string }
    expect(url).toBe(`${pages.returnUrl}?session=${session}`)
    const method = await gateway.methodOfSetup(session, account)
    expect(method).toMatchObject({ kind: 'card', brand: 'visa', last4: '4242' })
    expect(await gateway.methodOfSetup(session, ourAccount())).toBeNull()
    const { customer } = await world.stripe.checkout.sessions.retrieve(session)
    expect(method?.gatewayCustomer).toBe(customer)
  })

  it('does not give it before the bank has agreed', async () => {
    const account = ourAccount()
    const { session, url } = await gateway.setupPage({ account, customer: null, ...pages })
    const body = new URLSearchParams({ payment_method: 'pm_card_authenticationRequired' })
    const toBank = await fetch(url, { method: 'POST', body, redirect: 'manual' })
    expect(await gateway.methodOfSetup(session, account)).toBeNull()
    const bank = toBank.headers.get('location') ?? ''
    await fetch(bank, { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect(await gateway.methodOfSetup(session, account)).toMatchObject({ kind: 'card', last4: '3184' })
  })

  it.each(['drop_before', 'execute_then_drop', 'truncate', 'stored_500', 'rate_limited_429', 'lock_timeout_429'])(
    '%s is no answer, and is not taken for one',
    async (fault) => {
      const account = ourAccount()
      const failing = (operation: string) => control('POST', 'faults', { match: { operation }, fault })
      await failing('post_checkout_sessions')
      await expect(gateway.setupPage({ account, customer: null, ...pages })).rejects.toThrow(GatewayUnavailable)
      const { session } = await gateway.setupPage({ account, customer: null, ...pages })
      await control('POST', 'checkout', { session, payment_method: 'pm_card_visa' })
      await failing('get_checkout_sessions_session')
      await expect(gateway.methodOfSetup(session, account)).rejects.toThrow(GatewayUnavailable)
      expect(await gateway.methodOfSetup(session, account)).toMatchObject({ last4: '4242' })
    },
  )
})

inEachWorld('a key', (world) => {
  const { gateway, saved } = productIn(world)

  it('is of the account that has a customer, also one who was deleted, and of no other', async () => {
    const { gatewayCustomer } = await saved('pm_card_visa')
    expect(await gateway.refusalOfKey(gatewayCustomer)).toBeNull()
    await world.stripe.customers.del(gatewayCustomer)
    expect(await gateway.refusalOfKey(gatewayCustomer)).toBeNull()
    expect(await gateway.refusalOfKey('cus_gone')).toMatchObject({ code: 'resource_missing' })
  })
})

inEachWorld('FR-058 a key that the gateway does not accept', (world) => {
  const { saved, due } = productIn(world)
  const stranger = stripeGateway('sk_nobody', world.url)

  it('is of no account', async () => {
    expect(await stranger.refusalOfKey('cus_gone')).toMatchObject({ code: 'refused' })
  })

  it('says nothing of a method, a page or a payment', async () => {
    const payment = await due(await saved('pm_card_visa'))
    const { method, gatewayPayment } = payment
    const request = { account: ourAccount(), customer: method.gatewayCustomer, token: 'pm_card_visa', key: newKey() }
    await expect(stranger.attach(request)).rejects.toThrow(GatewayUnavailable)
    await expect(stranger.detach(method)).rejects.toThrow(GatewayUnavailable)
    await expect(stranger.methodOfSetup('cs_test_1', ourAccount())).rejects.toThrow(GatewayUnavailable)
    await expect(stranger.retrieve(gatewayPayment)).rejects.toThrow(GatewayUnavailable)
    const confirmed = await stranger.confirm(gatewayPayment, method, { key: once('att_stranger'), returnUrl: null })
    expect(confirmed).toEqual({ kind: 'throttled' })
    expect(await stranger.createPayment(payment.payment, method, 'Invoice JANE-0001')).toEqual({
      ...{ ok: false, error: { kind: 'throttled' } },
    })
  })
})
