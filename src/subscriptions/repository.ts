import { and, desc, eq, inArray, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Period } from '../kernel/period.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { liveStatuses, type Subscription, type SubscriptionStatus, termsOf } from './domain/subscription.ts'
import { subscriptions } from './tables.ts'

type Row = typeof subscriptions.$inferSelect

const newRows = insertsInto(subscriptions, 'account')
const changedRows = updatesOf(subscriptions, 'account', [
  ...([
    'status',
    'planId',
    'planVersionId',
    'quantity',
    'unitAmount',
    'addOns',
    'intervalUnit',
    'intervalCount',
  ] as const),
  ...(['trialEndsAt', 'endsAt', 'scheduledChange', 'anchorAt', 'periodStart', 'periodEnd', 'pausedMs'] as const),
  ...(['pausedAt', 'resumesAt', 'noticedAt', 'changedAt', 'baseline', 'pendingChange', 'metering', 'metered'] as const),
  ...(['cancelAt', 'endedAt', 'externalKey', 'metadata', 'access'] as const),
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

/** What a status does not have is null in its row. */
const absent = {
  ...{ anchorAt: null, periodStart: null, periodEnd: null, pausedMs: 0, pausedAt: null, resumesAt: null },
  ...{ noticedAt: null, changedAt: null, baseline: null, pendingChange: null, metering: null, cancelAt: null },
  endedAt: null,
} as const

function toRow(subscription: Subscription): Row {
  const { interval, status, ...terms } = termsWithStatus(subscription)
  const row = { ...absent, ...terms, status, intervalUnit: interval.unit, intervalCount: interval.count }
  switch (subscription.status) {
    case 'scheduled':
      return row
    case 'trial': {
      const { cancelAt, noticedAt } = subscription
      return { ...row, ...periodRow(subscription.period), cancelAt, noticedAt }
    }
    case 'active': {
      const { anchorAt, pausedMs, cancelAt, baseline, pendingChange, changedAt, metering } = subscription
      const rest = { anchorAt, pausedMs, cancelAt, baseline, pendingChange, changedAt, metering }
      return { ...row, ...periodRow(subscription.period), ...rest }
    }
    case 'paused': {
      const { pausedAt, resumesAt, noticedAt, billing } = subscription
      const { period = null, ...rest } = billing ?? {}
      return { ...row, ...periodRow(period), ...rest, pausedAt, resumesAt, noticedAt }
    }
    default: {
      const { anchorAt, period, endedAt } = subscription
      return { ...row, ...periodRow(period), anchorAt, endedAt }
    }
  }
}

function termsWithStatus(subscription: Subscription) {
  return { ...termsOf(subscription), status: subscription.status }
}

function periodRow(period: Period | null) {
  return { periodStart: period?.start ?? null, periodEnd: period?.end ?? null }
}

export function subscriptionFrom(row: Row): Subscription {
  const { intervalUnit, intervalCount, anchorAt, periodStart, periodEnd, cancelAt, endedAt, status, ...rest } = row
  const { pausedMs, pausedAt, resumesAt, noticedAt, changedAt, baseline, pendingChange, metering, ...terms } = rest
  const base = { ...terms, interval: { unit: intervalUnit, count: intervalCount } }
  const period = periodStart !== null && periodEnd !== null ? { start: periodStart, end: periodEnd } : null
  switch (status) {
    case 'scheduled':
      return { ...base, status }
    case 'trial':
      invariant(period !== null && base.trialEndsAt !== null, `trial ${row.id} must have its period`)
      return { ...base, status, period, trialEndsAt: base.trialEndsAt, cancelAt, noticedAt }
    case 'active': {
      invariant(period !== null && anchorAt !== null, `active ${row.id} must have its period`)
      const standing = { anchorAt, period, pausedMs }
      return {
        ...{ ...base, ...standing, status, cancelAt, baseline, pendingChange, metering },
        changedAt: changedAt ?? period.start,
      }
    }
    case 'paused': {
      invariant(pausedAt !== null, `paused ${row.id} must have the instant of its pause`)
      const billing = period !== null && anchorAt !== null ? { anchorAt, period, pausedMs, cancelAt, metering } : null
      return { ...base, status, pausedAt, resumesAt, noticedAt, billing }
    }
    case 'cancelled':
    case 'expired':
      invariant(endedAt !== null, `${status} ${row.id} must have its end`)
      return { ...base, status, period, anchorAt, endedAt }
  }
}

/**
 * The subscriptions of some accounts that can still bill: those that are live, and those whose usage may still come in.
 * `chosen` is a subquery of (organization_id, account id).
 */
export function liveSubscriptionsOf(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(subscriptions)
    .where(
      and(
        sql`(${subscriptions.organizationId}, ${subscriptions.accountId}) in ${chosen}`,
        or(inArray(subscriptions.status, [...liveStatuses]), sql`${subscriptions.metered} <> '[]'::jsonb`),
      ),
    )
}

/**
 * (organization_id, plan version id) of everything that some accounts' live subscriptions are sold, were sold in the
 * present period, or will be by a change that waits.
 */
export function versionsSold(chosen: SQL): SQL {
  const changes = ['scheduled_change', 'pending_change', 'baseline']
  const agreed = (path: string) =>
    `select ${path}->>'planVersionId' where ${path} ? 'planVersionId'
     union all select a->>'planVersionId' from jsonb_array_elements(coalesce(${path}->'addOns', '[]')) a`
  const paths = changes.map((name) => `s.${name}->'${name === 'baseline' ? 'agreement' : 'to'}'`)
  const whose = sql`(s.organization_id, s.account_id) in ${chosen}`
  return sql`(select s.organization_id, s.plan_version_id from subscriptions s where ${whose}
    union select s.organization_id, v.id::uuid from subscriptions s cross join lateral (
      select a->>'planVersionId' from jsonb_array_elements(s.add_ons) a
      union all ${sql.raw(paths.map(agreed).join('\n union all '))}
      union all select x from jsonb_array_elements(coalesce(s.metering->'segments', '[]')) g, jsonb_array_elements_text(g->'versionIds') x
      union all select x from jsonb_array_elements(s.metered) m, jsonb_array_elements(m->'timeline') t, jsonb_array_elements_text(t->'versionIds') x
      union all select m->'agreement'->>'planVersionId' from jsonb_array_elements(s.metered) m
      union all select a->>'planVersionId' from jsonb_array_elements(s.metered) m, jsonb_array_elements(m->'agreement'->'addOns') a
    ) as v(id) where ${whose} and (s.scheduled_change is not null or s.baseline is not null
      or s.pending_change is not null or s.metering is not null or s.add_ons <> '[]'::jsonb or s.metered <> '[]'::jsonb))`
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
