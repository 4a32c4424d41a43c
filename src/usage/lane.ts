import { isUnavailable } from '../platform/db/fault.ts'

/**
 * One after another. Where the database gives one of them no answer, those who waited meanwhile fail with it: it would give
 * them none either, and each would wait for it anew. What went wrong otherwise is that one's own.
 */
export function lane() {
  let tail: Promise<unknown> = Promise.resolve()
  let outages = 0
  let last: unknown
  return async <T>(work: () => Promise<T>): Promise<T> => {
    const before = outages
    const turn = tail.then(async () => {
      if (outages !== before) throw last
      try {
        return await work()
      } catch (error) {
        if (isUnavailable(error)) {
          outages += 1
          last = error
        }
        throw error
      }
    })
    tail = turn.catch(() => undefined)
    return turn
  }
}
