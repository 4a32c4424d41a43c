import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, instant, MINUTE_MS } from '../../../src/kernel/instant.ts'
import { fromLocal, toLocal } from '../../../src/kernel/offset.ts'

/** A hundred of all zones, and those with the strangest clocks. */
const zones = [
  ...new Set([
    ...Intl.supportedValuesOf('timeZone').filter((_zone, index) => index % 4 === 0),
    ...['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'UTC'],
  ]),
]

const minutes = fc.integer({ min: Date.UTC(1985) / MINUTE_MS, max: Date.UTC(2050) / MINUTE_MS })

/** In minutes. */
const distances = fc.oneof(fc.constantFrom(-60, -30, 0, 30, 60), fc.integer({ min: -180, max: 180 }))

/** An instant of a zone, more often than not near a change of its clocks. */
const moments = fc
  .record({
    zone: fc.constantFrom(...zones),
    minute: minutes,
    near: fc.boolean(),
    distance: distances,
  })
  .map(({ zone, minute, near, distance }) => {
    const at = Temporal.Instant.fromEpochMilliseconds(minute * MINUTE_MS).toZonedDateTimeISO(zone)
    const change = near ? at.getTimeZoneTransition('next') : null
    return { zone, ms: (change ?? at).epochMilliseconds + distance * MINUTE_MS }
  })

test('toLocal is Temporal’s local time', () => {
  expect(zones.length).toBeGreaterThan(100)
  fc.assert(
    fc.property(moments, ({ zone, ms }) => {
      const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDateTime()
      expect(toLocal(instant(ms), zone)).toBe(local.toZonedDateTime('UTC').epochMilliseconds)
    }),
    { numRuns: 500 },
  )
})

test('fromLocal is Temporal’s “compatible”', () => {
  fc.assert(
    fc.property(moments, distances, ({ zone, ms }, distance) => {
      const local = toLocal(instant(ms), zone) + distance * MINUTE_MS
      const plain = Temporal.Instant.fromEpochMilliseconds(local).toZonedDateTimeISO('UTC').toPlainDateTime()
      expect(fromLocal(local, zone)).toBe(plain.toZonedDateTime(zone).epochMilliseconds)
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['before the gap', Date.UTC(2026, 2, 29, 1, 59), Date.UTC(2026, 2, 29, 0, 59)],
  ['where the gap begins', Date.UTC(2026, 2, 29, 2), Date.UTC(2026, 2, 29, 1)],
  ['in the gap', Date.UTC(2026, 2, 29, 2, 59), Date.UTC(2026, 2, 29, 1, 59)],
  ['where the gap ends', Date.UTC(2026, 2, 29, 3), Date.UTC(2026, 2, 29, 1)],
  ['where the hour shown twice begins', Date.UTC(2026, 9, 25, 2), Date.UTC(2026, 9, 25, 0)],
  ['in it', Date.UTC(2026, 9, 25, 2, 59), Date.UTC(2026, 9, 25, 0, 59)],
  ['where it ends', Date.UTC(2026, 9, 25, 3), Date.UTC(2026, 9, 25, 2)],
])('in Berlin, %s', (_name, local, expected) => {
  expect(fromLocal(local, 'Europe/Berlin')).toBe(expected)
})

test('every instant comes back, but for the second showing of an hour', () => {
  fc.assert(
    fc.property(moments, ({ zone, ms }) => {
      const local = toLocal(instant(ms), zone)
      const back = fromLocal(local, zone)
      expect(back).toBeLessThanOrEqual(ms)
      expect(toLocal(back, zone)).toBe(local)
    }),
    { numRuns: 500 },
  )
})

test('more changes of the clocks than are kept make no difference', () => {
  const zone = 'America/New_York'
  const july = (year: number) => toLocal(instant(Date.UTC(year, 6)), zone) - Date.UTC(year, 6)
  const january = (year: number) => toLocal(instant(Date.UTC(year, 0)), zone) - Date.UTC(year, 0)
  for (let year = 1970; year < 2130; year += 1) {
    expect([january(year), july(year)]).toEqual([-5 * HOUR_MS, -4 * HOUR_MS])
  }
  expect(fromLocal(Date.UTC(2026, 6) + DAY_MS, zone)).toBe(Date.UTC(2026, 6) + DAY_MS + 4 * HOUR_MS)
})
