import { encodeId, type Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Period } from '../kernel/period.ts'
import { realNow } from '../platform/clock.ts'
import type { AppContext } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { Problem } from '../platform/http/problem.ts'
import { periodOf, type Subscription } from '../subscriptions/domain/subscription.ts'
import { flushed } from './barrier.ts'
import { askedBy, type SoFar, soFar } from './domain/so-far.ts'
import { findSubject, type Subject } from './read-repository.ts'
import { readWindows } from './window-repository.ts'

export type Wanted = {
  readonly metric?: string | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

export type CurrentUsage = { readonly subject: Subject; readonly window: Period | null; readonly soFar: SoFar }

/**
 * All that was acknowledged before, and what it costs: flushed by its shard, then read in two trips. The window is from..to,
 * each of them by default the present period's. @throws {Problem} for another organization's subscription.
 */
export async function currentUsage(c: AppContext, id: Id<'subscription'>, wanted: Wanted): Promise<CurrentUsage> {
  const database = c.get('database')
  await flushed(c.env, id)
  const subject = await findSubject(database, c.get('caller').organizationId, id, wanted)
  if (subject === null) throw missing('subscription', encodeId('subscription', id))
  const { subscription, clock, metrics } = subject
  const { metric = null } = wanted
  if (metric !== null && !metrics.has(metric)) throw missing('metric', metric)
  const window = windowOf(subscription, wanted)
  const at = clock ?? realNow()
  const question = (usageOf: Parameters<Parameters<typeof askedBy>[0]>[0]) =>
    soFar(subscription, at, { metric, window }, { ...subject, usageOf })
  return { subject, window, soFar: question(await readWindows(database, askedBy(question))) }
}

function windowOf(subscription: Subscription, { from, to }: Wanted): Period | null {
  const period = periodOf(subscription)
  const [start, end] = [from ?? period?.start, to ?? period?.end]
  if (start === undefined || end === undefined) return null
  if (start < end) return { start, end }
  throw new Problem('invalid_request', {
    detail: 'The window ends before it begins.',
    hint: 'Give `from` and `to`; one alone goes with the other end of the present period.',
    errors: [{ pointer: '/to', detail: 'must be later than `from`' }],
  })
}
