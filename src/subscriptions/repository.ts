import { and, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { liveStatuses, type Subscription, type SubscriptionStatus } from './domain/subscription.ts'
import { subscriptions } from './tables.ts'

type Row = typeof subscriptions.$inferSelect

const newRows = insertsInto(subscriptions, 'account')
const changedRows = updatesOf(subscriptions, 'account', [
  ...(['status', 'trialEndsAt', 'anchorAt', 'periodStart', 'periodEnd', 'cancelAt', 'endedAt'] as const),
  ...(['externalKey', 'metadata'] as const),
])
/** A renewal changes the period only: fewer bytes a page. */
const renewedRows = updatesOf(subscriptions, 'account', ['periodStart', 'periodEnd'])

export const subscriptionRows = {
  created: (changed: readonly Subscription[]) => newRows(changed.map(toRow)),
  changed: (changed: readonly Subscription[]) => ({
    ...changedRows(changed.map(toRow)),
    name: 'changed_subscriptions',
  }),
  renewed: (changed: readonly Subscription[]) => ({ ...renewedRows(changed.map(toRow)), name: 'changed_periods' }),
}

function toRow(subscription: Subscription): Row {
  const { interval, status, ...terms } = subscription
  const period = 'period' in subscription ? subscription.period : null
  return {
    ...terms,
    status,
    intervalUnit: interval.unit,
    intervalCount: interval.count,
    anchorAt: 'anchorAt' in subscription ? subscription.anchorAt : null,
    periodStart: period?.start ?? null,
    periodEnd: period?.end ?? null,
    cancelAt: 'cancelAt' in subscription ? subscription.cancelAt : null,
    endedAt: 'endedAt' in subscription ? subscription.endedAt : null,
  }
}

export function subscriptionFrom(row: Row): Subscription {
  const { intervalUnit, intervalCount, anchorAt, periodStart, periodEnd, cancelAt, endedAt, status, ...terms } = row
  const base = { ...terms, interval: { unit: intervalUnit, count: intervalCount } }
  const period = periodStart !== null && periodEnd !== null ? { start: periodStart, end: periodEnd } : null
  switch (status) {
    case 'scheduled':
      return { ...base, status }
    case 'trial':
      invariant(period !== null && base.trialEndsAt !== null, `trial ${row.id} must have its period`)
      return { ...base, status, period, trialEndsAt: base.trialEndsAt, cancelAt }
    case 'active':
      invariant(period !== null && anchorAt !== null, `active ${row.id} must have its period`)
      return { ...base, status, period, anchorAt, cancelAt }
    case 'cancelled':
      invariant(endedAt !== null, `cancelled ${row.id} must have its end`)
      return { ...base, status, period, anchorAt, endedAt }
    default:
      throw new Error(
        `subscription ${row.id} is ${status satisfies Exclude<SubscriptionStatus, Subscription['status']>}, which nothing makes`,
      )
  }
}

/** The subscriptions of some accounts that can still bill; `chosen` is a subquery of (organization_id, account id). */
export function liveSubscriptionsOf(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(subscriptions)
    .where(
      and(
        sql`(${subscriptions.organizationId}, ${subscriptions.accountId}) in ${chosen}`,
        inArray(subscriptions.status, [...liveStatuses]),
      ),
    )
}

/** `id` may be a subquery that finds it. */
export function subscriptionById(
  database: Database,
  organizationId: Id<'organization'>,
  id: Id<'subscription'> | SQL<Id<'subscription'>>,
) {
  return database.orm
    .select()
    .from(subscriptions)
    .where(and(eq(subscriptions.organizationId, organizationId), eq(subscriptions.id, id)))
}

export type SubscriptionFilter = {
  readonly account?: Id<'account'> | undefined
  readonly status?: SubscriptionStatus | undefined
  readonly external_key?: string | undefined
}

export function subscriptionPage(
  database: Database,
  organizationId: Id<'organization'>,
  filter: SubscriptionFilter,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(subscriptions)
    .where(
      and(
        eq(subscriptions.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(subscriptions.accountId, filter.account),
        filter.status === undefined ? undefined : eq(subscriptions.status, filter.status),
        filter.external_key === undefined ? undefined : eq(subscriptions.externalKey, filter.external_key),
        page.cursor === undefined ? undefined : lt(subscriptions.id, page.cursor as Id<'subscription'>),
      ),
    )
    .orderBy(desc(subscriptions.id))
    .limit(page.limit + 1)
}
