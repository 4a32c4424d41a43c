import { eq, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { type Instant, MINUTE_MS, plusMs, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type HeardEvent, keptSince, nextTryAt, triedSince } from './domain/gateway-event.ts'
import { gatewayAccounts, gatewayEvents } from './tables.ts'

export type GatewayEvent = typeof gatewayEvents.$inferSelect

/** What names an event: the gateway's ids are its own, so an account of it is part of the name. */
export type GatewayEventKey = Pick<GatewayEvent, 'gatewayAccountId' | 'eventId'>

/** How long whoever applies events may take: a batch of look-ups with all their retries. */
const LEASE_MS = 2 * MINUTE_MS

type Heard = {
  readonly gatewayAccount: Pick<typeof gatewayAccounts.$inferSelect, 'organizationId' | 'id'>
  readonly source: GatewayEvent['source']
  readonly now: Instant
}

/** Keeps events, due at once, and answers those that were not known: of a repeated one nothing changes. */
export function keepEvents(database: Database, events: readonly HeardEvent[], heard: Heard) {
  const { gatewayAccount, source, now } = heard
  const about = { organizationId: gatewayAccount.organizationId, gatewayAccountId: gatewayAccount.id, source }
  return database.orm
    .insert(gatewayEvents)
    .values(
      events.map(({ eventId, type, objectId }) => ({
        ...about,
        ...{ eventId, type, objectId, receivedAt: now, nextAt: now },
      })),
    )
    .onConflictDoNothing()
    .returning({ eventId: gatewayEvents.eventId })
}

/** What waits, is due, under no lease and not given up. */
const isDue = (now: Instant) =>
  sql`applied_at is null and next_at <= ${toIso(now)} and received_at > ${toIso(triedSince(now))}`

/** Takes those of some events that are due, under a lease. Two who ask at once get different ones. */
export function claimEvents(database: Database, keys: readonly GatewayEventKey[], now: Instant) {
  const asked = JSON.stringify(keys.map(({ gatewayAccountId: id, eventId: event }) => ({ id, event })))
  return database.orm
    .update(gatewayEvents)
    .set({ nextAt: plusMs(now, LEASE_MS), tries: sql`${gatewayEvents.tries} + 1` })
    .where(
      sql`(gateway_account_id, event_id) in (select e.gateway_account_id, e.event_id from gateway_events e
        join json_to_recordset(${asked}::json) as r(id uuid, event text) on e.gateway_account_id = r.id and e.event_id = r.event
        where ${isDue(now)} for update of e skip locked)`,
    )
    .returning()
}

/** Those that wait longest: what a lost message or a failed try left behind. */
export function dueEvents(database: Database, now: Instant, limit: number) {
  return database.orm
    .select({ gatewayAccountId: gatewayEvents.gatewayAccountId, eventId: gatewayEvents.eventId })
    .from(gatewayEvents)
    .where(isDue(now))
    .orderBy(gatewayEvents.nextAt)
    .limit(limit)
}

/** The end of a try; `error` null: applied. */
export type Tried = { readonly event: GatewayEvent; readonly error: string | null }

/** Ends tries. Another one that began after a lease ran out is not put off by this one, but applied stays applied. */
export async function settleEvents(database: Database, tried: readonly Tried[], now: Instant): Promise<void> {
  const rows = tried.map(({ event, error }) => ({
    gateway_account_id: event.gatewayAccountId,
    event_id: event.eventId,
    tries: event.tries,
    error,
    applied_at: error === null ? toIso(now) : null,
    next_at: error === null ? toIso(now) : toIso(nextTryAt(event.tries, now)),
  }))
  await database.orm.execute(sql`
    update gateway_events e set applied_at = r.applied_at, next_at = r.next_at, error = r.error
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(gateway_account_id uuid, event_id text, tries integer,
      error text, applied_at timestamptz, next_at timestamptz)
    where e.gateway_account_id = r.gateway_account_id and e.event_id = r.event_id
      and (e.tries = r.tries or r.applied_at is not null)`)
}

/** Drops up to `limit` of those that were applied and are not told of any more. */
export function forgetEvents(database: Database, id: Id<'gateway_account'>, now: Instant, limit: number) {
  const old = sql`(select e.gateway_account_id, e.event_id from gateway_events e where e.gateway_account_id = ${id}
    and e.received_at < ${toIso(keptSince(now))} and e.applied_at is not null limit ${limit})`
  return database.orm.delete(gatewayEvents).where(sql`(gateway_account_id, event_id) in ${old}`)
}

/** Until when events were listed; it never goes back. */
export function eventsRead(database: Database, id: Id<'gateway_account'>, to: Instant) {
  return database.orm
    .update(gatewayAccounts)
    .set({ eventsReadTo: sql`greatest(${gatewayAccounts.eventsReadTo}, ${toIso(to)}::timestamptz)` })
    .where(eq(gatewayAccounts.id, id))
}
