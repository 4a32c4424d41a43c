import { and, eq, sql } from 'drizzle-orm'
import { accounts, testClocks } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Metric } from '../plans/domain/metric.ts'
import { metricFrom } from '../plans/metric-repository.ts'
import { versionFrom, versionsIn } from '../plans/repository.ts'
import { metrics } from '../plans/tables.ts'
import { type Database, oneSnapshot } from '../platform/db/client.ts'
import type { Versions } from '../subscriptions/domain/billable.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import { subscriptionById, subscriptionFrom, versionsSold } from '../subscriptions/repository.ts'
import { usageEvents } from './tables.ts'

/** What must be known of a subscription to tell of its usage. */
export type Subject = {
  readonly subscription: Subscription
  /** Of its account's test clock; null: it lives in real time. */
  readonly clock: Instant | null
  readonly versions: Versions
  readonly metrics: ReadonlyMap<string, Metric>
  /** The metrics that anything was used of in the window, or else in its present period. */
  readonly used: readonly string[]
}

/** Without a bound, the present period's. */
type Bounds = { readonly from?: Instant | undefined; readonly to?: Instant | undefined }

/** In one trip. */
export async function findSubject(
  database: Database,
  organizationId: Id<'organization'>,
  id: Id<'subscription'>,
  window: Bounds,
): Promise<Subject | null> {
  const account = sql`(select s.organization_id, s.account_id from subscriptions s
    where s.organization_id = ${organizationId} and s.id = ${id})`
  const [, [row], [clock], versions, known, used] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    subscriptionById(database, organizationId, id),
    database.orm
      .select({ now: testClocks.now })
      .from(accounts)
      .innerJoin(
        testClocks,
        and(eq(testClocks.organizationId, accounts.organizationId), eq(testClocks.id, accounts.clockId)),
      )
      .where(sql`(${accounts.organizationId}, ${accounts.id}) in ${account}`),
    versionsIn(database, sql`(select * from ${versionsSold(account)} sold)`),
    database.orm.select().from(metrics).where(eq(metrics.organizationId, organizationId)),
    metricsUsed(database, organizationId, id, window),
  ])
  if (row === undefined) return null
  return {
    subscription: subscriptionFrom(row),
    clock: clock?.now ?? null,
    versions: new Map(versions.map(versionFrom).map((version) => [version.id, version])),
    metrics: new Map(known.map(metricFrom).map((metric) => [metric.code, metric])),
    used: used.map(({ metric }) => metric),
  }
}

function metricsUsed(database: Database, organizationId: Id<'organization'>, id: Id<'subscription'>, window: Bounds) {
  const bound = (at: Instant | undefined, column: string) =>
    at === undefined
      ? sql`(select ${sql.raw(column)} from subscriptions s where s.organization_id = ${organizationId} and s.id = ${id})`
      : sql`${toIso(at)}::timestamptz`
  return database.orm
    .selectDistinct({ metric: usageEvents.metric })
    .from(usageEvents)
    .where(
      sql`${usageEvents.organizationId} = ${organizationId} and ${usageEvents.subscriptionId} = ${id}
        and ${usageEvents.at} >= ${bound(window.from, 's.period_start')} and ${usageEvents.at} < ${bound(window.to, 's.period_end')}
        and ${usageEvents.voidedAt} is null and ${usageEvents.late} is distinct from 'unbilled'`,
    )
    .orderBy(usageEvents.metric)
}
