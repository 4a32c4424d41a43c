import { and, asc, desc, eq, gte, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import type { Lateness } from './domain/event.ts'
import { usageCorrections, usageEvents } from './tables.ts'

export type UsageEventRow = typeof usageEvents.$inferSelect
export type UsageCorrectionRow = typeof usageCorrections.$inferSelect

/** `from` is inclusive, `to` exclusive; of when it was used. */
export type EventFilter = {
  readonly subscription: Id<'subscription'>
  readonly metric?: string | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly late?: Lateness | undefined
}

/** The last row that was seen. */
export type After = { readonly at: Instant; readonly id: string }

/** Newest use first; of one instant by id. */
export function usageEventPage(
  database: Database,
  organizationId: Id<'organization'>,
  { subscription, metric, from, to, late }: EventFilter,
  { limit, after }: { readonly limit: number; readonly after: After | null },
) {
  return database.orm
    .select()
    .from(usageEvents)
    .where(
      and(
        eq(usageEvents.organizationId, organizationId),
        eq(usageEvents.subscriptionId, subscription),
        metric === undefined ? undefined : eq(usageEvents.metric, metric),
        from === undefined ? undefined : gte(usageEvents.at, from),
        to === undefined ? undefined : lt(usageEvents.at, to),
        late === undefined ? undefined : eq(usageEvents.late, late),
        after === null ? undefined : isAfter(after),
      ),
    )
    .orderBy(desc(usageEvents.at), desc(byteOrder))
    .limit(limit + 1)
}

/** Not the database's own order of text, which is another on another machine. */
const byteOrder = sql`${usageEvents.eventId} collate "C"`

function isAfter({ at, id }: After): SQL | undefined {
  return or(lt(usageEvents.at, at), and(eq(usageEvents.at, at), sql`${byteOrder} < ${id}`))
}

export type EventKey = {
  readonly organizationId: Id<'organization'>
  readonly subscriptionId: Id<'subscription'>
  readonly id: string
}

/** An event with what it was before, oldest first; null where there is none. */
export async function findUsageEvent(database: Database, { organizationId, subscriptionId, id }: EventKey) {
  const [[event], corrections] = await database.orm.batch([
    database.orm
      .select()
      .from(usageEvents)
      .where(
        and(
          eq(usageEvents.organizationId, organizationId),
          eq(usageEvents.subscriptionId, subscriptionId),
          eq(usageEvents.eventId, id),
        ),
      ),
    database.orm
      .select()
      .from(usageCorrections)
      .where(
        and(
          eq(usageCorrections.organizationId, organizationId),
          eq(usageCorrections.subscriptionId, subscriptionId),
          eq(usageCorrections.eventId, id),
        ),
      )
      .orderBy(asc(usageCorrections.version)),
  ])
  return event === undefined ? null : { event, corrections }
}
