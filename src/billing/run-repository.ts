import { and, asc, count, desc, eq, isNull, lt, lte, or, sql } from 'drizzle-orm'
import { accounts, testClocks } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto } from '../platform/db/fragment.ts'
import { commits } from '../platform/db/tables.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Chosen } from './snapshot-repository.ts'
import { billingRunPages, billingRunRanges, billingRuns, deadLetters } from './tables.ts'

export type Run = typeof billingRuns.$inferInsert

/** One message of the billing queue: the due accounts of some buckets, in one run. */
export type BillingRange = {
  readonly runId: Id<'billing_run'>
  /** Null: of every organization. */
  readonly organizationId: Id<'organization'> | null
  readonly asOf: Instant
  /** Half-open. */
  readonly firstBucket: number
  readonly endBucket: number
}

/** Due accounts that live in real time, by bucket. */
export async function dueByBucket(database: Database, asOf: Instant, organizationId: Id<'organization'> | null) {
  return database.orm
    .select({ bucket: accounts.bucket, due: count() })
    .from(accounts)
    .where(
      and(
        isNull(accounts.clockId),
        lte(accounts.nextBillingAt, asOf),
        organizationId === null ? undefined : eq(accounts.organizationId, organizationId),
      ),
    )
    .groupBy(accounts.bucket)
    .orderBy(asc(accounts.bucket))
}

/** The next page of a range after an account, by id. */
export function duePage(range: BillingRange, after: Id<'account'> | null, size: number): Chosen {
  const buckets = Array.from({ length: range.endBucket - range.firstBucket }, (_, index) => range.firstBucket + index)
  const whose = range.organizationId === null ? sql`true` : sql`organization_id = ${range.organizationId}`
  const further = after === null ? sql`true` : sql`id > ${after}`
  return sql`(select organization_id, id from accounts
    where clock_id is null and bucket = any(${`{${buckets.join(',')}}`}::smallint[]) and next_billing_at <= ${toIso(range.asOf)}
      and ${whose} and ${further} order by id limit ${sql.raw(String(size))})`
}

export async function insertRun(database: Database, run: Run): Promise<void> {
  await database.orm.insert(billingRuns).values(run)
}

/** A range is finished once, however often its message was delivered. */
export async function finishRange(
  database: Database,
  { runId, firstBucket }: BillingRange,
  done: { readonly finishedAt: Instant; readonly left: number; readonly failed: number },
): Promise<void> {
  await database.orm
    .insert(billingRunRanges)
    .values({ runId, firstBucket, ...done })
    .onConflictDoNothing()
}

/** The runs an organization took part in: cron's and its own, with its own counts. */
export function runPage(database: Database, organizationId: Id<'organization'>, page: PageQuery) {
  const mine = and(eq(billingRunPages.runId, billingRuns.id), eq(billingRunPages.organizationId, organizationId))
  const sum = (column: string) =>
    sql<string>`(select coalesce(sum(p.${sql.raw(column)}), 0)::text from billing_run_pages p
      where p.run_id = ${billingRuns.id} and p.organization_id = ${organizationId})`
  const ofRanges = (what: string) =>
    sql<string>`(select coalesce(${sql.raw(what)}, 0)::text from billing_run_ranges r where r.run_id = ${billingRuns.id})`
  return database.orm
    .select({
      id: billingRuns.id,
      organizationId: billingRuns.organizationId,
      asOf: billingRuns.asOf,
      startedAt: billingRuns.startedAt,
      ranges: billingRuns.ranges,
      finished: ofRanges('count(*)'),
      left: ofRanges('sum(r."left")'),
      failed: ofRanges('sum(r.failed)'),
      accounts: sum('accounts'),
      subscriptions: sum('subscriptions'),
      invoices: sum('invoices'),
    })
    .from(billingRuns)
    .where(
      and(
        or(
          eq(billingRuns.organizationId, organizationId),
          and(isNull(billingRuns.organizationId), sql`exists (select from billing_run_pages where ${mine})`),
        ),
        page.cursor === undefined ? undefined : lt(billingRuns.id, page.cursor as Id<'billing_run'>),
      ),
    )
    .orderBy(desc(billingRuns.id))
    .limit(page.limit + 1)
}

/** Commits whose message was lost on the way to the relay. */
export function unrelayedCommits(database: Database, olderThan: Instant, limit: number) {
  return database.orm
    .select({ id: commits.id })
    .from(commits)
    .where(and(isNull(commits.relayedAt), lt(commits.committedAt, new Date(olderThan))))
    .orderBy(asc(commits.committedAt))
    .limit(limit)
}

export function markRelayed(database: Database, ids: readonly Id<'commit'>[], at: Instant) {
  return database.orm.execute(
    sql`update commits set relayed_at = ${toIso(at)} where id = any(${`{${ids.join(',')}}`}::uuid[]) and relayed_at is null`,
  )
}

export const newDeadLetters = (database: Database, rows: readonly (typeof deadLetters.$inferInsert)[]) =>
  database.orm.insert(deadLetters).values([...rows])

export function deadLetterPage(database: Database, page: PageQuery) {
  return database.orm
    .select()
    .from(deadLetters)
    .where(page.cursor === undefined ? undefined : lt(deadLetters.id, page.cursor as Id<'dead_letter'>))
    .orderBy(desc(deadLetters.id))
    .limit(page.limit + 1)
}

export function deadLetterById(database: Database, id: Id<'dead_letter'>) {
  return database.orm.select().from(deadLetters).where(eq(deadLetters.id, id))
}

export async function markReplayed(database: Database, id: Id<'dead_letter'>, at: Instant): Promise<void> {
  await database.orm.update(deadLetters).set({ replayedAt: at }).where(eq(deadLetters.id, id))
}

/** Idempotency keys that are too old to be repeated, so many at a time. */
export function forgetKeys(database: Database, before: Instant, limit: number) {
  return database.orm.execute(sql`delete from idempotency_keys where ctid in (
    select ctid from idempotency_keys where created_at < ${toIso(before)} limit ${limit})`)
}

// Test clocks

export type Clock = typeof testClocks.$inferSelect

export const newTestClocks = insertsInto(testClocks, 'organization')

export function clockById(database: Database, organizationId: Id<'organization'>, id: Id<'test_clock'>) {
  return database.orm
    .select()
    .from(testClocks)
    .where(and(eq(testClocks.organizationId, organizationId), eq(testClocks.id, id)))
}

export function clockPage(database: Database, organizationId: Id<'organization'>, page: PageQuery) {
  return database.orm
    .select()
    .from(testClocks)
    .where(
      and(
        eq(testClocks.organizationId, organizationId),
        page.cursor === undefined ? undefined : lt(testClocks.id, page.cursor as Id<'test_clock'>),
      ),
    )
    .orderBy(desc(testClocks.id))
    .limit(page.limit + 1)
}

/** Clocks that were advancing when their object died. */
export function advancingClocks(database: Database, limit: number) {
  return database.orm.select().from(testClocks).where(sql`${testClocks.target} is not null`).limit(limit)
}

/** Sets out for a later time; null where the clock is under way already, or is there or beyond. */
export async function startAdvance(database: Database, clock: Clock, target: Instant): Promise<Clock | null> {
  const [row] = await database.orm
    .update(testClocks)
    .set({ target, startedFrom: clock.now })
    .where(
      and(
        eq(testClocks.organizationId, clock.organizationId),
        eq(testClocks.id, clock.id),
        isNull(testClocks.target),
        lt(testClocks.now, target),
      ),
    )
    .returning()
  return row ?? null
}

/** Moves on to an instant on the way, or arrives. Never backwards. */
export async function moveClock(database: Database, clock: Clock, to: Instant, arrived: boolean): Promise<void> {
  await database.orm
    .update(testClocks)
    .set(arrived ? { now: to, target: null, startedFrom: null } : { now: to })
    .where(
      and(eq(testClocks.organizationId, clock.organizationId), eq(testClocks.id, clock.id), lte(testClocks.now, to)),
    )
}

/** Ends an advance where it stands. */
export async function stopClock(database: Database, clock: Clock): Promise<void> {
  await database.orm
    .update(testClocks)
    .set({ target: null, startedFrom: null })
    .where(and(eq(testClocks.organizationId, clock.organizationId), eq(testClocks.id, clock.id)))
}

/** What was not tried yet and nobody is trying; up to the clock's id. */
function waitingIn(table: string) {
  return sql`select min(due_at) from ${sql.raw(table)}
    where ended_at is null and outcome is null and (claimed_until is null or claimed_until <= now()) and clock_id = `
}

/** What can fall due on a clock, each with the earliest instant it does. Every source of work belongs here. */
const dueSources = {
  billing: sql`select min(next_billing_at) from accounts where clock_id = `,
  charge: waitingIn('payment_attempts'),
  refund: waitingIn('refunds'),
}

export async function nextDueOn(database: Database, clock: Clock): Promise<Instant | null> {
  const sources = Object.values(dueSources).map((source) => sql`(${source}${clock.id})`)
  const result = await database.orm.execute<{ at: string | null }>(
    sql`select extract(epoch from least(${sql.join(sources, sql`, `)})) * 1000 as at`,
  )
  const at = result.rows[0]?.at
  return at == null ? null : (Math.round(Number(at)) as Instant)
}

export function dueOnClock(clock: Clock, now: Instant, after: Id<'account'> | null, size: number): Chosen {
  const further = after === null ? sql`true` : sql`id > ${after}`
  return sql`(select organization_id, id from accounts where clock_id = ${clock.id} and organization_id = ${clock.organizationId}
    and next_billing_at <= ${toIso(now)} and ${further} order by id limit ${sql.raw(String(size))})`
}
