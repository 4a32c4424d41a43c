import { and, desc, eq, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Plan, PlanVersion } from './domain/plan.ts'
import { plans, planVersions } from './tables.ts'

type Organization = Id<'organization'>

export const newPlans = insertsInto(plans, 'organization')
export const changedPlans = updatesOf(plans, 'organization', ['name', 'metadata', 'archivedAt', 'replacedBy'])
export const newPlanVersions = insertsInto(planVersions, 'organization')

type PlanRow = { readonly plan: typeof plans.$inferSelect; readonly current: typeof planVersions.$inferSelect }

export function planFrom({ plan, current }: PlanRow): Plan {
  return { ...plan, current: versionFrom(current) }
}

export function versionFrom(row: typeof planVersions.$inferSelect): PlanVersion {
  return row
}

/** A plan by its id or its code, with the version on sale. */
export function planBy(
  database: Database,
  organizationId: Organization,
  by: { readonly id?: Id<'plan'>; readonly code?: string },
) {
  return plansWithCurrent(database)
    .where(
      and(
        eq(plans.organizationId, organizationId),
        by.id === undefined ? undefined : eq(plans.id, by.id),
        by.code === undefined ? undefined : eq(plans.code, by.code),
      ),
    )
    .orderBy(desc(planVersions.number))
    .limit(1)
}

/** The plans of these codes and the one of a subscription, each with its version on sale. */
export function plansNamed(
  database: Database,
  organizationId: Organization,
  codes: readonly string[],
  subscriptionId: Id<'subscription'> | SQL<Id<'subscription'>>,
) {
  const own = sql`(select s.plan_id from subscriptions s where s.organization_id = ${organizationId} and s.id = ${subscriptionId})`
  return plansWithCurrent(database).where(
    and(
      eq(plans.organizationId, organizationId),
      eq(planVersions.number, newest),
      or(inArray(plans.code, [...codes]), sql`${plans.id} = ${own}`),
    ),
  )
}

/** Archived plans are left out unless asked for. */
export function planPage(
  database: Database,
  organizationId: Organization,
  { archived, ...page }: PageQuery & { readonly archived: boolean },
) {
  return plansWithCurrent(database)
    .where(
      and(
        eq(plans.organizationId, organizationId),
        eq(planVersions.number, newest),
        archived ? undefined : isNull(plans.archivedAt),
        page.cursor === undefined ? undefined : lt(plans.id, page.cursor as Id<'plan'>),
      ),
    )
    .orderBy(desc(plans.id))
    .limit(page.limit + 1)
}

const newest = sql`(select max(v.number) from plan_versions v where v.organization_id = ${plans.organizationId} and v.plan_id = ${plans.id})`

function plansWithCurrent(database: Database) {
  return database.orm
    .select({ plan: plans, current: planVersions })
    .from(plans)
    .innerJoin(
      planVersions,
      and(eq(planVersions.organizationId, plans.organizationId), eq(planVersions.planId, plans.id)),
    )
}

/** Newest first. */
export function versionPage(database: Database, organizationId: Organization, planId: Id<'plan'>, page: PageQuery) {
  return database.orm
    .select()
    .from(planVersions)
    .where(
      and(
        eq(planVersions.organizationId, organizationId),
        eq(planVersions.planId, planId),
        page.cursor === undefined ? undefined : lt(planVersions.id, page.cursor as Id<'plan_version'>),
      ),
    )
    .orderBy(desc(planVersions.id))
    .limit(page.limit + 1)
}

/** Plan versions by (organization_id, id); `chosen` is a subquery of them. */
export function versionsIn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(planVersions)
    .where(sql`(${planVersions.organizationId}, ${planVersions.id}) in ${chosen}`)
}
