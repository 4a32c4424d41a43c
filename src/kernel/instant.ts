import type { Brand } from './brand.ts'
import { invariant } from './invariant.ts'
import { err, ok, type Result } from './result.ts'

/** A point in time: whole milliseconds since 1970 UTC, in the years 1900 to 9999. */
export type Instant = Brand<number, 'Instant'>

const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** Nothing billed lies before; a year of 0001 is some program's empty value. */
const FIRST_MS = Date.UTC(1900)
/** RFC 3339 writes four digits of year. */
const AFTER_LAST_MS = Date.UTC(10_000)

/** @throws {InvariantViolation} for anything but a whole number in range. */
export function instant(ms: number): Instant {
  invariant(isInstant(ms), `${ms} is not an instant`)
  return ms
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/i

/**
 * Reads an RFC 3339 time, whose zone offset (or Z) is required. The date must exist (2026-02-30 does not), a leap second
 * does not; what is finer than a millisecond is cut off.
 */
export function parseInstant(text: string): Result<Instant, 'not_an_instant'> {
  const [match, date = '', hour, minute, second, fraction = '', sign, offsetHour = 0, offsetMinute = 0] =
    rfc3339.exec(text) ?? []
  if (match === undefined || !isDate(date)) return err('not_an_instant')
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return err('not_an_instant')
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return err('not_an_instant')

  const time = Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS + Number(second) * SECOND_MS
  const offset = (Number(offsetHour) * HOUR_MS + Number(offsetMinute) * MINUTE_MS) * (sign === '-' ? -1 : 1)
  const ms = Date.parse(date) + time + Number(fraction.padEnd(3, '0').slice(0, 3)) - offset
  return isInstant(ms) ? ok(ms) : err('not_an_instant')
}

/** The same few instants are written again and again: a page of renewals has thousands of texts of a few hundred. */
const texts = new Map<number, string>()
const TEXTS_KEPT = 4_096

/** RFC 3339 in UTC, milliseconds only when there are any: `2026-01-31T00:00:00Z`. */
export function toIso(at: Instant): string {
  const known = texts.get(at)
  if (known !== undefined) return known
  const text = new Date(at).toISOString().replace('.000Z', 'Z')
  if (texts.size === TEXTS_KEPT) texts.clear()
  texts.set(at, text)
  return text
}

export function plusMs(at: Instant, ms: number): Instant {
  return instant(at + ms)
}

/** The first of those that are set, or null when none is. */
export function earliest(...instants: readonly (Instant | null)[]): Instant | null {
  return instants.reduce<Instant | null>(
    (first, at) => (first === null || (at !== null && at < first) ? at : first),
    null,
  )
}

function isInstant(ms: number): ms is Instant {
  return Number.isInteger(ms) && ms >= FIRST_MS && ms < AFTER_LAST_MS
}

/** V8 refuses a month or day that no month has but rolls 30 February over, so the text must come back unchanged. */
function isDate(date: string): boolean {
  const ms = Date.parse(date)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}
