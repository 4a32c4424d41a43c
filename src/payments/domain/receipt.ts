import { balanceOf, type FinalInvoice, settle } from '../../invoices/domain/invoice.ts'
import type { Instant } from '../../kernel/instant.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { unchargeableBelow } from './gateway-amount.ts'
import type { Payment } from './payment.ts'

export type Receipt = {
  readonly invoice: FinalInvoice
  /** Minor units beyond what the invoice owes, which are the customer's: credit. */
  readonly surplus: bigint
  readonly ledger: LedgerTransaction | null
}

/**
 * Money of a payment that has come in: it pays what the invoice owes, or a part of it. What is left and no gateway can
 * charge is written off; what is too much, and all of it where the invoice is not open any more, is credit.
 */
export function receiptOf(payment: Payment, invoice: FinalInvoice, now: Instant): Receipt {
  const balance = invoice.status === 'open' ? balanceOf(invoice) : 0n
  const paid = payment.amount < balance ? payment.amount : balance
  const left = balance - paid
  const writtenOff = payment.manual === null && left < unchargeableBelow(payment.currency) ? left : 0n
  const surplus = payment.amount - paid
  const { organizationId, accountId, id, currency, amount } = payment
  return {
    invoice: paid === 0n ? invoice : settle(invoice, { paid, writtenOff }),
    surplus,
    ledger: ledgerTransaction({
      ...{ organizationId, accountId, document: id, kind: 'payment', currency, at: now },
      postings: [
        { ledgerAccount: 'cash', amount },
        { ledgerAccount: 'rounding', amount: writtenOff },
        { ledgerAccount: 'receivable', amount: -(paid + writtenOff) },
        { ledgerAccount: 'credit', amount: -surplus },
      ],
    }),
  }
}
