import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import type { RefundOutcome } from '../../../src/payments/domain/refund-outcome.ts'
import { records, withCards } from './collecting.ts'
import { type Asked, type History, lived } from './history.ts'
import { balances, cancels, creditLeft, documents, gateway, subscribes } from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-10'
const paymentOf = ({ payments }: History, nth = 0) => ([...payments.keys()][nth] ?? 'none') as Id<'payment'>
const refunds =
  (amount: bigint | null, nth = 0): Asked =>
  (history) => ({
    ...{ type: 'refund_payment', paymentId: paymentOf(history, nth), amount, reason: 'goodwill' },
  })
const foreign = (amount: bigint, kind: 'succeeded' | 'failed' = 'succeeded'): Asked => {
  const outcome = kind === 'failed' ? { kind, gatewayRefund: 're_1', failure: 'lost' } : { kind, gatewayRefund: 're_1' }
  return (history) => ({ type: 'record_foreign_refund', paymentId: paymentOf(history), amount, outcome })
}
const says =
  (outcome: RefundOutcome): Asked =>
  (history) => ({
    type: 'record_refunds',
    outcomes: new Map([...history.refunds.values()].map(({ id }) => [id, outcome])),
  })
const on = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [LATER, asked] as const))
const failed: RefundOutcome = { kind: 'failed', gatewayRefund: 're_9', failure: 'expired_or_canceled_card' }

/** Paid by hand while the card was declined; then the gateway says that the card paid all the same. */
const succeededLate: Asked = (history) => ({
  type: 'record_outcomes',
  news: [{ paymentId: paymentOf(history), attemptId: null, outcome: { kind: 'succeeded' } }],
})
const byHand = () => lived(withCards(1), [START, subscribes()], [START, gateway('declined')], [START, records()])
const paidTwice = () => on(byHand(), succeededLate)

describe('FR-067 a refund that fails', () => {
  test('of what was paid too much leaves the credit as it was', () => {
    const twice = paidTwice()
    expect([creditLeft(twice), balances(twice)]).toEqual([4900n, { cash: 9800n, revenue: -4900n, credit: -4900n }])
    const back = on(twice, refunds(null))
    expect(creditLeft(back)).toBe(0n)
    const again = on(back, says(failed))
    // The customer has not got the money, so it must be owed to them somewhere: as credit, or as a refund.
    expect([creditLeft(again), balances(again)]).toEqual([4900n, { cash: 9800n, revenue: -4900n, credit: -4900n }])
  })

  test('in part leaves credit that goes back with the rest', () => {
    const part = on(on(paidTwice(), refunds(2000n)), says(failed))
    expect(creditLeft(part)).toBe(4900n)
    const whole = lived(
      part,
      [LATER, refunds(null)],
      [
        LATER,
        ({ refunds: made }) => ({
          type: 'record_refunds',
          outcomes: new Map(
            [...made.keys()].slice(1).map((id) => [id as Id<'refund'>, { kind: 'succeeded', gatewayRefund: 're_2' }]),
          ),
        }),
      ],
    )
    expect([creditLeft(whole), balances(whole)]).toEqual([0n, { cash: 4900n, revenue: -4900n }])
  })

  test('made past us, of what was paid too much, leaves the credit as it was', () => {
    const again = on(paidTwice(), foreign(4900n, 'failed'))
    expect([creditLeft(again), balances(again)]).toEqual([4900n, { cash: 9800n, revenue: -4900n, credit: -4900n }])
  })

  test('of unused time is owed still', () => {
    const paid = lived(withCards(1), [START, subscribes()], [START, gateway('succeeded')])
    const gone = on(paid, cancels({ prorate: true, credit: 'refund' }))
    const owing = balances(gone)
    expect(owing.refund).toBeLessThan(0n)
    const rejected = on(gone, says({ kind: 'rejected', failure: 'charge_disputed' }))
    expect([documents(rejected), balances(rejected)]).toEqual([documents(gone), owing])
  })
})
