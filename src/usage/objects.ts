import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Env } from '../platform/env.ts'
import type { Ingested, SentEvent, UsageEvent } from './domain/event.ts'

/** What the callers of a shard see of it. Plain values: they travel. */
export type UsageShardStub = {
  /** Durable before it answers; results in the order of the events, all of which are of one organization. */
  readonly ingest: (request: IngestRequest) => Promise<Answer<readonly Ingested[]>>
  readonly correct: (request: CorrectRequest) => Promise<Answer<Corrected>>
  /** May the subscription use so much more? Strongly consistent with every event that was acknowledged. */
  readonly check: (request: CheckRequest) => Promise<Answer<Checked>>
  readonly settle: (request: SettleRequest) => Promise<Answer<Settled>>
  /** A barrier: all of it that was acknowledged before is in Postgres. Of everything without `subscriptions`. */
  readonly flush: (subscriptions: readonly Id<'subscription'>[] | null) => Promise<Answer<null>>
  /** As `flush`, and what was used before an instant and comes later is late from now on. Only ever rises. */
  readonly seal: (seals: readonly Seal[]) => Promise<Answer<null>>
  /** Rises with every event and correction of the subscription: whoever watches it reads again. */
  readonly marker: (subscription: Id<'subscription'>) => Promise<number>
  /** Their state, plan or clock has changed: what is known of them is read again. */
  readonly refresh: (subscriptions: readonly Id<'subscription'>[]) => Promise<void>
  readonly standing: () => Promise<ShardStanding>
}

/** Errors lose their class on the way out of an object: what the caller must tell apart is a value. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** Too much waits in memory. */
  | { readonly kind: 'busy' }
  /** The database gave no answer, and without it this cannot be judged. */
  | { readonly kind: 'unavailable' }

export type IngestRequest = { readonly organizationId: Id<'organization'>; readonly events: readonly SentEvent[] }

export type CorrectRequest = {
  readonly organizationId: Id<'organization'>
  readonly subscriptionId: Id<'subscription'>
  readonly id: string
  /** What it is replaced by; null: it never was. */
  readonly to: Pick<UsageEvent, 'metric' | 'at' | 'quantity' | 'properties'> | null
  readonly actor: string
}
export type Corrected =
  | { readonly status: 'corrected'; readonly version: number }
  | { readonly status: 'unchanged'; readonly version: number }
  | { readonly status: 'missing' }
  | Extract<Ingested, { status: 'rejected' }>

export type CheckRequest = {
  readonly organizationId: Id<'organization'>
  readonly subscriptionId: Id<'subscription'>
  readonly metric: string
  readonly properties: Readonly<Record<string, string>>
  /** A decimal string, above zero. */
  readonly quantity: string
  /** Holds so much for so long, to be confirmed or released; null: only asks. */
  readonly reserveForMs: number | null
}
export type Checked =
  | {
      readonly status: 'checked'
      readonly allowed: boolean
      /** Of every capped charge that such an event would count for. Decimal strings. */
      readonly caps: readonly {
        readonly filters: Readonly<Record<string, string>>
        readonly limit: string
        readonly over: 'bill' | 'reject'
        readonly used: string
        readonly reserved: string
        readonly remaining: string
        readonly resetsAt: Instant
      }[]
      readonly reservation: { readonly id: Id<'reservation'>; readonly expiresAt: Instant } | null
    }
  /** Of its subscription so many are open that no more is held. */
  | { readonly status: 'too_many_reservations' }
  | Extract<Ingested, { status: 'rejected' }>

export type SettleRequest = {
  readonly organizationId: Id<'organization'>
  readonly subscriptionId: Id<'subscription'>
  readonly reservationId: Id<'reservation'>
  /** confirm: what was held becomes a usage event under the reservation's id · release: nothing was used. */
  readonly how: 'confirm' | 'release'
  /** What was really used, up to what was held; null: all of it. */
  readonly quantity: string | null
}
/** Settling again in the same way answers the same. missing: there is none, it has expired, or was settled otherwise. */
export type Settled =
  | { readonly status: 'confirmed' | 'released' | 'missing' | 'more_than_held' }
  | Extract<Ingested, { status: 'rejected' }>

/** A shard has something to say to a subscription: its rows of `usage_reports`. */
export type UsageMessage = {
  readonly organizationId: Id<'organization'>
  readonly subscriptionId: Id<'subscription'>
}

export type Seal = { readonly subscriptionId: Id<'subscription'>; readonly before: Instant }

/** acknowledged = flushed + pending, at any time. */
export type ShardStanding = {
  readonly acknowledged: number
  readonly flushed: number
  readonly pending: number
  /** What keeps it from flushing; null while nothing does. */
  readonly heldUpBy: string | null
}

/** A fixed number: a subscription is always in the same one (docs/adr/0008-a-usage-shard-by-subscription.md). */
export const USAGE_SHARDS = 16

/**
 * By random bits of its id: nothing has to be looked up, and all its events meet in one place. The last 16 are not random:
 * they count what a commit makes.
 */
export function shardOf(subscription: Id<'subscription'>): number {
  return Number.parseInt(subscription.slice(-8, -4), 16) % USAGE_SHARDS
}

export function usageShard({ USAGE_SHARDS: shards }: Env, shard: number): UsageShardStub {
  return shards.get(shards.idFromName(String(shard))) as unknown as UsageShardStub
}
