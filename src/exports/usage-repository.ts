import { and, asc, eq, getTableColumns, gt, gte, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Aggregation } from '../plans/domain/metric.ts'
import type { Database } from '../platform/db/client.ts'
import { subscriptions } from '../subscriptions/tables.ts'
import type { UsageEventRow } from '../usage/repository.ts'
import { usageEvents } from '../usage/tables.ts'
import { EVENTS, quantityOf } from '../usage/window-repository.ts'
import { PAGE_ROWS, type Wanted } from './repository.ts'

/** Subscription by subscription, in each by time and then id: voided events too, and those that came too late. */
export async function usageEventsAfter(
  database: Database,
  { organizationId, filter, after }: Wanted,
): Promise<readonly (UsageEventRow & { readonly id: string })[]> {
  const [lastSubscription, lastAt, lastBytes] = (after?.split(' ') ?? []) as [Id<'subscription'>?, string?, string?]
  const { metric, from, to } = filter
  const byteOrder = sql`${usageEvents.eventId} collate "C"`
  const further = sql`(${usageEvents.at}, ${byteOrder}) > (${lastAt}::timestamptz, convert_from(decode(${lastBytes}, 'hex'), 'UTF8'))`
  // What lets the index begin where the page before ended.
  const notBefore = sql`${usageEvents.at} >= case when ${subscriptions.id} = ${lastSubscription} then ${lastAt}::timestamptz else '-infinity' end`
  const ofSubscription = database.orm
    .select({
      ...getTableColumns(usageEvents),
      bytes: sql<string>`encode(convert_to(${usageEvents.eventId}, 'UTF8'), 'hex')`.as('bytes'),
    })
    .from(usageEvents)
    .where(
      and(
        eq(usageEvents.subscriptionId, subscriptions.id),
        metric === undefined ? undefined : eq(usageEvents.metric, metric),
        from === undefined ? undefined : gte(usageEvents.at, from),
        to === undefined ? undefined : lt(usageEvents.at, to),
        lastSubscription && and(notBefore, or(gt(subscriptions.id, lastSubscription), further)),
      ),
    )
    .orderBy(asc(usageEvents.at), byteOrder)
    .limit(PAGE_ROWS)
    .as('e')
  const rows = await database.orm
    .select(ofSubscription._.selectedFields)
    .from(subscriptions)
    .innerJoinLateral(ofSubscription, sql`true`)
    .where(whose(organizationId, filter.subscription, lastSubscription))
    .orderBy(asc(subscriptions.id), asc(ofSubscription.at), sql`${ofSubscription.eventId} collate "C"`)
    .limit(PAGE_ROWS)
  // A text that sorts as the events do: a time of fixed length, and the bytes of an id that may be any text.
  return rows.map(({ bytes, ...event }) => ({
    ...event,
    id: `${event.subscriptionId} ${new Date(event.at).toISOString()} ${bytes}`,
  }))
}

function whose(
  organizationId: Id<'organization'>,
  subscription: Id<'subscription'> | undefined,
  from: Id<'subscription'> | undefined,
): SQL | undefined {
  return and(
    eq(subscriptions.organizationId, organizationId),
    subscription === undefined ? undefined : eq(subscriptions.id, subscription),
    from === undefined ? undefined : gte(subscriptions.id, from),
  )
}

/** What was used of a metric on a day of the subscription's zone. `quantity` is a decimal string. */
export type DayTotal = {
  readonly id: string
  readonly subscriptionId: Id<'subscription'>
  readonly metric: string
  readonly aggregation: Aggregation
  /** 'YYYY-MM-DD' */
  readonly day: string
  readonly timezone: string
  readonly events: number
  readonly quantity: string
}

/**
 * Days on which anything happened that counts, each by itself: subscription by subscription, day by day. A level is what
 * was held of it over the day. Where from or to falls into a day, only that part of it is told.
 */
export async function usageTotalsAfter(
  database: Database,
  { organizationId, filter, after }: Wanted,
): Promise<readonly DayTotal[]> {
  const { subscription = null, metric = null, from, to } = filter
  const [lastSubscription = null, lastDay = null, lastMetric = null] = after?.split(' ') ?? []
  const { rows } = await database.http.query(totals, [
    ...[organizationId, subscription, metric, isoOr(from, '-infinity'), isoOr(to, 'infinity')],
    ...[lastSubscription, lastDay, lastMetric, PAGE_ROWS],
  ])
  return rows as unknown as readonly DayTotal[]
}

function isoOr(at: Instant | undefined, otherwise: string): string {
  return at === undefined ? otherwise : toIso(at)
}

const totals = `with w as materialized (
    select s.id as subscription_id, s.timezone, d.metric, m.aggregation, d.day, d.events, '{}'::jsonb as filters, b.start, b.until,
      1000 * extract(epoch from b.until - b.start) as of_ms
    from subscriptions s cross join lateral (
      select (e.at at time zone s.timezone)::date as day, e.metric, count(*) as events
      from usage_events e
      where e.subscription_id = s.id and e.at >= $4 and e.at < $5 and ($3::text is null or e.metric = $3)
        and e.voided_at is null and e.late is distinct from 'unbilled'
      group by 1, 2
      having s.id > $6::uuid is not false
        or ((e.at at time zone s.timezone)::date, e.metric collate "C") > ($7::date, $8::text)
      order by 1, e.metric collate "C" limit $9) d
    cross join lateral (select greatest(d.day::timestamp at time zone s.timezone, $4) as start,
      least((d.day + 1)::timestamp at time zone s.timezone, $5) as until) b
    join metrics m on m.organization_id = s.organization_id and m.code = d.metric
    where s.organization_id = $1 and ($2::uuid is null or s.id = $2) and ($6::uuid is null or s.id >= $6)
    order by s.id, d.day, d.metric collate "C" limit $9)
  select w.subscription_id || ' ' || w.day || ' ' || w.metric as id, w.subscription_id as "subscriptionId", w.metric, w.aggregation,
    w.day::text as day, w.timezone, w.events::integer as events, coalesce(${quantityOf(EVENTS)}, '0') as quantity
  from w order by w.subscription_id, w.day, w.metric collate "C"`
