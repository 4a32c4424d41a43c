import type { Account, Address } from '../../accounts/domain/account.ts'
import type { LineDiscount } from '../../discounts/domain/discount-lines.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Fraction } from '../../kernel/fraction.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Period } from '../../kernel/period.ts'
import type { RatedPart } from '../../plans/domain/rating.ts'

/** Those that can be listed; of a deleted draft only the event remains. */
export const keptStatuses = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const
export const invoiceStatuses = [...keptStatuses, 'deleted'] as const
export type InvoiceStatus = (typeof invoiceStatuses)[number]
export const invoiceReasons = [
  ...(['subscription', 'renewal', 'proration', 'usage', 'supplemental', 'one_off', 'correction'] as const),
] as const
export type InvoiceReason = (typeof invoiceReasons)[number]
export const lineKinds = ['base', 'usage', 'proration_credit', 'proration_charge', 'minimum', 'one_off'] as const
/** What a draft waits for before it becomes final. */
export const draftAwaits = ['tax', 'usage', 'day_end', 'next_invoice', 'request'] as const

/** Amounts are minor units of the invoice's currency. A credit's are negative. */
export type Line = {
  readonly id: Id<'line'>
  /** Both null on a line that somebody wrote by hand. */
  readonly subscriptionId: Id<'subscription'> | null
  readonly planVersionId: Id<'plan_version'> | null
  /** Claims what is billed, so that nothing is billed twice. */
  readonly billingKey: string | null
  readonly kind: (typeof lineKinds)[number]
  readonly description: string
  /** Decimal strings, up to 12 decimals. */
  readonly quantity: string
  /** Null where tiers say it. */
  readonly unitAmount: string | null
  /** The part of the whole that is charged or credited; null: all of it. */
  readonly proration: Fraction | null
  /** Null but for usage. */
  readonly usage: LineUsage | null
  /** What was committed to is the unit amount; what base and usage came to is taken off it. Null but for a minimum. */
  readonly covered: bigint | null
  /** Computed exactly from the above and rounded once, half away from zero. */
  readonly amount: bigint
  readonly discounts: readonly LineDiscount[]
  /** Their sum; 0 ≤ discount ≤ amount, but a credit's is negative: it takes back the discount of what it credits. */
  readonly discount: bigint
  readonly tax: bigint
  readonly taxes: readonly LineTax[]
  readonly period: Period
  /** The line that a proration credit gives back. */
  readonly creditsLineId: Id<'line'> | null
}

/** Tier by tier; `earlier` is what the same price makes of what was used before it held, and is taken off. */
type LineUsage = { readonly metric: string; readonly parts: readonly RatedPart[]; readonly earlier: bigint }

/** What one line bears of a tax. */
export type LineTax = {
  readonly name: string
  readonly country: string | null
  readonly region: string | null
  /** A decimal string; null where the one who computed it did not say. */
  readonly percent: string | null
  readonly amount: bigint
}

/** One tax on the sum of the lines it applies to. */
export type TaxAmount = LineTax & { readonly taxable: bigint }

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
  /** The voided invoice it stands for. */
  readonly corrects: Id<'invoice'> | null
  /** Shown to the customer. */
  readonly memo: string | null
  /** Local days until it is due; null: as the account's terms say. */
  readonly termsDays: number | null
}

/** No number, no payment, nothing in the ledger. */
export type DraftInvoice = Body & {
  readonly status: 'draft'
  readonly awaits: (typeof draftAwaits)[number]
  /** When it becomes final by itself; null: never. */
  readonly finalizeAt: Instant | null
}

/** idle: nothing is scheduled, because nothing failed or a try is under way · suspended: no method is left that could work · exhausted: every retry was made. */
export const collectionStates = ['idle', 'retrying', 'suspended', 'exhausted'] as const

/** How far an open invoice has come in being charged. */
export type Collection = {
  readonly state: (typeof collectionStates)[number]
  /** When a payment of it failed first, later by the days of a hold since; what is retried counts from there. */
  readonly failedAt: Instant | null
  /** When it is tried again by itself; only while it is retried. */
  readonly nextAttemptAt: Instant | null
  /** Local days past due that do not count, because the customer disputed it. */
  readonly heldDays: number
}

export const idle: Collection = { state: 'idle', failedAt: null, nextAttemptAt: null, heldDays: 0 }

/** A draft that is no more: only its event remains. */
export type DeletedInvoice = Body & { readonly status: 'deleted' }

/** Frozen but for its status and settlement: total = paid + creditsApplied + creditNotes + writtenOff + balance. */
export type FinalInvoice = Body & {
  readonly status: Exclude<InvoiceStatus, 'draft' | 'deleted'>
  readonly number: string
  readonly finalizedAt: Instant
  readonly dueAt: Instant
  readonly billTo: BillTo
  readonly settlement: Settlement
  readonly collection: Collection
  /** Why it was voided, and when. */
  readonly voided: { readonly at: Instant; readonly reason: string } | null
}

export type Settlement = {
  readonly paid: bigint
  /** Negative where a negative total went to the credit balance. */
  readonly creditsApplied: bigint
  readonly creditNotes: bigint
  readonly writtenOff: bigint
}

export type Invoice = DraftInvoice | FinalInvoice | DeletedInvoice

/** What is still owed; never negative, but for a draft's, which owes its total once it is final. */
export function balanceOf(invoice: Invoice): bigint {
  if (invoice.status === 'draft' || invoice.status === 'deleted') return invoice.total
  const { paid, creditsApplied, creditNotes, writtenOff } = invoice.settlement
  const balance = invoice.total - paid - creditsApplied - creditNotes - writtenOff
  invariant(balance >= 0n, `invoice ${invoice.id} must not owe ${balance}`)
  return balance
}

/** Money that came in, credit, or what is let go. Paid once nothing is owed. The version is left to the caller. */
export function settle(invoice: FinalInvoice, by: Partial<Settlement>): FinalInvoice {
  const { settlement } = invoice
  const settled: FinalInvoice = {
    ...invoice,
    settlement: {
      paid: settlement.paid + (by.paid ?? 0n),
      creditsApplied: settlement.creditsApplied + (by.creditsApplied ?? 0n),
      creditNotes: settlement.creditNotes + (by.creditNotes ?? 0n),
      writtenOff: settlement.writtenOff + (by.writtenOff ?? 0n),
    },
  }
  return balanceOf(settled) === 0n && settled.status === 'open' ? collected({ ...settled, status: 'paid' }) : settled
}

/** Nothing of it is collected any more. */
export function collected(invoice: FinalInvoice): FinalInvoice {
  return { ...invoice, collection: { ...idle, heldDays: invoice.collection.heldDays } }
}

export function isFinal(invoice: Invoice): invoice is FinalInvoice {
  return invoice.status !== 'draft' && invoice.status !== 'deleted'
}

/** What a line comes to before tax. */
export function netOf({ amount, discount }: Pick<Line, 'amount' | 'discount'>): bigint {
  return amount - discount
}

export function billToOf(account: Account): BillTo {
  const { name, email, country, address, taxExempt } = account
  return { name, email, country, address, taxExempt }
}
