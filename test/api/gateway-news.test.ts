import { env } from 'cloudflare:workers'
import type Stripe from 'stripe'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import type { GatewayNews } from '../../src/payments/domain/gateway-news.ts'
import { applyGatewayEvents } from '../../src/payments/gateway-events.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { type Client, type Json, organization } from '../support/client.ts'
import { type GatewayControl, gatewayOf } from '../support/gateway.ts'
import { sql } from '../support/sql.ts'
import { announced, deliverWebhook, listening, stripeOf } from '../support/webhook.ts'

const queue = announced()
let client: Client
let gatewayAccount: string
let gateway: GatewayControl
let stripe: Stripe

const PAYMENT = 'pay_01m8193kv2f2q91yg0dtf4j001'
const REFUND = 'ref_01m8193kv2f2q91yg0dtf4j001'
const ACCOUNT = 'acct_01m8193kv2f2q91yg0dtf4j001'

beforeAll(async () => {
  client = await organization()
  gatewayAccount = await listening(client)
  gateway = gatewayOf(client.stripeKey)
  stripe = stripeOf(client)
})

/** What is told of the events of some types since the last time. All of them must have been applied. */
async function newsOf(...types: readonly string[]): Promise<readonly GatewayNews[]> {
  const wanted = (await gateway.events()).filter(({ type }) => types.includes(type))
  for (const event of wanted) expect((await deliverWebhook(gatewayAccount, event)).status).toBe(200)
  const told: GatewayNews[] = []
  const apply = async (news: GatewayNews) => {
    told.push(news)
    return 'applied' as const
  }
  const bindings = env as unknown as Env
  await applyGatewayEvents(bindings, connect(bindings), apply, queue.messages.splice(0))
  expect(await sql('select event_id, error from gateway_events where applied_at is null')).toEqual([])
  return told
}

async function customerWith(token = 'pm_card_visa') {
  const { id: customer } = await stripe.customers.create({ name: 'Jane' })
  const { id: payment_method } = await stripe.paymentMethods.attach(token, { customer })
  return { customer, payment_method }
}

async function paid(token: string, about: Json = {}): Promise<Stripe.PaymentIntent> {
  const intent = await stripe.paymentIntents.create({
    ...{ amount: 4900, currency: 'usd', confirm: true, off_session: true, allowed_payment_method_types: ['card'] },
    ...{ metadata: { perennial_payment: PAYMENT }, ...(await customerWith(token)) },
    ...about,
  })
  return intent
}

const from = () => ({
  organizationId: decodeId('organization', client.organization) as Id<'organization'>,
  gatewayAccountId: decodeId('gateway_account', gatewayAccount) as Id<'gateway_account'>,
})

const visa = {
  kind: 'card',
  brand: 'visa',
  last4: '4242',
  expiryMonth: expect.any(Number),
  expiryYear: expect.any(Number),
}

describe('FR-061 news of a payment', () => {
  const types = ['payment_intent.succeeded', 'payment_intent.payment_failed', 'payment_intent.processing']

  test('says how it stands, and which of ours it is', async () => {
    const { id } = await paid('pm_card_visa')
    expect(await newsOf(...types)).toEqual([
      {
        ...{ ...from(), kind: 'payment', gatewayPayment: id },
        ...{ ourPayment: decodeId('payment', PAYMENT), outcome: { kind: 'succeeded' } },
      },
    ])
  })

  test('that is not by us, or says what is no id, names none of ours', async () => {
    await paid('pm_card_visa', { metadata: {} })
    await paid('pm_card_visa', { metadata: { perennial_payment: ACCOUNT } })
    const news = await newsOf(...types)
    expect(news.map((one) => one.kind === 'payment' && one.ourPayment)).toEqual([null, null])
  })

  test('is how it stands now, whatever the event said', async () => {
    await paid('pm_card_chargeCustomerFail').catch(() => undefined)
    const failed = (await gateway.events()).findLast(({ type }) => type === 'payment_intent.payment_failed')
    const { id } = failed.data.object
    await stripe.paymentIntents.confirm(id, { ...(await customerWithout(id)), off_session: true })
    expect(await newsOf('payment_intent.payment_failed')).toMatchObject([
      { kind: 'payment', gatewayPayment: id, outcome: { kind: 'succeeded' } },
    ])
    expect(await newsOf('payment_intent.succeeded')).toMatchObject([{ outcome: { kind: 'succeeded' } }])
  })

  test('that was declined, or is on its way, says so', async () => {
    await paid('pm_card_chargeCustomerFail').catch(() => undefined)
    expect(await newsOf(...types)).toMatchObject([{ outcome: { kind: 'declined', decline: { kind: 'soft' } } }])
    const debit = { allowed_payment_method_types: ['us_bank_account'] }
    await paid('pm_usBankAccount_success', debit)
    expect(await newsOf(...types)).toMatchObject([{ outcome: { kind: 'processing' } }])
  })

  /** Another card for the intent's customer. */
  async function customerWithout(intent: string) {
    const { customer } = await stripe.paymentIntents.retrieve(intent)
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer: String(customer) })
    return { payment_method: id }
  }
})

describe('FR-061 news of a refund', () => {
  const types = ['refund.created', 'refund.updated', 'refund.failed']

  test.each([
    ['usd', 4900, 1000, 1000n],
    ['isk', 490_000, 100_000, 1000n],
    ['mga', 4900, 1000, 100_000n],
    ['kwd', 49_000, 10_000, 10_000n],
  ])('in %s has its amount in our minor units', async (currency, amount, counted, ours) => {
    const { id } = await paid('pm_card_visa', { currency, amount })
    const refund = await stripe.refunds.create({
      ...{ payment_intent: id, amount: counted, metadata: { perennial_refund: REFUND } },
    })
    expect(await newsOf(...types)).toEqual([
      {
        ...{ ...from(), kind: 'refund', gatewayRefund: refund.id, ourRefund: decodeId('refund', REFUND) },
        ...{ gatewayPayment: id, amount: ours },
        outcome: { kind: 'succeeded', gatewayRefund: refund.id },
      },
    ])
  })

  test('that comes back days later says why, and of which payment it was', async () => {
    const { id } = await paid('pm_card_refundFail')
    const refund = await stripe.refunds.create({ payment_intent: id })
    await gateway.settles()
    expect(await newsOf('refund.failed')).toMatchObject([
      {
        ...{ ourRefund: null, gatewayPayment: id, amount: 4900n },
        outcome: { kind: 'failed', gatewayRefund: refund.id, failure: 'expired_or_canceled_card' },
      },
    ])
  })
})

describe('FR-061 news of a dispute', () => {
  const types = ['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'].map(
    (what) => `charge.dispute.${what}`,
  )

  test.each([
    ['fraudulent', 'won', 'open', 'won'],
    ['product_not_received', 'lost', 'open', 'lost'],
    ['inquiry', 'warning_closed', 'inquiry', 'closed'],
    ['inquiry', 'escalated', 'inquiry', 'open'],
  ])('of kind %s that ends %s is %s, then %s', async (kind, outcome, first, then) => {
    const { id } = await paid('pm_card_visa')
    const dispute = await gateway.disputes(id, { kind, amount: 900 })
    const [opened, ...others] = await newsOf(...types)
    expect(others).toEqual([])
    expect(opened).toEqual({
      ...{ ...from(), kind: 'dispute', gatewayPayment: id, currency: 'USD' },
      news: {
        ...{ gatewayDispute: dispute.id, status: first, amount: 900n, reason: expect.stringMatching(/^\w+$/) },
        evidenceDueAt: expect.any(Number),
      },
    })
    await gateway.decides(dispute.id, outcome)
    expect(await newsOf(...types)).toMatchObject([{ news: { gatewayDispute: dispute.id, status: then } }])
  })
})

describe('FR-061 news of a payment method', () => {
  const metadata = { perennial_account: ACCOUNT }
  const account = decodeId('account', ACCOUNT)

  test('that was set up says for whom', async () => {
    const { customer, payment_method } = await customerWith()
    await stripe.setupIntents.create({ customer, payment_method, confirm: true, metadata, ...byCard })
    expect(await newsOf('setup_intent.succeeded')).toEqual([
      {
        ...{ ...from(), kind: 'method_saved', account },
        method: { ...visa, gatewayCustomer: customer, gatewayMethod: payment_method },
      },
    ])
  })

  test('that was set up and taken away again is none', async () => {
    const { customer, payment_method } = await customerWith()
    await stripe.setupIntents.create({ customer, payment_method, confirm: true, metadata, ...byCard })
    await stripe.paymentMethods.detach(payment_method)
    expect(await newsOf('setup_intent.succeeded')).toEqual([])
  })

  test.each([
    ['itself', { metadata }],
    ['what it sets up', { setup_intent_data: { metadata } }],
  ])('that was saved by the gateway’s page says for whom by %s', async (_, about) => {
    const { id: customer } = await stripe.customers.create({ name: 'Jane' })
    const session = await stripe.checkout.sessions.create({
      ...{ mode: 'setup', customer, success_url: 'https://shop.example', ...about, ...byCard },
    })
    await gateway.checksOut(session.id, 'pm_card_visa')
    expect(await newsOf('checkout.session.completed')).toEqual([
      {
        ...{ ...from(), kind: 'method_saved', account },
        method: { ...visa, gatewayCustomer: customer, gatewayMethod: expect.stringMatching(/^pm_/) },
      },
    ])
  })

  test('that was changed says how it is now; one that is gone, that it is', async () => {
    const { customer, payment_method: id } = await customerWith()
    await stripe.paymentMethods.update(id, { card: { exp_month: 12, exp_year: 2099 } })
    const method = { ...visa, gatewayCustomer: customer, gatewayMethod: id, expiryMonth: 12, expiryYear: 2099 }
    expect(await newsOf('payment_method.updated')).toEqual([
      { ...from(), kind: 'method_changed', gatewayMethod: id, method },
    ])
    await stripe.paymentMethods.detach(id)
    const detached = await newsOf('payment_method.detached')
    expect(detached).toContainEqual({ ...from(), kind: 'method_gone', gatewayMethod: id })
  })

  const byCard = { allowed_payment_method_types: ['card' as const] }
})
