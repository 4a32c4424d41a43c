import type { Id } from '../kernel/id.ts'
import { type Instant, plusMs } from '../kernel/instant.ts'
import { newId, realNow } from '../platform/clock.ts'
import { type Acknowledged, type Told, toLine } from './domain/acknowledged.ts'
import { type Cap, capsOn, countsFor, refusalByCaps, thresholdsPassed } from './domain/caps.ts'
import type { Ingested, UsageEvent } from './domain/event.ts'
import { judge, noSuchSubscription } from './domain/judge.ts'
import { type Late, latenessOf, type Profile } from './domain/profile.ts'
import type { Hold, Holds, Settlement } from './holds.ts'
import type { Memory } from './memory.ts'
import type { Profiles } from './profile-cache.ts'
import type { runningTotals } from './running.ts'
import type { Once, Seals } from './seals.ts'
import type { Store } from './store.ts'

/** Events that were prepared for being judged: all they depend on is in memory. */
export type Call = {
  readonly organizationId: Id<'organization'>
  readonly events: readonly UsageEvent[]
  /** Of the ids, in their order. */
  readonly hashes: readonly string[]
  readonly profiles: Profiles
  /** What was held becomes the only event, which no limit refuses any more. */
  readonly settles: { readonly hold: Hold; readonly settlement: Settlement } | null
}

/**
 * again: a total is not known any more, or the reservation was settled meanwhile. · failed: nothing of the call was taken,
 * and the others are none the worse for it.
 */
type Judgement =
  | { readonly kind: 'judged'; readonly results: readonly Ingested[] }
  | { readonly kind: 'again' }
  | { readonly kind: 'failed'; readonly error: unknown }

export type Parts = {
  readonly storage: DurableObjectStorage
  readonly store: Store
  readonly memory: Memory
  readonly seals: Seals
  readonly holds: Holds
  readonly totals: ReturnType<typeof runningTotals>
}

/** What a turn is about to write, or one call of it. */
type Writing = { readonly events: Acknowledged[]; readonly hashes: Set<string>; readonly told: Map<string, Once> }

function nothingWritten(): Writing {
  return { events: [], hashes: new Set(), told: new Map() }
}

/**
 * Judges the events of all calls that wait, one after another, and writes what is accepted of them, in one synchronous turn
 * and one transaction: nothing comes between, and the object's output gate holds every answer until it is durable.
 */
function turn(parts: Parts, calls: readonly Call[], now: Instant): readonly Judgement[] {
  const { storage, store, memory, seals } = parts
  return storage.transactionSync(() => {
    const known = memory.known(calls.flatMap(({ hashes }) => hashes))
    const sealed = seals.of(new Set(calls.flatMap(({ profiles }) => [...profiles.keys()])))
    const writing = nothingWritten()
    const judgements = calls.map((call) => judgeApart(parts, { known, sealed, writing, now }, call))
    if (writing.events.length > 0) {
      memory.remember([...writing.hashes], now)
      store.append(writing.events.map((event) => ({ subscriptionId: event.event.subscriptionId, line: toLine(event) })))
      for (const once of writing.told.values()) seals.tell(once)
    }
    return judgements
  })
}

type Turn = {
  /** Hashes of ids that were acknowledged before. */
  readonly known: ReadonlySet<string>
  readonly sealed: ReadonlyMap<Id<'subscription'>, Instant>
  /** By the calls before. */
  readonly writing: Writing
  readonly now: Instant
}

/** What fails is as if it had never come: totals that it may have been counted in are read again. */
function judgeApart(parts: Parts, at: Turn, call: Call): Judgement {
  const own = nothingWritten()
  try {
    const judgement = judgeCall(parts, { ...at, own }, call)
    for (const event of own.events) at.writing.events.push(event)
    for (const hash of own.hashes) at.writing.hashes.add(hash)
    for (const [key, once] of own.told) at.writing.told.set(key, once)
    return judgement
  } catch (error) {
    parts.totals.drop(call.profiles.keys())
    return { kind: 'failed', error }
  }
}

type Judging = Turn & { readonly own: Writing }

function judgeCall(parts: Parts, at: Judging, call: Call): Judgement {
  const { settles } = call
  const isReady = call.events.every((event) => {
    const profile = call.profiles.get(event.subscriptionId)
    return profile === undefined || capsFor(parts, profile, event, at.now) !== null
  })
  if (!isReady || (settles !== null && parts.holds.find(settles.hold.id)?.settlement !== null)) return { kind: 'again' }
  const results = call.events.map((event, index) => judgeEvent(parts, at, call, event, call.hashes[index] ?? ''))
  if (settles !== null && results.every(({ status }) => status !== 'rejected')) {
    parts.holds.settle(settles.hold, settles.settlement)
  }
  return { kind: 'judged', results }
}

/**
 * First whether it is one of its sender's, so that nobody learns of another's; then whether it is known, what is against it,
 * and the limits (semantics.md, Usage).
 */
function judgeEvent(parts: Parts, at: Judging, call: Call, event: UsageEvent, hash: string): Ingested {
  const profile = call.profiles.get(event.subscriptionId)
  if (profile === undefined) return noSuchSubscription(event)
  if ([at.known, at.writing.hashes, at.own.hashes].some((hashes) => hashes.has(hash))) return { status: 'duplicate' }
  const now = profile.clock ?? at.now
  const judged = judge(event, profile, now)
  if (judged.status === 'rejected') return judged
  const counted = { id: event.id, at: event.at, value: judged.value }
  const caps = capsFor(parts, profile, event, at.now) ?? []
  const refusal = call.settles === null ? refusalByCaps(counted, caps) : null
  if (refusal !== null) return refusal

  parts.totals.add(event.subscriptionId, event, counted)
  const before = at.sealed.get(event.subscriptionId)
  const late = before !== undefined && event.at < before ? latenessOf(profile, event, now) : null
  const passed = newlyPassed(parts, at, { profile, now }, caps)
  at.own.hashes.add(hash)
  at.own.events.push({
    ...{ organizationId: call.organizationId, event, value: judged.value, receivedAt: now },
    late: late?.late ?? null,
    tells: [...passed, ...(late === null ? [] : reportsOfLate(event.at, late))],
  })
  return { status: 'accepted', late: late?.late ?? null }
}

/** The limits an event counts for, with what is used of them; null where one is not known. */
export function capsFor(
  { totals, holds }: Pick<Parts, 'totals' | 'holds'>,
  profile: Profile,
  use: Pick<UsageEvent, 'subscriptionId' | 'metric' | 'at' | 'properties'>,
  realNow: Instant,
): readonly Cap[] | null {
  const { subscriptionId } = use
  const caps: Cap[] = []
  for (const { charge, period } of capsOn(profile, use)) {
    const total = totals.find({ subscriptionId, charge, period })
    if (total === null) return null
    const held = holds.of(subscriptionId, profile.clock ?? realNow).filter((hold) => countsFor(charge, hold))
    caps.push({ charge, period, total, held })
  }
  return caps
}

function newlyPassed(
  { seals }: Parts,
  at: Judging,
  { profile, now }: { readonly profile: Profile; readonly now: Instant },
  caps: readonly Cap[],
): readonly Told[] {
  const subscriptionId = profile.subscription.id
  return caps.flatMap((cap) =>
    thresholdsPassed(cap).flatMap((passed) => {
      const { subject } = passed
      const key = `${subscriptionId} ${subject}`
      if (at.own.told.has(key) || at.writing.told.has(key) || seals.wasTold({ subscriptionId, subject })) return []
      // By real time, which is when it is forgotten.
      at.own.told.set(key, { subscriptionId, subject, until: plusMs(at.now, cap.period.end - now) })
      return [{ ...passed, id: newId('usage_report') }]
    }),
  )
}

/** One for each period that it is late for; of none that is known, one a day. */
export function reportsOfLate(usedAt: Instant, { late, periods }: Late): readonly Told[] {
  const type = late === 'unbilled' ? 'unbilled' : 'late'
  const subjects = periods.map(({ start, end }) => `${type}:${start}:${end}`)
  const day = `${type}:${new Date(usedAt).toISOString().slice(0, 10)}`
  return (subjects.length > 0 ? subjects : [day]).map((subject) => ({
    ...{ id: newId('usage_report'), subject },
    report: { type, usedAt },
  }))
}

type Waiting = {
  readonly call: Call
  readonly answer: (judgement: Exclude<Judgement, { kind: 'failed' }>) => void
  readonly fail: (error: unknown) => void
}

/** Judged in one turn at most: one turn must not keep the object from everything else for long. */
const TURN_EVENTS = 10_000

/** While one turn's writes are made durable others arrive: they are written together in the next. */
export function groupCommit(parts: Parts, { onWritten, onFailure }: Options) {
  const waiting: Waiting[] = []
  let isRunning = false

  async function run(): Promise<void> {
    isRunning = true
    try {
      while (waiting.length > 0) {
        const group = waiting.splice(0, groupSize(waiting))
        const judgements = turn(
          parts,
          group.map(({ call }) => call),
          realNow(),
        )
        for (const [index, { answer, fail }] of group.entries()) {
          const judgement = judgements[index] ?? { kind: 'again' }
          if (judgement.kind === 'failed') fail(judgement.error)
          else answer(judgement)
        }
        onWritten()
        await parts.storage.sync()
      }
    } finally {
      // At once, so that nobody joins what has seen that nothing waits.
      isRunning = false
    }
  }

  return (call: Call): Promise<Exclude<Judgement, { kind: 'failed' }>> =>
    new Promise((answer, fail) => {
      waiting.push({ call, answer, fail })
      if (!isRunning) run().catch(onFailure)
    })
}

type Options = {
  /** Something may wait to be flushed. */
  readonly onWritten: () => void
  /** Memory and storage may differ. */
  readonly onFailure: (error: unknown) => void
}

function groupSize(waiting: readonly Waiting[]): number {
  let events = 0
  const index = waiting.findIndex(({ call }) => {
    events += call.events.length
    return events > TURN_EVENTS
  })
  return index < 0 ? waiting.length : Math.max(1, index)
}
