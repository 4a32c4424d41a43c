import { DurableObject } from 'cloudflare:workers'
import type { Id } from '../kernel/id.ts'
import { connect } from '../platform/db/client.ts'
import { isUnavailable } from '../platform/db/fault.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { mutex, TooBusy } from '../platform/mutex.ts'
import { advanceClock, ClockStuck } from './advance-clock.ts'
import { tellRelay } from './announce.ts'
import { type Dispatched, type DispatchRequest, dispatch } from './dispatch.ts'
import type { Advancer, ClockKey, Dispatcher } from './objects.ts'
import { clockById, stopClock } from './run-repository.ts'

/**
 * One each: puts the commands on a subscription in order, so that they meet here and not in the database. It holds no
 * record: what is true is in Postgres, and a replaced instance that still finishes its request is caught by the guards.
 */
export class SubscriptionObject extends DurableObject<Env> implements Dispatcher {
  readonly #inTurn = mutex()

  async dispatch(request: DispatchRequest): Promise<Dispatched> {
    try {
      const announce = (id: Id<'commit'>) => this.ctx.waitUntil(tellRelay(this.env, id))
      return await dispatch(this.env, connect(this.env), request, { announce, inTurn: this.#inTurn })
    } catch (error) {
      if (error instanceof TooBusy) return { kind: 'busy' }
      // An error loses its class on the way out of an object: what the caller must tell apart is a value.
      if (isUnavailable(error)) return { kind: 'unavailable' }
      throw error
    }
  }
}

/** A request waits so long for an advance; then it goes on by alarm. */
const REQUEST_MS = 25_000
const ALARM_MS = 60_000
const AGAIN_MS = 50
/** After an error the alarm tries again: given up it never is, since the clock's row says that it is under way. */
const RETRY_MS = 5_000

/** One each: brings a test clock to its target, in the request as far as it gets there, by alarm from then on. */
export class TestClockObject extends DurableObject<Env> implements Advancer {
  #running: Promise<boolean> | null = null

  /**
   * Answers when the clock is there, or after 25 seconds, or with the reason why it stopped on the way: errors lose
   * their class on the way out of an object.
   */
  async advance(key: ClockKey): Promise<{ readonly stopped: string | null }> {
    await this.ctx.storage.put('key', key)
    try {
      const arrived = await this.#run(key, REQUEST_MS)
      if (!arrived) await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS)
    } catch (error) {
      if (error instanceof ClockStuck) return { stopped: error.message }
      logError('a test clock is held up', error, { clock: key.id })
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS)
    }
    return { stopped: null }
  }

  /** For the sweep: an advance whose object died goes on. */
  async resume(key: ClockKey): Promise<void> {
    await this.ctx.storage.put('key', key)
    if (this.#running === null && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS)
    }
  }

  override async alarm(): Promise<void> {
    const key = await this.ctx.storage.get<ClockKey>('key')
    if (key === undefined) return
    try {
      if (!(await this.#run(key, ALARM_MS))) await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS)
    } catch (error) {
      logError('a test clock is held up', error, { clock: key.id })
      if (!(error instanceof ClockStuck)) await this.ctx.storage.setAlarm(Date.now() + RETRY_MS)
    }
  }

  /** Two calls share one advance. */
  #run(key: ClockKey, forMs: number): Promise<boolean> {
    this.#running ??= this.#advance(key, forMs).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #advance({ organizationId, id }: ClockKey, forMs: number): Promise<boolean> {
    const database = connect(this.env)
    const [clock] = await clockById(database, organizationId, id)
    const deadline = Date.now() + forMs
    if (clock === undefined) return true
    try {
      return await advanceClock(this.env, database, clock, () => Date.now() < deadline)
    } catch (error) {
      if (error instanceof ClockStuck) await stopClock(database, clock)
      throw error
    }
  }
}
