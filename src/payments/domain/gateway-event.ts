import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../../kernel/instant.ts'

/** An event as the gateway names it. What it says besides is a hint: how its object stands now is looked up. */
export type HeardEvent = {
  /** The gateway's (`evt_…`). */
  readonly eventId: string
  readonly type: string
  /** The gateway's id of what it is about. */
  readonly objectId: string
}

/** One that was listed, with its time at the gateway. */
export type ListedEvent = HeardEvent & { readonly createdAt: Instant }

/** After the first failure, the second and so on; after the last, that one again and again. */
const DELAYS_MS = [30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS] as const

/** Nobody tries an event that is older: it stays with its error, for somebody to look at. */
const GIVEN_UP_AFTER_MS = 3 * DAY_MS

/** When an event that failed is tried again. `tries`: how often it was, from 1. */
export function nextTryAt(tries: number, now: Instant): Instant {
  return plusMs(now, DELAYS_MS[tries - 1] ?? HOUR_MS)
}

/** Events received before are given up. */
export function triedSince(now: Instant): Instant {
  return plusMs(now, -GIVEN_UP_AFTER_MS)
}

/** Stripe tells of an event for 30 days ("Events"): one that was applied before that is never heard of again. */
const KEPT_MS = 35 * DAY_MS

/** Events received before, and applied, need not be known any more. */
export function keptSince(now: Instant): Instant {
  return plusMs(now, -KEPT_MS)
}

const MAX_ERROR = 500

/** What is kept of an error. */
export function errorText(text: string): string {
  return text.slice(0, MAX_ERROR)
}
