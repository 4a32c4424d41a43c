import { grantCredit } from '../../credits/domain/credit.ts'
import type { CreditNote } from '../../invoices/domain/credit-note.ts'
import { invoicePostings } from '../../invoices/domain/finalise.ts'
import { balanceOf, type FinalInvoice, isFinal, settle } from '../../invoices/domain/invoice.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { CreditTarget } from '../../subscriptions/domain/subscription.ts'
import { all } from './book.ts'
import { numberCreditNote } from './numbers.ts'
import { refundableTo, refundPayments } from './refunds.ts'
import { type Context, isBeingPaid, post, tell, type Work } from './work.ts'

/**
 * Where the money of a negative invoice goes: first, as a credit note, to the unpaid balance of the invoices whose lines it
 * credits, the oldest first; the rest to the credit balance, or back to the card (semantics.md, Proration). Answers the
 * invoice as it is settled by that, which is the caller's to tell.
 */
export function settleSurplus(
  work: Work,
  invoice: FinalInvoice,
  surplusTo: CreditTarget,
  context: Context,
): Result<{ readonly work: Work; readonly invoice: FinalInvoice }, Rejection> {
  let left = -invoice.total
  let next = work
  for (const open of creditedInvoices(work, invoice)) {
    if (left === 0n || isBeingPaid(next, open)) continue
    const noted = balanceOf(open) < left ? balanceOf(open) : left
    left -= noted
    next = carryOver(next, { from: invoice, to: open, amount: noted }, context)
  }
  const noted = -invoice.total - left
  const { work: paidBack, amount: refunded } =
    surplusTo === 'refund' && left > 0n ? refundOf(next, invoice, left, context) : { work: next, amount: 0n }
  const credited = left - refunded
  const settled: FinalInvoice = {
    ...invoice,
    settlement: { paid: -refunded, creditsApplied: -credited, creditNotes: -noted, writtenOff: 0n },
  }
  const posted = post(paidBack, invoicePostings(invoice, { noted, refunded, credited }))
  const granted = credited === 0n ? ok(posted) : grant(posted, invoice, credited, context)
  return granted.ok ? ok({ work: granted.value, invoice: settled }) : granted
}

/** Open invoices some of whose lines it credits, in the order they were issued. */
function creditedInvoices({ invoices }: Work, { lines }: FinalInvoice): readonly FinalInvoice[] {
  const credited = new Set(lines.map(({ creditsLineId }) => creditsLineId))
  return all(invoices)
    .filter(isFinal)
    .filter((one) => one.status === 'open' && one.lines.some(({ id }) => credited.has(id)))
    .toSorted((left, right) => left.finalizedAt - right.finalizedAt || (left.id < right.id ? -1 : 1))
}

type Carried = { readonly from: FinalInvoice; readonly to: FinalInvoice; readonly amount: bigint }

/** The negative invoice's own postings have moved the money: the note says which balance is lower by it. */
function carryOver(work: Work, { from, to, amount }: Carried, context: Context): Work {
  const { now, ids } = context
  const id = ids('credit_note')
  const { number, work: numbered } = numberCreditNote(work, id, context)
  const { organizationId, accountId, currency } = to
  const note: CreditNote = {
    ...{ organizationId, accountId, currency, invoiceId: to.id, id, version: 1 },
    ...{ status: 'issued', number, reason: 'Unused time after a change', lines: [], tax: 0n, total: amount },
    ...{ reduced: amount, refunded: 0n, credited: 0n, outOfBand: 0n, sourceInvoiceId: from.id },
    ...{ issuedAt: now, voidedAt: null },
  }
  const noted = tell(numbered, 'credit_note', 'credit_note.created', note, now)
  const lower = settle(to, { creditNotes: amount })
  const told = tell(noted, 'invoice', 'invoice.credited', lower, now)
  return lower.status === 'paid' ? tell(told, 'invoice', 'invoice.paid', lower, now) : told
}

/** Back to the cards that paid the credited invoices, as far as they did. */
function refundOf(work: Work, invoice: FinalInvoice, amount: bigint, context: Context) {
  const credited = new Set(invoice.lines.map(({ creditsLineId }) => creditsLineId))
  const paid = all(work.invoices).filter((one) => one.lines.some(({ id }) => credited.has(id)))
  const of = new Set(paid.map(({ id }) => id))
  const most = refundableTo(work, of)
  const about = { invoices: of, amount: most < amount ? most : amount, creditNoteId: null, reason: 'Unused time' }
  // What is too small to be sent goes to the credit balance with the rest.
  const refunded = about.amount > 0n ? refundPayments(work, about, context) : null
  return refunded?.ok ? { work: refunded.value, amount: about.amount } : { work, amount: 0n }
}

function grant(work: Work, invoice: FinalInvoice, amount: bigint, { now, ids }: Context): Result<Work, Rejection> {
  const { organizationId, accountId, currency } = invoice
  const granted = grantCredit(
    {
      ...{ organizationId, accountId, currency, amount, source: 'proration', sourceId: invoice.id },
      ...{ reason: 'Unused time after a change', expiresAt: null, metadata: {} },
    },
    all(work.credits),
    now,
    ids,
  )
  return granted.ok ? ok(tell(work, 'credit', 'credit.granted', granted.value.credit, now)) : granted
}
