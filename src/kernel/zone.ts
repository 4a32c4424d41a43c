import { Temporal } from 'temporal-polyfill'
import type { Brand } from './brand.ts'
import { DAY_MS, type Instant, plusMs } from './instant.ts'
import { fromLocal, toLocal } from './offset.ts'

/** An IANA time zone by name, spelled as IANA does. */
export type Zone = Brand<string, 'Zone'>

/** A day of some zone's calendar, 'YYYY-MM-DD'. */
export type LocalDate = Brand<string, 'LocalDate'>

const ianaName = /^[a-z][a-z0-9_+-]*(\/[a-z0-9_+-]+){0,2}$/i

/**
 * The zone of a name in any case, or null. A link stays what it is called (US/Eastern), and an offset such as +02:00 is no
 * zone: it says nothing about summer time.
 */
export function findZone(name: string): Zone | null {
  if (!ianaName.test(name)) return null
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId as Zone
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

export function localDateOf(at: Instant, zone: Zone): LocalDate {
  return dateText(toLocal(at, zone))
}

/** Local 00:00 of a date, or where the clocks skip it, the time they skip to. */
export function startOfLocalDay(date: LocalDate, zone: Zone): Instant {
  return fromLocal(Date.parse(date), zone)
}

/** The first local 00:00 after the instant. */
export function nextLocalMidnight(at: Instant, zone: Zone): Instant {
  const local = toLocal(at, zone)
  const midnight = (Math.floor(local / DAY_MS) + 1) * DAY_MS
  const next = fromLocal(midnight, zone)
  // Clocks set back over midnight (00:01 to 23:01 in St. John's until 2011) show it twice: the earlier may have passed.
  return next > at ? next : plusMs(at, midnight - local)
}

/** The same local time, so many local days later (or earlier, when negative). */
export function addLocalDays(at: Instant, days: number, zone: Zone): Instant {
  return days === 0 ? at : fromLocal(toLocal(at, zone) + days * DAY_MS, zone)
}

export function addDaysToDate(date: LocalDate, days: number): LocalDate {
  return dateText(Date.parse(date) + days * DAY_MS)
}

/** Whole days from one local date to the other, whatever the times of day. */
export function localDaysBetween(from: Instant, to: Instant, zone: Zone): number {
  return localDay(to, zone) - localDay(from, zone)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** For texts on invoices and in mails: "31 Jan 2026". */
export function formatDay(at: Instant, zone: Zone): string {
  const local = new Date(toLocal(at, zone))
  return `${local.getUTCDate()} ${months[local.getUTCMonth()]} ${local.getUTCFullYear()}`
}

/** Local days since 1970-01-01. */
function localDay(at: Instant, zone: Zone): number {
  return Math.floor(toLocal(at, zone) / DAY_MS)
}

function dateText(local: number): LocalDate {
  return new Date(local).toISOString().slice(0, 10) as LocalDate
}
