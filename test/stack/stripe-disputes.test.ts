import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { confirmed, mark, payable, refusal } from './stripe-words.ts'
import { clientOf, control, emulator, inEachWorld, inTheEmulator, type World } from './stripe-world.ts'

const day_s = 24 * 60 * 60

type Disputed = { readonly payment_intent: string; readonly dispute: Stripe.Dispute }

/** A payment of 19.99 by this card, and its dispute. */
async function disputed(world: World, token = 'pm_card_createDispute'): Promise<Disputed> {
  const { id } = await confirmed(world, await payable(world, token))
  const find = () => world.stripe.disputes.list({ payment_intent: id })
  await world.eventually(async () => (await find()).data).toHaveLength(1)
  const [dispute] = (await find()).data
  if (!dispute) throw new Error(`${token} was not disputed`)
  return { payment_intent: id, dispute }
}

async function eventsOf({ stripe }: World, dispute: Stripe.Dispute): Promise<string[]> {
  const { data } = await stripe.events.list({ type: 'charge.dispute.*' })
  const ours = data.filter(({ data: { object } }) => 'id' in object && object.id === dispute.id)
  return ours.map(({ type }) => type.replace('charge.dispute.', '')).toReversed()
}

/** Amounts of the dispute's movements, with their fees. */
function moneyOf({ balance_transactions }: Stripe.Dispute): number[][] {
  return balance_transactions.map(({ amount, fee, net }) => [amount, fee, net])
}

inEachWorld('a dispute', (world) => {
  const { stripe, eventually } = world
  const amountsOf = async (id: string) => moneyOf(await stripe.disputes.retrieve(id)).map(([amount]) => amount)

  it('takes the amount, and the charge says so', async () => {
    const { dispute, payment_intent } = await disputed(world)
    expect(dispute).toMatchObject({ amount: 1999, reason: 'fraudulent', status: 'needs_response', payment_intent })
    await eventually(() => amountsOf(dispute.id)).toEqual([-1999])
    expect(await stripe.charges.retrieve(String(dispute.charge))).toMatchObject({ disputed: true })
  })

  it('cannot be refunded besides', async () => {
    const { payment_intent } = await disputed(world)
    expect(await refusal(stripe.refunds.create({ payment_intent }))).toMatchObject({ code: 'charge_disputed' })
  })

  it('is won by evidence, and everything comes back', async () => {
    const { dispute } = await disputed(world, 'pm_card_createDisputeProductNotReceived')
    expect(dispute.reason).toBe('product_not_received')
    const staged = await stripe.disputes.update(dispute.id, { evidence: { customer_name: 'Ada' }, submit: false })
    expect(staged).toMatchObject({ status: 'needs_response', evidence: { customer_name: 'Ada' } })
    expect(staged.evidence_details).toMatchObject({ has_evidence: true, submission_count: 0 })
    await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } })
    await world.settles()
    await eventually(async () => (await stripe.disputes.retrieve(dispute.id)).status).toBe('won')
    await eventually(() => amountsOf(dispute.id)).toEqual([-1999, 1999])
  })

  it('is lost by bad evidence', async () => {
    const { dispute } = await disputed(world)
    await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'losing_evidence' } })
    await world.settles()
    await eventually(async () => (await stripe.disputes.retrieve(dispute.id)).status).toBe('lost')
  })

  it('is lost by giving up, for good', async () => {
    const { dispute } = await disputed(world)
    expect((await stripe.disputes.close(dispute.id)).status).toBe('lost')
    expect(await refusal(stripe.disputes.close(dispute.id))).toMatchObject({ statusCode: 400 })
  })

  it('that begins as an inquiry takes no money, and its payment can be refunded', async () => {
    const { dispute, payment_intent } = await disputed(world, 'pm_card_createDisputeInquiry')
    expect(dispute).toMatchObject({ status: 'warning_needs_response', is_charge_refundable: true })
    expect(dispute.balance_transactions).toEqual([])
    expect((await stripe.refunds.create({ payment_intent })).status).toBe('succeeded')
  })
})

inTheEmulator('a dispute', (world) => {
  const { stripe } = world

  it('costs a fee, and is told of', async () => {
    const { dispute } = await disputed(world)
    expect(dispute.payment_method_details?.card).toMatchObject({ case_type: 'chargeback', brand: 'visa' })
    expect(moneyOf(dispute)).toEqual([[-1999, 1500, -3499]])
    expect(dispute.balance_transactions[0]).toMatchObject({ type: 'adjustment', reporting_category: 'dispute' })
    expect(await eventsOf(world, dispute)).toEqual(['created', 'funds_withdrawn'])
    const booked = await stripe.balanceTransactions.list({ type: 'adjustment', limit: 1, expand: ['data.source'] })
    expect(booked.data[0]?.source).toMatchObject({ id: dispute.id, object: 'dispute' })
  })

  it('that is won gives the fee back, and can be refunded', async () => {
    const { dispute, payment_intent } = await disputed(world)
    await stripe.disputes.update(dispute.id, { evidence: { customer_name: 'Ada' }, submit: false })
    const sent = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } })
    expect(sent).toMatchObject({ status: 'under_review', evidence_details: { submission_count: 1 } })
    await control('POST', 'settle')
    expect(moneyOf(await stripe.disputes.retrieve(dispute.id))).toEqual([
      [-1999, 1500, -3499],
      [1999, -1500, 3499],
    ])
    expect(await eventsOf(world, dispute)).toEqual([
      ...['created', 'funds_withdrawn', 'updated', 'updated', 'funds_reinstated', 'closed'],
    ])
    expect((await stripe.refunds.create({ payment_intent })).status).toBe('succeeded')
  })

  it('takes evidence once', async () => {
    const { dispute } = await disputed(world)
    await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'losing_evidence' } })
    const again = stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } })
    expect(await refusal(again)).toMatchObject({ statusCode: 400 })
    expect((await stripe.disputes.update(dispute.id, { metadata: { note: 'x' } })).metadata).toEqual({ note: 'x' })
  })

  it('that is given up is told of', async () => {
    const { dispute } = await disputed(world)
    const closed = await stripe.disputes.close(dispute.id)
    expect(moneyOf(closed)).toEqual([[-1999, 1500, -3499]])
    expect(await eventsOf(world, dispute)).toEqual(['created', 'funds_withdrawn', 'closed'])
  })

  it('that begins as an inquiry can become a chargeback', async () => {
    const { dispute } = await disputed(world, 'pm_card_createDisputeInquiry')
    await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'escalate_inquiry_evidence' } })
    await control('POST', 'settle')
    const escalated = await stripe.disputes.retrieve(dispute.id)
    expect(escalated).toMatchObject({ status: 'needs_response', is_charge_refundable: false })
    expect(moneyOf(escalated)).toEqual([[-1999, 1500, -3499]])
  })

  it.each(['pm_usBankAccount_dispute'])('of a debit is lost at once: %s', async (token) => {
    const { id } = await confirmed(world, await payable(world, token))
    expect((await stripe.disputes.list({ payment_intent: id })).data).toEqual([])
    await control('POST', 'settle')
    const [dispute] = (await stripe.disputes.list({ payment_intent: id })).data
    expect(dispute).toMatchObject({ status: 'lost', reason: 'debit_not_authorized' })
  })

  it('of a part, opened and decided by the control route', async () => {
    const { id } = await confirmed(world, await payable(world, 'pm_card_visa'))
    const opened = await control('POST', 'dispute', { payment_intent: id, amount: 500 })
    expect(opened).toMatchObject({ status: 'needs_response' })
    const { id: dispute } = opened as { id: string }
    expect((await stripe.disputes.retrieve(dispute)).amount).toBe(500)
    await expect(control('POST', 'dispute', { dispute, outcome: 'warning_closed' })).rejects.toThrow('needs_response')
    expect(await control('POST', 'dispute', { dispute, outcome: 'won' })).toEqual({ id: dispute, status: 'won' })
    await expect(control('POST', 'dispute', { dispute, outcome: 'won' })).rejects.toThrow('cannot be won')
  })
})

inTheEmulator('time', () => {
  it('that runs out loses a dispute without an answer, and closes an inquiry', async () => {
    const aged = 'sk_test_aged'
    const client = clientOf(emulator, aged)
    for (const token of ['pm_card_createDispute', 'pm_card_createDisputeInquiry']) {
      const allowed_payment_method_types = ['card' as const]
      const terms = { amount: 1999, currency: 'usd', payment_method: token, confirm: true, metadata: mark }
      await client.paymentIntents.create({ ...terms, allowed_payment_method_types })
    }
    const statuses = async () => (await client.disputes.list()).data.map(({ status }) => status)
    await control('POST', 'clock', { advance_s: 13 * day_s }, aged)
    expect(await statuses()).toEqual(['warning_needs_response', 'needs_response'])
    await control('POST', 'clock', { advance_s: 2 * day_s }, aged)
    expect(await statuses()).toEqual(['warning_needs_response', 'lost'])
    await control('POST', 'clock', { advance_s: 110 * day_s }, aged)
    expect(await statuses()).toEqual(['warning_closed', 'lost'])
    const [lost] = (await client.disputes.list()).data.toReversed()
    expect(lost?.evidence_details.past_due).toBe(true)
    expect(lost?.balance_transactions[0]?.status).toBe('available')
    expect(await control('GET', 'bugs', undefined, aged)).toEqual([])
  })
})
