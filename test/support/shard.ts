import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { parseInstant } from '../../src/kernel/instant.ts'
import type { Env } from '../../src/platform/env.ts'
import type { Ingested, UsageEvent } from '../../src/usage/domain/event.ts'
import type { UsageShard } from '../../src/usage/durable-object.ts'
import { type Answer, shardOf, type UsageShardStub, usageShard } from '../../src/usage/objects.ts'
import type { Client } from './client.ts'
import { sql } from './sql.ts'

/** One subscription's shard, called as the Worker calls it. */
export type Metered = {
  readonly subscriptionId: Id<'subscription'>
  /** As the API shows it. */
  readonly wireId: string
  readonly organizationId: Id<'organization'>
  readonly stub: () => UsageShardStub
  readonly event: (id: string, about?: About) => UsageEvent
  readonly sends: (...events: readonly UsageEvent[]) => Promise<readonly Ingested[]>
  /** As `sends`: what became of each in a word, the code of a refusal, or how late it is. */
  readonly uses: (...events: readonly UsageEvent[]) => Promise<readonly string[]>
  readonly asks: (events: readonly UsageEvent[]) => Promise<Answer<readonly Ingested[]>>
  readonly flushes: () => Promise<void>
  readonly alarmRings: () => Promise<boolean>
  readonly inside: <T>(look: (shard: UsageShard, state: DurableObjectState) => T | Promise<T>) => Promise<T>
  /** Ids, quantities and lateness of its rows in Postgres. */
  readonly rows: () => Promise<
    readonly { readonly id: string; readonly quantity: string; readonly late: string | null }[]
  >
}

type About = Partial<Omit<UsageEvent, 'at'>> & { readonly at?: string }

export function meteredBy({ organization }: Pick<Client, 'organization'>, subscription: string): Metered {
  const subscriptionId = known(decodeId('subscription', subscription))
  const organizationId = known(decodeId('organization', organization))
  const bindings = env as unknown as Env
  const stub = () => usageShard(bindings, shardOf(subscriptionId))
  const object = () => stub() as unknown as DurableObjectStub<UsageShard>
  const asks = (events: readonly UsageEvent[]) => stub().ingest({ organizationId, events })
  const sends = async (...events: readonly UsageEvent[]) => answerOf(await asks(events))
  return {
    ...{ subscriptionId, wireId: subscription, organizationId, stub, asks, sends },
    event: (id, { at, ...about } = {}) => ({
      ...{ subscriptionId, id, metric: 'api_calls', quantity: '1', properties: {} },
      at: instantOf(at ?? new Date().toISOString()),
      ...about,
    }),
    uses: async (...events) => (await sends(...events)).map(inAWord),
    flushes: async () => void answerOf(await stub().flush([subscriptionId])),
    alarmRings: () => runDurableObjectAlarm(object()),
    inside: (look) => runInDurableObject(object(), look),
    rows: async () =>
      (await sql(
        'select event_id as id, quantity, late from usage_events where subscription_id = $1 order by event_id',
        subscriptionId,
      )) as Awaited<ReturnType<Metered['rows']>>,
  }
}

export function answerOf<T>(answer: Answer<T>): T {
  if (answer.kind !== 'answered') throw new Error(`the shard is ${answer.kind}`)
  return answer.value
}

export function instantOf(text: string) {
  const parsed = parseInstant(text)
  if (!parsed.ok) throw new Error(`${text} is no instant`)
  return parsed.value
}

function inAWord(result: Ingested): string {
  if (result.status === 'rejected') return result.code
  return result.status === 'accepted' && result.late !== null ? result.late : result.status
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error('not an id')
  return value
}
