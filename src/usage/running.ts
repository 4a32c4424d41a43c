import type { Id } from '../kernel/id.ts'
import { instant } from '../kernel/instant.ts'
import type { Line } from './domain/acknowledged.ts'
import { countsFor } from './domain/caps.ts'
import { type Counted, type Known, type Total, totalOf } from './domain/totals.ts'
import type { Window } from './totals-repository.ts'

type Running = { readonly window: Window; readonly total: Total }

/** Subscriptions whose totals are kept. */
const MOST = 2_000

/**
 * What is used in the periods that somebody asked for: what Postgres knew of it, and every event acknowledged since. In
 * memory only; whoever needs one that is not there has it read.
 */
export function runningTotals() {
  const known = new Map<Id<'subscription'>, Map<string, Running>>()
  let drops = 0

  function find({ subscriptionId, charge, period }: Omit<Window, 'aggregation'>): Total | null {
    return known.get(subscriptionId)?.get(keyOf({ charge, period }))?.total ?? null
  }

  /** `lines` are the events that Postgres does not have yet. */
  function start(window: Window, before: Known, lines: readonly Line[]): void {
    const total = totalOf(window.aggregation, before, window.period)
    for (const line of lines) {
      if (line.subscription_id === window.subscriptionId && countsFor(window.charge, line)) total.add(countedOf(line))
    }
    const own = known.get(window.subscriptionId) ?? new Map<string, Running>()
    known.delete(window.subscriptionId)
    known.set(window.subscriptionId, own.set(keyOf(window), { window, total }))
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break
      known.delete(oldest)
    }
  }

  /** In every total it counts for, whichever are asked for at present. */
  function add(subscriptionId: Id<'subscription'>, use: Parameters<typeof countsFor>[1], event: Counted): void {
    for (const { window, total } of known.get(subscriptionId)?.values() ?? []) {
      if (countsFor(window.charge, use)) total.add(event)
    }
  }

  return {
    ...{ find, start, add },
    drop: (subscriptions: Iterable<Id<'subscription'>>) => {
      drops += 1
      for (const id of subscriptions) known.delete(id)
    },
    /** What was read before a drop may be what was dropped. */
    drops: () => drops,
  }
}

function keyOf({ charge, period }: Pick<Window, 'charge' | 'period'>): string {
  return `${charge.name} ${period.start} ${period.end}`
}

function countedOf({ event_id, at, value }: Line): Counted {
  return { id: event_id, at: instant(Date.parse(at)), value }
}
