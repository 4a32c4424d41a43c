import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Id } from '../../kernel/id.ts'
import { instantColumn } from './columns.ts'

/** One row a commit, page or single: proof that it was applied, and the outbox of the relay. */
export const commits = pgTable(
  'commits',
  {
    id: uuid('id').primaryKey().$type<Id<'commit'>>(),
    /** Null for a page of the billing run, which may span organizations. */
    organizationId: uuid('organization_id').$type<Id<'organization'>>(),
    cause: text('cause').notNull(),
    /** Values that only the statement knew: see `late` in commit.ts. */
    late: jsonb('late').$type<Record<string, string>>(),
    committedAt: timestamp('committed_at', { withTimezone: true }).notNull().defaultNow(),
    relayedAt: instantColumn('relayed_at'),
  },
  (table) => [index('commits_unrelayed').on(table.committedAt).where(sql`${table.relayedAt} is null`)],
)

/** A POST that carried an Idempotency-Key and was committed. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    key: text('key').notNull(),
    /** SHA-256 of method, path and body. */
    fingerprint: text('fingerprint').notNull(),
    commitId: uuid('commit_id').notNull().$type<Id<'commit'>>(),
    /** Null until the request's last step is known: then the first response, byte by byte. */
    status: integer('status'),
    body: text('body'),
    /** What a replay resumes when the first request died between its commit and its answer. */
    resume: jsonb('resume').$type<unknown>(),
    leasedUntil: instantColumn('leased_until').notNull(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'idempotency_keys_pkey', columns: [table.organizationId, table.key] }),
    index('idempotency_keys_created').on(table.createdAt),
  ],
)
