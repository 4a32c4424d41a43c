import type { Account } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { addDaysToDate, localDateOf, startOfLocalDay, type Zone } from '../../kernel/zone.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { billToOf, type DraftInvoice, type FinalInvoice, type TaxAmount } from './invoice.ts'

/** The tax on a draft: what each tax comes to, and each line's part of it, in the lines' order. */
export type Tax = { readonly taxes: readonly TaxAmount[]; readonly perLine: readonly bigint[] }

/** Where an automatic charge has nothing to charge, the customer has a week to add a way to pay. */
const DAYS_WITHOUT_METHOD = 7

/**
 * Closes a draft: number, tax, parties and due date are frozen from here on. A total of zero is paid at once.
 * The version stays where the draft is made and closed in one commit, and is the caller's to raise otherwise.
 */
export function finalise(
  draft: DraftInvoice,
  { tax, number, account, zone, hasMethod }: Finalisation,
  at: Instant,
): FinalInvoice {
  invariant(tax.perLine.length === draft.lines.length, `invoice ${draft.id} needs a tax for each of its lines`)
  const lines = draft.lines.map((line, index) => ({ ...line, tax: tax.perLine[index] ?? 0n }))
  const taxTotal = lines.reduce((sum, line) => sum + line.tax, 0n)
  const total = draft.subtotal - draft.discount + taxTotal
  invariant(total >= 0n, `invoice ${draft.id} must not be negative`)
  return {
    ...draft,
    status: total === 0n ? 'paid' : 'open',
    number,
    lines,
    taxes: tax.taxes,
    tax: taxTotal,
    total,
    finalizedAt: at,
    dueAt: dueAt(account, hasMethod, zone, at),
    billTo: billToOf(account),
    settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n },
  }
}

export type Finalisation = {
  readonly tax: Tax
  readonly number: string
  readonly account: Account
  readonly zone: Zone
  /** The account has a way to be charged. */
  readonly hasMethod: boolean
}

/** The end of the local day of finalisation + terms: the same day where we charge. */
function dueAt(account: Account, hasMethod: boolean, zone: Zone, at: Instant): Instant {
  const charged = hasMethod ? 0 : DAYS_WITHOUT_METHOD
  const days = account.collection === 'automatic' ? charged : account.paymentTermsDays
  return startOfLocalDay(addDaysToDate(localDateOf(at, zone), days + 1), zone)
}

/** The customer owes the total: revenue without the tax, which is owed on. */
export function invoicePostings(invoice: FinalInvoice): LedgerTransaction | null {
  return ledgerTransaction({
    organizationId: invoice.organizationId,
    accountId: invoice.accountId,
    document: invoice.id,
    kind: 'invoice',
    currency: invoice.currency,
    at: invoice.finalizedAt,
    postings: [
      { ledgerAccount: 'receivable', amount: invoice.total },
      { ledgerAccount: 'revenue', amount: -(invoice.subtotal - invoice.discount) },
      { ledgerAccount: 'tax', amount: -invoice.tax },
    ],
  })
}

/** `JANE-0001`: four digits at least. */
export function accountNumber(prefix: string, sequence: number): string {
  return `${prefix}-${String(sequence).padStart(4, '0')}`
}

/** Stands for a number of the organization's series until the commit's statement gives it. */
export function pendingNumber(invoice: Id<'invoice'>): string {
  return `number:${invoice}`
}

export function isPendingNumber(number: string): boolean {
  return number.startsWith('number:')
}
