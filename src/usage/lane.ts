/**
 * One after another. Who waited while one failed fails with it: where the database gave that one no answer, it would give
 * them none either, and each would wait for it anew.
 */
export function lane() {
  let tail: Promise<unknown> = Promise.resolve()
  let failures = 0
  let last: unknown
  return async <T>(work: () => Promise<T>): Promise<T> => {
    const before = failures
    const turn = tail.then(async () => {
      if (failures !== before) throw last
      try {
        return await work()
      } catch (error) {
        failures += 1
        last = error
        throw error
      }
    })
    tail = turn.catch(() => undefined)
    return turn
  }
}
