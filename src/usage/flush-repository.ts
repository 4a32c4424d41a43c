import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import type { UsageMessage } from './objects.ts'

/** Where a shard's events go on from, and what they are: lines as `toLine` writes them. */
export type Flush = { readonly shard: number; readonly from: number; readonly lines: readonly string[] }

export type Flushed =
  | { readonly kind: 'applied'; readonly inserted: number; readonly told: readonly UsageMessage[] }
  /** It is not where it was thought to be: an earlier flush was applied whose answer was lost. */
  | { readonly kind: 'elsewhere'; readonly flushed: number }

/**
 * Moves a shard on by its next events, or does nothing: one statement, so that each of them is counted once however often
 * it is sent. What is there already is a duplicate. A report takes the place of an earlier one on its subject, so that who
 * has read that one meanwhile and deletes it leaves this.
 */
export async function flush(database: Database, { shard, from, lines }: Flush): Promise<Flushed> {
  const { rows } = await database.http.query(flushing, [shard, from, lines.length, `[${lines.join(',')}]`])
  return outcomeOf(database, shard, rows[0] as Outcome | undefined)
}

/** Keeps an event that the database refuses where somebody sees it, and moves on. */
export async function setAside(database: Database, { shard, from, lines }: Flush, reason: string): Promise<Flushed> {
  const event = lines.map(storable).join(',')
  const { rows } = await database.http.query(settingAside, [shard, from, `[${event}]`, reason])
  return outcomeOf(database, shard, rows[0] as Outcome | undefined)
}

type Outcome = { readonly moved: number; readonly inserted: number; readonly told: readonly Reported[] | null }
type Reported = { readonly organization_id: Id<'organization'>; readonly subscription_id: Id<'subscription'> }

/** The row is locked first: whoever sends the same a second time waits, and finds it moved. */
const turn = `turn as materialized (select shard from usage_shards where shard = $1 and flushed = $2 for update)`

const flushing = `with ${turn},
  given as materialized (
    select r.* from turn, json_to_recordset($4::json) as r(organization_id uuid, subscription_id uuid, event_id text,
      metric text, at timestamptz, quantity text, properties jsonb, value text, received_at timestamptz, late text, tells json)),
  inserted as (
    insert into usage_events (organization_id, subscription_id, event_id, version, metric, at, quantity, properties, value, received_at, late)
    select organization_id, subscription_id, event_id, 1, metric, at, quantity, properties, value, received_at, late from given
    on conflict do nothing returning 1),
  told as (
    insert into usage_reports (id, organization_id, subscription_id, subject, report, created_at)
    select distinct on (g.subscription_id, t.subject) t.id, g.organization_id, g.subscription_id, t.subject, t.report, now()
      from given g, json_to_recordset(g.tells) as t(id uuid, subject text, report jsonb) where g.tells is not null
      order by g.subscription_id, t.subject, t.id desc
    on conflict (subscription_id, subject) do update set id = excluded.id, report = excluded.report
    returning organization_id, subscription_id),
  moved as (
    update usage_shards s set flushed = s.flushed + $3::int, inserted = s.inserted + n.count,
        duplicates = s.duplicates + $3::int - n.count
      from turn, (select count(*) from inserted) n where s.shard = turn.shard returning 1)
  select (select count(*)::int from moved) as moved, (select count(*)::int from inserted) as inserted,
    (select json_agg(distinct jsonb_build_object('organization_id', organization_id, 'subscription_id', subscription_id))
      from told) as told`

const settingAside = `with ${turn},
  aside as (
    insert into usage_set_aside (shard, position, organization_id, event, reason, at)
    select $1, $2, (e->>'organization_id')::uuid, e, $4, now() from turn, jsonb_array_elements($3::jsonb) e returning 1),
  moved as (
    update usage_shards s set flushed = s.flushed + n.count, set_aside = s.set_aside + n.count
      from turn, (select count(*) from aside) n where s.shard = turn.shard returning 1)
  select (select count(*)::int from moved) as moved, 0 as inserted, null::json as told`

async function outcomeOf(database: Database, shard: number, outcome: Outcome | undefined): Promise<Flushed> {
  if (outcome === undefined || outcome.moved === 0) return elsewhere(database, shard)
  const told = (outcome.told ?? []).map(({ organization_id, subscription_id }) => ({
    organizationId: organization_id,
    subscriptionId: subscription_id,
  }))
  return { kind: 'applied', inserted: outcome.inserted, told }
}

/** A shard's first flush finds nothing to move: its row is made, and it is at 0. */
async function elsewhere(database: Database, shard: number): Promise<Flushed> {
  const { rows } = await database.http.query(
    `with made as (insert into usage_shards (shard, flushed, inserted, duplicates, set_aside) values ($1, 0, 0, 0, 0)
       on conflict do nothing returning flushed)
     select flushed from made union all select flushed from usage_shards where shard = $1`,
    [shard],
  )
  const [row] = rows as unknown as readonly { readonly flushed: string | number }[]
  return { kind: 'elsewhere', flushed: Number(row?.flushed ?? 0) }
}

/** jsonb keeps no NUL and no half of a surrogate pair, which JSON can say: an event may be here because of one. */
function storable(line: string): string {
  return line.replace(/\\u(0000|d[89a-f][0-9a-f]{2})/gi, '\\ufffd')
}
