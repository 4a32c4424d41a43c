import { isUnavailable } from '../platform/db/fault.ts'
import { TooBusy } from '../platform/mutex.ts'
import { fromLine } from './domain/acknowledged.ts'
import { Misplaced } from './flushing.ts'
import type { runningTotals } from './running.ts'
import type { Store } from './store.ts'
import type { TotalsRead, Window } from './totals-repository.ts'

/** It is read again where something was flushed or dropped meanwhile; who is unlucky so often is told to come back. */
const TRIES = 5

type Options = {
  readonly store: Pick<Store, 'counts' | 'endOf' | 'linesOf'>
  readonly totals: ReturnType<typeof runningTotals>
  /** Everything before a position is in Postgres. */
  readonly barrier: (position: number) => Promise<void>
  readonly read: (windows: readonly Window[]) => Promise<TotalsRead>
}

/**
 * Has the totals of some windows read, beside whatever is flushed or read for others meanwhile: nobody waits for a
 * stranger's. A total is what Postgres has up to a position and what is pending from there on, so both must be at the same.
 */
export function totalsReader({ store, totals, barrier, read }: Options) {
  /** By window. Whoever needs one that is being read waits for it. */
  const underway = new Map<string, Promise<void>>()

  /** All of them are known then, and until something else happens. @throws where the database gives no answer. */
  async function know(windows: readonly Window[]): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const missing = new Map(
        windows.filter((window) => totals.find(window) === null).map((window) => [JSON.stringify(window), window]),
      )
      if (missing.size === 0) return
      const others = [...missing.keys()].flatMap((name) => underway.get(name) ?? [])
      const own = new Map([...missing].filter(([name]) => !underway.has(name)))
      await Promise.all([...others.map(another), ...(own.size === 0 ? [] : [reading(own)])])
    }
    throw new TooBusy(`totals have changed ${TRIES} times while they were read`)
  }

  function reading(windows: ReadonlyMap<string, Window>): Promise<void> {
    const work = readOnce([...windows.values()]).finally(() => {
      for (const name of windows.keys()) underway.delete(name)
    })
    for (const name of windows.keys()) underway.set(name, work)
    return work
  }

  async function readOnce(windows: readonly Window[]): Promise<void> {
    const whose = new Set(windows.map(({ subscriptionId }) => subscriptionId))
    // Few are pending then.
    await barrier(store.endOf([...whose]))
    const [{ flushed: before }, drops] = [store.counts(), totals.drops()]
    const found = await read(windows)
    const { flushed, acknowledged } = store.counts()
    if (found.flushed < before || found.flushed > acknowledged) {
      throw new Misplaced(
        `the database has ${found.flushed} events of ${acknowledged}, of which ${before} were flushed`,
      )
    }
    // Applied, and its answer still to come or lost.
    if (found.flushed > flushed) return barrier(found.flushed)
    if (found.flushed < flushed || totals.drops() !== drops) return
    const lines = store.linesOf(whose).map(fromLine)
    for (const [index, window] of windows.entries()) {
      const known = found.totals[index]
      if (known !== undefined) totals.start(window, known, lines)
    }
  }

  return know
}

/** What another's read failed of is one's own failure only where the database gives nobody an answer. */
async function another(read: Promise<void>): Promise<void> {
  try {
    await read
  } catch (error) {
    if (isUnavailable(error)) throw error
  }
}
