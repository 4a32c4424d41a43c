import type { Account } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { addDaysToDate, localDateOf, startOfLocalDay, type Zone } from '../../kernel/zone.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import {
  billToOf,
  type DraftInvoice,
  type FinalInvoice,
  idle,
  type Line,
  type LineTax,
  type TaxAmount,
} from './invoice.ts'

/** The tax on a draft: what each tax comes to, and each line's part of them, in the lines' order. */
export type Tax = { readonly taxes: readonly TaxAmount[]; readonly perLine: readonly (readonly LineTax[])[] }

/** Where an automatic charge has nothing to charge, the customer has a week to add a way to pay. */
const DAYS_WITHOUT_METHOD = 7

/**
 * Closes a draft: number, tax, parties and due date are frozen from here on. A total of zero is paid at once; of a negative
 * one the caller says where it goes, and it is paid by that. The version is left to the caller.
 */
export function finalise(
  { awaits: _, finalizeAt: __, ...draft }: DraftInvoice,
  { tax, number, account, zone, hasMethod }: Finalisation,
  at: Instant,
): FinalInvoice {
  const { lines, total } = taxed(draft.lines, draft, tax)
  return {
    ...draft,
    status: total > 0n ? 'open' : 'paid',
    number,
    lines,
    taxes: tax.taxes,
    tax: total - draft.subtotal + draft.discount,
    total,
    finalizedAt: at,
    dueAt: dueAt({ ...account, termsDays: draft.termsDays }, hasMethod, zone, at),
    billTo: billToOf(account),
    settlement: { paid: 0n, creditsApplied: total < 0n ? total : 0n, creditNotes: 0n, writtenOff: 0n },
    collection: idle,
    voided: null,
  }
}

/** The lines with their taxes, and what the invoice comes to. */
export function taxed(
  lines: readonly Line[],
  { subtotal, discount }: Pick<DraftInvoice, 'subtotal' | 'discount'>,
  { perLine }: Tax,
): { readonly lines: readonly Line[]; readonly total: bigint } {
  invariant(perLine.length === lines.length, 'an invoice needs the taxes of each of its lines')
  const withTaxes = lines.map((line, index): Line => {
    const taxes = perLine[index] ?? []
    return { ...line, taxes, tax: taxes.reduce((sum, { amount }) => sum + amount, 0n) }
  })
  return { lines: withTaxes, total: withTaxes.reduce((sum, { tax }) => sum + tax, subtotal - discount) }
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
function dueAt(
  { collection, paymentTermsDays, termsDays }: Account & Pick<DraftInvoice, 'termsDays'>,
  hasMethod: boolean,
  zone: Zone,
  at: Instant,
): Instant {
  const charged = hasMethod ? 0 : DAYS_WITHOUT_METHOD
  const days = termsDays ?? (collection === 'automatic' ? charged : paymentTermsDays)
  return startOfLocalDay(addDaysToDate(localDateOf(at, zone), days + 1), zone)
}

/** Where a negative total goes: as a credit note to invoices that are open, back to the card, to the credit balance. */
export type Surplus = { readonly noted: bigint; readonly refunded: bigint; readonly credited: bigint }

const noSurplus: Surplus = { noted: 0n, refunded: 0n, credited: 0n }

/** The customer owes the total: revenue without the tax, which is owed on. Of a negative total less, or it is owed to them. */
export function invoicePostings(invoice: FinalInvoice, surplus: Surplus = noSurplus): LedgerTransaction | null {
  const { noted, refunded, credited } = surplus
  const owed = invoice.total + refunded + credited
  invariant(invoice.total >= 0n || owed === -noted, `the surplus of invoice ${invoice.id} must go somewhere`)
  return ledgerTransaction({
    ...aboutLedger(invoice, 'invoice', invoice.finalizedAt),
    postings: [
      { ledgerAccount: 'receivable', amount: owed },
      { ledgerAccount: 'refund', amount: -refunded },
      { ledgerAccount: 'credit', amount: -credited },
      { ledgerAccount: 'revenue', amount: -(invoice.subtotal - invoice.discount) },
      { ledgerAccount: 'tax', amount: -invoice.tax },
    ],
  })
}

/** What a transaction of an invoice says besides its postings. */
export function aboutLedger(
  { organizationId, accountId, id, currency }: FinalInvoice,
  kind: 'invoice' | 'void' | 'uncollectible' | 'small_balance',
  at: Instant,
): Omit<LedgerTransaction, 'postings'> {
  return { organizationId, accountId, document: id, kind, currency, at }
}

/** `JANE-0001`: four digits at least. */
export function accountNumber(prefix: string, sequence: number): string {
  return `${prefix}-${String(sequence).padStart(4, '0')}`
}

/** `JANE-CN-0001`: a series of its own. */
export function creditNoteNumber(prefix: string, sequence: number): string {
  return accountNumber(`${prefix}-CN`, sequence)
}

/** Stands for a number of the organization's series until the commit's statement gives it. */
export function pendingNumber(document: Id<'invoice'> | Id<'credit_note'>): string {
  return `number:${document}`
}

export function isPendingNumber(number: string): boolean {
  return number.startsWith('number:')
}
