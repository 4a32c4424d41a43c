import type { Id } from '../kernel/id.ts'

type Subscription = Id<'subscription'>

const MOST = 10_000

/**
 * When each subscription was last heard of, in the shard's own count. Which of them changed before it began is not known:
 * they count as changed then, so that a number never falls.
 */
export function revisions(now: () => number) {
  const known = new Map<Subscription, number>()
  let others = now()
  return {
    of: (subscription: Subscription): number => known.get(subscription) ?? others,
    note: (subscription: Subscription): void => {
      if (known.size === MOST) {
        others = now()
        known.clear()
      }
      known.set(subscription, now())
    },
  }
}
