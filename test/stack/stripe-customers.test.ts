import { expect, it } from 'vitest'
import { customerWith, mark, refusal, someone } from './stripe-words.ts'
import { inEachWorld } from './stripe-world.ts'

inEachWorld('a customer', (world) => {
  const { stripe } = world

  it('is created, changed, found and deleted', async () => {
    const { customer, payment_method } = await customerWith(world, 'pm_card_amex')
    const email = someone()
    const changed = await stripe.customers.update(customer, {
      ...{ name: 'Grace', email, phone: '', metadata: { account: '', plan: 'pro' } },
      invoice_settings: { default_payment_method: payment_method },
    })
    expect(changed).toMatchObject({ name: 'Grace', email, phone: null })
    expect(changed.metadata).toEqual({ ...mark, plan: 'pro' })
    expect((await stripe.customers.list({ email })).data.map(({ id }) => id)).toEqual([customer])
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
    const { id } = await stripe.customers.create({ metadata: mark })
    const error = await refusal(stripe.paymentMethods.attach(token, { customer: id }))
    expect(error).toMatchObject({ statusCode: 402, code })
    // The SDK turns a missing decline code into an empty one.
    expect(error.decline_code || undefined).toBe(decline_code)
    expect((await stripe.customers.listPaymentMethods(id)).data).toEqual([])
  })

  it('saves a card by a SetupIntent', async () => {
    const { id } = await stripe.customers.create({ metadata: mark })
    const setup = await stripe.setupIntents.create({
      ...{ customer: id, payment_method: 'pm_card_visa', confirm: true },
      allowed_payment_method_types: ['card'],
    })
    expect(setup.status).toBe('succeeded')
    const saved = await stripe.customers.listPaymentMethods(id)
    expect(saved.data.map((method) => method.id)).toEqual([setup.payment_method])
  })

  it('is listed in pages, newest first', async () => {
    const email = someone()
    const names = ['customer 0', 'customer 1', 'customer 2', 'customer 3', 'customer 4']
    for (const name of names) await stripe.customers.create({ name, email, metadata: mark })
    const first = await stripe.customers.list({ email, limit: 3 })
    expect([first.data.map(({ name }) => name), first.has_more]).toEqual([names.slice(2).toReversed(), true])
    const second = await stripe.customers.list({ email, limit: 3, starting_after: first.data[2]?.id ?? '' })
    expect([second.data.map(({ name }) => name), second.has_more]).toEqual([['customer 1', 'customer 0'], false])
    expect(await refusal(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
  })
})
