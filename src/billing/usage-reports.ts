import type { Id } from '../kernel/id.ts'
import { type Instant, plusMs } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import type { UsageMessage } from '../usage/objects.ts'
import { meteredOnClock, reportsLeft, reportsTo } from '../usage/report-repository.ts'
import { subscriptionObject } from './objects.ts'
import { flushed } from './usage.ts'

const LEFT_AFTER_MS = 30_000
const LEFT_AT_ONCE = 500

/** What the shards have to say to a subscription becomes a command on it. Safe to repeat: nothing is decided twice. */
export async function reportUsage(
  env: Env,
  database: Database,
  { organizationId, subscriptionId }: UsageMessage,
): Promise<void> {
  while ((await reportsTo(database, organizationId, subscriptionId, 1)).length > 0) {
    const done = await subscriptionObject(env, subscriptionId).dispatch({
      ...{ organizationId, actor: 'usage', idempotency: null, target: { kind: 'subscription', id: subscriptionId } },
      // Which they are is read when it is their turn.
      command: { type: 'report_usage', subscriptionId, reports: [] },
    })
    if (done.kind !== 'answered') throw new Error(`usage was not reported to ${subscriptionId}: ${done.kind}`)
  }
}

/** For the sweep: the queue is told again of what is left. */
export async function leftReports(database: Database, now: Instant): Promise<readonly UsageMessage[]> {
  return reportsLeft(database, plusMs(now, -LEFT_AFTER_MS), LEFT_AT_ONCE)
}

/** Before a test clock goes on, what its accounts have used is where the run will look for it, and what came late is told. */
export async function settleUsageOn(
  env: Env,
  database: Database,
  organizationId: Id<'organization'>,
  clockId: Id<'test_clock'>,
): Promise<void> {
  const subscriptions = await meteredOnClock(database, organizationId, clockId)
  await flushed(env, subscriptions)
  for (const subscriptionId of subscriptions) await reportUsage(env, database, { organizationId, subscriptionId })
}
