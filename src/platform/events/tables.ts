import { sql } from 'drizzle-orm'
import { index, integer, json, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { Id } from '../../kernel/id.ts'
import { instantColumn, transactionIdColumn } from '../db/columns.ts'

/** Every state change: the audit log, the history and what the relay sends on. Never updated. */
export const events = pgTable(
  'events',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'event'>>(),
    /** No foreign key: the commit's first statement makes the row it names, and three events an invoice would ask for it. */
    commitId: uuid('commit_id').notNull().$type<Id<'commit'>>(),
    accountId: uuid('account_id').$type<Id<'account'>>(),
    type: text('type').notNull(),
    subjectId: uuid('subject_id').notNull().$type<string>(),
    /** The subject's version after the commit. */
    sequence: integer('sequence').notNull(),
    actor: text('actor').notNull(),
    /** The subject as the API shows it, after the change; json, because it is only ever handed on whole. */
    data: json('data').notNull().$type<unknown>(),
    /** What members were before, the changed ones at least; null for a new subject. */
    previous: json('previous').$type<Record<string, unknown>>(),
    occurredAt: instantColumn('occurred_at').notNull(),
    /** Orders the feed: a slower commit with an older id must not appear behind the cursor. */
    xid: transactionIdColumn('xid').notNull().default(sql`pg_current_xact_id()`),
  },
  (table) => [
    primaryKey({ name: 'events_pkey', columns: [table.organizationId, table.id] }),
    index('events_commit').on(table.commitId),
    // Few: when a subscription was paused is asked whenever something was used.
    index('events_pauses')
      .on(table.subjectId)
      .where(sql`${table.type} in ('subscription.paused', 'subscription.resumed')`),
    // What an account owed is asked for by support, one account at a time.
    index('events_overdue')
      .on(table.organizationId, table.subjectId, table.id)
      .where(sql`${table.type} like 'account.overdue%' or ${table.type} like 'account.dispute%'`),
  ],
)
