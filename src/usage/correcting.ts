import { realNow } from '../platform/clock.ts'
import { TooBusy } from '../platform/mutex.ts'
import { applyCorrection, findStored, type Stored } from './correct-repository.ts'
import type { Lateness } from './domain/event.ts'
import { judge, noSuchSubscription } from './domain/judge.ts'
import { latenessOf, type Profile } from './domain/profile.ts'
import { reportsOfLate } from './intake.ts'
import type { Corrected, CorrectRequest } from './objects.ts'
import type { Shard } from './shard.ts'

/** Somebody else may correct the same event, past this shard's lane only after a change of instances. */
const TRIES = 3

/** Replaces an event or takes it back. The replacement is judged as an event is, but by no limit. */
export async function correct(shard: Shard, request: CorrectRequest): Promise<Corrected> {
  const { organizationId, subscriptionId } = request
  const profile = (await shard.profiles.of(organizationId, [subscriptionId])).get(subscriptionId)
  if (profile === undefined) return noSuchSubscription(request)
  const { parts, flush } = shard
  return flush.inLane(async () => {
    await flush.flushTo(parts.store.endOf([subscriptionId]))
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const stored = await findStored(shard.database(), request)
      if (stored === null) return { status: 'missing' }
      if (isAlready(stored, request.to)) {
        // It may have been applied by this very request, whose answer was lost.
        parts.totals.drop([subscriptionId])
        return { status: 'unchanged', version: stored.version }
      }
      const corrected = await replace(shard, profile, stored, request)
      if (corrected !== null) return corrected
    }
    throw new TooBusy(`event ${request.id} was corrected by others ${TRIES} times`)
  })
}

async function replace(
  shard: Shard,
  profile: Profile,
  stored: Stored,
  { subscriptionId, id, to, actor }: CorrectRequest,
): Promise<Corrected | null> {
  const { parts } = shard
  const now = profile.clock ?? realNow()
  const judged = to && judge({ ...to, subscriptionId, id }, profile, now)
  if (judged?.status === 'rejected') return judged
  const sealedBefore = parts.seals.of([subscriptionId]).get(subscriptionId)
  const isSealed = (at: number) => sealedBefore !== undefined && at < sealedBefore
  const latenessIn = (use: Pick<Stored, 'metric' | 'at'>) => (isSealed(use.at) ? latenessOf(profile, use, now) : null)
  const tells = [stored, ...(to === null ? [] : [to])].flatMap((use) => {
    const known = latenessIn(use)
    return known === null ? [] : reportsOfLate(use.at, known)
  })
  // What stays in its place is as late as it was.
  const late = (): Lateness | null => {
    if (to === null || (to.at === stored.at && to.metric === stored.metric)) return stored.late
    return latenessIn(to)?.late ?? null
  }
  const correction = {
    ...{ subscriptionId, id, version: stored.version, actor, at: now },
    to: to && judged && { ...to, value: judged.value, late: late() },
    tells: [...new Map(tells.map((told) => [told.subject, told])).values()],
  }
  const applied = await applyCorrection(shard.database(), correction).finally(() => {
    // Without an answer it may have been applied all the same.
    parts.totals.drop([subscriptionId])
  })
  if (!applied) return null
  parts.store.corrected()
  shard.changed.note(subscriptionId)
  const { organizationId } = profile.subscription
  if (tells.length > 0) shard.tell([{ organizationId, subscriptionId }])
  return { status: 'corrected', version: stored.version + 1 }
}

function isAlready(stored: Stored, to: CorrectRequest['to']): boolean {
  if (to === null) return stored.isVoided
  const content = ({ metric, at, quantity, properties }: NonNullable<CorrectRequest['to']>) =>
    JSON.stringify([
      metric,
      at,
      quantity,
      Object.entries(properties).sort(([left], [right]) => (left < right ? -1 : 1)),
    ])
  return !stored.isVoided && content(stored) === content(to)
}
