import { DurableObject } from 'cloudflare:workers'
import type { Id } from '../kernel/id.ts'
import { HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../kernel/instant.ts'
import { realNow } from '../platform/clock.ts'
import { databaseFault, isUnavailable } from '../platform/db/fault.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { TooBusy } from '../platform/mutex.ts'
import { check, settle } from './checking.ts'
import { correct } from './correcting.ts'
import { Misplaced } from './flushing.ts'
import type {
  Answer,
  CheckRequest,
  CorrectRequest,
  IngestRequest,
  Seal,
  SettleRequest,
  ShardStanding,
  UsageShardStub,
} from './objects.ts'
import { openShard, type Shard } from './shard.ts'

type Subscription = Id<'subscription'>

/** So long after its first an event waits to be flushed with others, or until there are so many. */
const FLUSH_AFTER_MS = 1_000
const FLUSH_AT = 2_000
/** After a failure it waits twice as long each time, and goes on for ever. */
const MOST_WAIT_MS = MINUTE_MS
const FORGET_EVERY_MS = HOUR_MS

/** What the subscriptions of one shard use: durable before it is acknowledged, counted once, and in Postgres soon after. */
export class UsageShard extends DurableObject<Env> implements UsageShardStub {
  readonly #shard: Shard
  #armedFor: number | null = null
  #failures = 0
  #forgotAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#shard = openShard({
      ...{ storage: ctx.storage, env },
      later: (work) => ctx.waitUntil(work),
      onWritten: () => this.#arm(),
      onFailure: (error) => {
        logError('a usage shard begins anew', error)
        ctx.abort('its memory and its storage may differ')
      },
    })
    if (this.#shard.standing().pending > 0) {
      ctx.blockConcurrencyWhile(async () => {
        if ((await ctx.storage.getAlarm()) === null) this.#arm()
      })
    }
  }

  ingest(request: IngestRequest) {
    return answering(() => this.#shard.ingest(request))
  }

  correct(request: CorrectRequest) {
    return answering(() => correct(this.#shard, request))
  }

  check(request: CheckRequest) {
    return answering(() => check(this.#shard, request))
  }

  settle(request: SettleRequest) {
    return answering(() => settle(this.#shard, request))
  }

  flush(subscriptions: readonly Subscription[] | null) {
    return answering(async () => {
      await this.#shard.barrier(subscriptions)
      return null
    })
  }

  seal(seals: readonly Seal[]) {
    return answering(async () => {
      await this.#shard.seal(seals)
      return null
    })
  }

  async marker(subscription: Subscription): Promise<number> {
    return this.#shard.changed.of(subscription)
  }

  async refresh(subscriptions: readonly Subscription[]): Promise<void> {
    this.#shard.refresh(subscriptions)
  }

  async standing(): Promise<ShardStanding> {
    return this.#shard.standing()
  }

  /** Never throws: an alarm that fails six times is given up. */
  override async alarm(): Promise<void> {
    this.#armedFor = null
    try {
      this.#forget(realNow())
      await this.#shard.barrier(null)
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      logError('a usage shard is held up', error, { failures: this.#failures })
    }
    if (this.#shard.standing().pending > 0) this.#arm()
  }

  #arm(): void {
    const { pending } = this.#shard.standing()
    const wait = this.#failures > 0 ? FLUSH_AFTER_MS * 2 ** this.#failures : pending > FLUSH_AT ? 0 : FLUSH_AFTER_MS
    const at = Date.now() + Math.min(wait, MOST_WAIT_MS)
    if (pending === 0 || (this.#armedFor !== null && this.#armedFor <= at)) return
    this.#armedFor = at
    void this.ctx.storage.setAlarm(at)
  }

  #forget(now: Instant): void {
    if (now < plusMs(this.#forgotAt as Instant, FORGET_EVERY_MS)) return
    this.#shard.forget(now)
    this.#forgotAt = now
  }
}

/** Errors lose their class on the way out of an object: what the caller must tell apart is a value. */
async function answering<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'answered', value: await work() }
  } catch (error) {
    if (error instanceof TooBusy) return { kind: 'busy' }
    if (isUnavailable(error) || databaseFault(error)?.kind === 'not_applied' || error instanceof Misplaced) {
      logError('a usage shard cannot answer', error)
      return { kind: 'unavailable' }
    }
    throw error
  }
}
