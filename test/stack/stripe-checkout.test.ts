import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { mark, refusal } from './stripe-words.ts'
import { clientOf, control, emulated, emulator, inEachWorld, inTheEmulator } from './stripe-world.ts'

const successUrl = 'http://127.0.0.1:9/saved?session={CHECKOUT_SESSION_ID}'

type Opened = { readonly customer: string; readonly session: Stripe.Checkout.Session }

/** The page that a customer updates the card on. */
async function opened({ stripe } = emulated, parameters: Stripe.Checkout.SessionCreateParams = {}): Promise<Opened> {
  const { id: customer } = await stripe.customers.create({ name: 'Ada', email: 'ada@example.com', metadata: mark })
  const session = await stripe.checkout.sessions.create({
    ...{ mode: 'setup', currency: 'usd', customer, success_url: successUrl },
    setup_intent_data: { metadata: { account: 'acc_1' } },
    ...parameters,
  })
  return { customer, session }
}

inEachWorld('a Checkout Session in setup mode', (world) => {
  const { stripe } = world

  it('is opened with its SetupIntent, which nobody else confirms or cancels', async () => {
    const { customer, session } = await opened(world, { metadata: { purpose: 'update' } })
    expect(session).toMatchObject({ status: 'open', mode: 'setup', payment_status: 'no_payment_required', customer })
    expect(session).toMatchObject({ metadata: { purpose: 'update' }, url: expect.stringMatching(/^https?:/) })
    const setup = await stripe.setupIntents.retrieve(String(session.setup_intent))
    expect(setup).toMatchObject({ customer, metadata: { account: 'acc_1' }, status: 'requires_payment_method' })
    expect(await refusal(stripe.setupIntents.cancel(setup.id))).toMatchObject({ statusCode: 400 })
    expect(await refusal(stripe.setupIntents.confirm(setup.id))).toMatchObject({ statusCode: 400 })
    const found = await stripe.checkout.sessions.list({ customer, status: 'open' })
    expect(found.data.map(({ id }) => id)).toEqual([session.id])
  })

  it('is ended by request, and not twice', async () => {
    const { session } = await opened(world)
    expect(await stripe.checkout.sessions.expire(session.id)).toMatchObject({ status: 'expired', url: null })
    expect(await refusal(stripe.checkout.sessions.expire(session.id))).toMatchObject({ statusCode: 400 })
  })

  it.each<[string, Stripe.Checkout.SessionCreateParams, object]>([
    ['no page to go back to', { success_url: '' }, { statusCode: 400 }],
    ['no customer of ours', { customer: 'cus_gone' }, { code: 'resource_missing' }],
    ['no time left', { expires_at: 1 }, { param: 'expires_at' }],
  ])('is refused: %s', async (_, parameters, expected) => {
    expect(await refusal(opened(world, parameters))).toMatchObject(expected)
  })
})

function submitted(url: string, payment_method: string): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams({ payment_method }), redirect: 'manual' })
}

inTheEmulator('a Checkout Session in setup mode', (world) => {
  const { stripe } = world

  it('offers what suits its currency, and knows the customer', async () => {
    const { session } = await opened()
    expect(session).toMatchObject({
      ...{ payment_method_types: ['card', 'us_bank_account'], customer_details: { email: 'ada@example.com' } },
    })
  })

  it('is completed on its page: the method is saved and the customer sent back', async () => {
    const { customer, session } = await opened()
    const page = await fetch(session.url ?? '')
    expect(await page.text()).toContain('<option>pm_card_visa</option>')
    const back = await submitted(session.url ?? '', 'pm_card_visa')
    expect([back.status, back.headers.get('location')]).toEqual([303, `http://127.0.0.1:9/saved?session=${session.id}`])
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent.payment_method'] })
    expect(done).toMatchObject({ status: 'complete', url: null })
    expect(done.setup_intent).toMatchObject({ status: 'succeeded', payment_method: { customer, type: 'card' } })
    const [event] = (await stripe.events.list({ type: 'checkout.session.completed' })).data
    expect(event?.data.object).toMatchObject({ id: session.id, status: 'complete' })
    expect((await submitted(session.url ?? '', 'pm_card_visa')).status).toBe(303)
    expect((await stripe.customers.listPaymentMethods(customer)).data).toHaveLength(1)
  })

  it('shows a decline and stays open', async () => {
    const { customer, session } = await opened()
    const declined = await submitted(session.url ?? '', 'pm_card_visa_chargeDeclinedInsufficientFunds')
    expect([declined.status, await declined.text()]).toEqual([402, expect.stringContaining('insufficient funds')])
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
    expect((await stripe.customers.listPaymentMethods(customer)).data).toEqual([])
  })

  it('goes by the bank where the card wants it, both ways', async () => {
    const { session } = await opened()
    const bank = (await submitted(session.url ?? '', 'pm_card_authenticationRequired')).headers.get('location') ?? ''
    const answer = (yes: string) => fetch(bank, { method: 'POST', body: `answer=${yes}`, redirect: 'manual' })
    const failed = (await answer('no')).headers.get('location') ?? ''
    expect(failed.startsWith(session.url ?? 'none')).toBe(true)
    expect((await fetch(failed)).status).toBe(200)
    await submitted(session.url ?? '', 'pm_card_authenticationRequired')
    const back = (await answer('yes')).headers.get('location') ?? ''
    const last = await fetch(back, { redirect: 'manual' })
    expect(last.headers.get('location')).toBe(`http://127.0.0.1:9/saved?session=${session.id}`)
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('complete')
  })

  it('is completed by the control route too', async () => {
    const { session } = await opened()
    const pay = (about: object) => control('POST', 'checkout', { session: session.id, ...about })
    await expect(pay({ payment_method: 'pm_card_visa_chargeDeclined' })).rejects.toThrow('card_declined')
    expect(await pay({ payment_method: 'pm_card_authenticationRequired', succeeds: false })).toMatchObject({
      status: 'open',
    })
    expect(await pay({ payment_method: 'pm_card_mastercard' })).toEqual({
      ...{ id: session.id, status: 'complete', url: `http://127.0.0.1:9/saved?session=${session.id}` },
    })
    await expect(pay({ payment_method: 'pm_card_visa' })).rejects.toThrow('No open')
  })

  it('that is ended leaves nothing to go on with', async () => {
    const { session } = await opened()
    await stripe.checkout.sessions.expire(session.id)
    expect((await stripe.setupIntents.retrieve(String(session.setup_intent))).status).toBe('canceled')
    expect((await fetch(session.url ?? '')).status).toBe(410)
  })

  it('expires after a day', async () => {
    const slept = 'sk_test_slept'
    const client = clientOf(emulator, slept)
    const { session } = await opened({ ...world, stripe: client })
    await control('POST', 'clock', { advance_s: 24 * 3600 - 60 }, slept)
    expect((await client.checkout.sessions.retrieve(session.id)).status).toBe('open')
    await control('POST', 'clock', { advance_s: 60 }, slept)
    expect((await client.checkout.sessions.retrieve(session.id)).status).toBe('expired')
    expect((await client.events.list({ types: ['checkout.session.expired'] })).data).toHaveLength(1)
  })

  it.each<[string, Stripe.Checkout.SessionCreateParams]>([
    ['another mode', { mode: 'payment' }],
    ['line items', { line_items: [{ price: 'price_1' }] }],
  ])('is not served: %s', async (_, parameters) => {
    expect(await refusal(opened(world, parameters))).toMatchObject({ statusCode: 501 })
  })
})
