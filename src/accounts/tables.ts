import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  type PgTableExtraConfigValue,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import type { Zone } from '../kernel/zone.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import {
  type Account,
  type Address,
  type DisputeHold,
  type Metadata,
  type Overdue,
  overdueStatuses,
  overdueSteps,
} from './domain/account.ts'

/** Sandbox organizations only: the clock of the accounts that were created on it. */
export const testClocks = pgTable(
  'test_clocks',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'test_clock'>>(),
    name: text('name').notNull(),
    now: instantColumn('now_at').notNull(),
    /** Set while it advances: where to. Commands on its accounts wait until it is there. */
    target: instantColumn('target_at'),
    /** Where the advance began, so that progress can be told. */
    startedFrom: instantColumn('started_from'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'test_clocks_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId],
      foreignColumns: [organizations.id],
      name: 'test_clocks_organization',
    }),
    check('test_clocks_forward', sql`${table.target} is null or ${table.target} >= ${table.now}`),
  ],
)

export const accounts = pgTable(
  'accounts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'account'>>(),
    version: integer('version').notNull(),
    bucket: smallint('bucket').notNull(),
    clockId: uuid('clock_id').$type<Id<'test_clock'>>(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    timezone: text('timezone').notNull().$type<Zone>(),
    country: text('country'),
    locationSource: text('location_source').notNull().$type<Account['locationSource']>(),
    address: jsonb('address').$type<Address>(),
    taxExempt: boolean('tax_exempt').notNull(),
    externalKey: text('external_key'),
    collection: text('collection').notNull().$type<Account['collection']>(),
    paymentTermsDays: integer('payment_terms_days').notNull(),
    defaultPaymentMethodId: uuid('default_payment_method_id').$type<Id<'payment_method'>>(),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    invoicePrefix: text('invoice_prefix').notNull(),
    invoiceSequence: integer('invoice_sequence').notNull(),
    creditNoteSequence: integer('credit_note_sequence').notNull().default(0),
    nextBillingAt: instantColumn('next_billing_at'),
    overdueStatus: text('overdue_status').notNull().default('current').$type<Overdue['status']>(),
    overdueStep: text('overdue_step').notNull().default('none').$type<Overdue['step']>(),
    overdueSince: instantColumn('overdue_since'),
    disputeHold: jsonb('dispute_hold').$type<DisputeHold>(),
    openDisputes: integer('open_disputes').notNull().default(0),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table): PgTableExtraConfigValue[] => [
    primaryKey({ name: 'accounts_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({ columns: [table.organizationId], foreignColumns: [organizations.id], name: 'accounts_organization' }),
    foreignKey({
      columns: [table.organizationId, table.clockId],
      foreignColumns: [testClocks.organizationId, testClocks.id],
      name: 'accounts_clock',
    }),
    foreignKey({
      columns: [table.organizationId, table.defaultPaymentMethodId],
      foreignColumns: [paymentMethods.organizationId, paymentMethods.id],
      name: 'accounts_default_payment_method',
    }),
    unique('accounts_external_key').on(table.organizationId, table.externalKey),
    unique('accounts_invoice_prefix').on(table.organizationId, table.invoicePrefix),
    index('accounts_email').on(table.organizationId, sql`lower(${table.email})`),
    index('accounts_due').on(table.bucket, table.nextBillingAt).where(sql`${table.clockId} is null`),
    index('accounts_clock_due').on(table.clockId, table.nextBillingAt).where(sql`${table.clockId} is not null`),
    index('accounts_overdue').on(table.organizationId, table.id).where(sql`${table.overdueStatus} <> 'current'`),
    check('accounts_overdue_status', sql.raw(`overdue_status in (${quoted(overdueStatuses)})`)),
    check('accounts_overdue_step', sql.raw(`overdue_step in (${quoted(overdueSteps)})`)),
    check('accounts_open_disputes', sql`${table.openDisputes} >= 0`),
    check('accounts_collection', sql`${table.collection} in ('automatic', 'invoice')`),
    check('accounts_currency', sql`${table.currency} ~ '^[A-Z]{3}$'`),
  ],
)

export const paymentMethods = pgTable(
  'payment_methods',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'payment_method'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    version: integer('version').notNull().default(1),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    gatewayCustomer: text('gateway_customer').notNull(),
    gatewayMethod: text('gateway_method').notNull(),
    kind: text('kind').notNull(),
    brand: text('brand'),
    last4: text('last4'),
    expiryMonth: smallint('expiry_month'),
    expiryYear: smallint('expiry_year'),
    createdAt: instantColumn('created_at').notNull(),
    renewedAfter: uuid('renewed_after').$type<Id<'attempt'>>(),
    removedAt: instantColumn('removed_at'),
  },
  (table) => [
    primaryKey({ name: 'payment_methods_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'payment_methods_account',
    }),
    index('payment_methods_by_gateway').on(table.gatewayAccountId, table.gatewayMethod),
    index('payment_methods_by_account').on(table.organizationId, table.accountId),
    check('payment_methods_last4', sql`${table.last4} ~ '^[0-9]{4}$'`),
  ],
)

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
