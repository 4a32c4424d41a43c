import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Usage } from '../plans/domain/rating.ts'
import type { Database } from '../platform/db/client.ts'
import { OutcomeUnknown } from '../platform/db/fault.ts'
import type { Env } from '../platform/env.ts'
import { inTime } from '../platform/in-time.ts'
import { logError } from '../platform/log.ts'
import { sameAgreement } from '../subscriptions/domain/agreement.ts'
import type { UsageAsked, UsageOf } from '../subscriptions/domain/usage-billable.ts'
import { type Seal, shardOf, usageShard } from '../usage/objects.ts'
import { nameOfWindow, readWindows } from '../usage/window-repository.ts'
import type { Decision } from './domain/decision.ts'

/**
 * Where what is billed is read from. seal: what comes later for a period that is billed for good is late from then on ·
 * look: nothing is changed by the question.
 */
export type UsageSource = { readonly env: Env; readonly database: Database; readonly how: 'seal' | 'look' }

/** A shard gave no answer, so that nobody knows what it holds: whoever needs that waits. */
export class UsageUnknown extends OutcomeUnknown {
  override readonly name = 'UsageUnknown'
}

/** What a decision asks for does not hang on the answers, but for changes of plan that only an answer brings about. */
const MAX_ROUNDS = 5

/**
 * Decides; where that asks for usage, reads it and decides again. What is metered costs a second decision, everything
 * else nothing. `decide` is called several times: it makes its ids anew each time.
 */
export async function knowingUsage<T>(source: UsageSource, decide: (usageOf: UsageOf) => T): Promise<T> {
  const known = new Map<string, Usage | null>()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const asked = new Map<string, UsageAsked>()
    const result = decide((window) => {
      const name = questionOf(window)
      const usage = known.get(name)
      if (usage === null) throw new UsageUnknown(`usage of ${window.subscriptionId} is not known now`)
      if (usage === undefined) asked.set(name, window)
      return usage ?? nothing
    })
    if (asked.size === 0) return result
    for (const [name, usage] of await answers(source, certainOf(asked))) known.set(name, usage)
  }
  throw new Error(`a decision asks for ever more usage after ${MAX_ROUNDS} rounds`)
}

/**
 * What is billed for good may hang on what was used so far, and is sealed by being asked: so it is only asked where nothing
 * else is open.
 */
function certainOf(asked: ReadonlyMap<string, UsageAsked>): ReadonlyMap<string, UsageAsked> {
  const soFar = [...asked].filter(([, { final }]) => !final)
  return soFar.length === 0 ? asked : new Map(soFar)
}

const nothing: Usage = { quantity: '0', events: [] }

/** A period that is billed for good is sealed first, so it is another question than how it stands. */
function questionOf(window: UsageAsked): string {
  return `${window.final ? 'final' : 'so far'} ${nameOfWindow(window)}`
}

async function answers(
  { env, database, how }: UsageSource,
  asked: ReadonlyMap<string, UsageAsked>,
): Promise<ReadonlyMap<string, Usage | null>> {
  const windows = [...asked.values()]
  const silent = await settleShards(env, windows, how)
  const answered = windows.filter(({ subscriptionId }) => !silent.has(shardOf(subscriptionId)))
  const read = await readInParts(database, answered)
  return new Map([...asked].map(([name, window]) => [name, read.get(window) ?? null]))
}

/** So many subscriptions' windows are read in one trip. */
const SUBSCRIPTIONS_A_TRIP = 200
/** To find one among them that cannot be read takes eight failures; where all of them fail it is the database. */
const MOST_FAILURES = 9

/** A subscription whose usage cannot be read, or not in time, has no answer, and does not hold up the others. */
async function readInParts(
  database: Database,
  windows: readonly UsageAsked[],
): Promise<ReadonlyMap<UsageAsked, Usage>> {
  const read = new Map<UsageAsked, Usage>()
  const whole = [...Map.groupBy(windows, ({ subscriptionId }) => subscriptionId).values()]
  const parts = Array.from({ length: Math.ceil(whole.length / SUBSCRIPTIONS_A_TRIP) }, (_, n) =>
    whole.slice(n * SUBSCRIPTIONS_A_TRIP, (n + 1) * SUBSCRIPTIONS_A_TRIP),
  )
  let failures = 0
  for (let part = parts.shift(); part !== undefined && failures < MOST_FAILURES; part = parts.shift()) {
    try {
      const usageOf = await readWindows(database, part.flat())
      for (const window of part.flat()) read.set(window, usageOf(window))
    } catch (error) {
      failures += 1
      logError('usage cannot be read', error, { subscriptions: part.length, first: part[0]?.[0]?.subscriptionId })
      const half = part.length >> 1
      if (half > 0) parts.unshift(part.slice(0, half), part.slice(half))
    }
  }
  return read
}

/** One call a shard: what it holds of these is in Postgres when it answers. Answers those that did not. */
async function settleShards(
  env: Env,
  windows: readonly UsageAsked[],
  how: UsageSource['how'],
): Promise<ReadonlySet<number>> {
  const byShard = Map.groupBy(windows, ({ subscriptionId }) => shardOf(subscriptionId))
  const silent = new Set<number>()
  const isSealing = how === 'seal' && windows.every(({ final }) => final)
  const settle = async ([shard, own]: readonly [number, readonly UsageAsked[]]) => {
    const stub = usageShard(env, shard)
    const subscriptions = new Set(own.map(({ subscriptionId }) => subscriptionId))
    try {
      const { kind } = await answerOf(isSealing ? stub.seal(sealsOf(own)) : stub.flush([...subscriptions]))
      if (kind !== 'answered') silent.add(shard)
    } catch (error) {
      logError('a usage shard gave no answer', error, { shard })
      silent.add(shard)
    }
  }
  await Promise.all([...byShard].map(settle))
  return silent
}

/** The last end of each subscription's. */
function sealsOf(windows: readonly UsageAsked[]): readonly Seal[] {
  const ends = new Map<UsageAsked['subscriptionId'], Instant>()
  for (const { subscriptionId, of } of windows) {
    const known = ends.get(subscriptionId)
    ends.set(subscriptionId, known !== undefined && known > of.end ? known : of.end)
  }
  return [...ends].map(([subscriptionId, before]) => ({ subscriptionId, before }))
}

/** A barrier: what these used, as far as it was acknowledged, is in Postgres. @throws {UsageUnknown} */
export async function flushed(env: Env, subscriptions: readonly Id<'subscription'>[]): Promise<void> {
  const byShard = [...Map.groupBy(subscriptions, shardOf)]
  const answers = await Promise.all(byShard.map(([shard, ids]) => answerOf(usageShard(env, shard).flush(ids))))
  if (answers.some(({ kind }) => kind !== 'answered')) throw new UsageUnknown('a usage shard could not flush')
}

/**
 * What a command changed of what a shard judges by is read again by it: after the answer to a pause nothing is taken any
 * more. A shard that does not hear of it knows within a minute.
 */
export async function tellShards(env: Env, { subscriptions }: Pick<Decision, 'subscriptions'>): Promise<void> {
  const changed = subscriptions.flatMap(({ before, after }) =>
    before !== null && (before.status !== after.status || !sameAgreement(before, after)) ? [after.id] : [],
  )
  const told = [...Map.groupBy(changed, shardOf)].map(([shard, ids]) => answerOf(usageShard(env, shard).refresh(ids)))
  for (const one of await Promise.allSettled(told)) {
    if (one.status === 'rejected') logError('a usage shard was not told of a change', one.reason)
  }
}

/** A flush of much takes some trips; what takes longer is taken for dead. */
const SHARD_TIMEOUT_MS = 15_000

function answerOf<T>(answer: Promise<T>): Promise<T> {
  return inTime(answer, SHARD_TIMEOUT_MS, () => new UsageUnknown(`no answer within ${SHARD_TIMEOUT_MS} ms`))
}
