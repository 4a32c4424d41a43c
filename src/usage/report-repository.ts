import { and, asc, eq, lt, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import { usageReports } from './tables.ts'

type Organization = Id<'organization'>
type Subscription = Id<'subscription'>

/** What the shards have to say to a subscription, oldest first. */
export function reportsTo(database: Database, organizationId: Organization, id: Subscription, limit: number) {
  return database.orm
    .select({ id: usageReports.id, report: usageReports.report })
    .from(usageReports)
    .where(and(eq(usageReports.organizationId, organizationId), eq(usageReports.subscriptionId, id)))
    .orderBy(asc(usageReports.createdAt), asc(usageReports.id))
    .limit(limit)
}

/** What is decided goes with the commit, or the commit does not happen. One that is made again meanwhile is another row. */
export function reportsDone(ids: readonly Id<'usage_report'>[]): Fragment {
  return {
    name: 'changed_usage_reports',
    rows: ids.map((id) => ({ id })),
    statement: (parameter) =>
      `delete from usage_reports t using json_to_recordset(${parameter}::json) as r(id uuid) where t.id = r.id returning 1`,
  }
}

/** Subscriptions whose message was lost. */
export function reportsLeft(database: Database, olderThan: Instant, limit: number) {
  return database.orm
    .selectDistinct({ organizationId: usageReports.organizationId, subscriptionId: usageReports.subscriptionId })
    .from(usageReports)
    .where(lt(usageReports.createdAt, olderThan))
    .limit(limit)
}

/** Of the accounts on a test clock: those that are metered, or were. */
export async function meteredOnClock(
  database: Database,
  organizationId: Organization,
  clockId: Id<'test_clock'>,
): Promise<readonly Subscription[]> {
  const { rows } = await database.orm.execute<{ id: Subscription }>(sql`select s.id from subscriptions s
    join accounts a on a.organization_id = s.organization_id and a.id = s.account_id
    where a.organization_id = ${organizationId} and a.clock_id = ${clockId}
      and (s.metering is not null or s.metered <> '[]'::jsonb)`)
  return rows.map(({ id }) => id)
}
