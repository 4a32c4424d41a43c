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
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts, paymentMethods, testClocks } from '../accounts/tables.ts'
import { creditNotes, invoices } from '../invoices/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import type { Sealed } from '../platform/seal.ts'
import type { Decline } from './domain/decline.ts'
import type { OutcomeKind, Payment } from './domain/payment.ts'
import type { Refund, RefundOutcomeKind } from './domain/refund.ts'

export const gatewayAccounts = pgTable(
  'gateway_accounts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'gateway_account'>>(),
    kind: text('kind').notNull().$type<'stripe'>(),
    name: text('name').notNull(),
    /** The secret key, sealed: readable only with the Worker's SEALING_KEY. */
    secret: jsonb('secret').notNull().$type<Sealed>(),
    createdAt: instantColumn('created_at').notNull(),
    /** Until then nobody else charges here: about twenty a second is what it takes. */
    chargingUntil: instantColumn('charging_until'),
  },
  (table) => [
    primaryKey({ name: 'gateway_accounts_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId],
      foreignColumns: [organizations.id],
      name: 'gateway_accounts_organization',
    }),
  ],
)

export const payments = pgTable(
  'payments',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'payment'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Payment['status']>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    paymentMethodId: uuid('payment_method_id').notNull().$type<Id<'payment_method'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    gatewayPayment: text('gateway_payment'),
    outcome: text('outcome').$type<OutcomeKind>(),
    decline: jsonb('decline').$type<Decline>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'payments_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'payments_invoice',
    }),
    foreignKey({
      columns: [table.organizationId, table.paymentMethodId],
      foreignColumns: [paymentMethods.organizationId, paymentMethods.id],
      name: 'payments_method',
    }),
    foreignKey({
      columns: [table.organizationId, table.gatewayAccountId],
      foreignColumns: [gatewayAccounts.organizationId, gatewayAccounts.id],
      name: 'payments_gateway_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'payments_account',
    }),
    uniqueIndex('payments_open').on(table.organizationId, table.invoiceId).where(sql`${table.status} = 'pending'`),
    index('payments_by_invoice').on(table.organizationId, table.invoiceId),
    index('payments_by_account').on(table.organizationId, table.accountId),
    uniqueIndex('payments_gateway_payment').on(table.gatewayAccountId, table.gatewayPayment),
    check('payments_status', sql`${table.status} in ('pending', 'succeeded', 'failed')`),
    check('payments_amount', sql`${table.amount} > 0`),
  ],
)

export const paymentAttempts = pgTable(
  'payment_attempts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'attempt'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    paymentId: uuid('payment_id').notNull().$type<Id<'payment'>>(),
    /** Charging is shaped to each gateway account's limits. */
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    clockId: uuid('clock_id').$type<Id<'test_clock'>>(),
    version: integer('version').notNull(),
    dueAt: instantColumn('due_at').notNull(),
    outcome: text('outcome').$type<OutcomeKind>(),
    decline: jsonb('decline').$type<Decline>(),
    endedAt: instantColumn('ended_at'),
    /** The lease of who is charging it, in real time: a charge that was lost with its Worker is resumed after it. */
    claimedUntil: instantColumn('claimed_until'),
    /** Names the claim, so that who made it can read what it got. */
    claim: uuid('claim'),
  },
  (table) => [
    primaryKey({ name: 'payment_attempts_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.paymentId],
      foreignColumns: [payments.organizationId, payments.id],
      name: 'payment_attempts_payment',
    }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'payment_attempts_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.gatewayAccountId],
      foreignColumns: [gatewayAccounts.organizationId, gatewayAccounts.id],
      name: 'payment_attempts_gateway_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.clockId],
      foreignColumns: [testClocks.organizationId, testClocks.id],
      name: 'payment_attempts_clock',
    }),
    index('payment_attempts_claim').on(table.claim).where(sql`${table.endedAt} is null and ${table.claim} is not null`),
    index('payment_attempts_by_payment').on(table.organizationId, table.paymentId),
    index('payment_attempts_due')
      .on(table.gatewayAccountId, table.dueAt, table.id)
      .where(sql`${table.endedAt} is null`),
    index('payment_attempts_clock_due').on(table.clockId, table.dueAt).where(sql`${table.endedAt} is null`),
  ],
)

export const refunds = pgTable(
  'refunds',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'refund'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    paymentId: uuid('payment_id').notNull().$type<Id<'payment'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    clockId: uuid('clock_id').$type<Id<'test_clock'>>(),
    creditNoteId: uuid('credit_note_id').$type<Id<'credit_note'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Refund['status']>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    writtenOff: bigint('written_off', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    reason: text('reason'),
    gatewayRefund: text('gateway_refund'),
    outcome: text('outcome').$type<RefundOutcomeKind>(),
    failure: text('failure'),
    dueAt: instantColumn('due_at').notNull(),
    createdAt: instantColumn('created_at').notNull(),
    endedAt: instantColumn('ended_at'),
    /** The lease of who sends it, in real time; after an open outcome, the next look. */
    claimedUntil: instantColumn('claimed_until'),
    /** Names the claim, so that who made it can read what it got. */
    claim: uuid('claim'),
  },
  (table) => [
    primaryKey({ name: 'refunds_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.paymentId],
      foreignColumns: [payments.organizationId, payments.id],
      name: 'refunds_payment',
    }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'refunds_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.gatewayAccountId],
      foreignColumns: [gatewayAccounts.organizationId, gatewayAccounts.id],
      name: 'refunds_gateway_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.clockId],
      foreignColumns: [testClocks.organizationId, testClocks.id],
      name: 'refunds_clock',
    }),
    foreignKey({
      columns: [table.organizationId, table.creditNoteId],
      foreignColumns: [creditNotes.organizationId, creditNotes.id],
      name: 'refunds_credit_note',
    }),
    index('refunds_by_payment').on(table.organizationId, table.paymentId),
    index('refunds_by_account').on(table.organizationId, table.accountId),
    uniqueIndex('refunds_gateway_refund').on(table.gatewayAccountId, table.gatewayRefund),
    index('refunds_claim').on(table.claim).where(sql`${table.endedAt} is null and ${table.claim} is not null`),
    index('refunds_due').on(table.gatewayAccountId, table.dueAt, table.id).where(sql`${table.endedAt} is null`),
    index('refunds_clock_due').on(table.clockId, table.dueAt).where(sql`${table.endedAt} is null`),
    check('refunds_status', sql`${table.status} in ('pending', 'succeeded', 'failed')`),
    check('refunds_ended', sql`(${table.status} = 'pending') = (${table.endedAt} is null)`),
    check('refunds_amount', sql`${table.amount} > 0 and ${table.writtenOff} >= 0`),
  ],
)
