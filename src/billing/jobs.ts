import type { Id } from '../kernel/id.ts'
import { HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../kernel/instant.ts'
import { sweepGatewayEvents } from '../payments/gateway-events.ts'
import { gatewayAccountsWithWork, takeTurn } from '../payments/repository.ts'
import { newId, realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import type { RelayMessage } from './announce.ts'
import { chargeDue } from './charge.ts'
import { clockObject } from './objects.ts'
import { billPage, PAGE_SIZE } from './page.ts'
import { refundDue } from './refund.ts'
import {
  advancingClocks,
  type BillingRange,
  dueByBucket,
  duePage,
  finishRange,
  forgetKeys,
  insertRun,
  markRelayed,
  newDeadLetters,
  unrelayedCommits,
} from './run-repository.ts'
import { leftReports } from './usage-reports.ts'

/** Five pages: long enough to be worth a message, short enough to be done again. */
const ACCOUNTS_A_RANGE = 1_000
/** A queue takes so many messages in one call. */
const MESSAGES_A_BATCH = 100
const SWEEP_AFTER_MS = 30_000
const SWEEP_SIZE = 500
/** How long a POST may be repeated under its key. */
const KEYS_KEPT_MS = 72 * HOUR_MS
/** About a second's worth of what a gateway takes from one account. */
const CHARGES_A_MESSAGE = 20
const CHARGE_EVERY_MS = 1_000
/** Fewer, because each is two calls or three. */
const REFUNDS_A_MESSAGE = 5

export type ChargeMessage = { readonly gatewayAccountId: Id<'gateway_account'> }

/**
 * One billing run: counts what is due by bucket, divides it into ranges of about equal size and sends one message each.
 * Nothing due makes no run and no row; answers null then.
 */
export async function startRun(
  env: Env,
  database: Database,
  { asOf, organizationId }: { readonly asOf: Instant; readonly organizationId: Id<'organization'> | null },
): Promise<Id<'billing_run'> | null> {
  const buckets = await dueByBucket(database, asOf, organizationId)
  if (buckets.length === 0) return null
  const runId = newId('billing_run')
  const ranges = rangesOf(buckets).map((range): BillingRange => ({ ...range, runId, organizationId, asOf }))
  const due = buckets.reduce((sum, bucket) => sum + bucket.due, 0)
  await insertRun(database, { id: runId, organizationId, asOf, startedAt: realNow(), ranges: ranges.length, due })
  await sendAll(env.BILLING_QUEUE, ranges)
  return runId
}

type Buckets = readonly { readonly bucket: number; readonly due: number }[]

/** Neighbouring buckets together until they hold enough. */
function rangesOf(buckets: Buckets): readonly { readonly firstBucket: number; readonly endBucket: number }[] {
  const ranges: { firstBucket: number; endBucket: number }[] = []
  let held = 0
  for (const { bucket, due } of buckets) {
    const current = ranges.at(-1)
    if (current === undefined || held + due > ACCOUNTS_A_RANGE) {
      ranges.push({ firstBucket: bucket, endBucket: bucket + 1 })
      held = due
    } else {
      current.endBucket = bucket + 1
      held += due
    }
  }
  return ranges
}

/** Works through a range page by page. A range delivered again finds nothing due any more. */
export async function billRange(env: Env, database: Database, range: BillingRange): Promise<void> {
  let after: Id<'account'> | null = null
  let left = 0
  let failed = 0
  for (;;) {
    // Missed renewals are issued now; only a sandbox runs ahead of time.
    const now = range.asOf > realNow() ? range.asOf : null
    const page = { now, cause: 'billing_run', runId: range.runId }
    const done = await billPage(env, database, duePage(range, after, PAGE_SIZE), page)
    await sendAll(
      env.RELAY_QUEUE,
      done.commits.map((commitId): RelayMessage => ({ commitId })),
    )
    left += done.left
    failed += done.failed
    after = done.last
    if (done.accounts < PAGE_SIZE) break
  }
  await finishRange(database, range, { finishedAt: realNow(), left, failed })
}

/** What follows from commits: whoever has work because of them is told. Only then they count as relayed. */
export async function relay(env: Env, database: Database, messages: readonly RelayMessage[]): Promise<void> {
  await announceCharges(env, database)
  await markRelayed(
    database,
    messages.map(({ commitId }) => commitId),
    realNow(),
  )
}

/** Charges and gives back what is due at one gateway account, then asks to be called again while there is more. */
export async function chargeGateway(env: Env, database: Database, { gatewayAccountId }: ChargeMessage): Promise<void> {
  // Of many messages that say the same, one a second goes on.
  const turn = { at: realNow(), until: plusMs(realNow(), CHARGE_EVERY_MS) }
  if (!(await takeTurn(database, gatewayAccountId, turn))) return
  const charged = await chargeDue(env, database, { gatewayAccountId }, CHARGES_A_MESSAGE)
  const refunded = await refundDue(env, database, { gatewayAccountId }, REFUNDS_A_MESSAGE)
  // After a decline another method is tried, which this turn keeps its own message from.
  const more = charged > 0 || refunded >= REFUNDS_A_MESSAGE
  if (more) await env.CHARGE_QUEUE.send({ gatewayAccountId }, { delaySeconds: 1 })
}

/** Every minute: finds by the database alone what a lost message or a dead Worker left behind. */
async function sweep(env: Env, database: Database): Promise<void> {
  const now = realNow()
  const [commits, clocks, reports] = await Promise.all([
    unrelayedCommits(database, plusMs(now, -SWEEP_AFTER_MS), SWEEP_SIZE),
    advancingClocks(database, SWEEP_SIZE),
    leftReports(database, now),
    announceCharges(env, database),
    sweepGatewayEvents(env, database),
    forgetKeys(database, plusMs(now, -KEYS_KEPT_MS), SWEEP_SIZE),
  ])
  await sendAll(
    env.RELAY_QUEUE,
    commits.map(({ id }): RelayMessage => ({ commitId: id })),
  )
  await sendAll(env.USAGE_QUEUE, reports)
  for (const { organizationId, id } of clocks) await clockObject(env, id).resume({ organizationId, id })
}

/** Cron's minute: what is due now, and what was left behind. */
export async function everyMinute(env: Env, database: Database, scheduledAt: Instant): Promise<void> {
  const now = realNow()
  // Cron may come a little early or be caught up late: neither bills the future.
  const asOf = scheduledAt > now || scheduledAt < now - MINUTE_MS ? now : scheduledAt
  const done = await Promise.allSettled([startRun(env, database, { asOf, organizationId: null }), sweep(env, database)])
  const errors = done.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors, 'a part of the minute failed; the next one takes it up')
}

/** Keeps messages that were given up, so that someone sees them. */
export async function keepDeadLetters(
  database: Database,
  letters: readonly { readonly queue: string; readonly body: unknown }[],
) {
  const receivedAt = realNow()
  await newDeadLetters(
    database,
    letters.map(({ queue, body }) => ({ id: newId('dead_letter'), queue, body, receivedAt })),
  )
}

async function announceCharges(env: Env, database: Database): Promise<void> {
  const gateways = await gatewayAccountsWithWork(database, realNow())
  await sendAll(
    env.CHARGE_QUEUE,
    gateways.map(({ id }): ChargeMessage => ({ gatewayAccountId: id })),
  )
}

async function sendAll(queue: Queue, bodies: readonly unknown[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += MESSAGES_A_BATCH) {
    await queue.sendBatch(bodies.slice(start, start + MESSAGES_A_BATCH).map((body) => ({ body })))
  }
}
