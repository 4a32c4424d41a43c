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
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Metadata } from '../accounts/domain/account.ts'
import { accounts } from '../accounts/tables.ts'
import { invoices } from '../invoices/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { type Credit, creditEnds, creditSources } from './domain/credit.ts'

export const credits = pgTable(
  'credits',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'credit'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    version: integer('version').notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    remaining: bigint('remaining', { mode: 'bigint' }).notNull(),
    expired: bigint('expired', { mode: 'bigint' }).notNull(),
    voided: bigint('voided', { mode: 'bigint' }).notNull(),
    reason: text('reason').notNull(),
    source: text('source').notNull().$type<Credit['source']>(),
    sourceId: uuid('source_id'),
    expiresAt: instantColumn('expires_at'),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    createdAt: instantColumn('created_at').notNull(),
    endedAt: instantColumn('ended_at'),
    end: text('end_reason').$type<Credit['end']>(),
  },
  (table) => [
    primaryKey({ name: 'credits_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'credits_account',
    }),
    // What an application points at: a credit of the same account.
    unique('credits_of_account').on(table.organizationId, table.accountId, table.id),
    index('credits_open').on(table.organizationId, table.accountId).where(sql`${table.remaining} > 0`),
    check('credits_amount', sql`${table.amount} > 0 and ${table.amount} < 9007199254740992`),
    check(
      'credits_parts',
      sql`${table.remaining} >= 0 and ${table.expired} >= 0 and ${table.voided} >= 0
        and ${table.remaining} + ${table.expired} + ${table.voided} <= ${table.amount}`,
    ),
    check('credits_reason', sql`length(${table.reason}) between 1 and 500`),
    check('credits_source', sql.raw(`source in (${creditSources.map((name) => `'${name}'`).join(', ')})`)),
    check('credits_end_reason', sql.raw(`end_reason in (${creditEnds.map((name) => `'${name}'`).join(', ')})`)),
    check(
      'credits_ended',
      sql`(${table.endedAt} is null) = (${table.end} is null) and (${table.endedAt} is null or ${table.remaining} = 0)`,
    ),
  ],
)

export const creditApplications = pgTable(
  'credit_applications',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'credit_application'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    version: integer('version').notNull(),
    creditId: uuid('credit_id').notNull().$type<Id<'credit'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    at: instantColumn('at').notNull(),
    creditExpiresAt: instantColumn('credit_expires_at'),
    releasedAt: instantColumn('released_at'),
  },
  (table) => [
    primaryKey({ name: 'credit_applications_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'credit_applications_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.accountId, table.creditId],
      foreignColumns: [credits.organizationId, credits.accountId, credits.id],
      name: 'credit_applications_credit',
    }),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'credit_applications_invoice',
    }),
    index('credit_applications_by_credit').on(table.organizationId, table.creditId),
    index('credit_applications_by_invoice').on(table.organizationId, table.invoiceId),
    check('credit_applications_amount', sql`${table.amount} > 0`),
    check('credit_applications_released', sql`${table.releasedAt} >= ${table.at}`),
  ],
)
