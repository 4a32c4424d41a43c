import { expect, test } from 'vitest'
import { body } from '../support/client.ts'
import { gatewayOf } from '../support/gateway.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sellingTo } from '../support/selling.ts'
import { stripeOf } from '../support/webhook.ts'

/** Jane, whose card is saved at the gateway, where the organization's key is about to be replaced. */
async function given(about = {}) {
  const world = await sellingTo(about)
  const { client, jane } = world
  const [{ id }] = body(await client.get('/v1/gateway_accounts')).data
  return {
    ...world,
    stripe: stripeOf(client),
    rolled: `${client.stripeKey}rolled`,
    replaces: (secret_key: string) => client.patch(`/v1/gateway_accounts/${id}`, { secret_key }),
    isCharged: async () => (await jane.isBilled({ Work: '900' })).status,
  }
}

test('FR-006 a key that was rolled is replaced: what is charged from then on is charged with the new one', async () => {
  const { gateway, rolled, replaces, isCharged } = await given()
  await gateway.rolls(rolled)
  const changed = await replaces(rolled)
  expect([changed.status, changed.text.includes(rolled)]).toEqual([200, false])
  expect(await isCharged()).toBe('paid')
  expect(await gatewayOf(rolled).taken()).toMatchObject({ received: { usd: 900 } })
})

test('a key of another account at the gateway is refused, and what is charged is charged as before', async () => {
  const { gateway, rolled, replaces, isCharged } = await given()
  const refused = await storesNothing(() => replaces(rolled))
  expectProblem(refused, 422, 'gateway_refused', {
    ...pointsAt('/secret_key'),
    detail: expect.stringContaining('(resource_missing)'),
  })
  expect(refused.text).not.toContain(rolled)
  expect(await isCharged()).toBe('paid')
  expect(await gateway.taken()).toMatchObject({ received: { usd: 900 } })
})

test('a key of the same account is known by a customer also where they were deleted there', async () => {
  const { gateway, stripe, rolled, replaces } = await given()
  for (const { id } of (await stripe.customers.list()).data) await stripe.customers.del(id)
  await gateway.rolls(rolled)
  expect((await replaces(rolled)).status).toBe(200)
})

test('where nobody is known at the gateway yet, any key will do', async () => {
  const { rolled, replaces } = await given({ card: null })
  expect((await replaces(rolled)).status).toBe(200)
})

test('a key that the gateway says nothing of is not kept', async () => {
  const { gateway, rolled, replaces } = await given()
  await gateway.rolls(rolled)
  await gatewayOf(rolled).down(true)
  expectProblem(await storesNothing(() => replaces(rolled)), 503, 'gateway_unavailable')
  await gatewayOf(rolled).down(false)
  expect((await replaces(rolled)).status).toBe(200)
})

test('a key of the other mode is refused without being tried', async () => {
  const { client, gateway, replaces } = await given()
  const asked = (await gateway.requests()).length
  const refused = await storesNothing(() => replaces(client.stripeKey.replace('_test_', '_live_')))
  expectProblem(refused, 422, 'invalid_request', pointsAt('/secret_key'))
  expect(await gateway.requests()).toHaveLength(asked)
})
