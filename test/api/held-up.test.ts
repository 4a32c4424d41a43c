import { describe, expect, test } from 'vitest'
import { body } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { monthly, newWorld } from '../support/world.ts'

/** Three taxes of 100 % on Germany: a quarter of the largest amount is already too much. */
const taxes = (percent: string) => ({
  tax: { engine: 'rates', rates: ['A', 'B', 'C'].map((name) => ({ country: 'DE', name, percent })) },
})
const large = { prices: [monthly('EUR', '1000000000000000')] }

describe('taxes that carry an invoice over what JSON holds exactly', () => {
  test('are refused at creation and in the preview alike, and nothing is stored', async () => {
    const world = await newWorld()
    await world.plan('large', large)
    body(await world.client.patch('/v1/settings', taxes('100')))
    const jane = await world.account({ currency: 'EUR', country: 'DE', card: null })
    expectProblem(await jane.asksToSubscribe('large', { quantity: 4 }), 422, 'amount_too_large')
    const asked = { new_subscription: { account: jane.id, plan: 'large', quantity: 4 } }
    expectProblem(await world.client.post('/v1/invoices/preview', asked), 422, 'amount_too_large')
    expect(await jane.subscriptions()).toEqual([])
  })

  test('stop a test clock where it stands, with the reason, and its other accounts go on', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    await world.plan('large', large)
    await world.plan('pro')
    const about = { currency: 'EUR', country: 'DE', timezone: 'UTC', collection: 'invoice' }
    const jane = await world.account({ ...about, card: null })
    await jane.subscribes('large', { quantity: 4 })
    body(await world.client.patch('/v1/settings', taxes('100')))
    const advance = { to: '2026-03-01T00:00:00Z' }
    const reply = await world.client.post(`/v1/test_clocks/${world.clock}/advance`, advance)
    expectProblem(reply, 409, 'command_not_possible')
    expect(reply.body.detail).toContain('2026-02-01T00:00:00Z')
    expect(body(await world.client.get(`/v1/test_clocks/${world.clock}`))).toMatchObject({
      status: 'ready',
      now: '2026-02-01T00:00:00Z',
    })
    const other = await world.account({ name: 'Other' })
    expect(await other.subscribes('pro')).toMatchObject({ status: 'active', payment: { status: 'succeeded' } })
    body(await world.client.patch('/v1/settings', taxes('1')))
    await world.until(advance.to)
    expect((await jane.invoices()).map(({ total }) => total)).toEqual([4e15, 4.12e15, 4.12e15])
  })
})

test('a command that has nothing to do keeps its key: repeated later it does nothing either', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const jane = await world.account()
  const { id } = await jane.subscribes('pro')
  const cancel = () =>
    world.client.post(`/v1/subscriptions/${id}/cancel`, {}, { headers: { 'Idempotency-Key': 'late' } })
  body(await world.client.post(`/v1/subscriptions/${id}/cancel`, {}))
  const first = await cancel()
  body(await world.client.post(`/v1/subscriptions/${id}/uncancel`))
  const again = await cancel()
  expect(again.headers.get('Idempotent-Replayed')).toBe('true')
  expect(again.body).toEqual(first.body)
  expect((await jane.subscriptions())[0].cancel_at).toBeNull()
})

test('many subscribing one account to different plans at once all get there', async () => {
  const world = await newWorld()
  const jane = await world.account()
  const codes = Array.from({ length: 12 }, (_, index) => `plan-of-${index}`)
  for (const code of codes) await world.plan(code)
  const replies = await Promise.all(codes.map((code) => jane.asksToSubscribe(code)))
  expect(replies.map(({ status }) => status)).toEqual(codes.map(() => 201))
  expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 4900 })
  await world.isBalanced()
})

test('a method whose payment waits for the customer can be removed', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const jane = await world.account({ card: 'pm_card_authenticationRequired' })
  expect((await jane.subscribes('pro')).payment).toMatchObject({
    status: 'pending',
    outcome: 'authentication_required',
  })
  const [method] = body(await world.client.get(`/v1/accounts/${jane.id}/payment_methods`)).data
  body(await world.client.delete(`/v1/accounts/${jane.id}/payment_methods/${method.id}`))
  expect(body(await world.client.get(`/v1/accounts/${jane.id}`)).payment_methods).toEqual([])
})
