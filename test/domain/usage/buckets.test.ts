import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, plusMs, toIso } from '../../../src/kernel/instant.ts'
import type { Period } from '../../../src/kernel/period.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { type BucketSize, bucketContaining, bucketSizes, bucketsOf } from '../../../src/usage/domain/buckets.ts'
import { at } from '../../support/given.ts'

const newYork = 'America/New_York' as Zone
const utc = 'UTC' as Zone

function starts(from: string, to: string, size: BucketSize, zone = utc): readonly string[] | null {
  const buckets = bucketsOf({ start: at(from), end: at(to) }, { size, zone, most: 50 })
  if (buckets === null) return null
  return buckets.map(({ start }) => toIso(start).slice(0, 16))
}

describe('a series is told', () => {
  test('by hours of a zone, though its offset be no whole hour', () => {
    expect(starts('2026-01-01T00:15:00Z', '2026-01-01T02:00:00Z', 'hour', 'Asia/Kolkata' as Zone)).toEqual([
      '2026-01-01T00:15',
      '2026-01-01T00:30',
      '2026-01-01T01:30',
    ])
  })

  test('by days, of 23 and 25 hours where the clocks change', () => {
    const days = starts('2026-03-07T05:00:00Z', '2026-03-10T04:00:00Z', 'day', newYork)
    expect(days).toEqual(['2026-03-07T05:00', '2026-03-08T05:00', '2026-03-09T04:00'])
    const autumn = starts('2026-11-01T04:00:00Z', '2026-11-03T05:00:00Z', 'day', newYork)
    expect(autumn).toEqual(['2026-11-01T04:00', '2026-11-02T05:00'])
  })

  test('by weeks from Monday and by months', () => {
    expect(starts('2026-01-01', '2026-01-13', 'week')).toEqual([
      '2026-01-01T00:00',
      '2026-01-05T00:00',
      '2026-01-12T00:00',
    ])
    expect(starts('2026-01-15', '2026-03-02', 'month')).toEqual([
      '2026-01-15T00:00',
      '2026-02-01T00:00',
      '2026-03-01T00:00',
    ])
  })

  test('in so many parts at most', () => {
    const days: Period = { start: at('2026-01-01'), end: at('2026-01-11') }
    expect(bucketsOf(days, { size: 'day', zone: utc, most: 10 })?.length).toBe(10)
    expect(bucketsOf(days, { size: 'day', zone: utc, most: 9 })).toBeNull()
    expect(bucketsOf({ start: days.start, end: days.start }, { size: 'day', zone: utc, most: 0 })).toEqual([])
  })
})

const zones = [
  'UTC',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/St_Johns',
  'Africa/Cairo',
] as Zone[]

test.each(bucketSizes)('parts by the %s tile any period of any zone, and each lies in one of the calendar', (size) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 800 * 24 * 60 }),
      fc.integer({ min: 1, max: 40 * 24 * 60 }),
      (zone, begins, lasts) => {
        const start = plusMs(at('2025-01-01'), begins * 60_000)
        const period = { start, end: plusMs(start, lasts * 60_000) }
        const buckets = bucketsOf(period, { size, zone, most: 2_000 }) ?? []
        expect([buckets[0]?.start, buckets.at(-1)?.end]).toEqual([period.start, period.end])
        for (const [n, bucket] of buckets.entries()) {
          if (n > 0) expect(bucket.start).toBe(buckets[n - 1]?.end)
          expect(bucket.end).toBeGreaterThan(bucket.start)
          const whole = bucketContaining(bucket.start, size, zone)
          expect(whole.start <= bucket.start && bucket.end <= whole.end).toBe(true)
          // Lord Howe sets its clocks back by half an hour, in the middle of one.
          if (n > 0 && size !== 'hour') expect(whole.start).toBe(bucket.start)
        }
      },
    ),
    { numRuns: size === 'hour' ? 40 : 200 },
  )
})

test('a whole one begins where its time does', () => {
  const noon = at('2026-05-14T12:30:00Z')
  const told = bucketSizes.map((size) => {
    const { start, end } = bucketContaining(noon, size, utc)
    return [toIso(start), end - start]
  })
  expect(told).toEqual([
    ['2026-05-14T12:00:00Z', HOUR_MS],
    ['2026-05-14T00:00:00Z', DAY_MS],
    ['2026-05-11T00:00:00Z', 7 * DAY_MS],
    ['2026-05-01T00:00:00Z', 31 * DAY_MS],
  ])
})
