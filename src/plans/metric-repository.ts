import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Metric } from './domain/metric.ts'
import { metrics } from './tables.ts'

type Organization = Id<'organization'>

export const newMetrics = insertsInto(metrics, 'organization')
export const changedMetrics = updatesOf(metrics, 'organization', ['name', 'metadata'])

export function metricFrom(row: typeof metrics.$inferSelect): Metric {
  return row
}

/** The metrics of some codes; a code without one is left out. */
export function metricsBy(database: Database, organizationId: Organization, codes: readonly string[]) {
  return database.orm
    .select()
    .from(metrics)
    .where(and(eq(metrics.organizationId, organizationId), inArray(metrics.code, [...codes])))
}

/** Newest first. */
export function metricPage(database: Database, organizationId: Organization, page: PageQuery) {
  return database.orm
    .select()
    .from(metrics)
    .where(
      and(
        eq(metrics.organizationId, organizationId),
        page.cursor === undefined ? undefined : lt(metrics.id, page.cursor as Id<'metric'>),
      ),
    )
    .orderBy(desc(metrics.id))
    .limit(page.limit + 1)
}
