import { expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { body, type Reply } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sellingTo } from '../support/selling.ts'
import { sql } from '../support/sql.ts'
import { stripeOf } from '../support/webhook.ts'

const ATTACH = 'post_payment_methods_payment_method_attach'
const SET_UP = 'post_setup_intents'

/** Jane, who has no card yet, and what there is of her at the gateway and here. */
async function given() {
  const world = await sellingTo({ card: null })
  const { client, gateway, jane } = world
  const stripe = stripeOf(client)
  return {
    ...world,
    stripe,
    attach: (token: string, key: string): Promise<Reply> =>
      client.post(`/v1/accounts/${jane.id}/payment_methods`, { token }, { headers: { 'Idempotency-Key': key } }),
    attached: async () => {
      const { data: customers } = await stripe.customers.list()
      const lists = await Promise.all(customers.map(({ id }) => stripe.customers.listPaymentMethods(id)))
      return lists.flatMap(({ data }) => data.map(({ id }) => id))
    },
    setUps: async () => (await stripe.setupIntents.list()).data,
    stored: async () => {
      const organization = decodeId('organization', client.organization)
      const rows = await sql('select gateway_method from payment_methods where organization_id = $1', organization)
      return rows.map(({ gateway_method }) => gateway_method)
    },
    bankRefuses: () =>
      gateway.fault({ match: { operation: SET_UP }, fault: 'decline', decline_code: 'insufficient_funds' }),
  }
}

test('FR-069 a card is verified without money, and set up for charges in its owner’s absence', async () => {
  const { stripe, gateway, attach, attached, setUps, stored } = await given()
  body(await attach('pm_card_visa', 'key-1'))
  const [method] = await attached()
  expect(await stored()).toEqual([method])
  const verification = { status: 'succeeded', usage: 'off_session', payment_method: method }
  // What is heard of it later says nothing of ours: a card that was removed meanwhile does not come back.
  expect(await setUps()).toMatchObject([{ ...verification, metadata: {} }])
  expect((await stripe.balanceTransactions.list()).data).toEqual([])
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 0, captured_charges: 0 })
  expect(await gateway.bugs()).toEqual([])
})

test('FR-069 a debit, which comes with its mandate, is attached alone', async () => {
  const { attach, attached, setUps, stored } = await given()
  body(await attach('pm_usBankAccount_success', 'key-1'))
  expect(await attached()).toEqual(await stored())
  expect(await setUps()).toEqual([])
})

test('FR-069 a card that attaches and is refused then is left nowhere, however often it is sent', async () => {
  const { gateway, attach, attached, bankRefuses } = await given()
  await bankRefuses()
  for (const key of ['key-1', 'key-1']) {
    const refused = await storesNothing(() => attach('pm_card_visa', key))
    expectProblem(refused, 422, 'payment_method_refused', {
      ...pointsAt('/token'),
      detail: expect.stringContaining('(insufficient_funds)'),
    })
    expect(await attached()).toEqual([])
  }
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 0, captured_charges: 0 })
})

test('FR-069 a card whose bank wants to ask its owner is kept, and they are asked at the first charge', async () => {
  const { jane, attach, attached, setUps, stored } = await given()
  body(await attach('pm_card_authenticationRequired', 'key-1'))
  const [method] = await attached()
  expect(await stored()).toEqual([method])
  expect(await setUps()).toMatchObject([{ status: 'canceled', payment_method: method }])
  expect((await jane.subscribes('pro')).payment).toMatchObject({
    ...{ status: 'pending', outcome: 'authentication_required' },
  })
})

test('a card that is known here is not verified again, so that no refusal takes it away', async () => {
  const { attach, attached, setUps, bankRefuses } = await given()
  const first = body(await attach('pm_card_visa', 'key-1'))
  const [known = ''] = await attached()
  await bankRefuses()
  expect(body(await attach(known, 'key-2'))).toEqual(first)
  expect([await attached(), (await setUps()).length]).toEqual([[known], 1])
})

const faults = ['drop_before', 'execute_then_drop', 'rate_limited_429']
const calls = ['post_customers', ATTACH, SET_UP, 'post_setup_intents_intent_cancel']

test.each(calls.flatMap((operation) => faults.map((fault) => [operation, fault])))(
  'FR-069 where the gateway gives no answer to %s (%s), a card is stored once it is sent again',
  async (operation, fault) => {
    const { gateway, attach, attached, setUps, stored } = await given()
    await gateway.fault({ match: { operation }, fault })
    const send = () => attach('pm_card_authenticationRequired', 'key-1')
    expectProblem(await storesNothing(send), 503, 'gateway_unavailable')
    body(await send())
    const [method, ...others] = await attached()
    expect([others, await stored()]).toEqual([[], [method]])
    expect((await setUps()).map(({ status }) => status)).toEqual(['canceled'])
  },
)

test.each(faults)(
  'FR-069 a refused card is left nowhere also where its detaching gets no answer (%s)',
  async (fault) => {
    const { gateway, attach, attached, bankRefuses } = await given()
    await bankRefuses()
    await gateway.fault({ match: { operation: 'post_payment_methods_payment_method_detach' }, fault })
    const send = () => attach('pm_card_visa', 'key-1')
    expectProblem(await storesNothing(send), 503, 'gateway_unavailable')
    expectProblem(await storesNothing(send), 422, 'payment_method_refused')
    expect(await attached()).toEqual([])
  },
)
