import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { realNow } from '../platform/clock.ts'
import { connect, type Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { sha256 } from '../platform/hash.ts'
import { logError } from '../platform/log.ts'
import { TooBusy } from '../platform/mutex.ts'
import { capsOn } from './domain/caps.ts'
import type { Ingested, UsageEvent } from './domain/event.ts'
import type { Profile } from './domain/profile.ts'
import { flushing } from './flushing.ts'
import { type Hold, openHolds } from './holds.ts'
import { type Call, groupCommit, type Parts } from './intake.ts'
import { openMemory } from './memory.ts'
import type { IngestRequest, Seal, ShardStanding, UsageMessage } from './objects.ts'
import { type Profiles, profileCache } from './profile-cache.ts'
import { readProfiles } from './profile-repository.ts'
import { revisions } from './revisions.ts'
import { runningTotals } from './running.ts'
import { openSeals } from './seals.ts'
import { openStore } from './store.ts'
import { totalsReader } from './totals-reader.ts'
import { readTotals, type Window } from './totals-repository.ts'

/** Beyond this, memory and the object's storage are not there to wait for Postgres: senders are told to come back. */
const MOST_PENDING = { events: 200_000, characters: 64_000_000 }
/** Events in calls that were not answered yet. */
const MOST_UNANSWERED = 50_000
/** A total may be dropped between its being read and its use; who is unlucky so often is told to come back. */
const TRIES = 5

type Subscription = Id<'subscription'>
type Use = Pick<UsageEvent, 'subscriptionId' | 'metric' | 'at' | 'properties'>

export type Outside = {
  readonly storage: DurableObjectStorage
  readonly env: Env
  /** Goes on after the answer. */
  readonly later: (work: Promise<unknown>) => void
  /** Something waits to be flushed. */
  readonly onWritten: () => void
  /** Memory and storage may differ: the object must begin anew. */
  readonly onFailure: (error: unknown) => void
}

export type Shard = ReturnType<typeof openShard>

/** A shard's memory and storage, and what is done with them by whoever calls it. */
export function openShard({ storage, env, later, onWritten, onFailure }: Outside) {
  const database = (): Database => connect(env)
  const { sql } = storage
  const parts: Parts = {
    ...{
      storage,
      store: openStore(sql),
      memory: openMemory(sql),
      seals: openSeals(sql),
      holds: openHolds(sql, realNow()),
    },
    totals: runningTotals(),
  }
  const { store, seals, holds, memory, totals } = parts
  const profiles = profileCache((organizationId, ids) => readProfiles(database(), organizationId, ids), realNow)
  const changed = revisions(() => store.counts().acknowledged + store.counts().corrections)
  const flush = flushing({
    ...{ store, database },
    onTold: (messages) => later(tell(env, messages)),
    onDoubt: totals.drop,
  })
  const knowTotals = totalsReader({
    ...{ store, totals, barrier: flush.barrier },
    read: (windows) => readTotals(database(), windows),
  })
  const commit = groupCommit(parts, { onWritten, onFailure })
  let unanswered = 0

  /** Durable before it answers. @throws {TooBusy} where too much waits, and where the database gives no answer. */
  async function ingest({ organizationId, events: sent }: IngestRequest): Promise<readonly Ingested[]> {
    refuseIfBusy()
    unanswered += sent.length
    try {
      const ids = [...new Set(sent.map(({ subscriptionId }) => subscriptionId))]
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const known = await profiles.of(organizationId, ids)
        const now = realNow()
        const events = sent.map((event) => ({
          ...event,
          at: event.at ?? known.get(event.subscriptionId)?.clock ?? now,
        }))
        const results = await take({ organizationId, events, profiles: known, settles: null })
        if (results !== null) return results
      }
      throw new TooBusy(`a total was dropped ${TRIES} times`)
    } finally {
      unanswered -= sent.length
    }
  }

  /** Null where something it was to be judged by has changed meanwhile. */
  async function take(call: Omit<Call, 'hashes'>): Promise<readonly Ingested[] | null> {
    const hashes = await Promise.all(call.events.map(hashOf))
    await prepare(call.profiles, call.events)
    const judgement = await commit({ ...call, hashes })
    if (judgement.kind === 'again') return null
    for (const [index, { status }] of judgement.results.entries()) {
      const id = call.events[index]?.subscriptionId
      if (status === 'accepted' && id !== undefined) changed.note(id)
    }
    return judgement.results
  }

  function refuseIfBusy(): void {
    const { acknowledged, flushed, waiting } = store.counts()
    const pending = acknowledged - flushed
    if (pending > MOST_PENDING.events || waiting > MOST_PENDING.characters || unanswered > MOST_UNANSWERED) {
      throw new TooBusy(`${pending} events wait to be flushed, and ${unanswered} to be judged`)
    }
  }

  /** The totals that the limits on some use are judged by. */
  function prepare(known: Profiles, uses: readonly Use[]): Promise<void> {
    return knowTotals(uses.flatMap((use) => windowsOf(known.get(use.subscriptionId), use)))
  }

  function windowsOf(profile: Profile | undefined, use: Use): readonly Window[] {
    const aggregation = profile?.metrics.get(use.metric)?.aggregation
    if (profile === undefined || aggregation === undefined) return []
    const { subscriptionId } = use
    return capsOn(profile, use).map(({ charge, period }) => ({ subscriptionId, aggregation, charge, period }))
  }

  async function seal(sealed: readonly Seal[]): Promise<void> {
    seals.rise(sealed, realNow())
    await flush.barrier(store.endOf(sealed.map(({ subscriptionId }) => subscriptionId)))
  }

  return {
    ...{ parts, profiles, flush, changed, database, ingest, take, prepare, seal },
    refresh: profiles.drop,
    tell: (messages: readonly UsageMessage[]) => later(tell(env, messages)),
    hold: (hold: Hold, isOnClock: boolean) => holds.add(hold, { realNow: realNow(), isOnClock }),
    barrier: (subscriptions: readonly Subscription[] | null) =>
      flush.barrier(subscriptions === null ? store.counts().acknowledged : store.endOf(subscriptions)),
    standing: (): ShardStanding => {
      const { acknowledged, flushed } = store.counts()
      return { acknowledged, flushed, pending: acknowledged - flushed, heldUpBy: flush.heldUpBy() }
    },
    forget: (now: Instant) =>
      storage.transactionSync(() => {
        memory.forget(now)
        holds.forget(now)
        seals.forget(now)
      }),
  }
}

/** The first 16 bytes of SHA-256, in hex: ids are as long as their senders like. */
async function hashOf({ subscriptionId, id }: UsageEvent): Promise<string> {
  return (await sha256(`${subscriptionId} ${id}`)).slice(0, 32)
}

const MESSAGES = 100

/** Never throws: what the queue was not told of is found by the sweep. */
async function tell({ USAGE_QUEUE }: Env, messages: readonly UsageMessage[]): Promise<void> {
  try {
    for (let from = 0; from < messages.length; from += MESSAGES) {
      await USAGE_QUEUE.sendBatch(messages.slice(from, from + MESSAGES).map((body) => ({ body })))
    }
  } catch (error) {
    logError('the usage queue was not told; the sweep will', error)
  }
}
