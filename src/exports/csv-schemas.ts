import type { z } from '@hono/zod-openapi'
import type { creditSchema } from '../credits/schemas.ts'
import type { creditNoteSchema } from '../invoices/credit-note-schemas.ts'
import type { invoiceSchema } from '../invoices/schemas.ts'
import type { ledgerEntrySchema } from '../ledger/schemas.ts'
import type { paymentSchema } from '../payments/schemas.ts'
import type { subscriptionSchema } from '../subscriptions/schemas.ts'
import type { usageEventSchema } from '../usage/event-schemas.ts'
import type { Cell, Columns } from './domain/csv.ts'
import type { usageTotalSchema } from './schemas.ts'

/** The columns of each sheet, made of the API's own objects: a name never changes its meaning, and new ones come last. */

type Invoice = z.output<typeof invoiceSchema>
type InvoiceLine = { readonly invoice: Invoice; readonly line: Invoice['lines'][number] }
type CreditNote = z.output<typeof creditNoteSchema>
type Payment = z.output<typeof paymentSchema>
type Subscription = z.output<typeof subscriptionSchema>
type Credit = z.output<typeof creditSchema>
type LedgerEntry = z.output<typeof ledgerEntrySchema>
type UsageEvent = z.output<typeof usageEventSchema>
type UsageTotal = z.output<typeof usageTotalSchema>

export const invoiceColumns: Columns<Invoice> = {
  ...members<Invoice>('id', 'number', 'status', 'reason', 'account', 'subscription', 'currency'),
  period_start: ({ period }) => period.start,
  period_end: ({ period }) => period.end,
  ...members<Invoice>('issued_at', 'finalized_at', 'due_at', 'payment_terms_days'),
  bill_to_name: ({ bill_to }) => bill_to?.name ?? null,
  bill_to_email: ({ bill_to }) => bill_to?.email ?? null,
  bill_to_country: ({ bill_to }) => bill_to?.country ?? null,
  ...members<Invoice>('subtotal', 'discount', 'tax', 'total'),
  ...members<Invoice>('paid', 'credits_applied', 'credit_notes', 'written_off', 'balance'),
  ...members<Invoice>('memo', 'corrects', 'voided_at', 'void_reason', 'awaits', 'finalize_at'),
}

export const invoiceLineColumns: Columns<InvoiceLine> = {
  invoice: ({ invoice }) => invoice.id,
  number: ({ invoice }) => invoice.number,
  status: ({ invoice }) => invoice.status,
  account: ({ invoice }) => invoice.account,
  currency: ({ invoice }) => invoice.currency,
  issued_at: ({ invoice }) => invoice.issued_at,
  finalized_at: ({ invoice }) => invoice.finalized_at,
  line: ({ line }) => line.id,
  kind: ({ line }) => line.kind,
  description: ({ line }) => line.description,
  subscription: ({ line }) => line.subscription,
  plan_version: ({ line }) => line.plan_version,
  metric: ({ line }) => line.metric,
  quantity: ({ line }) => ({ decimal: line.quantity }),
  unit_amount: ({ line }) => line.unit_amount && { decimal: line.unit_amount },
  proration_numerator: ({ line }) => line.proration?.numerator ?? null,
  proration_denominator: ({ line }) => line.proration?.denominator ?? null,
  amount: ({ line }) => line.amount,
  discount: ({ line }) => line.discount,
  tax: ({ line }) => line.tax,
  period_start: ({ line }) => line.period.start,
  period_end: ({ line }) => line.period.end,
  credits_line: ({ line }) => line.credits_line,
}

export const creditNoteColumns: Columns<CreditNote> = members<CreditNote>(
  ...(['id', 'number', 'status', 'account', 'invoice', 'source_invoice', 'currency', 'reason'] as const),
  ...(['tax', 'total', 'reduced', 'refund', 'credit', 'out_of_band', 'issued_at', 'voided_at'] as const),
)

export const paymentColumns: Columns<Payment> = {
  ...members<Payment>('id', 'account', 'invoice', 'status', 'amount', 'refunded', 'currency'),
  ...members<Payment>('payment_method', 'outcome'),
  decline_kind: ({ decline }) => decline?.kind ?? null,
  decline_code: ({ decline }) => decline?.code ?? null,
  ...members<Payment>('gateway_payment', 'created_at'),
}

export const subscriptionColumns: Columns<Subscription> = {
  ...members<Subscription>('id', 'account', 'plan', 'plan_version', 'status', 'quantity', 'currency'),
  ...members<Subscription>('interval', 'interval_count', 'billing_time', 'timezone'),
  ...members<Subscription>('start', 'trial_ends_at', 'trial_end', 'bill_from', 'anchor'),
  current_period_start: ({ current_period }) => current_period?.start ?? null,
  current_period_end: ({ current_period }) => current_period?.end ?? null,
  paused_at: ({ pause }) => pause?.paused_at ?? null,
  resumes_at: ({ pause }) => pause?.resumes_at ?? null,
  ...members<Subscription>('cancel_at', 'ends_at', 'ended_at', 'external_key'),
  metadata: ({ metadata }) => JSON.stringify(metadata),
  created_at: ({ created_at }) => created_at,
}

export const creditColumns: Columns<Credit> = {
  ...members<Credit>('id', 'account', 'status', 'currency', 'amount', 'remaining', 'applied', 'expired', 'voided'),
  ...members<Credit>('reason', 'source', 'source_document', 'expires_at'),
  metadata: ({ metadata }) => JSON.stringify(metadata),
  ...members<Credit>('created_at', 'ended_at'),
}

export const ledgerColumns: Columns<LedgerEntry> = members<LedgerEntry>(
  ...(['id', 'account', 'kind', 'document', 'ledger_account', 'currency', 'debit', 'credit', 'at'] as const),
)

export const usageColumns: Columns<UsageEvent> = {
  ...members<UsageEvent>('id', 'subscription', 'metric', 'timestamp'),
  quantity: ({ quantity }) => ({ decimal: quantity }),
  properties: ({ properties }) => JSON.stringify(properties),
  ...members<UsageEvent>('version', 'late', 'received_at', 'voided_at'),
}

export const usageTotalColumns: Columns<UsageTotal> = {
  ...members<UsageTotal>('subscription', 'metric', 'aggregation', 'day', 'timezone', 'events'),
  quantity: ({ quantity }) => ({ decimal: quantity }),
}

/** Those that are cells as they are. */
type Plain<T> = Extract<{ [K in keyof T]: T[K] extends string | number | null ? K : never }[keyof T], string>

function members<T>(...names: readonly Plain<T>[]): Columns<T> {
  return Object.fromEntries(names.map((name) => [name, (value: T) => value[name] as Cell]))
}
