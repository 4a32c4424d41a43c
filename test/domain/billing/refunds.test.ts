import { describe, expect, test } from 'vitest'
import { all, bookOf } from '../../../src/billing/domain/book.ts'
import { recordRefunds, refundableTo, refundPayments } from '../../../src/billing/domain/refunds.ts'
import type { Context, Work } from '../../../src/billing/domain/work.ts'
import type { Currency } from '../../../src/kernel/currency.ts'
import type { Payment } from '../../../src/payments/domain/payment.ts'
import type { Refund } from '../../../src/payments/domain/refund.ts'
import type { RefundOutcome } from '../../../src/payments/domain/refund-outcome.ts'
import { at, givenAccount, id, idsOf } from '../../support/given.ts'

const NOW = at('2026-03-01')
const invoices = new Set([id('invoice', 8)])

function givenPayment(n: number, amount: bigint, currency: string): Payment {
  return {
    ...{ organizationId: id('organization', 1), id: id('payment', 40 + n), accountId: id('account', 2), version: 2 },
    ...{ invoiceId: id('invoice', 8), status: 'succeeded', amount, currency: currency as Currency },
    ...{ paymentMethodId: id('payment_method', 3), gatewayAccountId: id('gateway_account', 4) },
    ...{ gatewayPayment: `pi_${n}`, manual: null, outcome: 'succeeded', decline: null, createdAt: at('2026-01-31') },
  }
}

/** An account that has paid these amounts, the newest last. */
function paid(currency: string, ...amounts: readonly bigint[]): { readonly work: Work; readonly context: Context } {
  const payments = amounts.map((amount, n) => givenPayment(n, amount, currency))
  const account = givenAccount()
  const empty = bookOf([])
  const work: Work = {
    ...{ account, subscriptions: empty, invoices: empty, creditNotes: empty, credits: empty, applications: empty },
    ...{ discounts: empty, coupons: empty, refunds: empty, payments: bookOf(payments), attempts: empty },
    ...{ disputes: empty, methods: empty, ledger: [], events: [], notices: [] },
  }
  // Of the snapshot only its account is read.
  const snapshot = { account } as unknown as Context['snapshot']
  return { work, context: { snapshot, now: NOW, ids: idsOf(1) } }
}

function paidBack({ work, context }: ReturnType<typeof paid>, amount: bigint): Work {
  const about = { invoices, amount, creditNoteId: id('credit_note', 60), reason: 'broken' }
  const done = refundPayments(work, about, context)
  if (!done.ok) throw new Error(JSON.stringify(done.error))
  return done.value
}

const refundsIn = ({ refunds }: Work) => all(refunds)

describe('FR-063 refunds in a decision', () => {
  test('that it makes are told, move no money yet, and are not made twice', () => {
    const start = paid('USD', 9900n)
    const work = paidBack(start, 2500n)
    expect(work.events).toMatchObject([
      { subject: 'refund', type: 'refund.created', at: NOW, before: null, after: { amount: 2500n, version: 1 } },
    ])
    expect(work.ledger).toEqual([])
    expect(refundableTo(work, invoices)).toBe(7400n)
    const again = paidBack({ ...start, work }, 7400n)
    expect(refundableTo(again, invoices)).toBe(0n)
  })

  test('leave of the payments what the gateway has not sent, whatever is written off', () => {
    const start = paid('KWD', 5000n, 1000n)
    const work = paidBack(start, 1009n)
    expect(refundsIn(work)).toMatchObject([{ amount: 1000n, writtenOff: 9n }])
    expect(refundableTo(work, invoices)).toBe(5000n)
    expect(refundsIn(paidBack({ ...start, work }, 5000n)).map(({ amount }) => amount)).toEqual([1000n, 5000n])
  })

  test('that failed keeps its part of the payment while it is owed', () => {
    const start = paid('USD', 9900n)
    const made = paidBack(start, 9900n)
    const [refund] = refundsIn(made) as [Refund]
    const outcome: RefundOutcome = { kind: 'rejected', failure: 'charge_disputed' }
    const failed = recordRefunds(made, new Map([[refund.id, outcome]]), start.context)
    expect(refundableTo(failed, invoices)).toBe(0n)
  })

  test.each<[RefundOutcome, string, number]>([
    [{ kind: 'succeeded', gatewayRefund: 're_1' }, 'refund.succeeded', 1],
    [{ kind: 'processing', gatewayRefund: 're_1' }, 'refund.pending', 0],
    [{ kind: 'failed', gatewayRefund: 're_1', failure: 'lost_or_stolen_card' }, 'refund.failed', 0],
    [{ kind: 'rejected', failure: 'charge_disputed' }, 'refund.failed', 0],
    [{ kind: 'throttled' }, 'refund.pending', 0],
    [{ kind: 'unknown' }, 'refund.pending', 0],
  ])('of which the gateway says %o: %s', (outcome, type, transactions) => {
    const { work: start, context } = paid('USD', 9900n)
    const [refund] = refundsIn(paidBack({ work: start, context }, 500n)) as [Refund]
    const work: Work = { ...start, refunds: bookOf([refund]) }
    const outcomes = new Map([[refund.id, outcome]])
    const told = recordRefunds(work, outcomes, context)
    expect(told.events).toMatchObject([{ type, at: NOW, before: refund, after: { version: 2, outcome: outcome.kind } }])
    expect(told.ledger).toHaveLength(transactions)
    // The same word again, in a decision of its own, is no news.
    expect(recordRefunds({ ...work, refunds: bookOf(refundsIn(told)) }, outcomes, context).events).toEqual([])
  })
})
