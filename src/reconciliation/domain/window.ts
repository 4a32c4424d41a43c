import { DAY_MS, HOUR_MS, type Instant, instant, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'

/** Half-open, in whole seconds: the gateway's times have no finer ones. */
export type Window = { readonly from: Instant; readonly to: Instant }

const FIRST_TIME_MS = 7 * DAY_MS
/** Read again, because how a charge stands can change in the meantime. */
const OVERLAP_MS = DAY_MS
/** What happened since may not be in the gateway's books yet, or in ours. */
const TOO_RECENT_MS = HOUR_MS
/** What succeeded so long ago is in the gateway's books. */
const AWAITED_AFTER_MS = 2 * DAY_MS
const SECOND_MS = 1_000

/** What a run reads of the gateway's books; `reconciledTo`: how far the last one came. */
export function windowOf(reconciledTo: Instant | null, now: Instant): Window {
  const to = inSeconds(plusMs(now, -TOO_RECENT_MS))
  const from = reconciledTo === null ? plusMs(now, -FIRST_TIME_MS) : plusMs(reconciledTo, -OVERLAP_MS)
  return { from: inSeconds(from < to ? from : to), to }
}

/** The first half of a window that has too much in it. */
export function halfOf({ from, to }: Window): Window {
  invariant(to - from > SECOND_MS, 'a second of the gateway’s books is read at once')
  return { from, to: inSeconds(from + (to - from) / 2) }
}

/** The one after, until `end`; twice as long where there was `room` for more. */
export function nextOf({ from, to }: Window, { end, room }: { readonly end: Instant; readonly room: boolean }): Window {
  const next = plusMs(to, (to - from) * (room ? 2 : 1))
  return { from: to, to: next < end ? next : end }
}

/** What succeeded before is missing where the gateway has no entry of it. */
export function awaitedSince(now: Instant): Instant {
  return plusMs(now, -AWAITED_AFTER_MS)
}

/** Whether a day has passed. */
export function isDue(reconciledTo: Instant | null, now: Instant): boolean {
  return reconciledTo === null || plusMs(reconciledTo, DAY_MS) <= now
}

function inSeconds(at: number): Instant {
  return instant(Math.floor(at / SECOND_MS) * SECOND_MS)
}
