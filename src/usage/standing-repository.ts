import { and, desc, eq, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { StoredStanding, StoredUsage } from './domain/standing.ts'
import { usageSetAside } from './tables.ts'

/** What the database has counted of each shard, and what there is, at one moment. Reads every row. */
export async function readStanding(
  database: Database,
): Promise<{ readonly shards: readonly StoredStanding[]; readonly usage: StoredUsage }> {
  const { rows } = await database.http.query(`select
      (select count(*) from usage_events)::float8 as events, (select count(*) from usage_set_aside)::float8 as aside,
      (select json_agg(json_build_object('shard', shard, 'flushed', flushed, 'inserted', inserted,
        'duplicates', duplicates, 'setAside', set_aside) order by shard) from usage_shards) as shards`)
  const [row] = rows as unknown as readonly [
    { readonly events: number; readonly aside: number; readonly shards: readonly StoredStanding[] | null },
  ]
  return { shards: row.shards ?? [], usage: { rows: row.events, setAside: row.aside } }
}

/** Orders and names what was set aside: when, in which shard, at which place in it. */
const place = sql<string>`(lpad(to_hex((extract(epoch from ${usageSetAside.at}) * 1000)::bigint), 12, '0')
  || lpad(to_hex(${usageSetAside.shard}::int), 4, '0') || lpad(to_hex(${usageSetAside.position}), 16, '0'))::uuid`

/** Newest first. */
export function setAsidePage(database: Database, organizationId: Id<'organization'>, page: PageQuery) {
  return database.orm
    .select({ id: place, event: usageSetAside.event, reason: usageSetAside.reason, at: usageSetAside.at })
    .from(usageSetAside)
    .where(
      and(
        eq(usageSetAside.organizationId, organizationId),
        page.cursor === undefined ? undefined : sql`${place} < ${page.cursor}::uuid`,
      ),
    )
    .orderBy(desc(place))
    .limit(page.limit + 1)
}
