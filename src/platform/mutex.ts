import { inTime } from './in-time.ts'

/** Thrown to a caller that would have to wait too long: the queue is full, or its turn did not come in time. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy'
}

const MAX_WAITING = 32
const MAX_WAIT_MS = 5_000

/**
 * One at a time, in the order of asking. A Durable Object is single-threaded but not serial: while one call awaits a
 * fetch, others run; this is what makes them wait. The chain goes on whatever happens to a link.
 */
export function mutex() {
  let tail: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= MAX_WAITING) throw new TooBusy(`${MAX_WAITING} commands wait already`)
    waiting += 1
    const before = tail
    let release: () => void = () => undefined
    tail = new Promise<void>((resolve) => {
      release = resolve
    })
    try {
      await inTime(before, MAX_WAIT_MS, () => new TooBusy(`no turn within ${MAX_WAIT_MS} ms`))
    } catch (error) {
      // Those behind wait for those before all the same.
      before.finally(release)
      throw error
    } finally {
      waiting -= 1
    }
    try {
      return await work()
    } finally {
      release()
    }
  }
}
