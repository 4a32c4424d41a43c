import { and, desc, eq, lt, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { events } from '../platform/events/tables.ts'
import type { PageQuery } from '../platform/http/pagination.ts'

/** What happened to an account because it owed, or because its customer contested that. */
export const overdueEvents = [
  'account.overdue_changed',
  'account.dispute_hold_placed',
  'account.dispute_hold_released',
  'account.dispute_opened',
  'account.dispute_ended',
] as const

/** Newest first. */
export function overdueHistory(
  database: Database,
  organizationId: Id<'organization'>,
  account: Id<'account'>,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(events)
    .where(
      and(
        eq(events.organizationId, organizationId),
        eq(events.subjectId, account),
        // As its index says it; the list is what they are.
        sql`(${events.type} like 'account.overdue%' or ${events.type} like 'account.dispute%')`,
        page.cursor === undefined ? undefined : lt(events.id, page.cursor as Id<'event'>),
      ),
    )
    .orderBy(desc(events.id))
    .limit(page.limit + 1)
}
