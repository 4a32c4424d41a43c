import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Database } from '../platform/db/client.ts'
import { refusedValues } from '../platform/db/fault.ts'
import { logError } from '../platform/log.ts'
import { fromLine } from './domain/acknowledged.ts'
import { type Flush, type Flushed, flush, setAside } from './flush-repository.ts'
import { lane } from './lane.ts'
import { shardOf, type UsageMessage } from './objects.ts'
import type { Store } from './store.ts'

/** A statement of this size takes a fraction of a second; Neon takes 64 MB. */
const STATEMENT = { events: 5_000, characters: 2_000_000 }

type Options = {
  readonly store: Store
  readonly database: () => Database
  /** What was reported to whom. */
  readonly onTold: (messages: readonly UsageMessage[]) => void
  /** Not all of what these have sent has become rows: their totals are not what was thought. */
  readonly onDoubt: (subscriptions: ReadonlySet<Id<'subscription'>>) => void
}

/** Postgres is not where this shard left it: only a restored or an exchanged database is behind what it has confirmed. */
export class Misplaced extends Error {
  override readonly name = 'Misplaced'
}

/** Brings what was acknowledged to Postgres, in order, one statement at a time. */
export function flushing({ store, database, onTold, onDoubt }: Options) {
  const inLane = lane()
  let heldUpBy: string | null = null

  /** In the lane: everything before a position is in Postgres. */
  async function flushTo(position: number): Promise<void> {
    try {
      while (store.counts().flushed < position) {
        const lines = store.next(STATEMENT)
        const [first] = lines
        invariant(first !== undefined, `the events before ${position} must be pending`)
        await send({ shard: shardOf(fromLine(first).subscription_id), from: store.counts().flushed, lines })
      }
      heldUpBy = null
    } catch (error) {
      heldUpBy = error instanceof Error ? error.message : String(error)
      throw error
    }
  }

  /** What the database refuses is sent by halves, until the event that it means stands alone and is set aside. */
  async function send(part: Flush): Promise<void> {
    try {
      settle(part, await flush(database(), part))
    } catch (error) {
      const reason = refusedValues(error)
      if (reason === null) throw error
      const { from, lines } = part
      if (lines.length === 1) {
        logError('a usage event is set aside', error, { shard: part.shard, position: from })
        return settle(part, await setAside(database(), part, reason))
      }
      const half = lines.length >> 1
      await send({ ...part, lines: lines.slice(0, half) })
      if (store.counts().flushed === from + half) await send({ ...part, from: from + half, lines: lines.slice(half) })
    }
  }

  function settle({ shard, from, lines }: Flush, outcome: Flushed): void {
    const whose = () => new Set(lines.map((line) => fromLine(line).subscription_id))
    if (outcome.kind === 'applied') {
      store.flushedTo(from + lines.length)
      if (outcome.inserted < lines.length) onDoubt(whose())
      if (outcome.told.length > 0) onTold(outcome.told)
      return
    }
    const { flushed, acknowledged } = store.counts()
    if (outcome.flushed < flushed || outcome.flushed > acknowledged) {
      throw new Misplaced(
        `shard ${shard} has flushed ${flushed} of ${acknowledged}, and the database has ${outcome.flushed} of them`,
      )
    }
    onDoubt(whose())
    store.flushedTo(outcome.flushed)
  }

  return {
    ...{ inLane, flushTo },
    /** Answers when everything before a position is in Postgres. @throws where the database gives no answer. */
    barrier: async (position: number): Promise<void> => {
      if (store.counts().flushed < position) await inLane(() => flushTo(position))
    },
    heldUpBy: () => heldUpBy,
  }
}
