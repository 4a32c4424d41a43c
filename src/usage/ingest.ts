import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import type { Fault } from '../platform/http/problem.ts'
import { logError } from '../platform/log.ts'
import type { Ingested, SentEvent, UsageRefusal } from './domain/event.ts'
import { type Answer, shardOf, usageShard } from './objects.ts'
import type { EventRead } from './read-event.ts'
import { outageProblem, outages } from './refusals.ts'

/** What became of an event of a request: what its shard says, or why it did not get there. */
export type Outcome = { readonly id: string | null } & (
  | Exclude<Ingested, { status: 'rejected' }>
  | {
      readonly status: 'rejected'
      readonly code: UsageRefusal | (typeof unjudged)[number]
      readonly detail: string
      readonly hint: string
      /** The members at fault. */
      readonly faults: readonly Fault[]
      /** Nothing is wrong with it: sent again later it is taken. */
      readonly retry: boolean
    }
)

/** Refused before a shard judged it. */
export const unjudged = ['invalid_event', 'too_many_events', 'database_unavailable'] as const

/**
 * Sends events to their shards, all at once, and answers in the order of the request. A shard that cannot take any does
 * not hold up what the others took: its events are told to be sent again.
 * @throws {Problem} where no shard could: the whole request is to be sent again.
 */
export async function ingest(
  env: Env,
  organizationId: Id<'organization'>,
  read: readonly EventRead[],
): Promise<readonly Outcome[]> {
  const outcomes = new Map<number, Outcome>()
  const parts = new Map<number, Part>()
  for (const [place, each] of read.entries()) {
    if (each.ok) addTo(parts, place, each.event)
    else outcomes.set(place, invalid(each))
  }
  const asked = await Promise.all(
    [...parts.values()].map(async (part) => ({ part, answer: await ask(env, organizationId, part) })),
  )
  if (asked.length > 0 && asked.every(({ answer }) => answer.kind !== 'answered')) {
    throw outageProblem(asked.some(({ answer }) => answer.kind === 'busy') ? 'busy' : 'unavailable')
  }
  for (const { part, answer } of asked) {
    for (const [n, place] of part.places.entries()) outcomes.set(place, outcomeOf(part.events[n], answer, n))
  }
  return read.flatMap((_, place) => outcomes.get(place) ?? [])
}

/** What one shard is sent of a request, and where in the request it stands. */
type Part = { readonly shard: number; readonly events: SentEvent[]; readonly places: number[] }

function addTo(parts: Map<number, Part>, place: number, event: SentEvent): void {
  const shard = shardOf(event.subscriptionId)
  const part = parts.get(shard) ?? { shard, events: [], places: [] }
  parts.set(shard, part)
  part.events.push(event)
  part.places.push(place)
}

/** An object that is replaced while it is asked gives no answer: whether it took anything is unknown, as is whether it will. */
async function ask(
  env: Env,
  organizationId: Id<'organization'>,
  { shard, events }: Part,
): Promise<Answer<readonly Ingested[]>> {
  try {
    return await usageShard(env, shard).ingest({ organizationId, events })
  } catch (error) {
    logError('a usage shard gave no answer', error, { shard, events: events.length })
    return { kind: 'unavailable' }
  }
}

function outcomeOf(event: SentEvent | undefined, answer: Answer<readonly Ingested[]>, n: number): Outcome {
  const id = event?.id ?? null
  if (answer.kind !== 'answered') {
    const { code, detail, hint } = outages[answer.kind]
    return { id, status: 'rejected', code, detail, hint, faults: [], retry: true }
  }
  const ingested = answer.value[n]
  if (ingested === undefined) throw new Error(`a shard answered ${answer.value.length} events, not the one at ${n}`)
  return ingested.status === 'rejected' ? { id, ...ingested, faults: [], retry: false } : { id, ...ingested }
}

function invalid({ id, faults }: Extract<EventRead, { ok: false }>): Outcome {
  const detail = faults.map((fault) => `${fault.pointer || 'The event'}: ${fault.detail}`).join(' · ')
  return {
    ...{ id, status: 'rejected', code: 'invalid_event', detail, faults, retry: false },
    hint: 'Correct every member listed in `errors` and send the event again; it was not counted.',
  }
}
