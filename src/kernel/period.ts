import { DAY_MS, type Instant } from './instant.ts'
import { invariant } from './invariant.ts'
import { fromLocal, toLocal } from './offset.ts'
import type { Zone } from './zone.ts'

/** Half-open: `start` belongs to it, `end` to the next. */
export type Period = { readonly start: Instant; readonly end: Instant }

export const intervalUnits = ['week', 'month', 'quarter', 'year'] as const
export type IntervalUnit = (typeof intervalUnits)[number]

/** `count` is a positive integer: every 2 weeks is `{ unit: 'week', count: 2 }`. */
export type Interval = { readonly unit: IntervalUnit; readonly count: number }

/** Where the counting starts, and the zone whose calendar it is done in. */
export type Anchor = { readonly at: Instant; readonly zone: Zone }

/**
 * The n-th boundary: the anchor's local date + n × interval, clamped to the month's last day, at the anchor's local time.
 * Always from the anchor, never from the boundary before: the 31st goes to 28 Feb, then to 31 Mar. n may be negative.
 * Where the clocks skip that time or show it twice, as `fromLocal` says; boundary 0 is the anchor itself.
 */
export function boundary(anchor: Anchor, interval: Interval, n: number): Instant {
  if (n === 0) return anchor.at
  const local = toLocal(anchor.at, anchor.zone)
  const step = stepOf(interval) * n
  return fromLocal(isWeekly(interval) ? local + step * WEEK_MS : addMonths(local, step), anchor.zone)
}

/** The period that contains an instant; index 0 starts at the anchor, those before it are negative. */
export function periodContaining(anchor: Anchor, interval: Interval, at: Instant): Period & { readonly index: number } {
  let index = estimateIndex(anchor, interval, at)
  let { start, end } = periodAt(anchor, interval, index)
  while (at < start) {
    index -= 1
    end = start
    start = boundary(anchor, interval, index)
  }
  while (at >= end) {
    index += 1
    start = end
    end = boundary(anchor, interval, index + 1)
  }
  return { start, end, index }
}

export function periodAt(anchor: Anchor, interval: Interval, index: number): Period {
  return { start: boundary(anchor, interval, index), end: boundary(anchor, interval, index + 1) }
}

/** Local 00:00 of the Monday, the 1st, the quarter's or the year's first day at or before an instant. */
export function calendarAnchor(at: Instant, unit: IntervalUnit, zone: Zone): Instant {
  const local = toLocal(at, zone)
  const first = unit === 'week' ? mondayOf(local) : firstOfMonth(floorTo(monthOf(local), stepOf({ unit, count: 1 })))
  return fromLocal(first, zone)
}

/** Whether periods of `part` fill each period of `whole` exactly, when both count from one anchor: months a year, but no weeks. */
export function divides(part: Interval, whole: Interval): boolean {
  return isWeekly(part) === isWeekly(whole) && stepOf(whole) % stepOf(part) === 0
}

export function contains(period: Period, at: Instant): boolean {
  return period.start <= at && at < period.end
}

export function sameInterval(left: Interval, right: Interval): boolean {
  return left.unit === right.unit && left.count === right.count
}

const WEEK_MS = 7 * DAY_MS

/** Months in a unit; a week counts in weeks. */
const stepByUnit = { week: 1, month: 1, quarter: 3, year: 12 } as const satisfies Record<IntervalUnit, number>

function stepOf({ unit, count }: Interval): number {
  invariant(Number.isInteger(count) && count > 0, `an interval of ${count} ${unit}`)
  return stepByUnit[unit] * count
}

function isWeekly({ unit }: Interval): boolean {
  return unit === 'week'
}

/** At most one off: one too many early in a month, one too few in the second showing of an hour. */
function estimateIndex(anchor: Anchor, interval: Interval, at: Instant): number {
  const from = toLocal(anchor.at, anchor.zone)
  const to = toLocal(at, anchor.zone)
  const steps = isWeekly(interval) ? (to - from) / WEEK_MS : monthOf(to) - monthOf(from)
  return Math.floor(steps / stepOf(interval))
}

function addMonths(local: number, months: number): number {
  const month = monthOf(local)
  const sinceFirst = local - firstOfMonth(month)
  const first = firstOfMonth(month + months)
  const lastDay = firstOfMonth(month + months + 1) - DAY_MS
  return Math.min(first + floorTo(sinceFirst, DAY_MS), lastDay) + (sinceFirst % DAY_MS)
}

/** Months since January 1970. */
function monthOf(local: number): number {
  const date = new Date(local)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

/** `Date.UTC` carries months into years, either way. */
function firstOfMonth(month: number): number {
  return Date.UTC(1970, month)
}

/** 1970-01-05 was a Monday. */
function mondayOf(local: number): number {
  const someMonday = 4 * DAY_MS
  return someMonday + floorTo(local - someMonday, WEEK_MS)
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step
}
