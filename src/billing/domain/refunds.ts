import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { type Refund, type Refundable, refundableOf, refundsFor } from '../../payments/domain/refund.ts'
import { applyRefundOutcome, type RefundOutcome } from '../../payments/domain/refund-outcome.ts'
import { all } from './book.ts'
import type { EventOf } from './decision.ts'
import { type Context, post, tell, type Work } from './work.ts'

type Invoices = ReadonlySet<Id<'invoice'>>

/** What of the payments of some invoices can still go back, in minor units. */
export function refundableTo(work: Work, invoices: Invoices, context: Context): bigint {
  return paymentsOf(work, invoices, context).reduce((sum, one) => sum + refundableOf(one), 0n)
}

/** Pays back the way it was paid; the document it follows from has posted that it is owed. */
export function refundPayments(
  work: Work,
  about: {
    readonly invoices: Invoices
    readonly amount: bigint
    readonly creditNoteId: Id<'credit_note'> | null
    readonly reason: string
  },
  context: Context,
): Result<Work, Rejection> {
  const { invoices, amount, creditNoteId, reason } = about
  const { now, ids, snapshot } = context
  const meant = { clockId: snapshot.account.clockId, creditNoteId, reason }
  const refunds = refundsFor(paymentsOf(work, invoices, context), amount, meant, now, ids)
  if (!refunds.ok) return refunds
  return ok(refunds.value.reduce((next, refund) => tell(next, 'refund', 'refund.created', refund, now), work))
}

function paymentsOf(work: Work, invoices: Invoices, { snapshot }: Context): readonly Refundable[] {
  return snapshot.payments
    .filter(({ invoiceId }) => invoices.has(invoiceId))
    .map((payment) => ({ payment, refunded: refundedOf(payment.id, all(work.refunds)) }))
}

function refundedOf(id: Id<'payment'>, refunds: readonly Refund[]): bigint {
  const own = refunds.filter(({ paymentId, status }) => paymentId === id && status !== 'failed')
  return own.reduce((sum, { amount }) => sum + amount, 0n)
}

/** Says nothing where an outcome is no news: a late or repeated word of the gateway changes nothing. */
export function recordRefunds(
  work: Work,
  outcomes: ReadonlyMap<Id<'refund'>, RefundOutcome>,
  { now }: Pick<Context, 'now'>,
): Work {
  let next = work
  for (const [id, outcome] of outcomes) {
    const refund = next.refunds.now.get(id)
    const applied = refund && applyRefundOutcome(refund, outcome, now)
    if (!applied) continue
    invariant(refund !== undefined, `refund ${id} must be read`)
    next = post(tell(next, 'refund', eventOf[outcome.kind], applied.refund, now), applied.ledger)
  }
  return next
}

const eventOf = {
  succeeded: 'refund.succeeded',
  failed: 'refund.failed',
  rejected: 'refund.failed',
  processing: 'refund.pending',
  throttled: 'refund.pending',
  unknown: 'refund.pending',
} as const satisfies Record<RefundOutcome['kind'], EventOf<'refund'>['type']>
