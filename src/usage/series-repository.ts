import type { Id } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import type { Period } from '../kernel/period.ts'
import type { Metric } from '../plans/domain/metric.ts'
import type { Database } from '../platform/db/client.ts'
import { EVENTS, quantityOf } from './window-repository.ts'

export type SeriesAsked = {
  readonly subscriptionId: Id<'subscription'>
  readonly metrics: readonly Pick<Metric, 'code' | 'aggregation'>[]
  /** In order of time; they tile. */
  readonly buckets: readonly Period[]
  /** A property; null: all events together. */
  readonly groupBy: string | null
}

/** `group` is null for the events without the property. */
export type Series = {
  readonly metric: string
  readonly group: string | null
  /** Decimal strings, one a bucket. */
  readonly quantities: readonly string[]
}

/** So many values of a property are told apart. */
export const MOST_GROUPS = 20

/** Quantities bucket by bucket: of each metric, or of its groups, those with the most events first. */
export async function readSeries(database: Database, asked: SeriesAsked): Promise<readonly Series[]> {
  const { subscriptionId, metrics, buckets, groupBy } = asked
  const rows = buckets.map(({ start, end }, n) => ({ n, start: toIso(start), until: toIso(end), of_ms: end - start }))
  const parameters = [subscriptionId, JSON.stringify(metrics), JSON.stringify(rows)]
  const answer =
    groupBy === null
      ? await database.http.query(ungrouped, parameters)
      : await database.http.query(grouped, [...parameters, groupBy])
  return answer.rows as unknown as readonly Series[]
}

const ASKED = `m as (select r.code as metric, r.aggregation from json_to_recordset($2::json) as r(code text, aggregation text)),
  b as (select * from json_to_recordset($3::json) as r(n integer, start timestamptz, until timestamptz, of_ms numeric)),
  whole as (select $1::uuid as subscription_id, min(start) as start, max(until) as until, '{}'::jsonb as filters from b)`

function seriesOf(events: string): string {
  return `select w.metric, w.value as "group",
      json_agg(coalesce(${quantityOf(events)}, '0') order by w.n) as quantities
    from (select g.*, b.n, b.start, b.until, b.of_ms, $1::uuid as subscription_id, '{}'::jsonb as filters from g cross join b) w
    group by w.metric, w.value, w.rank order by w.metric, w.rank`
}

const ungrouped = `with ${ASKED}, g as (select m.*, null::text as value, 1 as rank from m) ${seriesOf(EVENTS)}`

const grouped = `with ${ASKED}, g as materialized (
    select m.metric, m.aggregation, found.value, found.rank from m cross join lateral (
      select e.properties->>$4 as value, row_number() over (order by count(*) desc, e.properties->>$4) as rank
      from (select w.*, m.metric, m.aggregation from whole w) w cross join lateral (${EVENTS}) e
      group by 1 order by 2 limit ${MOST_GROUPS}) found)
  ${seriesOf(`${EVENTS} and e.properties->>$4 is not distinct from w.value`)}`
