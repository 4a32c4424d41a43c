import { toIso } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Usage } from '../plans/domain/rating.ts'
import type { Database } from '../platform/db/client.ts'
import type { UsageAsked, UsageOf } from '../subscriptions/domain/usage-billable.ts'

/**
 * What was used in some windows, by the events that are in Postgres: whoever needs all that was acknowledged flushes the
 * shards first. One trip, none without a window. What came too late to be billed is left out.
 *
 * The answer knows these windows only, whoever asks for them. @throws {InvariantViolation} for another.
 */
export async function readWindows(database: Database, asked: readonly UsageAsked[]): Promise<UsageOf> {
  const windows = new Map(asked.map((window) => [nameOfWindow(window), window]))
  const names = [...windows.keys()]
  const read = new Map<string | undefined, Usage>()
  if (windows.size > 0) {
    const { rows } = await database.http.query(statement, [JSON.stringify([...windows.values()].map(toRow))])
    for (const { n, quantity, events } of rows as unknown as readonly Row[])
      read.set(names[n], { quantity, ...(events && { events }) })
  }
  return (window) => {
    const usage = read.get(nameOfWindow(window))
    invariant(usage !== undefined, `usage that was not asked for: ${nameOfWindow(window)}`)
    return usage
  }
}

/** What a window is known by. Whether it is billed for good changes nothing of what was used. */
export function nameOfWindow({ subscriptionId, metric, filters, period, of, perEvent }: UsageAsked): string {
  const properties = Object.entries(filters).sort(([left], [right]) => (left < right ? -1 : 1))
  return JSON.stringify([subscriptionId, metric, properties, period.start, period.end, of.start, of.end, perEvent])
}

type Row = { readonly n: number; readonly quantity: string; readonly events: readonly string[] | null }

function toRow({ subscriptionId, metric, filters, period, of, perEvent }: UsageAsked, n: number) {
  return {
    ...{ n, subscription_id: subscriptionId, metric, filters, per_event: perEvent },
    ...{ start: toIso(period.start), until: toIso(period.end), of_ms: of.end - of.start },
  }
}

/**
 * The events of a window `w`; of a weighted sum all that were before it too, because its level goes on, also the level of
 * what came too late to be billed for its own time.
 */
export const EVENTS = `select e.at, e.event_id, e.value, e.properties from usage_events e
  where e.subscription_id = w.subscription_id and e.metric = w.metric and e.at < w.until
    and e.at >= case when w.aggregation = 'weighted_sum' then '-infinity' else w.start end
    and e.properties @> w.filters and e.voided_at is null
    and (e.late is distinct from 'unbilled' or e.at < w.start)`

/**
 * What a window `w` comes to by its `aggregation`, as plans/domain/aggregation.ts says: as text, null where nothing was
 * used. Exact: what a weighted sum held is divided once, in integers, and rounded half away from zero to twelve decimals.
 */
export function quantityOf(events: string): string {
  const held = 'sum(e.value::numeric * 1000 * extract(epoch from w.until - greatest(e.at, w.start)))'
  return `trim_scale(case w.aggregation
    when 'unique_count' then (select count(distinct e.value) from (${events}) e)
    when 'latest' then (select e.value::numeric from (${events}) e order by e.at desc, e.event_id collate "C" desc limit 1)
    else (select case w.aggregation
        when 'sum' then sum(e.value::numeric)
        when 'count' then count(*)
        when 'max' then max(e.value::numeric)
        when 'weighted_sum' then sign(${held}) * 0.000000000001
          * div(2 * abs(${held}) * 1000000000000 + w.of_ms, 2 * w.of_ms)
      end from (${events}) e)
  end)::text`
}

/** A subscription's events tell its organization, and with it the metric; one without events has used nothing. */
const statement = `with w as materialized (
    select r.*, m.aggregation
    from json_to_recordset($1::json) as r(n integer, subscription_id uuid, metric text, filters jsonb, per_event boolean,
      start timestamptz, until timestamptz, of_ms numeric)
    left join lateral (select organization_id from usage_events u where u.subscription_id = r.subscription_id limit 1) s on true
    left join metrics m on m.organization_id = s.organization_id and m.code = r.metric)
  select w.n, coalesce(${quantityOf(EVENTS)}, '0') as quantity,
    case when w.per_event and coalesce(w.aggregation, 'sum') in ('sum', 'count') then (
      select coalesce(json_agg(trim_scale(e.value::numeric)::text order by e.at, e.event_id collate "C"), '[]')
      from (${EVENTS}) e) end as events
  from w`
