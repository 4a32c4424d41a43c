import { Temporal } from 'temporal-polyfill'
import { DAY_MS, type Instant, instant } from './instant.ts'

/**
 * Between an instant and the local time of a zone. Local times are milliseconds too: those UTC would show at the same
 * date and time of day. Temporal knows the zones but takes 5 µs to add a month, in a run that does it
 * ten thousand times a second; with its answers kept here it is 0.2.
 */
export function toLocal(at: Instant, zone: string): number {
  return at + spanAt(at, zone).offset
}

/**
 * The instant of a local time, by Temporal's disambiguation "compatible": a time the clocks skip moves forward by the
 * gap, of one they show twice it is the earlier.
 */
export function fromLocal(local: number, zone: string): Instant {
  // No offset reaches a day, so this span is at or before the one looked for.
  let span = spanAt(local - DAY_MS, zone)
  let at = local - span.offset
  while (at >= span.until) {
    const next = spanAt(span.until, zone)
    const nextAt = local - next.offset
    if (nextAt < next.from) break
    span = next
    at = nextAt
  }
  return instant(at)
}

/** A stretch of time, `from` ≤ t < `until`, in which a zone keeps one offset (all in milliseconds). */
interface Span {
  readonly from: number
  readonly until: number
  readonly offset: number
}

/** Enough for 150 years of summer times; beyond it the zone's list starts anew. Zones are a few hundred at most. */
const MAX_SPANS = 300

const spansByZone = new Map<string, Span[]>()

function spanAt(ms: number, zone: string): Span {
  const spans = spansByZone.get(zone) ?? []
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    const span = spans[middle]
    if (span === undefined || ms < span.from) high = middle
    else if (ms >= span.until) low = middle + 1
    else return span
  }
  const found = askTemporal(ms, zone)
  if (spans.length >= MAX_SPANS) spansByZone.set(zone, [found])
  else spansByZone.set(zone, spans.toSpliced(low, 0, found))
  return found
}

function askTemporal(ms: number, zone: string): Span {
  const at = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
  // "previous" is strictly before, and a span contains the transition that begins it.
  const from = at.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
  const until = at.getTimeZoneTransition('next')
  return {
    from: from?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    until: until?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offset: at.offsetNanoseconds / 1_000_000,
  }
}
