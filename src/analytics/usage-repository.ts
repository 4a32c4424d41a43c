import type { Id } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import type { Period } from '../kernel/period.ts'
import type { Aggregation } from '../plans/domain/metric.ts'
import type { Database } from '../platform/db/client.ts'
import { EVENTS, quantityOf } from '../usage/window-repository.ts'

export type TrendsAsked = {
  readonly organizationId: Id<'organization'>
  /** Null: of all metrics. */
  readonly metric: string | null
  /** In order of time; they tile. */
  readonly buckets: readonly Period[]
  readonly byPlan: boolean
  /** A key of the accounts' metadata. */
  readonly segment: string | null
}

/** `plan` is a code; both are null where they were not asked for, `segment` also of accounts without one. */
export type UsageTrend = {
  readonly metric: string
  readonly aggregation: Aggregation
  readonly plan: string | null
  readonly segment: string | null
  /** Decimal strings by the number of their bucket; what is not there is nothing. */
  readonly quantities: Readonly<Record<string, string>>
}

/** Of each metric so many plans and segments, those with the most. */
export const MOST_GROUPS = 20
export const MOST_TRENDS = 100

/** The sums over all subscriptions of what each used, bucket by bucket, by the plans that they have now. */
export async function readTrends(database: Database, asked: TrendsAsked): Promise<readonly UsageTrend[]> {
  const { organizationId, metric, buckets, byPlan, segment } = asked
  const rows = buckets.map(({ start, end }, n) => ({ n, start: toIso(start), until: toIso(end), of_ms: end - start }))
  const answer = await database.http.query(statement, [organizationId, metric, JSON.stringify(rows), byPlan, segment])
  return answer.rows as unknown as readonly UsageTrend[]
}

/** Sums and counts of all subscriptions come from one pass over their events; the rest is measured window by window. */
const statement = `with b as materialized (select * from json_to_recordset($3::json)
    as r(n integer, start timestamptz, until timestamptz, of_ms numeric)),
  whole as materialized (select min(start) as start, max(until) as until, array_agg(start order by n) as starts from b),
  m as materialized (select code, aggregation from metrics where organization_id = $1 and ($2::text is null or code = $2)),
  s as materialized (select s.id, case when $4::boolean then p.code end as plan, a.metadata->>$5 as segment
    from subscriptions s
    join plans p on p.organization_id = s.organization_id and p.id = s.plan_id
    join accounts a on a.organization_id = s.organization_id and a.id = s.account_id
    where s.organization_id = $1),
  added as (select s.plan, s.segment, e.metric, e.n, sum(e.quantity) as quantity
    from whole cross join s cross join lateral (
      select e.metric, width_bucket(e.at, whole.starts) - 1 as n,
        sum(case m.aggregation when 'sum' then e.value::numeric when 'count' then 1 end) as quantity
      from usage_events e join m on m.code = e.metric and m.aggregation in ('sum', 'count')
      where e.subscription_id = s.id and e.at >= whole.start and e.at < whole.until
        and e.voided_at is null and e.late is distinct from 'unbilled'
      group by 1, 2) e
    group by 1, 2, 3, 4),
  w as materialized (select s.id as subscription_id, s.plan, s.segment, m.code as metric, m.aggregation, b.*, '{}'::jsonb as filters
    from s cross join m cross join b
    where m.aggregation not in ('sum', 'count') and exists (select from usage_events e where e.subscription_id = s.id
      and e.metric = m.code and e.at < b.until and (e.at >= b.start or m.aggregation = 'weighted_sum'))),
  measured as (select w.plan, w.segment, w.metric, w.n, sum(coalesce(${quantityOf(EVENTS)}, '0')::numeric) as quantity
    from w group by 1, 2, 3, 4),
  trends as (select metric, plan, segment, json_object_agg(n, trim_scale(quantity)::text) as quantities,
      row_number() over (partition by metric order by sum(quantity) desc, plan, segment) as rank
    from (select * from added union all select * from measured) used group by 1, 2, 3)
  select t.metric, m.aggregation, t.plan, t.segment, t.quantities from trends t join m on m.code = t.metric
  where t.rank <= ${MOST_GROUPS} order by t.metric, t.rank limit ${MOST_TRENDS}`
