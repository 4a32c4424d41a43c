import type { Id } from '../kernel/id.ts'
import { type Instant, instant, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import type { Told } from './domain/acknowledged.ts'
import type { Lateness, UsageEvent } from './domain/event.ts'

/** An event as it stands, after all its corrections. */
export type Stored = Pick<UsageEvent, 'metric' | 'at' | 'quantity' | 'properties'> & {
  readonly version: number
  readonly late: Lateness | null
  readonly isVoided: boolean
}

type Key = { readonly subscriptionId: Id<'subscription'>; readonly id: string }

export async function findStored(database: Database, { subscriptionId, id }: Key): Promise<Stored | null> {
  const { rows } = await database.http.query(
    `select version, metric, extract(epoch from at) * 1000 as at, quantity, properties, late, voided_at is not null as "isVoided"
       from usage_events where subscription_id = $1 and event_id = $2`,
    [subscriptionId, id],
  )
  const [row] = rows as unknown as readonly (Omit<Stored, 'at'> & { readonly at: string })[]
  return row === undefined ? null : { ...row, at: instant(Number(row.at)) }
}

export type Correction = Key & {
  readonly version: number
  /** Null: it never was. */
  readonly to:
    | (Pick<UsageEvent, 'metric' | 'at' | 'quantity' | 'properties'> & {
        readonly value: string
        readonly late: Lateness | null
      })
    | null
  readonly actor: string
  /** By its account's time. */
  readonly at: Instant
  readonly tells: readonly Told[]
}

/** The event, what it was and what is to be said of it, in one statement; false where it is not at that version any more. */
export async function applyCorrection(database: Database, correction: Correction): Promise<boolean> {
  const { subscriptionId, id, version, to, actor, at, tells } = correction
  const values = to && { ...to, at: toIso(to.at) }
  const { rows } = await database.http.query(correcting, [
    ...[subscriptionId, id, version, values && JSON.stringify(values), toIso(at), actor],
    JSON.stringify(tells),
  ])
  return rows.length > 0
}

const correcting = `with before as materialized (
    select * from usage_events where subscription_id = $1 and event_id = $2 and version = $3 for update),
  changed as (
    update usage_events e set version = e.version + 1, metric = coalesce(v.metric, e.metric), at = coalesce(v.at, e.at),
        quantity = coalesce(v.quantity, e.quantity), properties = coalesce(v.properties, e.properties),
        value = coalesce(v.value, e.value), late = case when v.metric is null then e.late else v.late end,
        voided_at = case when v.metric is null then $5::timestamptz end
      from before b
      left join json_to_record($4::json) as v(metric text, at timestamptz, quantity text, properties jsonb, value text, late text) on true
      where e.subscription_id = b.subscription_id and e.event_id = b.event_id and e.version = $3
      returning e.organization_id, e.subscription_id),
  kept as (
    insert into usage_corrections (organization_id, subscription_id, event_id, version, before, actor, at)
    select b.organization_id, b.subscription_id, b.event_id, b.version, jsonb_build_object('metric', b.metric, 'at', b.at,
      'quantity', b.quantity, 'properties', b.properties, 'voided_at', b.voided_at), $6, $5::timestamptz
      from before b, changed),
  told as (
    insert into usage_reports (id, organization_id, subscription_id, subject, report, created_at)
    select t.id, c.organization_id, c.subscription_id, t.subject, t.report, now()
      from changed c, json_to_recordset($7::json) as t(id uuid, subject text, report jsonb)
    on conflict (subscription_id, subject) do update set id = excluded.id, report = excluded.report)
  select 1 from changed`
