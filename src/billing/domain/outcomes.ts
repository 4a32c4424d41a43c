import { grantCredit } from '../../credits/domain/credit.ts'
import { type FinalInvoice, isFinal } from '../../invoices/domain/invoice.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Charge } from '../../payments/domain/charge.ts'
import { applyOutcome, type ChargeOutcome, type PaymentNews } from '../../payments/domain/outcome.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import { receiptOf } from '../../payments/domain/receipt.ts'
import { all } from './book.ts'
import { collectAgain, collectRest } from './collect.ts'
import type { PaymentEventType } from './decision.ts'
import { notify } from './notices.ts'
import { settlePending } from './pending-change.ts'
import { type Context, keep, post, tell, type Work } from './work.ts'

/** Says nothing where an outcome is no news: a late or repeated word of the gateway changes nothing. */
export function recordOutcomes(work: Work, news: readonly PaymentNews[], context: Context): Work {
  return news.reduce((next, one) => recordOutcome(next, one, context), work)
}

function recordOutcome(work: Work, news: PaymentNews, context: Context): Work {
  const heard = hear(work, news, context)
  if (heard === null) return work
  const { next, applied, hasEnded } = heard
  const invoice = invoiceOf(next, applied.payment)
  if (applied.payment.status === 'succeeded') return received(next, applied.payment, invoice, context)
  return hasEnded ? withoutMoney(next, applied, invoice, context) : next
}

/** The gateway has closed a payment for another try to take its place: nothing else follows from it. */
export function closedThere(work: Work, paymentId: Payment['id'], context: Context): Work {
  return hear(work, { paymentId, attemptId: null, outcome: { kind: 'canceled' } }, context)?.next ?? work
}

/** The payment and its last try as they are now; null: it is no news. */
function hear(work: Work, news: PaymentNews, { now }: Context) {
  const payment = work.payments.now.get(news.paymentId)
  const attempt = payment && lastOf(work, payment)
  const applied = payment && attempt && applyOutcome({ payment, attempt }, news, now)
  if (!applied) return null
  const told = tell(work, 'payment', paymentEvents[news.outcome.kind], applied.payment, now)
  const next = applied.attempt === attempt ? told : keep(told, 'attempts', [applied.attempt])
  return { next, applied, hasEnded: applied.attempt.endedAt !== null && attempt.endedAt === null }
}

/** A change that waited for the money is given up with it; what is owed for good is collected on. */
function withoutMoney(work: Work, charge: Charge, invoice: FinalInvoice, context: Context): Work {
  const again = collectAgain(work, charge, invoice, context)
  const settled = settlePending(again, invoiceOf(again, charge.payment), context)
  const isGivenUp = invoiceOf(settled, charge.payment).status === 'void'
  return isGivenUp ? { ...settled, notices: work.notices } : settled
}

/** Money came in: it pays its invoice, what is too much is credit, and the customer gets a receipt. */
export function received(work: Work, payment: Payment, invoice: FinalInvoice, context: Context): Work {
  const { now } = context
  const { invoice: paid, surplus, ledger } = receiptOf(payment, invoice, now)
  const posted = post(work, ledger)
  const credited = surplus === 0n ? posted : overpaid(posted, payment, surplus, context)
  const type = paid.status === 'paid' ? 'invoice.paid' : 'invoice.updated'
  const told = paid === invoice ? credited : collectRest(tell(credited, 'invoice', type, paid, now), paid, context)
  const settled = settlePending(told, invoiceOf(told, payment), context)
  return notify(settled, 'payment_receipt', { invoices: [invoice], amount: payment.amount, payment }, context)
}

function overpaid(work: Work, payment: Payment, amount: bigint, { now, ids }: Context): Work {
  const { organizationId, accountId, currency, id } = payment
  const about = { organizationId, accountId, currency, amount, reason: 'Paid more than was owed', expiresAt: null }
  const granted = grantCredit(
    { ...about, metadata: {}, source: 'overpayment', sourceId: id },
    all(work.credits),
    now,
    ids,
  )
  invariant(granted.ok, `what ${id} paid too much must fit into the account's credit`)
  return tell(work, 'credit', 'credit.granted', granted.value.credit, now)
}

/** The one that is open, of which there is one at most; ids alone are in the order of clocks that differ. */
function lastOf({ attempts }: Work, { id }: Payment): Attempt | undefined {
  const own = all(attempts).filter(({ paymentId }) => paymentId === id)
  const isOpen = ({ endedAt }: Attempt) => endedAt === null
  return own.find(isOpen) ?? own.toSorted((left, right) => (left.id < right.id ? -1 : 1)).at(-1)
}

function invoiceOf({ invoices }: Work, { id, invoiceId }: Payment): FinalInvoice {
  const invoice = invoices.now.get(invoiceId)
  invariant(invoice !== undefined && isFinal(invoice), `the snapshot must hold the invoice of ${id}`)
  return invoice
}

const paymentEvents = {
  succeeded: 'payment.succeeded',
  declined: 'payment.failed',
  rejected: 'payment.failed',
  canceled: 'payment.failed',
  authentication_required: 'payment.action_required',
  authenticating: 'payment.action_required',
  processing: 'payment.pending',
  throttled: 'payment.pending',
  unknown: 'payment.pending',
} as const satisfies Record<ChargeOutcome['kind'], PaymentEventType>
