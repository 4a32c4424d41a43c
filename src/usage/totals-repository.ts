import type { Id } from '../kernel/id.ts'
import { type Instant, instant, toIso } from '../kernel/instant.ts'
import type { Period } from '../kernel/period.ts'
import type { Aggregation } from '../plans/domain/metric.ts'
import type { Database } from '../platform/db/client.ts'
import type { CappedCharge } from './domain/profile.ts'
import type { Known } from './domain/totals.ts'
import { shardOf } from './objects.ts'
import { EVENTS, quantityOf } from './window-repository.ts'

/** A charge's use in a period of a subscription. */
export type Window = {
  readonly subscriptionId: Id<'subscription'>
  readonly aggregation: Aggregation
  readonly charge: Pick<CappedCharge, 'name' | 'metric' | 'filters'>
  readonly period: Period
}

/** What Postgres knows of some windows, in their order, and how many of the shard's events it has by then. */
export type TotalsRead = { readonly flushed: number; readonly totals: readonly Known[] }

/** Both of one moment, in one trip. All windows are of one shard. */
export async function readTotals(database: Database, windows: readonly Window[]): Promise<TotalsRead> {
  const [first] = windows
  if (first === undefined) return { flushed: 0, totals: [] }
  const asked = windows.map(({ subscriptionId, aggregation, charge: { metric, filters }, period }, n) => ({
    ...{ n, subscription_id: subscriptionId, aggregation, metric, filters },
    ...{ start: toIso(period.start), until: toIso(period.end), of_ms: period.end - period.start },
  }))
  const { rows } = await database.http.query(statement, [JSON.stringify(asked), shardOf(first.subscriptionId)])
  const read = rows as unknown as readonly Row[]
  const totals = read.map(({ quantity, held, values, last }) => ({
    ...{ quantity, held },
    values: values ?? [],
    last: last && { id: last.id, at: instant(Date.parse(last.at)) as Instant },
  }))
  return { flushed: Number(read[0]?.flushed ?? 0), totals }
}

type Row = {
  readonly flushed: string | null
  readonly quantity: string | null
  readonly held: string | null
  readonly values: readonly string[] | null
  readonly last: { readonly id: string; readonly at: string } | null
}

const statement = `with w as materialized (select * from json_to_recordset($1::json)
    as r(n integer, subscription_id uuid, aggregation text, metric text, filters jsonb, start timestamptz, until timestamptz, of_ms numeric))
  select (select flushed from usage_shards where shard = $2)::text as flushed, ${quantityOf(EVENTS)} as quantity,
    case w.aggregation when 'weighted_sum' then (
      select trim_scale(sum(e.value::numeric * 1000 * extract(epoch from w.until - greatest(e.at, w.start))))::text
      from (${EVENTS}) e) end as held,
    case w.aggregation when 'unique_count' then (select json_agg(distinct e.value) from (${EVENTS}) e) end as values,
    case w.aggregation when 'latest' then (
      select json_build_object('id', e.event_id, 'at', e.at) from (${EVENTS}) e
      order by e.at desc, e.event_id collate "C" desc limit 1) end as last
  from w order by w.n`
