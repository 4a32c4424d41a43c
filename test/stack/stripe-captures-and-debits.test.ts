import { expect, it } from 'vitest'
import { confirmed, customerWith, customerWithDebit, mark, payable, refusal } from './stripe-words.ts'
import { clientOf, control, emulated, emulator, inEachWorld, inTheEmulator } from './stripe-world.ts'

const day_s = 24 * 60 * 60

/** 19.99 that the card's issuer keeps aside. */
async function authorized({ stripe } = emulated): Promise<{ id: string; charge: string }> {
  const intent = await stripe.paymentIntents.create({
    ...{ amount: 1999, currency: 'usd', capture_method: 'manual', payment_method: 'pm_card_visa', confirm: true },
    ...{ allowed_payment_method_types: ['card'], metadata: mark },
  })
  expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 1999, amount_received: 0 })
  return { id: intent.id, charge: String(intent.latest_charge) }
}

inEachWorld('an authorization', (world) => {
  const { stripe, eventually } = world

  it('is captured in part, once, and only that part is money', async () => {
    const { id, charge } = await authorized(world)
    expect(await stripe.charges.retrieve(charge)).toMatchObject({
      ...{ captured: false, paid: true, amount_captured: 0, balance_transaction: null },
      payment_method_details: { card: { capture_before: expect.any(Number) } },
    })
    const captured = await stripe.paymentIntents.capture(id, { amount_to_capture: 1500 })
    expect(captured).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 1500 })
    const find = () => stripe.charges.retrieve(charge, { expand: ['balance_transaction'] })
    const settled = { captured: true, amount_captured: 1500, balance_transaction: { amount: 1500 } }
    await eventually(find).toMatchObject(settled)
    expect(await refusal(stripe.paymentIntents.capture(id))).toMatchObject({ code: 'payment_intent_unexpected_state' })
    expect((await stripe.refunds.create({ payment_intent: id })).amount).toBe(1500)
  })

  it.each([
    ['more than is authorized', { amount_to_capture: 2000 }],
    ['nothing', { amount_to_capture: 0 }],
  ])('is not captured for %s', async (_, parameters) => {
    const { id } = await authorized(world)
    expect(await refusal(stripe.paymentIntents.capture(id, parameters))).toMatchObject({ statusCode: 400 })
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_capture')
  })

  it('is let go by cancelling', async () => {
    const { id, charge } = await authorized(world)
    expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: 'canceled', amount_capturable: 0 })
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ refunded: true, amount_refunded: 1999 })
  })
})

inTheEmulator('an authorization', (world) => {
  const { stripe } = world

  it('is not captured in several parts, nor refunded before', async () => {
    const { id } = await authorized()
    const several = stripe.paymentIntents.capture(id, { final_capture: false })
    expect(await refusal(several)).toMatchObject({ statusCode: 400 })
    expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ param: 'payment_intent' })
  })

  it('lasts seven days', async () => {
    const client = clientOf(emulator, 'sk_test_authorized')
    const { id } = await authorized({ ...world, stripe: client })
    await control('POST', 'clock', { advance_s: 7 * day_s - 60 }, 'sk_test_authorized')
    expect((await client.paymentIntents.retrieve(id)).status).toBe('requires_capture')
    await control('POST', 'clock', { advance_s: 60 }, 'sk_test_authorized')
    const canceled = await client.paymentIntents.retrieve(id)
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' })
  })

  it('is nothing a bank account can give', async () => {
    const { customer, payment_method } = await customerWith(world, 'pm_usBankAccount_success')
    const { id } = await stripe.paymentIntents.create({
      ...{ amount: 1999, currency: 'usd', customer, capture_method: 'manual' },
      allowed_payment_method_types: ['us_bank_account'],
    })
    expect(await refusal(confirmed(world, { id, payment_method }))).toMatchObject({ param: 'capture_method' })
  })
})

inEachWorld('a debit with its mandate', (world) => {
  const { stripe, eventually } = world

  async function debited(iban?: string): Promise<string> {
    const { customer, payment_method } = await customerWithDebit(world, iban)
    const intent = await stripe.paymentIntents.create({
      ...{ amount: 1999, currency: 'eur', customer, payment_method, confirm: true, off_session: true },
      allowed_payment_method_types: ['sepa_debit'],
    })
    expect(intent.status).toBe('processing')
    return intent.id
  }

  it('is processing, cannot be confirmed or changed, and succeeds', async () => {
    const id = await debited()
    const closed = { code: 'payment_intent_unexpected_state' }
    expect(await refusal(stripe.paymentIntents.confirm(id))).toMatchObject(closed)
    expect(await refusal(stripe.paymentIntents.update(id, { amount: 2999 }))).toMatchObject(closed)
    await world.settles()
    await eventually(async () => (await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded')
  })

  it('is processing and fails', async () => {
    const id = await debited('DE62370400440532013001')
    await world.settles()
    await eventually(async () => (await stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method')
  })
})

/** A debit of 19.99 EUR on its way. */
async function debited(token: string, client = emulated.stripe): Promise<string> {
  const { id: customer } = await client.customers.create({ name: 'Ada', email: 'ada@example.com' })
  const { id: payment_method } = await client.paymentMethods.attach(token, { customer })
  const intent = await client.paymentIntents.create({
    ...{ amount: 1999, currency: 'eur', customer, payment_method, confirm: true, off_session: true },
    allowed_payment_method_types: ['sepa_debit'],
  })
  expect(intent.status).toBe('processing')
  return intent.id
}

inTheEmulator('a debit', (world) => {
  const { stripe } = world

  it.each([
    ['pm_success_de', 'succeeded', undefined],
    ['pm_successDelayed_de', 'succeeded', undefined],
    ['pm_failed_de', 'requires_payment_method', 'payment_intent_payment_attempt_failed'],
    ['pm_insufficientFunds_de', 'requires_payment_method', 'insufficient_funds'],
    ['pm_exceedsWeeklyVolumeLimit_de', 'requires_payment_method', 'charge_exceeds_source_limit'],
  ])('from %s ends %s', async (token, status, code) => {
    const id = await debited(token)
    await control('POST', 'settle')
    const intent = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })
    expect([intent.status, intent.last_payment_error?.code]).toEqual([status, code])
    expect(intent.latest_charge).toMatchObject({ payment_method_details: { type: 'sepa_debit' } })
  })

  it.each([
    ['pm_usBankAccount_debitNotAuthorized', 'requires_payment_method', 'debit_not_authorized'],
    ['pm_usBankAccount_noAccount', 'requires_payment_method', 'no_account'],
    ['pm_usBankAccount_processing', 'processing', undefined],
  ])('from %s stays or ends %s', async (token, status, code) => {
    const intent = await payable(world, token)
    await confirmed(world, intent)
    await control('POST', 'settle')
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect([after.status, after.last_payment_error?.code]).toEqual([status, code])
  })

  it.each([
    ['pm_success_de', [1999], 'charge'],
    ['pm_failed_de', [-1999, 1999], 'charge_failure'],
  ])(
    'from %s is in the books from its first day, and comes back in an entry of its own: %j',
    async (token, amounts, last) => {
      const key = `sk_test_books_${token}`
      const client = clientOf(emulator, key)
      const id = await debited(token, client)
      const { data } = await client.balanceTransactions.list()
      expect(data).toMatchObject([{ amount: 1999, type: 'payment', reporting_category: 'charge', status: 'pending' }])
      await control('POST', 'settle', undefined, key)
      const books = (await client.balanceTransactions.list({ expand: ['data.source'] })).data
      expect(books.map(({ amount }) => amount)).toEqual(amounts)
      expect(books[0]).toMatchObject({ reporting_category: last, source: { payment_intent: id } })
      const net = amounts.length === 1 ? 1999 - 88 : 0
      expect(await control('GET', 'payments', undefined, key)).toMatchObject({ balance: { eur: net } })
      expect(await control('GET', 'bugs', undefined, key)).toEqual([])
    },
  )

  it('arrives by itself after five days, and its money two days later', async () => {
    const dated = 'sk_test_dated'
    const client = clientOf(emulator, dated)
    const id = await debited('pm_success_de', client)
    await control('POST', 'clock', { advance_s: 5 * day_s - 60 }, dated)
    expect((await client.paymentIntents.retrieve(id)).status).toBe('processing')
    expect(await control('POST', 'clock', { advance_s: 60 }, dated)).toMatchObject({
      settled: [{ id, status: 'succeeded' }],
    })
    const statusOfMoney = async () => (await client.balanceTransactions.list()).data.map(({ status }) => status)
    expect(await statusOfMoney()).toEqual(['pending'])
    await control('POST', 'clock', { advance_s: 2 * day_s }, dated)
    expect(await statusOfMoney()).toEqual(['available'])
    expect(await control('GET', 'bugs', undefined, dated)).toEqual([])
  })

  it('is set up by the number of its account, with a mandate', async () => {
    const { id: customer } = await stripe.customers.create({ name: 'Ada' })
    const method = await stripe.paymentMethods.create({
      type: 'sepa_debit',
      sepa_debit: { iban: 'DE89 3704 0044 0532 0130 00' },
      billing_details: { name: 'Ada', email: 'ada@example.com' },
    })
    expect(method.sepa_debit).toMatchObject({ last4: '3000', country: 'DE' })
    const terms = { customer, payment_method: method.id, confirm: true }
    const setup = await stripe.setupIntents.create({ ...terms, allowed_payment_method_types: ['sepa_debit'] })
    expect(setup).toMatchObject({ status: 'succeeded', mandate: expect.stringMatching(/^mandate_/) })
    const bank = {
      account_number: '000123456789',
      routing_number: '110000000',
      account_holder_type: 'company' as const,
    }
    const account = await stripe.paymentMethods.create({ type: 'us_bank_account', us_bank_account: bank })
    expect(account.us_bank_account?.last4).toBe('6789')
    const unknown = { type: 'sepa_debit' as const, sepa_debit: { iban: 'DE00' } }
    expect(await refusal(stripe.paymentMethods.create(unknown))).toMatchObject({ param: 'sepa_debit[iban]' })
  })

  it('takes its own currency only', async () => {
    const { customer, payment_method } = await customerWith(world, 'pm_success_de')
    const { id } = await stripe.paymentIntents.create({
      ...{ amount: 1999, currency: 'usd', customer },
      allowed_payment_method_types: ['sepa_debit'],
    })
    const error = await refusal(confirmed(world, { id, payment_method }))
    expect(error).toMatchObject({ code: 'payment_method_currency_mismatch' })
  })
})

inTheEmulator('a balance transaction', () => {
  it('is listed by its day, and at once available where the card says so', async () => {
    const booked = 'sk_test_booked'
    const client = clientOf(emulator, booked)
    const pay = (payment_method: string) =>
      client.paymentIntents.create({
        ...{ amount: 1999, currency: 'usd', payment_method, confirm: true },
        allowed_payment_method_types: ['card'],
      })
    await pay('pm_card_visa')
    await control('POST', 'clock', { advance_s: day_s }, booked)
    await pay('pm_card_bypassPending')
    const { data } = await client.balanceTransactions.list()
    expect(data.map(({ status }) => status)).toEqual(['available', 'pending'])
    const [second, first] = data
    expect(second?.available_on).toBe(second?.created)
    const before = await client.balanceTransactions.list({ created: { lt: second?.created ?? 0 } })
    expect(before.data.map(({ id }) => id)).toEqual([first?.id])
    const from = await client.balanceTransactions.list({ created: { gte: second?.created ?? 0 } })
    expect(from.data.map(({ id }) => id)).toEqual([second?.id])
    expect(await refusal(client.balanceTransactions.list({ payout: 'po_1' }))).toMatchObject({ param: 'payout' })
    expect(await control('GET', 'payments', undefined, booked)).toMatchObject({
      ...{ succeeded_count: 2, captured_charges: 2, captured: { usd: 3998 }, balance: { usd: 2 * (1999 - 88) } },
    })
  })
})
