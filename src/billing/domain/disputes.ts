import { type FinalInvoice, isFinal } from '../../invoices/domain/invoice.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { exhausted } from '../../payments/domain/collection.ts'
import { applyDispute, disputePostings } from '../../payments/domain/dispute.ts'
import { all } from './book.ts'
import type { CommandOf } from './command.ts'
import type { EventOf } from './decision.ts'
import { withoutOverpaid, withoutOwed } from './refunds.ts'
import { type Context, post, tell, tellAccount, type Work } from './work.ts'

/**
 * A bank contests a payment: the gateway withholds the money until it is decided. Won, it comes back; lost, the invoice
 * is owed again as far as that payment had paid it, and nothing of it is charged by itself any more.
 */
export function recordDispute(
  work: Work,
  { paymentId, news }: CommandOf<'record_dispute'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const payment = work.payments.now.get(paymentId)
  invariant(payment !== undefined, `the snapshot must hold payment ${paymentId}`)
  const before = all(work.disputes).find(({ gatewayDispute }) => gatewayDispute === news.gatewayDispute) ?? null
  const after = applyDispute(before, { payment, news }, now, ids)
  if (after === null) return ok(work)
  const hasMoved = before?.status !== after.status
  const type = before === null ? 'dispute.created' : hasMoved ? eventOf[after.status] : 'dispute.updated'
  const told = tell(work, 'dispute', type, after, now)
  const counted = withOpenDisputes(told, context)
  if (after.status !== 'lost' || !hasMoved) return ok(post(counted, disputePostings(before, after, nothingLost, now)))
  const invoice = counted.invoices.now.get(payment.invoiceId)
  invariant(invoice !== undefined && isFinal(invoice), `the snapshot must hold the invoice of ${paymentId}`)
  // What the customer has now was owed to them already, or their credit for what the payment left over.
  const { work: settled, amount: refund } = withoutOwed(counted, paymentId, after.amount, now)
  const { work: taken, amount: credit } = withoutOverpaid(settled, paymentId, after.amount - refund, now)
  const owed = owedAgain(invoice, after.amount - refund - credit)
  const posted = post(taken, disputePostings(before, after, { owed, credit, refund }, now))
  return ok(owed === 0n ? posted : tell(posted, 'invoice', 'invoice.reopened', reopened(invoice, owed), now))
}

const nothingLost = { owed: 0n, credit: 0n, refund: 0n }

const eventOf = {
  inquiry: 'dispute.updated',
  open: 'dispute.updated',
  won: 'dispute.won',
  lost: 'dispute.lost',
  closed: 'dispute.closed',
} as const satisfies Record<string, EventOf<'dispute'>['type']>

/** What was given up or corrected is not owed again. */
function owedAgain({ status, settlement }: FinalInvoice, amount: bigint): bigint {
  if (status !== 'paid' && status !== 'open') return 0n
  return amount < settlement.paid ? amount : settlement.paid
}

function reopened(invoice: FinalInvoice, owed: bigint): FinalInvoice {
  const { settlement, collection } = invoice
  return {
    ...invoice,
    status: 'open',
    settlement: { ...settlement, paid: settlement.paid - owed },
    collection: { ...exhausted(collection), failedAt: null },
  }
}

function withOpenDisputes(work: Work, context: Context): Work {
  const isOpen = ({ status }: { readonly status: string }) => status === 'open'
  const before = [...work.disputes.read.values()].filter(isOpen).length
  const change = all(work.disputes).filter(isOpen).length - before
  if (change === 0) return work
  const openDisputes = Math.max(0, work.account.openDisputes + change)
  const type = change > 0 ? 'account.dispute_opened' : 'account.dispute_ended'
  return tellAccount(work, type, { ...work.account, openDisputes }, context)
}
