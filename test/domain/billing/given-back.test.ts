import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import type { RefundOutcome } from '../../../src/payments/domain/refund-outcome.ts'
import { pays, records, toldBy, withCards } from './collecting.ts'
import { type Asked, type History, lived, refusal } from './history.ts'
import { balances, credits, documents, gateway, subscribes } from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-10'
const paid = () => lived(withCards(1), [START, subscribes()], [START, gateway('succeeded')])
const paymentOf = ({ payments }: History, nth = 0) => ([...payments.keys()][nth] ?? 'none') as Id<'payment'>
const refunds = (amount: bigint | null, nth = 0): Asked => {
  return (history) => ({
    ...{ type: 'refund_payment', paymentId: paymentOf(history, nth), amount, reason: 'goodwill' },
  })
}
const foreign = (amount: bigint, kind: 'succeeded' | 'processing' | 'failed' = 'succeeded', name = 're_1'): Asked => {
  const outcome = kind === 'failed' ? { kind, gatewayRefund: name, failure: 'lost' } : { kind, gatewayRefund: name }
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

describe('FR-063 a payment that is given back as it is', () => {
  test('corrects no document: what is owed to the customer was given away', () => {
    const back = on(paid(), refunds(1000n))
    expect([documents(back), balances(back)]).toEqual([
      ...[['paid subscription: +4900'], { cash: 4900n, revenue: -4900n, granted: 1000n, refund: -1000n }],
    ])
    expect([...back.refunds.values()]).toMatchObject([
      { amount: 1000n, reason: 'goodwill', creditNoteId: null, status: 'pending', paymentId: paymentOf(back) },
    ])
    const sent = on(back, says({ kind: 'succeeded', gatewayRefund: 're_9' }))
    expect(balances(sent)).toEqual({ cash: 3900n, revenue: -4900n, granted: 1000n })
  })

  test('whole is what is left of it, once', () => {
    const all = on(paid(), refunds(1000n), refunds(null))
    expect([...all.refunds.values()].map(({ amount }) => amount)).toEqual([1000n, 3900n])
    expect(refusal(all, LATER, refunds(null))).toMatchObject({ code: 'refund_too_large' })
    expect(refusal(paid(), LATER, refunds(4901n))).toMatchObject({ code: 'refund_too_large' })
  })

  test('by hand, or not at all, cannot be', () => {
    const open = lived(withCards(1), [START, subscribes()])
    expect(refusal(open, LATER, refunds(null))).toMatchObject({ code: 'refund_too_large' })
    const byHand = lived(open, [START, gateway('declined')], [START, records()])
    expect(refusal(byHand, LATER, refunds(null, 1))).toMatchObject({ code: 'refund_too_large' })
  })

  test('is one payment of several', () => {
    const start = lived(withCards(1, {}, { collection: 'invoice' }), [START, subscribes()])
    const parts = lived(
      start,
      [START, pays(900n)],
      [START, gateway('succeeded')],
      [START, pays()],
      [START, gateway('succeeded')],
    )
    expect([...on(parts, refunds(null)).refunds.values()]).toMatchObject([{ amount: 900n }])
    expect([...on(parts, refunds(null, 1)).refunds.values()]).toMatchObject([{ amount: 4000n }])
  })
})

describe('FR-061 what somebody gave back at the gateway', () => {
  test('is gone, whatever our documents say, and told once', () => {
    const back = on(paid(), foreign(4900n))
    expect(balances(back)).toEqual({ revenue: -4900n, granted: 4900n })
    expect([...back.refunds.values()]).toMatchObject([
      { status: 'succeeded', gatewayRefund: 're_1', creditNoteId: null },
    ])
    expect(toldBy(paid(), LATER, foreign(4900n))).toEqual(['refund.created', 'refund.succeeded'])
    expect(toldBy(back, LATER, foreign(4900n))).toEqual([])
    expect(refusal(back, LATER, refunds(1n))).toMatchObject({ code: 'refund_too_large' })
  })

  test('on its way is owed, and sent back by the bank it was not given', () => {
    const owed = { cash: 4900n, revenue: -4900n, granted: 4900n, refund: -4900n }
    expect(balances(on(paid(), foreign(4900n, 'processing')))).toEqual(owed)
    expect(balances(on(paid(), foreign(4900n, 'failed')))).toEqual({ cash: 4900n, revenue: -4900n })
  })

  test('beside ours may be more than was paid: nothing of it is left, and nothing stops', () => {
    const both = on(paid(), credits(0, { refund: 4900n }), foreign(4900n))
    expect([...both.refunds.values()].map(({ amount, status }) => [amount, status])).toEqual([
      [4900n, 'pending'],
      [4900n, 'succeeded'],
    ])
    expect(refusal(both, LATER, refunds(1n))).toMatchObject({ code: 'refund_too_large' })
  })
})
