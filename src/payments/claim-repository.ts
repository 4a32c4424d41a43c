import { type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { type Instant, plusMs, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'

/** What waits for a gateway. Their rows are claimed alike: due, open, and nobody's. */
type Waiting = 'payment_attempts' | 'refunds'

/** How long whoever calls the gateway may take; after it the sweep takes over under the same keys. */
export const LEASE_MS = 60_000

/** What to take: all of one gateway account in real time, or all of one test clock up to its time. */
export type DueCharges =
  | { readonly gatewayAccountId: Id<'gateway_account'> }
  | { readonly clockId: Id<'test_clock'>; readonly now: Instant }

export type ClaimedBy = { readonly claim: string; readonly limit: number; readonly realNow: Instant }

const free = (realNow: Instant) =>
  sql`ended_at is null and (claimed_until is null or claimed_until <= ${toIso(realNow)})`

/** Due in real time, and nobody is at it. */
function dueInRealTime(realNow: Instant) {
  return sql`clock_id is null and due_at <= ${toIso(realNow)} and ${free(realNow)}`
}

/** What a request began on a test clock and left in doubt; a clock under way takes its own and must find them. */
function leftOnClocks(realNow: Instant) {
  return sql`clock_id is not null and claimed_until is not null and ${free(realNow)}
    and clock_id not in (select t.id from test_clocks t where t.target_at is not null)`
}

/** Takes up to `limit` due rows of each kind under a lease. Two who ask at once get different ones. */
export function claimDue(database: Database, table: Waiting, due: DueCharges, { claim, limit, realNow }: ClaimedBy) {
  const from = sql.raw(table)
  const locked = (whose: SQL) => sql`select organization_id, id from ${from} where ${whose}
    order by due_at, id limit ${limit} for update skip locked`
  const here = sql`gateway_account_id = ${'gatewayAccountId' in due ? due.gatewayAccountId : null}`
  const rows =
    'clockId' in due
      ? sql`with due as (${locked(sql`clock_id = ${due.clockId} and due_at <= ${toIso(due.now)} and ${free(realNow)}`)})`
      : sql`with now_due as (${locked(sql`${here} and ${dueInRealTime(realNow)}`)}),
          in_doubt as (${locked(sql`${here} and ${leftOnClocks(realNow)}`)}),
          due as (select * from now_due union all select * from in_doubt)`
  return database.orm.execute(sql`${rows}
    update ${from} w set claim = ${claim}, claimed_until = ${toIso(plusMs(realNow, LEASE_MS))}
    from due where w.organization_id = due.organization_id and w.id = due.id`)
}

/** The rows of a claim; every read of them is by it. */
export function claimedAs(claim: string): SQL {
  return sql`ended_at is null and claim = ${claim}`
}

/** Whether a row of `gateway_accounts` has something to claim. */
export function isDueAt(table: Waiting, realNow: Instant): SQL {
  const some = (whose: SQL) => sql`exists (select from ${sql.raw(table)} w
    where w.gateway_account_id = gateway_accounts.id and ${whose})`
  return sql`(${some(dueInRealTime(realNow))} or ${some(leftOnClocks(realNow))})`
}
