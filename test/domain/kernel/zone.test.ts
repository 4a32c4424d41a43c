import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS, parseInstant, toIso } from '../../../src/kernel/instant.ts'
import { invariant } from '../../../src/kernel/invariant.ts'
import {
  addDaysToDate,
  addLocalDays,
  findZone,
  formatDay,
  localDateOf,
  localDaysBetween,
  nextLocalMidnight,
  startOfLocalDay,
  type Zone,
} from '../../../src/kernel/zone.ts'

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

function zoned(ms: number, zone: Zone): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
}

const allZones = Intl.supportedValuesOf('timeZone')
const zones = fc.constantFrom(...allZones.filter((_zone, index) => index % 4 === 1).map(zoneOf))
const instants = fc
  .integer({ min: Date.UTC(2000) / MINUTE_MS, max: Date.UTC(2050) / MINUTE_MS })
  .map((minute) => instant(minute * MINUTE_MS))

describe('findZone', () => {
  test('knows what Intl knows, in any case', () => {
    for (const name of allZones) {
      expect(findZone(name)).toBe(name)
    }
    expect(findZone('europe/berlin')).toBe('Europe/Berlin')
    expect(findZone('america/port_of_spain')).toBe('America/Port_of_Spain')
    expect(findZone('utc')).toBe('UTC')
    expect(findZone('US/Eastern')).toBe('US/Eastern')
  })

  test.each([
    '',
    '+02:00',
    '-05',
    'Z',
    'GMT+2',
    'Europe',
    'Europe/Nowhere',
    ' Europe/Berlin',
    '2026-01-01[Asia/Tokyo]',
  ])('%o is no zone', (name) => {
    expect(findZone(name)).toBeNull()
  })
})

const berlin = zoneOf('Europe/Berlin')
const stJohns = zoneOf('America/St_Johns')

describe('local days', () => {
  test('a date is the zone’s', () => {
    const newYear = at('2025-12-31T23:00:00Z')
    expect(localDateOf(newYear, berlin)).toBe('2026-01-01')
    expect(localDateOf(newYear, zoneOf('UTC'))).toBe('2025-12-31')
    expect(formatDay(newYear, berlin)).toBe('1 Jan 2026')
    expect(formatDay(at('2026-09-30T12:00:00Z'), berlin)).toBe('30 Sep 2026')
  })

  test('dates are counted without a zone', () => {
    const leapDay = localDateOf(at('2028-02-29T12:00:00Z'), berlin)
    expect(addDaysToDate(leapDay, 1)).toBe('2028-03-01')
    expect(addDaysToDate(leapDay, -60)).toBe('2027-12-31')
  })

  test.each([
    ['the day summer time begins has 23 hours', '2026-03-29T08:00:00Z', '2026-03-29T22:00:00Z'],
    ['the day it ends has 25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['a midnight is followed by the next', '2026-06-14T22:00:00Z', '2026-06-15T22:00:00Z'],
  ])('%s', (_name, from, midnight) => {
    expect(toIso(nextLocalMidnight(at(from), berlin))).toBe(midnight)
  })

  test('a midnight that is shown twice is the earlier, a next one is always later', () => {
    // On 7 November 2010 the clocks of St. John's went back from 00:01 to 23:01 of the 6th.
    const before = at('2010-11-07T02:00:00Z')
    const first = nextLocalMidnight(before, stJohns)
    expect(toIso(first)).toBe('2010-11-07T02:30:00Z')
    expect(startOfLocalDay(localDateOf(first, stJohns), stJohns)).toBe(first)
    const repeated = at('2010-11-07T03:00:00Z')
    expect(localDateOf(repeated, stJohns)).toBe('2010-11-06')
    expect(toIso(nextLocalMidnight(repeated, stJohns))).toBe('2010-11-07T03:30:00Z')
  })

  test('a midnight that is skipped moves forward by the gap', () => {
    const saoPaulo = zoneOf('America/Sao_Paulo')
    expect(toIso(nextLocalMidnight(at('2018-11-03T12:00:00Z'), saoPaulo))).toBe('2018-11-04T03:00:00Z')
  })

  test('the next midnight is later, and the start of the next date as Temporal says', () => {
    fc.assert(
      fc.property(instants, zones, (now, zone) => {
        const midnight = nextLocalMidnight(now, zone)
        expect(midnight).toBeGreaterThan(now)
        expect(midnight - now).toBeLessThanOrEqual(DAY_MS + 2 * HOUR_MS)
        const next = startOfLocalDay(addDaysToDate(localDateOf(now, zone), 1), zone)
        expect(next).toBe(zoned(now, zone).toPlainDate().add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds)
        if (next > now) expect(midnight).toBe(next)
      }),
      { numRuns: 500 },
    )
  })

  test('adding and counting days is Temporal’s', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -800, max: 800 }), zones, (from, days, zone) => {
        const to = addLocalDays(from, days, zone)
        expect(to).toBe(zoned(from, zone).add({ days }).epochMilliseconds)
        const dates = zoned(from, zone).toPlainDate().until(zoned(to, zone).toPlainDate(), { largestUnit: 'days' })
        expect(localDaysBetween(from, to, zone)).toBe(dates.days)
        expect(localDateOf(from, zone)).toBe(zoned(from, zone).toPlainDate().toString())
      }),
      { numRuns: 500 },
    )
  })

  test('trial days keep the local time over a change of the clocks', () => {
    expect(toIso(addLocalDays(at('2026-03-20T08:00:00Z'), 14, berlin))).toBe('2026-04-03T07:00:00Z')
    expect(toIso(addLocalDays(at('2026-03-28T01:30:00Z'), 1, berlin))).toBe('2026-03-29T01:30:00Z')
    const secondShowing = at('2026-10-25T01:30:00Z')
    expect(addLocalDays(secondShowing, 0, berlin)).toBe(secondShowing)
  })
})
