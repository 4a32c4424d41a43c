import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Id } from '../kernel/id.ts'
import { instantColumn } from '../platform/db/columns.ts'
import type { Scope } from './domain/api-key.ts'
import type { Organization, Settings } from './domain/organization.ts'

export const organizations = pgTable(
  'organizations',
  {
    id: uuid('id').primaryKey().$type<Id<'organization'>>(),
    version: integer('version').notNull(),
    name: text('name').notNull(),
    mode: text('mode').notNull().$type<Organization['mode']>(),
    settings: jsonb('settings').notNull().$type<Settings>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [check('organizations_mode', sql`${table.mode} in ('live', 'sandbox')`)],
)

/** The organization-wide series of invoices and of credit notes: numbers are taken inside the commit, without a gap. */
export const invoiceSeries = pgTable('invoice_series', {
  organizationId: uuid('organization_id')
    .primaryKey()
    .$type<Id<'organization'>>()
    .references(() => organizations.id),
  prefix: text('prefix').notNull(),
  nextNumber: bigint('next_number', { mode: 'number' }).notNull(),
  nextCreditNote: bigint('next_credit_note', { mode: 'number' }).notNull().default(1),
})

export const apiKeys = pgTable(
  'api_keys',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'api_key'>>(),
    version: integer('version').notNull(),
    name: text('name').notNull(),
    /** SHA-256 of the key; the key itself is shown once and kept nowhere. */
    hash: text('hash').notNull(),
    ending: text('ending').notNull(),
    scopes: text('scopes').array().notNull().$type<Scope[]>(),
    /** Web pages a publishable key may be used from; null for a secret key. */
    origins: text('origins').array(),
    createdAt: instantColumn('created_at').notNull(),
    revokedAt: instantColumn('revoked_at'),
  },
  (table) => [
    primaryKey({ name: 'api_keys_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({ columns: [table.organizationId], foreignColumns: [organizations.id], name: 'api_keys_organization' }),
    uniqueIndex('api_keys_hash').on(table.hash),
  ],
)
