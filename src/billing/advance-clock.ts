import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { chargeDue } from './charge.ts'
import { billPage, PAGE_SIZE } from './page.ts'
import { refundDue } from './refund.ts'
import { type Clock, dueOnClock, moveClock, nextDueOn } from './run-repository.ts'

/** What falls due cannot be brought about, and trying again would not help: the clock stops where it is. */
export class ClockStuck extends Error {
  override readonly name = 'ClockStuck'
}

/** More charges or refunds at one instant are taken in several rounds. */
const CHARGES_A_ROUND = 50
/** An account further behind than one decision goes needs several; more than this is a bug, not a backlog. */
const MAX_PAGES_AN_INSTANT = 1_000

/**
 * Goes from one instant at which something falls due to the next, in order, and runs at each what the billing run and
 * the charge queue run in real time: the same functions, called directly. Answers whether it arrived before `deadline`
 * (real time). Safe to stop anywhere: all of it is in the database.
 */
export async function advanceClock(
  env: Env,
  database: Database,
  clock: Clock,
  inTime: () => boolean,
): Promise<boolean> {
  const { target } = clock
  if (target === null) return true
  for (;;) {
    const next = await nextDueOn(database, clock)
    if (next === null || next > target) break
    // What was left from before is due now, not in the past.
    const at = next < clock.now ? clock.now : next
    await moveClock(database, clock, at, false)
    await runInstant(env, database, clock, at)
    if (!inTime()) return false
  }
  await moveClock(database, clock, target, true)
  return true
}

async function runInstant(env: Env, database: Database, clock: Clock, now: Instant): Promise<void> {
  let after: Id<'account'> | null = null
  for (let pages = 0; ; pages++) {
    if (pages === MAX_PAGES_AN_INSTANT) throw new Error(`clock ${clock.id} does not get past ${now}`)
    const page = { now, cause: 'test_clock', runId: null }
    const done = await billPage(env, database, dueOnClock(clock, now, after, PAGE_SIZE), page)
    if (done.failed > 0) throw new ClockStuck(`at ${toIso(now)} ${done.failed} accounts cannot be billed`)
    // From the start again while some are further behind than one decision goes.
    after = done.accounts === PAGE_SIZE ? done.last : null
    if (after === null && done.left === 0) break
  }
  while ((await chargeDue(env, database, { clockId: clock.id, now }, CHARGES_A_ROUND)) > 0);
  while ((await refundDue(env, database, { clockId: clock.id, now }, CHARGES_A_ROUND)) > 0);
}
