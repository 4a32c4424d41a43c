import { expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { sql } from '../support/sql.ts'
import { deliverWebhook, listening } from '../support/webhook.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

/** What is delivered goes its whole way here: kept, announced, looked up, applied. */

const all = async () => (await sql('select applied_at from gateway_events where applied_at is null')).length === 0

async function selling(card: string): Promise<World & { readonly jane: Customer; readonly gatewayAccount: string }> {
  const world = await newWorld()
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const gatewayAccount = await listening(world.client)
  return { ...world, gatewayAccount, jane: await world.account({ test_clock: undefined, card }) }
}

const told = (type: string, payment: Json) =>
  sql('select data from events where type = $1 and data ->> $2 = $3', type, 'id', payment.id)

const orders: Readonly<Record<string, (events: readonly Json[]) => readonly Json[]>> = {
  'in order': (events) => events,
  'newest first': (events) => events.toReversed(),
  'three times over': (events) => [...events, ...events.toReversed(), ...events],
}

test.each(Object.keys(orders))('FR-061 webhooks %s leave a debit paid, told once', async (order) => {
  const { jane, gateway, gatewayAccount, client, isBalanced } = await selling('pm_usBankAccount_success')
  const { payment } = await jane.subscribes('pro')
  expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
  await gateway.settles()
  for (const event of orders[order]?.(await gateway.events()) ?? []) {
    expect((await deliverWebhook(gatewayAccount, event)).status).toBe(200)
  }
  await expect.poll(all).toBe(true)
  expect(body(await client.get(`/v1/payments/${payment.id}`))).toMatchObject({ status: 'succeeded', amount: 9900 })
  expect(await jane.owes()).toBe(0)
  expect(await told('payment.succeeded', payment)).toHaveLength(1)
  expect((await gateway.taken()).received).toEqual({ usd: 9900 })
  await isBalanced()
})

test('FR-061 webhooks all at once leave a debit that came back failed, told once', async () => {
  const { jane, gateway, gatewayAccount, client, isBalanced } = await selling('pm_usBankAccount_insufficientFunds')
  const { payment } = await jane.subscribes('pro')
  expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
  await gateway.settles()
  const events = await gateway.events()
  const replies = await Promise.all([...events, ...events].map((event) => deliverWebhook(gatewayAccount, event)))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  await expect.poll(all).toBe(true)
  expect(body(await client.get(`/v1/payments/${payment.id}`))).toMatchObject({ status: 'failed' })
  expect(await jane.owes()).toBe(9900)
  expect(await told('payment.failed', payment)).toHaveLength(1)
  await isBalanced()
})
