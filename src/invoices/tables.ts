import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
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
import type { BillTo, InvoiceReason, InvoiceStatus, Line, TaxAmount } from './domain/invoice.ts'

/** A trigger refuses a change of anything but status, version and settlement once `finalized_at` is set. */
export const invoices = pgTable(
  'invoices',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'invoice'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    subscriptionId: uuid('subscription_id').$type<Id<'subscription'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<InvoiceStatus>(),
    reason: text('reason').notNull().$type<InvoiceReason>(),
    number: text('number'),
    currency: text('currency').notNull().$type<Currency>(),
    periodStart: instantColumn('period_start').notNull(),
    periodEnd: instantColumn('period_end').notNull(),
    issuedAt: instantColumn('issued_at').notNull(),
    finalizedAt: instantColumn('finalized_at'),
    dueAt: instantColumn('due_at'),
    billTo: jsonb('bill_to').$type<BillTo>(),
    subtotal: bigint('subtotal', { mode: 'bigint' }).notNull(),
    discount: bigint('discount', { mode: 'bigint' }).notNull(),
    tax: bigint('tax', { mode: 'bigint' }).notNull(),
    taxes: jsonb('taxes').notNull().$type<readonly StoredTax[]>(),
    total: bigint('total', { mode: 'bigint' }).notNull(),
    paid: bigint('paid', { mode: 'bigint' }).notNull(),
    creditsApplied: bigint('credits_applied', { mode: 'bigint' }).notNull(),
    creditNotes: bigint('credit_notes', { mode: 'bigint' }).notNull(),
    writtenOff: bigint('written_off', { mode: 'bigint' }).notNull(),
    balance: bigint('balance', { mode: 'bigint' }).notNull(),
  },
  (table) => [
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
    check('invoices_status', sql`${table.status} in ('draft', 'open', 'paid', 'void', 'uncollectible')`),
    check('invoices_total', sql`${table.subtotal} - ${table.discount} + ${table.tax} = ${table.total}`),
    check(
      'invoices_balance',
      sql`${table.paid} + ${table.creditsApplied} + ${table.creditNotes} + ${table.writtenOff} + ${table.balance} = ${table.total}`,
    ),
    check('invoices_not_overpaid', sql`${table.balance} >= 0`),
    check('invoices_exact_on_the_wire', sql`abs(${table.total}) < 9007199254740992`),
    check(
      'invoices_final',
      sql`(${table.status} = 'draft') = (${table.finalizedAt} is null) and (${table.number} is null) = (${table.finalizedAt} is null)`,
    ),
    check(
      'invoices_paid',
      sql`(${table.status} = 'paid') = (${table.finalizedAt} is not null and ${table.balance} = 0)`,
    ),
  ],
)

/** jsonb holds no bigint: amounts are strings in it. */
export type StoredTax = { readonly [K in keyof TaxAmount]: TaxAmount[K] extends bigint ? string : TaxAmount[K] }

export const invoiceLines = pgTable(
  'invoice_lines',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'line'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    position: smallint('position').notNull(),
    subscriptionId: uuid('subscription_id').notNull().$type<Id<'subscription'>>(),
    planVersionId: uuid('plan_version_id').notNull().$type<Id<'plan_version'>>(),
    billingKey: text('billing_key').notNull(),
    kind: text('kind').notNull().$type<Line['kind']>(),
    description: text('description').notNull(),
    quantity: text('quantity').notNull(),
    unitAmount: text('unit_amount').notNull(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
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
