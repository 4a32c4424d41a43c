import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { commits } from '../platform/db/tables.ts'

/** One pass over the accounts that are due. */
export const billingRuns = pgTable(
  'billing_runs',
  {
    id: uuid('id').primaryKey().$type<Id<'billing_run'>>(),
    /** Null for cron's, which serves every organization. */
    organizationId: uuid('organization_id').$type<Id<'organization'>>(),
    asOf: instantColumn('as_of').notNull(),
    startedAt: instantColumn('started_at').notNull(),
    /** How many messages the run was divided into. */
    ranges: integer('ranges').notNull(),
    /** Accounts found due when it started. */
    due: integer('due').notNull(),
  },
  (table) => [
    foreignKey({
      columns: [table.organizationId],
      foreignColumns: [organizations.id],
      name: 'billing_runs_organization',
    }),
    index('billing_runs_by_organization').on(table.organizationId, table.startedAt),
  ],
)

/** A range that was worked through to its end, once, however often its message arrived. */
export const billingRunRanges = pgTable(
  'billing_run_ranges',
  {
    runId: uuid('run_id')
      .notNull()
      .$type<Id<'billing_run'>>()
      .references(() => billingRuns.id),
    firstBucket: integer('first_bucket').notNull(),
    finishedAt: instantColumn('finished_at').notNull(),
    /** Accounts left due, because others wrote to them; and those whose billing failed, for reasons that are in the log. */
    left: integer('left').notNull(),
    failed: integer('failed').notNull(),
  },
  (table) => [primaryKey({ name: 'billing_run_ranges_pkey', columns: [table.runId, table.firstBucket] })],
)

/** What one page of a run did for one organization: written by the page's own commit, so that the counts are exact. */
export const billingRunPages = pgTable(
  'billing_run_pages',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    runId: uuid('run_id').notNull().$type<Id<'billing_run'>>(),
    commitId: uuid('commit_id')
      .notNull()
      .$type<Id<'commit'>>()
      .references(() => commits.id),
    accounts: integer('accounts').notNull(),
    subscriptions: integer('subscriptions').notNull(),
    invoices: integer('invoices').notNull(),
  },
  (table) => [
    primaryKey({ name: 'billing_run_pages_pkey', columns: [table.runId, table.organizationId, table.commitId] }),
    foreignKey({
      columns: [table.organizationId],
      foreignColumns: [organizations.id],
      name: 'billing_run_pages_organization',
    }),
    foreignKey({ columns: [table.runId], foreignColumns: [billingRuns.id], name: 'billing_run_pages_run' }),
  ],
)

/** A queue message that failed for good, with what it said; it can be sent again. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: uuid('id').primaryKey().$type<Id<'dead_letter'>>(),
    queue: text('queue').notNull(),
    body: jsonb('body').notNull().$type<unknown>(),
    receivedAt: instantColumn('received_at').notNull(),
    replayedAt: instantColumn('replayed_at'),
  },
  (table) => [
    index('dead_letters_received').on(table.receivedAt),
    check('dead_letters_queue', sql`${table.queue} <> ''`),
  ],
)
