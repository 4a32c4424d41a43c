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
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Id } from '../kernel/id.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { subscriptions } from '../subscriptions/tables.ts'
import type { Lateness } from './domain/event.ts'
import type { Report } from './domain/report.ts'

/**
 * What was used, as its senders told it. Partitioned by hash of the subscription (see the migration): a key on a table
 * partitioned by time would have to include the time, and could not drop a duplicate.
 */
export const usageEvents = pgTable(
  'usage_events',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    subscriptionId: uuid('subscription_id').notNull().$type<Id<'subscription'>>(),
    eventId: text('event_id').notNull(),
    version: integer('version').notNull(),
    metric: text('metric').notNull(),
    /** When it was used. */
    at: instantColumn('at').notNull(),
    quantity: text('quantity').notNull(),
    properties: jsonb('properties').notNull().$type<Readonly<Record<string, string>>>(),
    /** What is aggregated of it: its quantity, or the property that its metric names. */
    value: text('value').notNull(),
    receivedAt: instantColumn('received_at').notNull(),
    late: text('late').$type<Lateness>(),
    voidedAt: instantColumn('voided_at'),
  },
  (table) => [
    primaryKey({ name: 'usage_events_pkey', columns: [table.subscriptionId, table.eventId] }),
    foreignKey({
      columns: [table.organizationId, table.subscriptionId],
      foreignColumns: [subscriptions.organizationId, subscriptions.id],
      name: 'usage_events_subscription',
    }),
    index('usage_events_at').on(table.subscriptionId, table.at),
    check('usage_events_late', sql`${table.late} in ('supplemental', 'unbilled')`),
  ],
)

/** What an event was before it was replaced or voided, and by whom. */
export const usageCorrections = pgTable(
  'usage_corrections',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    subscriptionId: uuid('subscription_id').notNull().$type<Id<'subscription'>>(),
    eventId: text('event_id').notNull(),
    /** The version that was replaced. */
    version: integer('version').notNull(),
    before: jsonb('before').notNull().$type<unknown>(),
    actor: text('actor').notNull(),
    at: instantColumn('at').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'usage_corrections_pkey',
      columns: [table.subscriptionId, table.eventId, table.version],
    }),
    foreignKey({
      columns: [table.organizationId, table.subscriptionId],
      foreignColumns: [subscriptions.organizationId, subscriptions.id],
      name: 'usage_corrections_subscription',
    }),
  ],
)

/**
 * How far each shard's events have come: `flushed` events of those it acknowledged are here, each of them once, as a row, a
 * duplicate or set aside. A flush moves it on from where it stands or does nothing.
 */
export const usageShards = pgTable(
  'usage_shards',
  {
    shard: smallint('shard').primaryKey(),
    flushed: bigint('flushed', { mode: 'number' }).notNull(),
    inserted: bigint('inserted', { mode: 'number' }).notNull(),
    duplicates: bigint('duplicates', { mode: 'number' }).notNull(),
    setAside: bigint('set_aside', { mode: 'number' }).notNull(),
  },
  (table) => [
    check('usage_shards_sum', sql`${table.flushed} = ${table.inserted} + ${table.duplicates} + ${table.setAside}`),
  ],
)

/** Events that the database refused: acknowledged, so they are kept where somebody sees them. */
export const usageSetAside = pgTable(
  'usage_set_aside',
  {
    shard: smallint('shard').notNull(),
    /** Its place among all that the shard acknowledged. */
    position: bigint('position', { mode: 'number' }).notNull(),
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    event: jsonb('event').notNull().$type<unknown>(),
    reason: text('reason').notNull(),
    at: instantColumn('at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'usage_set_aside_pkey', columns: [table.shard, table.position] }),
    index('usage_set_aside_organization').on(table.organizationId),
  ],
)

/** What a shard has to say to a subscription, until it was told: usage that came late, a threshold that was passed. */
export const usageReports = pgTable(
  'usage_reports',
  {
    id: uuid('id').primaryKey().$type<Id<'usage_report'>>(),
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    subscriptionId: uuid('subscription_id').notNull().$type<Id<'subscription'>>(),
    /** Says the same thing once. */
    subject: text('subject').notNull(),
    report: jsonb('report').notNull().$type<Report>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    unique('usage_reports_subject').on(table.subscriptionId, table.subject),
    index('usage_reports_created').on(table.createdAt),
    foreignKey({
      columns: [table.organizationId, table.subscriptionId],
      foreignColumns: [subscriptions.organizationId, subscriptions.id],
      name: 'usage_reports_subscription',
    }),
  ],
)
