import { type Fraction, fractionOf } from '../../kernel/fraction.ts'
import { earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type Anchor, calendarAnchor, type Period, periodContaining } from '../../kernel/period.ts'
import { localDaysBetween, type Zone } from '../../kernel/zone.ts'
import type { Granularity } from '../../organizations/domain/organization.ts'
import type { Subscription } from './subscription.ts'

/** Where a billing stands: its anchor, its present period, and by how much pauses have moved that period's end. */
export type Standing = { readonly anchorAt: Instant; readonly period: Period; readonly pausedMs: number }

type Timed = Pick<Subscription, 'interval' | 'timezone' | 'billingTime' | 'endsAt' | 'billFrom'>

/** The first period from an instant on: a whole one, or on the calendar what is left of one. A fixed term cuts it. */
export function firstStanding(terms: Timed, at: Instant): Standing {
  const { interval, timezone: zone, billingTime, billFrom } = terms
  const anchorAt = billingTime === 'calendar' ? calendarAnchor(at, interval.unit, zone) : at
  const anchor = { at: anchorAt, zone }
  const until = billFrom !== null && billFrom > at ? boundaryFrom(anchor, terms, billFrom) : null
  const end = until ?? periodContaining(anchor, interval, at).end
  return { anchorAt, period: { start: at, end: cut(end, terms) }, pausedMs: 0 }
}

/** The period after the present one, which tiles with it: on the calendar, after a change of interval, a stub. */
export function nextStanding(terms: Timed, { anchorAt, period }: Standing): Standing {
  const { start, end } = periodContaining({ at: anchorAt, zone: terms.timezone }, terms.interval, period.end)
  invariant(
    start === period.end || terms.billingTime === 'calendar',
    `the period after the one that ends at ${period.end} must begin there`,
  )
  return { anchorAt, period: { start: period.end, end: cut(end, terms) }, pausedMs: 0 }
}

/** A subscription that was billed elsewhere until `billFrom` owes nothing for the time before. */
export function isUnbilled({ billFrom }: Timed, { period }: Standing): boolean {
  return billFrom !== null && period.start < billFrom
}

/**
 * What a price for the whole period comes to from an instant to the period's end: `days left ÷ the period's served days`
 * (semantics.md, Proration). A stub is a part of the whole period; paused days are in neither number. null: all of it.
 */
export function restOfPeriod(
  terms: Timed,
  standing: Standing,
  from: Instant,
  granularity: Exclude<Granularity, 'none'>,
): Fraction | null {
  const zone = terms.timezone
  const whole = wholePeriod(terms, standing)
  const paused = unitsBetween(plusMs(whole.end, -standing.pausedMs), whole.end, granularity, zone)
  const served = unitsBetween(whole.start, whole.end, granularity, zone) - paused
  return fractionOf(unitsBetween(from, standing.period.end, granularity, zone), served)
}

/** Where the period would end if no fixed term cut it. */
export function uncutEnd(terms: Timed, standing: Standing): Instant {
  const { end } = wholePeriod(terms, standing)
  return end > standing.period.end ? end : standing.period.end
}

/** Local days, or exact time in milliseconds; never negative. */
export function unitsBetween(
  from: Instant,
  to: Instant,
  granularity: Exclude<Granularity, 'none'>,
  zone: Zone,
): number {
  return Math.max(0, granularity === 'day' ? localDaysBetween(from, to, zone) : to - from)
}

/** The period as its price is meant: before a start in its middle or a fixed term's end cut it. */
function wholePeriod({ interval, timezone: zone, billingTime }: Timed, { anchorAt, period }: Standing): Period {
  // Resumed from a pause: the anchor is where this period now ends.
  if (anchorAt > period.start) return { start: period.start, end: anchorAt }
  const { start, end } = periodContaining({ at: anchorAt, zone }, interval, period.start)
  return { start: billingTime === 'calendar' ? start : period.start, end }
}

function boundaryFrom(anchor: Anchor, { interval }: Timed, at: Instant): Instant {
  const { start, end } = periodContaining(anchor, interval, at)
  return start === at ? start : end
}

function cut(end: Instant, { endsAt }: Timed): Instant {
  return earliest(end, endsAt) ?? end
}
