import { and, eq, inArray, sql } from 'drizzle-orm'
import { accounts, testClocks } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { versionFrom, versionsIn } from '../plans/repository.ts'
import { metrics } from '../plans/tables.ts'
import { type Database, oneSnapshot } from '../platform/db/client.ts'
import { events } from '../platform/events/tables.ts'
import { subscriptionFrom } from '../subscriptions/repository.ts'
import { subscriptions } from '../subscriptions/tables.ts'
import { cappedCharges, chargesByMetric, type PauseEvent, type Profile, pausesOf } from './domain/profile.ts'

/** What is known of some subscriptions of an organization, in one trip; those it does not have are left out. */
export async function readProfiles(
  database: Database,
  organizationId: Id<'organization'>,
  ids: readonly Id<'subscription'>[],
): Promise<readonly Profile[]> {
  const mine = and(eq(subscriptions.organizationId, organizationId), inArray(subscriptions.id, [...ids]))
  const [, rows, pauses, versionRows, measures] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    database.orm
      .select({ row: subscriptions, clock: testClocks.now })
      .from(subscriptions)
      .innerJoin(
        accounts,
        and(eq(accounts.organizationId, subscriptions.organizationId), eq(accounts.id, subscriptions.accountId)),
      )
      .leftJoin(
        testClocks,
        and(eq(testClocks.organizationId, accounts.organizationId), eq(testClocks.id, accounts.clockId)),
      )
      .where(mine),
    pausesIn(database, organizationId, ids),
    versionsIn(
      database,
      sql`(select s.organization_id, v.id::uuid from subscriptions s cross join lateral (select s.plan_version_id::text
        union all select a->>'planVersionId' from jsonb_array_elements(s.add_ons) a
        union all select x from jsonb_array_elements(coalesce(s.metering->'segments', '[]')) g, jsonb_array_elements_text(g->'versionIds') x
        union all select x from jsonb_array_elements(s.metered) m, jsonb_array_elements(m->'timeline') t, jsonb_array_elements_text(t->'versionIds') x
        ) as v(id) where s.organization_id = ${organizationId} and s.id in ${[...ids]})`,
    ),
    database.orm
      .select({
        code: metrics.code,
        aggregation: metrics.aggregation,
        field: metrics.field,
        decimals: metrics.decimals,
        allowNegative: metrics.allowNegative,
      })
      .from(metrics)
      .where(eq(metrics.organizationId, organizationId)),
  ])
  const versions = new Map(versionRows.map((row) => [row.id, versionFrom(row)]))
  const byCode = new Map(measures.map((measure) => [measure.code, measure]))
  return rows.map(({ row, clock }) => {
    const subscription = subscriptionFrom(row)
    const told = pauses.filter(({ subjectId }) => subjectId === subscription.id) as readonly PauseEvent[]
    return {
      subscription,
      clock,
      pauses: pausesOf(subscription, told),
      metrics: byCode,
      capped: cappedCharges(subscription, versions),
      charges: chargesByMetric(subscription, versions),
    }
  })
}

/** The types are written out, so that the index of pauses is used. */
function pausesIn(database: Database, organizationId: Id<'organization'>, ids: readonly Id<'subscription'>[]) {
  return database.orm
    .select({ subjectId: events.subjectId, type: events.type, at: events.occurredAt })
    .from(events)
    .where(
      and(
        inArray(events.subjectId, [...ids]),
        sql`${events.type} in ('subscription.paused', 'subscription.resumed')`,
        eq(events.organizationId, organizationId),
      ),
    )
    .orderBy(events.sequence)
}
