import { beforeAll, describe, expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Selling, sellingTo } from '../support/selling.ts'
import { sql } from '../support/sql.ts'

let world: Selling
let invoice: Json
/** A part by a spare card, money by hand, and what a retry took with the spare card again. */
let part: Json
let cash: Json
let rest: Json

// Declined at the sale and on day 3; then 900 in cash, 4000 by request, and the remaining 5000 on day 5.
beforeAll(async () => {
  world = await sellingTo({ card: 'pm_card_chargeCustomerFail' })
  const { jane, until, day } = world
  invoice = (await jane.subscribes('pro')).latest_invoice
  await until(day(3))
  body(await jane.paysByHand(invoice, { amount: 900, kind: 'cash', reference: 'Till 3' }))
  const spare = await jane.changesCard('pm_card_amex', { default: false })
  body(await jane.pays(invoice, { amount: 4000, payment_method: spare.id }))
  await until(day(5))
  ;[part, cash, rest] = await jane.payments()
})

/** What the audit log has of one thing, oldest first. */
const auditOf = (id: string) =>
  sql(`select type, actor, sequence, data, previous from events where data ->> 'id' = $1 order by id`, id)

describe('FR-068 what became of a payment can be proved', () => {
  test('by its tries: why, when, with which method, how much, and what the gateway said', async () => {
    const { jane, day } = world
    const { payment_methods: methods } = await jane.shown()
    const [amex, visa] = ['amex', 'visa'].map((brand) => methods.find((method: Json) => method.brand === brand).id)
    const declined = { outcome: 'declined', decline: { kind: 'soft', code: 'generic_decline' } }
    const succeeded = { outcome: 'succeeded', decline: null }
    expect(await jane.attempts()).toEqual(
      [
        { payment: part.id, reason: 'first', due_at: day(0), amount: 9900, payment_method: visa, ...declined },
        { payment: part.id, reason: 'retry', due_at: day(3), amount: 9900, payment_method: visa, ...declined },
        { payment: part.id, reason: 'request', due_at: day(3), amount: 4000, payment_method: amex, ...succeeded },
        { payment: rest.id, reason: 'retry', due_at: day(5), amount: 5000, payment_method: visa, ...declined },
        { payment: rest.id, reason: 'fallback', due_at: day(5), amount: 5000, payment_method: amex, ...succeeded },
      ].map((one) => ({ ...one, id: expect.stringMatching(/^att_/), ended_at: one.due_at })),
    )
  })

  test('by the gateway’s ids: each payment is one there, each try one call under the key of its id', async () => {
    const { gateway, jane } = world
    const own = expect.stringMatching(/^pi_\w+$/)
    expect([part, cash, rest]).toMatchObject([
      { status: 'succeeded', amount: 4000, gateway_payment: own, manual: null },
      { status: 'succeeded', amount: 900, gateway_payment: null, manual: { kind: 'cash', reference: 'Till 3' } },
      { status: 'succeeded', amount: 5000, gateway_payment: own, manual: null },
    ])
    const calls = (await gateway.confirmations()).map(({ path, idempotency_key }) => [path, idempotency_key])
    const gatewayPaymentOf = (payment: string) => (payment === part.id ? part : rest).gateway_payment
    expect(calls).toEqual(
      (await jane.attempts()).map(({ id, payment }) => [
        `/v1/payment_intents/${gatewayPaymentOf(payment)}/confirm`,
        id,
      ]),
    )
    expect(await gateway.taken()).toMatchObject({ succeeded_count: 2, received: { usd: 9000 } })
    expect((await jane.invoices())[0]).toMatchObject({ id: invoice.id, status: 'paid', paid: 9900 })
    await expectSoundBooks(world)
  })

  test('by the audit log: every change with who did it, what was before, and the gateway’s id', async () => {
    const log = await auditOf(part.id)
    expect(log.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['payment.created', 1],
      ['payment.failed', 2],
      ['payment.retried', 3],
      ['payment.failed', 4],
      ['payment.retried', 5],
      ['payment.succeeded', 6],
    ])
    expect(log.map(({ actor }) => actor.replace(/^key_.*/, 'key'))).toEqual([
      ...['key', 'key', 'test_clock', 'charge', 'key', 'key'],
    ])
    expect(log.slice(1).map(({ data }) => data.gateway_payment)).toEqual(Array(5).fill(part.gateway_payment))
    expect(log.at(-1)).toMatchObject({ data: part, previous: { status: 'pending', outcome: null } })
    expect(log[4]).toMatchObject({
      data: { amount: 4000, status: 'pending', decline: null },
      previous: { amount: 9900, status: 'failed', decline: { code: 'generic_decline' } },
    })
    expect((await auditOf(cash.id)).map(({ type, data }) => [type, data.manual])).toEqual([
      ['payment.succeeded', { kind: 'cash', reference: 'Till 3' }],
    ])
  })

  test('by the ledger: what came in of each payment', async () => {
    const { data } = body(await world.client.get(`/v1/accounts/${world.jane.id}/ledger?limit=100`))
    const cashIn = data
      .filter(({ ledger_account }: Json) => ledger_account === 'cash')
      .map(({ document, debit }: Json) => [document, debit])
    expect(cashIn).toEqual([
      [rest.id, 5000],
      [part.id, 4000],
      [cash.id, 900],
    ])
  })

  test('is listed by account, invoice and status, and is nobody else’s', async () => {
    const { client, jane } = world
    const listed = async (query: string) =>
      body(await client.get(`/v1/payments?${query}`)).data.map(({ id }: Json) => id)
    expect(await listed(`account=${jane.id}`)).toEqual([rest.id, cash.id, part.id])
    expect(await listed(`invoice=${invoice.id}&status=succeeded`)).toEqual([rest.id, cash.id, part.id])
    expect(await listed(`invoice=${invoice.id}&status=failed`)).toEqual([])
    const tries = body(await client.get(`/v1/payments/${part.id}/attempts?limit=2`))
    expect([tries.data.length, tries.has_more]).toEqual([2, true])
    expect(body(await client.get(`/v1/payments/${cash.id}/attempts`)).data).toEqual([])
    const stranger = await organization()
    expectProblem(await stranger.get(`/v1/payments/${part.id}`), 404, 'not_found')
    expectProblem(await stranger.get(`/v1/payments/${part.id}/attempts`), 404, 'not_found')
  })
})
