import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DAY_MS, type Instant, instant, MINUTE_MS, parseInstant, toIso } from '../../../src/kernel/instant.ts'
import { InvariantViolation, invariant } from '../../../src/kernel/invariant.ts'
import {
  type Anchor,
  boundary,
  calendarAnchor,
  contains,
  divides,
  type Interval,
  type IntervalUnit,
  intervalUnits,
  periodAt,
  periodContaining,
} from '../../../src/kernel/period.ts'
import { findZone, type Zone } from '../../../src/kernel/zone.ts'

function zoneOf(name: string): Zone {
  const zone = findZone(name)
  invariant(zone, name)
  return zone
}

function at(text: string): Instant {
  const parsed = parseInstant(text)
  invariant(parsed.ok, text)
  return parsed.value
}

function anchorOf(text: string, zone: string): Anchor {
  return { at: at(text), zone: zoneOf(zone) }
}

function every(unit: IntervalUnit, count = 1): Interval {
  return { unit, count }
}

const zones = Intl.supportedValuesOf('timeZone')
  .filter((_zone, index) => index % 4 === 2)
  .concat('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia')
  .map(zoneOf)

describe('a boundary is clamped to the month and counted from the anchor', () => {
  test.each([
    ['31 Jan monthly', '2027-01-31', every('month'), ['02-28', '03-31', '04-30', '05-31', '06-30']],
    ['30 Nov quarterly', '2026-11-30', every('quarter'), ['2027-02-28', '05-30', '08-30', '11-30', '2028-02-29']],
    ['29 Feb yearly', '2028-02-29', every('year'), ['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']],
    ['31 Aug half-yearly', '2026-08-31', every('month', 6), ['2027-02-28', '2027-08-31', '2028-02-29']],
    ['fortnightly', '2026-12-20', every('week', 2), ['2027-01-03', '2027-01-17', '2027-01-31']],
  ])('%s', (_name, date, interval, dates) => {
    const anchor = anchorOf(`${date}T10:00:00Z`, 'UTC')
    const days = dates.map((_date, index) => toIso(boundary(anchor, interval, index + 1)))
    for (const [index, day] of days.entries()) expect(day).toContain(`${dates[index]}T10:00:00Z`)
  })

  test('backwards too', () => {
    const anchor = anchorOf('2026-03-31T10:00:00Z', 'UTC')
    expect(toIso(boundary(anchor, every('month'), -1))).toBe('2026-02-28T10:00:00Z')
    expect(toIso(boundary(anchor, every('year'), -30))).toBe('1996-03-31T10:00:00Z')
    expect(toIso(boundary(anchor, every('month', 3), -200))).toBe('1976-03-31T10:00:00Z')
  })
})

describe('a boundary is at the anchor’s local time', () => {
  test.each([
    ['summer or winter', '2026-01-15T08:00:00Z', 'Europe/Berlin', 6, '2026-07-15T07:00:00Z'],
    [
      'what the clocks skip moves forward by the gap',
      '2026-01-29T01:30:00Z',
      'Europe/Berlin',
      2,
      '2026-03-29T01:30:00Z',
    ],
    ['what they show twice is the earlier', '2026-09-25T00:30:00Z', 'Europe/Berlin', 1, '2026-10-25T00:30:00Z'],
    ['after a gap it is the anchor’s again', '2026-01-29T01:30:00Z', 'Europe/Berlin', 3, '2026-04-29T00:30:00Z'],
    ['half an hour on Lord Howe', '2026-09-03T15:45:00Z', 'Australia/Lord_Howe', 1, '2026-10-03T15:45:00Z'],
    ['the day Samoa skipped', '2011-11-30T20:00:00Z', 'Pacific/Apia', 1, '2011-12-30T20:00:00Z'],
    ['the local date, not the UTC one', '2026-01-31T23:30:00Z', 'Europe/Berlin', 1, '2026-02-28T23:30:00Z'],
  ])('%s', (_name, anchor, zone, n, expected) => {
    expect(toIso(boundary(anchorOf(anchor, zone), every('month'), n))).toBe(expected)
  })

  test('boundary 0 is the anchor, even in the second showing of an hour', () => {
    const anchor = anchorOf('2026-10-25T01:30:00Z', 'Europe/Berlin')
    expect(boundary(anchor, every('week'), 0)).toBe(anchor.at)
    expect(periodContaining(anchor, every('week'), anchor.at).index).toBe(0)
  })

  test('as Temporal says, in a hundred zones', () => {
    fc.assert(
      fc.property(anchors, intervals, fc.integer({ min: -3, max: 5 }), (anchor, interval, n) => {
        const local = Temporal.Instant.fromEpochMilliseconds(anchor.at)
          .toZonedDateTimeISO(anchor.zone)
          .toPlainDateTime()
        const expected =
          n === 0 ? anchor.at : local.add(durationOf(interval, n)).toZonedDateTime(anchor.zone).epochMilliseconds
        expect(boundary(anchor, interval, n)).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('periods tile time', () => {
  test('for every day of anchor, unit, count and a hundred zones: each starts where the last ended', () => {
    const gaps: unknown[] = []
    for (const zone of zones) {
      for (let day = 1; day <= 31; day += 1) {
        const anchor = { at: instant(Date.UTC(2027, 0, day, 5 + (day % 19), 30)), zone }
        for (const unit of intervalUnits) {
          for (const count of [1, 2, 5]) {
            if (!tiles(anchor, { unit, count })) gaps.push({ anchor, unit, count })
          }
        }
      }
    }
    expect(zones.length).toBeGreaterThanOrEqual(100)
    expect(gaps).toEqual([])
  })

  test('and every instant is in one of them, found by its index', () => {
    fc.assert(
      fc.property(anchors, intervals, moments, (anchor, interval, now) => {
        const { index, ...period } = periodContaining(anchor, interval, now)
        expect(contains(period, now)).toBe(true)
        expect(periodAt(anchor, interval, index)).toEqual(period)
        expect(periodContaining(anchor, interval, period.start).index).toBe(index)
        expect(periodContaining(anchor, interval, period.end).index).toBe(index + 1)
        expect(contains(period, period.end)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('an hour shown twice belongs to the period that begins in its first showing', () => {
    const anchor = anchorOf('2026-10-18T00:30:00Z', 'Europe/Berlin')
    const secondShowing = at('2026-10-25T01:10:00Z')
    expect(periodContaining(anchor, every('week'), secondShowing).index).toBe(1)
  })

  test('an interval of no length is a bug', () => {
    const anchor = anchorOf('2026-01-01T00:00:00Z', 'UTC')
    expect(() => boundary(anchor, every('month', 0), 1)).toThrow(InvariantViolation)
    expect(() => boundary(anchor, every('month', 1.5), 1)).toThrow(InvariantViolation)
  })
})

describe('calendarAnchor', () => {
  test.each([
    ['week', '2026-11-15T12:00:00Z', '2026-11-08T23:00:00Z'],
    ['week', '2026-11-15T23:00:00Z', '2026-11-15T23:00:00Z'],
    ['month', '2026-04-30T21:59:59Z', '2026-03-31T22:00:00Z'],
    ['quarter', '2026-06-30T12:00:00Z', '2026-03-31T22:00:00Z'],
    ['year', '2026-12-31T22:59:59Z', '2025-12-31T23:00:00Z'],
    ['year', '1969-06-01T00:00:00Z', '1968-12-31T23:00:00Z'],
    ['week', '1969-12-31T12:00:00Z', '1969-12-28T23:00:00Z'],
  ] as const)('the %s of %s in Berlin begins %s', (unit, now, expected) => {
    expect(toIso(calendarAnchor(at(now), unit, zoneOf('Europe/Berlin')))).toBe(expected)
  })

  test('is at or before the instant, less than a unit ago, at the start of its local day', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...intervalUnits), fc.constantFrom(...zones), (now, unit, zone) => {
        const first = calendarAnchor(now, unit, zone)
        const local = Temporal.Instant.fromEpochMilliseconds(first).toZonedDateTimeISO(zone)
        expect(first).toBeLessThanOrEqual(now)
        expect(boundary({ at: first, zone }, every(unit), 1)).toBeGreaterThan(now)
        expect(first).toBe(local.startOfDay().epochMilliseconds)
        expect(unit === 'week' ? local.dayOfWeek : local.day).toBe(1)
      }),
      { numRuns: 500 },
    )
  })
})

const moments = fc
  .integer({ min: Date.UTC(2000) / MINUTE_MS, max: Date.UTC(2050) / MINUTE_MS })
  .map((minute) => instant(minute * MINUTE_MS))

const anchors: fc.Arbitrary<Anchor> = fc.record({ at: moments, zone: fc.constantFrom(...zones) })

const intervals: fc.Arbitrary<Interval> = fc.record({
  unit: fc.constantFrom(...intervalUnits),
  count: fc.integer({ min: 1, max: 12 }),
})

function durationOf({ unit, count }: Interval, n: number): Temporal.DurationLike {
  const steps = count * n
  return { week: { weeks: steps }, month: { months: steps }, quarter: { months: 3 * steps }, year: { years: steps } }[
    unit
  ]
}

/** Five periods from before the anchor on: no gap, no overlap, none shorter than its weeks or months less a day. */
function tiles(anchor: Anchor, interval: Interval): boolean {
  const shortest = { week: 7, month: 28, quarter: 89, year: 365 }[interval.unit] * interval.count * DAY_MS - DAY_MS
  let end = boundary(anchor, interval, -2)
  for (let index = -2; index < 3; index += 1) {
    const period = periodContaining(anchor, interval, end)
    if (period.start !== end || period.index !== index || period.end - period.start < shortest) return false
    end = period.end
  }
  return true
}

describe('an interval divides another', () => {
  test.each([
    [every('month'), every('month'), true],
    [every('month'), every('year'), true],
    [every('month', 3), every('quarter'), true],
    [every('quarter'), every('month', 3), true],
    [every('month', 2), every('quarter'), false],
    [every('quarter'), every('month'), false],
    [every('week'), every('week', 2), true],
    [every('week', 2), every('week', 3), false],
    [every('week'), every('month'), false],
    [every('month'), every('week', 52), false],
  ])('%o in %o: %s', (part, whole, expected) => {
    expect(divides(part, whole)).toBe(expected)
  })

  test('exactly where its boundaries meet the other’s, also at the ends of months', () => {
    const anchor = anchorOf('2028-01-31T10:00:00Z', 'Europe/Berlin')
    const anyInterval = fc.record({ unit: fc.constantFrom(...intervalUnits), count: fc.integer({ min: 1, max: 6 }) })
    fc.assert(
      fc.property(anyInterval, anyInterval, fc.integer({ min: 1, max: 8 }), (part, whole, n) => {
        fc.pre(divides(part, whole))
        const end = boundary(anchor, whole, n)
        expect(periodContaining(anchor, part, end).start).toBe(end)
      }),
    )
  })
})
