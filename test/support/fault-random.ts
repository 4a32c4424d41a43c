/** Choices that a seed makes, the same on every machine. */
export type Random = {
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(some: readonly T[]) => T
  /** One of the names, each as often as its weight says. */
  readonly weighted: <T extends string>(weights: Readonly<Record<T, number>>) => T
}

/** Mulberry32: 32 bits of state, which is plenty for scripts of a few dozen choices. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <T>(some: readonly T[]) => some[below(some.length)] as T,
    weighted: <T extends string>(weights: Readonly<Record<T, number>>) => {
      const entries = Object.entries(weights) as [T, number][]
      let left = below(entries.reduce((sum, [, weight]) => sum + weight, 0))
      const found = entries.find(([, weight]) => {
        left -= weight
        return left < 0
      })
      return (found ?? (entries[0] as [T, number]))[0]
    },
  }
}
