import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { applyNews } from '../../src/billing/gateway-news.ts'
import { applyGatewayEvents } from '../../src/payments/gateway-events.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { expectSoundBooks } from '../support/books.ts'
import { body } from '../support/client.ts'
import { sellingTo } from '../support/selling.ts'
import { announced, deliverWebhook, listening, stripeOf } from '../support/webhook.ts'

const queue = announced()
const bindings = env as unknown as Env

test('FR-067 a refund made at the gateway that is heard of before its payment waits for it', async () => {
  const world = await sellingTo({ card: 'pm_card_chargeCustomerFail', test_clock: undefined })
  const { client, gateway, jane } = world
  const gatewayAccount = await listening(client)
  const stripe = stripeOf(client)
  const { payment, latest_invoice: invoice } = await jane.subscribes('pro')
  body(await jane.paysByHand(invoice, { kind: 'bank_transfer' }))
  // The seller takes the money at the gateway all the same, sees that it is twice, and gives it back there.
  const intent = await stripe.paymentIntents.retrieve(payment.gateway_payment)
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: String(intent.customer) })
  await stripe.paymentIntents.confirm(intent.id, { payment_method: card.id, off_session: true })
  await stripe.refunds.create({ payment_intent: intent.id })
  const events = await gateway.events()
  const apply = applyNews(bindings, connect(bindings))
  for (const wanted of ['refund.created', 'payment_intent.succeeded', 'refund.created']) {
    for (const event of events.filter(({ type }) => type === wanted)) {
      expect((await deliverWebhook(gatewayAccount, event)).status).toBe(200)
    }
    await applyGatewayEvents(bindings, connect(bindings), apply, queue.messages.splice(0) as never)
  }
  expect(await jane.owes()).toBe(0)
  const waiting = body(await client.get(`/v1/credits?account=${jane.id}`)).data
  expect(waiting, 'the refund is put off, and takes the credit along when it is its turn').toMatchObject([
    { remaining: 9900 },
  ])
  await expectSoundBooks(world)
})
