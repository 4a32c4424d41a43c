import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  type PgTableExtraConfigValue,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts } from '../accounts/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { planVersions } from '../plans/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { subscriptions } from '../subscriptions/tables.ts'
import type { CreditNote } from './domain/credit-note.ts'
import {
  type BillTo,
  type Collection,
  collectionStates,
  type DraftInvoice,
  type InvoiceReason,
  type InvoiceStatus,
  type Line,
  type TaxAmount,
} from './domain/invoice.ts'

/** A trigger refuses a change of anything but status, version and settlement once `finalized_at` is set. */
export const invoices = pgTable(
  'invoices',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'invoice'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    subscriptionId: uuid('subscription_id').$type<Id<'subscription'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Exclude<InvoiceStatus, 'deleted'>>(),
    /** What a draft waits for. */
    awaits: text('awaits').$type<DraftInvoice['awaits']>(),
    finalizeAt: instantColumn('finalize_at'),
    reason: text('reason').notNull().$type<InvoiceReason>(),
    number: text('number'),
    currency: text('currency').notNull().$type<Currency>(),
    periodStart: instantColumn('period_start').notNull(),
    periodEnd: instantColumn('period_end').notNull(),
    issuedAt: instantColumn('issued_at').notNull(),
    finalizedAt: instantColumn('finalized_at'),
    dueAt: instantColumn('due_at'),
    billTo: jsonb('bill_to').$type<BillTo>(),
    corrects: uuid('corrects').$type<Id<'invoice'>>(),
    memo: text('memo'),
    termsDays: integer('terms_days'),
    voidedAt: instantColumn('voided_at'),
    voidReason: text('void_reason'),
    subtotal: bigint('subtotal', { mode: 'bigint' }).notNull(),
    discount: bigint('discount', { mode: 'bigint' }).notNull(),
    tax: bigint('tax', { mode: 'bigint' }).notNull(),
    taxes: jsonb('taxes').notNull().$type<Stored<readonly TaxAmount[]>>(),
    total: bigint('total', { mode: 'bigint' }).notNull(),
    paid: bigint('paid', { mode: 'bigint' }).notNull(),
    creditsApplied: bigint('credits_applied', { mode: 'bigint' }).notNull(),
    creditNotes: bigint('credit_notes', { mode: 'bigint' }).notNull(),
    writtenOff: bigint('written_off', { mode: 'bigint' }).notNull(),
    balance: bigint('balance', { mode: 'bigint' }).notNull(),
    collection: text('collection').notNull().default('idle').$type<Collection['state']>(),
    failedAt: instantColumn('failed_at'),
    nextAttemptAt: instantColumn('next_attempt_at'),
    heldDays: integer('held_days').notNull().default(0),
  },
  (table): PgTableExtraConfigValue[] => [
    primaryKey({ name: 'invoices_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'invoices_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.subscriptionId],
      foreignColumns: [subscriptions.organizationId, subscriptions.id],
      name: 'invoices_subscription',
    }),
    uniqueIndex('invoices_number').on(table.organizationId, table.number),
    index('invoices_by_subscription').on(table.organizationId, table.subscriptionId),
    index('invoices_by_account').on(table.organizationId, table.accountId),
    foreignKey({
      columns: [table.organizationId, table.corrects],
      foreignColumns: [table.organizationId, table.id],
      name: 'invoices_corrects',
    }),
    index('invoices_open').on(table.organizationId, table.accountId).where(sql`${table.status} = 'open'`),
    check('invoices_collection', sql.raw(`collection in (${collectionStates.map((name) => `'${name}'`).join(', ')})`)),
    check('invoices_retrying', sql`(${table.collection} = 'retrying') = (${table.nextAttemptAt} is not null)`),
    index('invoices_drafts').on(table.organizationId, table.accountId).where(sql`${table.status} = 'draft'`),
    check('invoices_awaits', sql`(${table.status} = 'draft') = (${table.awaits} is not null)`),
    check('invoices_void', sql`(${table.status} = 'void') = (${table.voidedAt} is not null)`),
    check('invoices_status', sql`${table.status} in ('draft', 'open', 'paid', 'void', 'uncollectible')`),
    check('invoices_total', sql`${table.subtotal} - ${table.discount} + ${table.tax} = ${table.total}`),
    check(
      'invoices_balance',
      sql`${table.paid} + ${table.creditsApplied} + ${table.creditNotes} + ${table.writtenOff} + ${table.balance} = ${table.total}`,
    ),
    check('invoices_not_overpaid', sql`${table.balance} >= 0 or ${table.status} = 'draft'`),
    check('invoices_exact_on_the_wire', sql`abs(${table.total}) < 9007199254740992`),
    check(
      'invoices_final',
      sql`(${table.status} = 'draft') = (${table.finalizedAt} is null) and (${table.number} is null) = (${table.finalizedAt} is null)`,
    ),
    check(
      'invoices_open',
      sql`(${table.status} = 'open') = (${table.finalizedAt} is not null and ${table.balance} > 0)`,
    ),
  ],
)

/** jsonb holds no bigint: amounts are strings in it. */
export type Stored<T> = T extends bigint
  ? string
  : T extends string | number | boolean | null
    ? T
    : { readonly [K in keyof T]: Stored<T[K]> }
export type LineDetail = Stored<Partial<Pick<Line, 'proration' | 'usage' | 'covered' | 'discounts' | 'taxes'>>>

export const invoiceLines = pgTable(
  'invoice_lines',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'line'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    /** Grows with the invoice's version: the lines of a draft that is made anew follow those they replace. */
    position: integer('position').notNull(),
    subscriptionId: uuid('subscription_id').$type<Id<'subscription'>>(),
    planVersionId: uuid('plan_version_id').$type<Id<'plan_version'>>(),
    billingKey: text('billing_key'),
    kind: text('kind').notNull().$type<Line['kind']>(),
    description: text('description').notNull(),
    quantity: text('quantity').notNull(),
    unitAmount: text('unit_amount'),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    discount: bigint('discount', { mode: 'bigint' }).notNull().default(sql`0`),
    /** What else it was computed from; null where there is nothing else. */
    detail: jsonb('detail').$type<LineDetail>(),
    creditsLineId: uuid('credits_line_id').$type<Id<'line'>>(),
    tax: bigint('tax', { mode: 'bigint' }).notNull(),
    periodStart: instantColumn('period_start').notNull(),
    periodEnd: instantColumn('period_end').notNull(),
  },
  (table) => [
    primaryKey({ name: 'invoice_lines_pkey', columns: [table.organizationId, table.invoiceId, table.position] }),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'invoice_lines_invoice',
    }),
    foreignKey({
      columns: [table.organizationId, table.planVersionId],
      foreignColumns: [planVersions.organizationId, planVersions.id],
      name: 'invoice_lines_plan_version',
    }),
    index('invoice_lines_credits')
      .on(table.organizationId, table.creditsLineId)
      .where(sql`${table.creditsLineId} is not null`),
  ],
)

/** What was billed and not given back: the same key twice is refused, whoever tries. */
export const billed = pgTable(
  'billed',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    subscriptionId: uuid('subscription_id').notNull().$type<Id<'subscription'>>(),
    billingKey: text('billing_key').notNull(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    /** The end of the time it is billed for. */
    periodEnd: instantColumn('period_end'),
    releasedAt: instantColumn('released_at'),
  },
  (table) => [
    uniqueIndex('billed_once')
      .on(table.organizationId, table.subscriptionId, table.billingKey)
      .where(sql`${table.releasedAt} is null`),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'billed_invoice',
    }),
  ],
)

/** Append-only but for status, version and the instant of voiding. */
export const creditNotes = pgTable(
  'credit_notes',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'credit_note'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<CreditNote['status']>(),
    number: text('number').notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    reason: text('reason').notNull(),
    lines: jsonb('lines').notNull().$type<Stored<CreditNote['lines']>>(),
    tax: bigint('tax', { mode: 'bigint' }).notNull(),
    total: bigint('total', { mode: 'bigint' }).notNull(),
    reduced: bigint('reduced', { mode: 'bigint' }).notNull(),
    refunded: bigint('refunded', { mode: 'bigint' }).notNull(),
    credited: bigint('credited', { mode: 'bigint' }).notNull(),
    outOfBand: bigint('out_of_band', { mode: 'bigint' }).notNull(),
    sourceInvoiceId: uuid('source_invoice_id').$type<Id<'invoice'>>(),
    issuedAt: instantColumn('issued_at').notNull(),
    voidedAt: instantColumn('voided_at'),
  },
  (table) => [
    primaryKey({ name: 'credit_notes_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'credit_notes_invoice',
    }),
    foreignKey({
      columns: [table.organizationId, table.sourceInvoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'credit_notes_source_invoice',
    }),
    uniqueIndex('credit_notes_number').on(table.organizationId, table.number),
    index('credit_notes_by_invoice').on(table.organizationId, table.invoiceId),
    index('credit_notes_by_account').on(table.organizationId, table.accountId),
    check('credit_notes_status', sql`${table.status} in ('issued', 'void')`),
    check(
      'credit_notes_total',
      sql`${table.reduced} + ${table.refunded} + ${table.credited} + ${table.outOfBand} = ${table.total} and ${table.total} > 0`,
    ),
  ],
)
