import { aboutLedger } from '../../invoices/domain/finalise.ts'
import { collected, type FinalInvoice, isFinal } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ledgerTransaction } from '../../ledger/domain/posting.ts'
import { all } from './book.ts'
import { releaseCredit } from './close.ts'
import { periodsGivenBack } from './coupon-periods.ts'
import { type Context, isBeingPaid, post, tell, type Work } from './work.ts'

/**
 * An invoice that is not owed any more: what credit paid of it comes back, and so do the coupon periods it used; its
 * postings are reversed and what it billed may be billed again. The caller has asked `voidRefused`.
 */
export function voided(work: Work, invoice: FinalInvoice, reason: string, context: Context): Work {
  const { now } = context
  const released = periodsGivenBack(releaseCredit(work, invoice, context), invoice, context)
  const reversed = ledgerTransaction({
    ...aboutLedger(invoice, 'void', now),
    postings: [
      { ledgerAccount: 'receivable', amount: -(invoice.total - invoice.settlement.writtenOff) },
      {
        ledgerAccount: invoice.status === 'uncollectible' ? 'bad_debt' : 'rounding',
        amount: -invoice.settlement.writtenOff,
      },
      { ledgerAccount: 'revenue', amount: invoice.subtotal - invoice.discount },
      { ledgerAccount: 'tax', amount: invoice.tax },
    ],
  })
  const after: FinalInvoice = {
    ...collected(invoice),
    status: 'void',
    settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: invoice.total },
    voided: { at: now, reason },
  }
  return tell(post(released, reversed), 'invoice', 'invoice.voided', after, now)
}

/** Why it cannot be voided, or null: nothing was paid, nothing is on its way, nothing later credits it. */
export function voidRefused(work: Work, invoice: FinalInvoice): Rejection | null {
  const { number, status, settlement, total } = invoice
  if (status === 'void') return refused(`Invoice ${number} is void already.`, 'There is nothing left to do.')
  if (total < 0n) return refused(`Invoice ${number} gave credit.`, 'Void the credit it gave, if it is not used yet.')
  if (settlement.paid > 0n) {
    return refused(`Invoice ${number} is paid.`, 'Correct it with a credit note: POST /v1/credit_notes.')
  }
  if (isBeingPaid(work, invoice)) return underWay(invoice)
  const creditedBy = laterDocument(work, invoice)
  if (creditedBy === null) return null
  return refused(
    `Invoice ${number} is credited by ${creditedBy}.`,
    'Void that document first, or correct the invoice with a credit note.',
  )
}

export function underWay({ number }: FinalInvoice): Rejection {
  return {
    code: 'payment_under_way',
    detail: `A payment of invoice ${number} is under way.`,
    hint: 'Repeat the request when the payment has succeeded or failed.',
  }
}

function laterDocument({ invoices, creditNotes }: Work, invoice: FinalInvoice): string | null {
  const note = all(creditNotes).find(({ invoiceId, status }) => invoiceId === invoice.id && status === 'issued')
  if (note !== undefined) return `credit note ${note.number}`
  const own = new Set<Id<'line'> | null>(invoice.lines.map(({ id }) => id))
  const later = all(invoices).find(
    ({ status, lines }) =>
      status !== 'void' &&
      status !== 'deleted' &&
      lines.some(({ creditsLineId }) => creditsLineId && own.has(creditsLineId)),
  )
  if (later === undefined) return null
  return isFinal(later) ? `invoice ${later.number}` : 'a draft'
}

function refused(detail: string, hint: string): Rejection {
  return { code: 'invoice_not_voidable', detail, hint }
}
