import { type Credit, grantCredit, newCredit } from '../../credits/domain/credit.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Payment } from '../../payments/domain/payment.ts'
import {
  creditIn,
  foreignRefund,
  givenBack,
  isOwed,
  type Refund,
  type Refundable,
  refundableOf,
  refundGranted,
  refundResolved,
  refundsFor,
  sentAgain,
  tooLarge,
} from '../../payments/domain/refund.ts'
import { applyRefundOutcome, type RefundOutcome } from '../../payments/domain/refund-outcome.ts'
import { all } from './book.ts'
import type { CommandOf } from './command.ts'
import type { EventOf } from './decision.ts'
import { type Context, post, tell, type Work } from './work.ts'

type Invoices = ReadonlySet<Id<'invoice'>>

/** What of the payments of some invoices can still go back, in minor units. */
export function refundableTo(work: Work, invoices: Invoices): bigint {
  return paymentsOf(work, invoices).reduce((sum, one) => sum + refundableOf(one), 0n)
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
  const refunds = refundsFor(paymentsOf(work, invoices), amount, meant, now, ids)
  if (!refunds.ok) return refunds
  return ok(refunds.value.reduce((next, refund) => tell(next, 'refund', 'refund.created', refund, now), work))
}

function paymentsOf(work: Work, invoices: Invoices): readonly Refundable[] {
  return all(work.payments)
    .filter(({ invoiceId }) => invoices.has(invoiceId))
    .map((payment) => ({ payment, refunded: goneOf(payment, work) }))
}

/** What of a payment went back, is on its way, or is withheld or taken by a bank. */
function goneOf({ id, amount }: Payment, work: Work): bigint {
  const refunds = all(work.refunds).filter(({ paymentId }) => paymentId === id)
  const contested = all(work.disputes).filter(
    ({ paymentId, status }) => paymentId === id && (status === 'open' || status === 'lost'),
  )
  const gone = [...refunds.map(givenBack), ...contested.map((one) => one.amount)].reduce((sum, one) => sum + one, 0n)
  return gone < amount ? gone : amount
}

/** Says nothing where an outcome is no news: a late or repeated word of the gateway changes nothing. */
export function recordRefunds(
  work: Work,
  outcomes: ReadonlyMap<Id<'refund'>, RefundOutcome>,
  { now, ids }: Pick<Context, 'now' | 'ids'>,
): Work {
  let next = work
  for (const [id, outcome] of outcomes) {
    const refund = next.refunds.now.get(id)
    const applied = refund && applyRefundOutcome(refund, outcome, now)
    if (!applied) continue
    invariant(refund !== undefined, `refund ${id} must be read`)
    next = post(tell(next, 'refund', eventOf[outcome.kind], applied.refund, now), applied.ledger)
    if (applied.refund.status === 'failed') next = creditedAgain(next, applied.refund, { now, ids })
  }
  return next
}

/** The credit that was taken back with a refund which failed: the refund's own postings have it. */
function creditedAgain(work: Work, refund: Refund, { now, ids }: Pick<Context, 'now' | 'ids'>): Work {
  const amount = creditIn(refund)
  if (amount === 0n) return work
  const { organizationId, accountId, currency, paymentId: sourceId } = refund
  const about = { organizationId, accountId, currency, amount, source: 'overpayment', sourceId } as const
  const credit = newCredit({ ...about, reason: 'A refund that failed', expiresAt: null, metadata: {} }, now, ids)
  return tell(work, 'credit', 'credit.granted', credit, now)
}

/** Money that is given back as it is: no document is corrected by it. */
export function refundPayment(
  work: Work,
  { paymentId, amount, reason }: CommandOf<'refund_payment'>,
  { now, ids, snapshot }: Context,
): Result<Work, Rejection> {
  const payment = work.payments.now.get(paymentId)
  invariant(payment !== undefined, `the snapshot must hold payment ${paymentId}`)
  const refundable = { payment, refunded: goneOf(payment, work) }
  const most = refundableOf(refundable)
  if (most === 0n) return err(nothingToRefund(payment, all(work.refunds)))
  const meant = { clockId: snapshot.account.clockId, creditNoteId: null, reason }
  const refunds = refundsFor([refundable], amount ?? most, meant, now, ids)
  if (!refunds.ok) return refunds
  return ok(refunds.value.reduce((next, refund) => given(next, refund, now), work))
}

/** What a document gave back and the gateway could not: sent again, to the customer's credit, or paid past us. */
export function resolveRefund(
  work: Work,
  { refundId, resolution }: CommandOf<'resolve_refund'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const refund = work.refunds.now.get(refundId)
  invariant(refund !== undefined, `the snapshot must hold refund ${refundId}`)
  if (!isOwed(refund)) return err(nothingOwed(refund))
  const resolved: Refund = { ...refund, resolution }
  const told = tell(post(work, refundResolved(resolved, now)), 'refund', 'refund.resolved', resolved, now)
  const { organizationId, accountId, currency, amount, writtenOff, paymentId, reason } = refund
  if (resolution === 'credit') {
    const about = { organizationId, accountId, currency, amount: amount + writtenOff, expiresAt: null, metadata: {} }
    const why = { reason: reason ?? 'A refund that failed', source: 'refund', sourceId: refundId } as const
    const made = grantCredit({ ...about, ...why }, all(work.credits), now, ids)
    return made.ok ? ok(tell(told, 'credit', 'credit.granted', made.value.credit, now)) : made
  }
  if (resolution === 'out_of_band') return ok(told)
  const payment = work.payments.now.get(paymentId)
  invariant(payment !== undefined, `the snapshot must hold payment ${paymentId}`)
  const left = refundableOf({ payment, refunded: goneOf(payment, told) })
  if (amount > left) return err(tooLarge(amount, left))
  return ok(tell(told, 'refund', 'refund.created', sentAgain(refund, now, ids), now))
}

/** Money that somebody gave back at the gateway: it is gone, whatever our documents say. */
export function recordForeignRefund(
  work: Work,
  { paymentId, amount, outcome }: CommandOf<'record_foreign_refund'>,
  { now, ids, snapshot }: Context,
): Result<Work, Rejection> {
  const payment = work.payments.now.get(paymentId)
  invariant(payment !== undefined, `the snapshot must hold payment ${paymentId}`)
  if (all(work.refunds).some(({ gatewayRefund }) => gatewayRefund === outcome.gatewayRefund)) return ok(work)
  const owed = all(work.refunds).find((one) => one.paymentId === paymentId && one.amount === amount && isOwed(one))
  const about = { clockId: snapshot.account.clockId, creditNoteId: null, reason: null }
  const made = owed === undefined ? foreignRefund(payment, { amount, ...about }, now, ids) : sentAgain(owed, now, ids)
  const told = owed === undefined ? given(work, made, now) : replaced(work, owed, made, now)
  return ok(recordRefunds(told, new Map([[made.id, outcome]]), { now, ids }))
}

/** Somebody sent again at the gateway what is owed of one that failed. */
function replaced(work: Work, owed: Refund, made: Refund, now: Instant): Work {
  const told = tell(work, 'refund', 'refund.resolved', { ...owed, resolution: 'refund' }, now)
  return tell(told, 'refund', 'refund.created', made, now)
}

/** Credit that came from paying too much goes back with the money; the rest is given away. */
function given(work: Work, refund: Refund, now: Instant): Work {
  const total = refund.amount + refund.writtenOff
  const { work: taken, amount } = withoutOverpaid(work, refund.paymentId, total, now)
  const made: Refund = { ...refund, granted: total - amount }
  return tell(post(taken, refundGranted(made, now)), 'refund', 'refund.created', made, now)
}

type Taken = { readonly work: Work; readonly amount: bigint }

/** Takes back what is left of the credit that a payment left over, up to an amount; the caller posts it. */
export function withoutOverpaid(work: Work, payment: Id<'payment'>, most: bigint, now: Instant): Taken {
  const credits = all(work.credits).filter(({ source, sourceId }) => source === 'overpayment' && sourceId === payment)
  return credits.reduce<Taken>(
    (taken, credit) => {
      const left = most - taken.amount
      const amount = credit.remaining < left ? credit.remaining : left
      if (amount === 0n) return taken
      const told = tell(taken.work, 'credit', 'credit.voided', lessBy(credit, amount, now), now)
      return { work: told, amount: taken.amount + amount }
    },
    { work, amount: 0n },
  )
}

/** What a dispute has given of what failed refunds of a payment still owe, whole ones up to an amount; the caller posts it. */
export function withoutOwed(work: Work, payment: Id<'payment'>, most: bigint, now: Instant): Taken {
  const owed = all(work.refunds).filter((refund) => refund.paymentId === payment && isOwed(refund))
  return owed.reduce<Taken>(
    (taken, refund) => {
      const amount = taken.amount + refund.amount + refund.writtenOff
      if (amount > most) return taken
      const resolved: Refund = { ...refund, resolution: 'dispute' }
      return { work: tell(taken.work, 'refund', 'refund.resolved', resolved, now), amount }
    },
    { work, amount: 0n },
  )
}

function lessBy(credit: Credit, amount: bigint, now: Instant): Credit {
  const remaining = credit.remaining - amount
  const ended = remaining === 0n ? ({ endedAt: now, end: 'voided' } as const) : {}
  return { ...credit, remaining, voided: credit.voided + amount, ...ended }
}

function nothingToRefund({ id, status }: Payment, refunds: readonly Refund[]): Rejection {
  const owed = refunds.find((refund) => refund.paymentId === id && isOwed(refund))
  return {
    code: 'refund_too_large',
    detail: `Nothing of payment ${encodeId('payment', id)} can be refunded: it ${status === 'succeeded' ? 'was given back, or came in past the gateway' : `is ${status}`}.`,
    hint:
      owed === undefined
        ? 'GET the payment to see what is refunded of it.'
        : `A refund of it failed: POST /v1/refunds/${encodeId('refund', owed.id)}/resolve sends it again.`,
    pointer: '/payment',
  }
}

function nothingOwed({ id, status, resolution }: Refund): Rejection {
  const why = status !== 'failed' ? `it is ${status}` : resolution === null ? 'it was a gift' : 'it is resolved already'
  return {
    code: 'command_not_possible',
    detail: `Nothing is owed of refund ${encodeId('refund', id)}: ${why}.`,
    hint: 'Only what a document gave back, and the gateway could not, is owed still.',
  }
}

const eventOf = {
  succeeded: 'refund.succeeded',
  failed: 'refund.failed',
  rejected: 'refund.failed',
  processing: 'refund.pending',
  throttled: 'refund.pending',
  unknown: 'refund.pending',
} as const satisfies Record<RefundOutcome['kind'], EventOf<'refund'>['type']>
