import type { Account, Address } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Period } from '../../kernel/period.ts'

export const invoiceStatuses = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const
export type InvoiceStatus = (typeof invoiceStatuses)[number]
export const invoiceReasons = ['subscription', 'renewal'] as const
export type InvoiceReason = (typeof invoiceReasons)[number]
export const lineKinds = ['base'] as const

/** Amounts are minor units of the invoice's currency. */
export type Line = {
  readonly id: Id<'line'>
  readonly subscriptionId: Id<'subscription'>
  readonly planVersionId: Id<'plan_version'>
  /** Claims what is billed, so that nothing is billed twice. */
  readonly billingKey: string
  readonly kind: (typeof lineKinds)[number]
  readonly description: string
  /** Decimal strings, up to 12 decimals. */
  readonly quantity: string
  readonly unitAmount: string
  /** quantity × unitAmount, rounded once, half away from zero. */
  readonly amount: bigint
  readonly tax: bigint
  readonly period: Period
}

/** One tax on the sum of the lines it applies to. */
export type TaxAmount = {
  readonly name: string
  readonly country: string | null
  readonly region: string | null
  /** A decimal string; null where the one who computed it did not say. */
  readonly percent: string | null
  readonly taxable: bigint
  readonly amount: bigint
}

/** The parties, as they were at finalisation. */
export type BillTo = {
  readonly name: string
  readonly email: string
  readonly country: string | null
  readonly address: Address | null
  readonly taxExempt: boolean
}

type Body = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'invoice'>
  readonly accountId: Id<'account'>
  readonly subscriptionId: Id<'subscription'> | null
  readonly version: number
  readonly reason: InvoiceReason
  readonly currency: Currency
  readonly period: Period
  readonly issuedAt: Instant
  readonly lines: readonly Line[]
  readonly subtotal: bigint
  readonly discount: bigint
  readonly tax: bigint
  readonly taxes: readonly TaxAmount[]
  readonly total: bigint
}

/** Waits for its tax: no number, no payment, nothing in the ledger. */
export type DraftInvoice = Body & { readonly status: 'draft' }

/** Frozen but for its status and settlement: total = paid + creditsApplied + creditNotes + writtenOff + balance. */
export type FinalInvoice = Body & {
  readonly status: Exclude<InvoiceStatus, 'draft'>
  readonly number: string
  readonly finalizedAt: Instant
  readonly dueAt: Instant
  readonly billTo: BillTo
  readonly settlement: Settlement
}

export type Settlement = {
  readonly paid: bigint
  readonly creditsApplied: bigint
  readonly creditNotes: bigint
  readonly writtenOff: bigint
}

export type Invoice = DraftInvoice | FinalInvoice

/** What is still owed; never negative. A draft owes its total once it is final. */
export function balanceOf(invoice: Invoice): bigint {
  if (invoice.status === 'draft') return invoice.total
  const { paid, creditsApplied, creditNotes, writtenOff } = invoice.settlement
  const balance = invoice.total - paid - creditsApplied - creditNotes - writtenOff
  invariant(balance >= 0n, `invoice ${invoice.id} must not owe ${balance}`)
  return balance
}

/** Money that came in, and what is let go with it. Paid once nothing is owed. */
export function settle(
  invoice: FinalInvoice,
  { paid, writtenOff }: Pick<Settlement, 'paid' | 'writtenOff'>,
): FinalInvoice {
  invariant(paid > 0n && writtenOff >= 0n, `${paid} and ${writtenOff} cannot be settled on ${invoice.id}`)
  const { settlement } = invoice
  const settled = {
    ...invoice,
    version: invoice.version + 1,
    settlement: { ...settlement, paid: settlement.paid + paid, writtenOff: settlement.writtenOff + writtenOff },
  }
  return balanceOf(settled) === 0n ? { ...settled, status: 'paid' } : settled
}

export function billToOf(account: Account): BillTo {
  const { name, email, country, address, taxExempt } = account
  return { name, email, country, address, taxExempt }
}
