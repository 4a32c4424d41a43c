import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, instant, toIso } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { type Interval, intervalUnits } from '../../../src/kernel/period.ts'
import { localDateOf, localDaysBetween, type Zone } from '../../../src/kernel/zone.ts'
import {
  firstStanding,
  isUnbilled,
  nextStanding,
  restOfPeriod,
  type Standing,
  unitsBetween,
} from '../../../src/subscriptions/domain/periods.ts'
import { at, givenScheduled } from '../../support/given.ts'

type Terms = Parameters<typeof firstStanding>[0]
const terms = (about: Partial<Terms> = {}): Terms => givenScheduled(about)
const year: Interval = { unit: 'year', count: 1 }
const quarter: Interval = { unit: 'quarter', count: 1 }

/** The first n periods, or as many as a fixed term has. */
function periods(of: Terms, start: Instant, n: number): readonly Standing[] {
  const all = [firstStanding(of, start)]
  for (let last = all[0]; last !== undefined && all.length < n && last.period.end !== of.endsAt; last = all.at(-1))
    all.push(nextStanding(of, last))
  return all
}

const startsOf = (of: Terms, start: string, n: number) =>
  periods(of, at(start), n).map(({ period }) => localDateOf(period.start, of.timezone))

describe('FR-037 periods begin', () => {
  test.each<[string, string, Partial<Terms>, readonly string[]]>([
    ['31 Jan monthly', '2027-01-31', {}, ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']],
    ['29 Feb yearly', '2028-02-29', { interval: year }, ['2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28']],
    ['30 Nov quarterly', '2026-11-30', { interval: quarter }, ['2026-11-30', '2027-02-28', '2027-05-30', '2027-08-30']],
    ['calendar months', '2026-04-11', { billingTime: 'calendar' }, ['2026-04-11', '2026-05-01', '2026-06-01']],
    [
      'calendar quarters',
      '2026-05-16',
      { billingTime: 'calendar', interval: quarter },
      ['2026-05-16', '2026-07-01', '2026-10-01'],
    ],
    [
      'calendar weeks, from a Wednesday',
      '2026-11-18',
      { billingTime: 'calendar', interval: { unit: 'week', count: 1 } },
      ['2026-11-18', '2026-11-23', '2026-11-30'],
    ],
    [
      'billed elsewhere until March',
      '2026-01-15',
      { billFrom: at('2026-03-01') },
      ['2026-01-15', '2026-03-15', '2026-04-15'],
    ],
    [
      'billed elsewhere until a boundary',
      '2026-01-15',
      { billFrom: at('2026-03-15') },
      ['2026-01-15', '2026-03-15', '2026-04-15'],
    ],
    [
      'billed elsewhere, by the calendar',
      '2026-01-15',
      { billFrom: at('2026-02-20'), billingTime: 'calendar' },
      ['2026-01-15', '2026-03-01', '2026-04-01'],
    ],
    [
      'billed elsewhere until before the start',
      '2026-01-15',
      { billFrom: at('2026-01-01') },
      ['2026-01-15', '2026-02-15'],
    ],
  ])('%s', (_, start, about, dates) => {
    expect(startsOf(terms(about), start, dates.length)).toEqual(dates)
  })

  test('and only those before `bill_from` are not billed', () => {
    const of = terms({ billFrom: at('2026-03-15') })
    expect(periods(of, at('2026-01-15'), 3).map((one) => isUnbilled(of, one))).toEqual([true, false, false])
    expect(isUnbilled(terms(), firstStanding(terms(), at('2026-01-15')))).toBe(false)
  })

  test('by the calendar in its zone, also where its day begins elsewhere', () => {
    const of = terms({ billingTime: 'calendar', timezone: 'America/New_York' as Zone })
    const all = periods(of, at('2026-03-01T04:59:59Z'), 3).map(({ period }) => toIso(period.start))
    expect(all).toEqual(['2026-03-01T04:59:59Z', '2026-03-01T05:00:00Z', '2026-04-01T04:00:00Z'])
  })

  test('and one that would leave a gap is a bug', () => {
    const standing = { ...firstStanding(terms(), at('2026-01-15')), anchorAt: at('2026-01-14') }
    expect(() => nextStanding(terms(), standing)).toThrow(InvariantViolation)
  })
})

const fraction = (of: Terms, standing: Standing, from: string, by: 'day' | 'second' = 'day') => {
  const part = restOfPeriod(of, standing, at(from), by)
  return part === null ? 'all' : `${part.numerator}/${part.denominator}`
}

describe('FR-030 the rest of a period', () => {
  const monthly = firstStanding(terms(), at('2026-04-01T10:00:00Z'))
  test.each([
    ['all of it at its start', '2026-04-01T10:00:00Z', 'all'],
    ['on the 16th of 30 days', '2026-04-16T10:00:00Z', '15/30'],
    ['the day of a change is the new price’s, early', '2026-04-16T00:00:00Z', '15/30'],
    ['or late', '2026-04-16T23:59:59Z', '15/30'],
    ['its last day', '2026-05-01T09:59:59Z', '0/30'],
  ])('by days: %s', (_, from, part) => {
    expect(fraction(terms(), monthly, from)).toBe(part)
  })

  test('by the second: exactly', () => {
    const part = restOfPeriod(terms(), monthly, at('2026-04-16T22:00:00Z'), 'second')
    expect(part).toEqual({ numerator: 14.5 * DAY_MS, denominator: 30 * DAY_MS })
  })

  test.each<[string, Partial<Terms>, string, string]>([
    ['a calendar stub is of its whole month', { billingTime: 'calendar' }, '2026-04-16', '15/30'],
    ['the month’s last day is one day', { billingTime: 'calendar' }, '2026-01-31T18:00:00Z', '1/31'],
    ['a whole calendar month is all', { billingTime: 'calendar' }, '2026-01-01', 'all'],
    ['its first day too, though late', { billingTime: 'calendar' }, '2026-01-01T18:00:00Z', 'all'],
    ['a fixed term’s end', { endsAt: at('2026-01-16') }, '2026-01-01', '15/31'],
    ['that of a year', { endsAt: at('2027-06-30'), interval: year }, '2026-06-30', 'all'],
    ['a stub that the term cuts', { billingTime: 'calendar', endsAt: at('2026-04-26') }, '2026-04-11', '15/30'],
  ])('%s', (_, about, start, part) => {
    expect(fraction(terms(about), firstStanding(terms(about), at(start)), start)).toBe(part)
  })

  test('paused days are in neither number', () => {
    // 30 days from 1 April, ten of which were moved to May by a pause.
    const moved = {
      anchorAt: at('2026-05-11'),
      period: { start: at('2026-04-01'), end: at('2026-05-11') },
      pausedMs: 10 * DAY_MS,
    }
    expect(fraction(terms(), moved, '2026-04-26')).toBe('15/30')
    expect(restOfPeriod(terms(), moved, at('2026-04-26T12:00:00Z'), 'second')).toEqual({
      ...{ numerator: 14.5 * DAY_MS, denominator: 30 * DAY_MS },
    })
  })

  test('is never negative', () => {
    expect(unitsBetween(at('2026-02-02'), at('2026-02-01'), 'day', terms().timezone)).toBe(0)
    expect(unitsBetween(at('2026-02-02'), at('2026-02-01'), 'second', terms().timezone)).toBe(0)
  })

  test('of a day of 23 hours is a day', () => {
    const berlin = terms({ timezone: 'Europe/Berlin' as Zone })
    const standing = firstStanding(berlin, at('2026-03-15T12:00:00Z'))
    expect(fraction(berlin, standing, '2026-03-29T12:00:00Z')).toBe('17/31')
  })
})

const oddities = [
  'UTC',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/St_Johns',
  'Africa/Casablanca',
]
const zones = Intl.supportedValuesOf('timeZone')
  .filter((_zone, index) => index % 4 === 1)
  .concat(oddities) as Zone[]

describe('invariant 4: billed periods tile time', () => {
  test('for every day of anchor and unit, both billing times, in a hundred zones', () => {
    const gaps: unknown[] = []
    for (const [index, timezone] of zones.entries()) {
      for (let day = 1; day <= 31; day += 1) {
        const start = instant(Date.UTC(2028, index % 12, day, 5 + (day % 19), 30))
        for (const unit of intervalUnits) {
          const calendar = terms({ timezone, billingTime: 'calendar', interval: { unit, count: 1 } })
          const anniversary = terms({ timezone, interval: { unit, count: 1 + (day % 4) } })
          const of = (index + day) % 2 === 0 ? calendar : anniversary
          if (!tiles(of, start)) gaps.push({ of, start })
        }
      }
    }
    expect(zones.length).toBeGreaterThanOrEqual(100)
    expect(gaps).toEqual([])
  })

  const anything = fc.record({
    start: fc.integer({ min: at('2000-01-01') / HOUR_MS, max: at('2060-01-01') / HOUR_MS }),
    timezone: fc.constantFrom(...zones),
    billingTime: fc.constantFrom('anniversary' as const, 'calendar' as const),
    interval: fc.record({ unit: fc.constantFrom(...intervalUnits), count: fc.integer({ min: 1, max: 6 }) }),
    billFrom: fc.option(fc.integer({ min: -50, max: 1000 })),
    endsAt: fc.option(fc.integer({ min: 1, max: 2000 })),
  })

  test('with `bill_from` and a fixed term too, from the start to the end', () => {
    fc.assert(
      fc.property(anything, ({ start, billFrom, endsAt, interval, ...about }) => {
        const startAt = (start * HOUR_MS) as Instant
        const days = (count: number | null) => (count === null ? null : instant(startAt + count * DAY_MS))
        const of = terms({
          ...about,
          interval: about.billingTime === 'calendar' ? { ...interval, count: 1 } : interval,
          ...{ billFrom: days(billFrom), endsAt: days(endsAt) },
        })
        const all = periods(of, startAt, 8)
        expect(all[0]?.period.start).toBe(startAt)
        for (const [index, { period, anchorAt }] of all.entries()) {
          expect(period.start).toBeLessThan(period.end)
          expect(anchorAt).toBe(all[0]?.anchorAt)
          if (index > 0) expect(period.start).toBe(all[index - 1]?.period.end)
          if (of.endsAt !== null) expect(period.end).toBeLessThanOrEqual(of.endsAt)
        }
        const unbilled = all.filter((one) => isUnbilled(of, one))
        expect(unbilled.length).toBeLessThanOrEqual(1)
        if (of.billFrom !== null && of.billFrom > startAt) expect(unbilled).toEqual(all.slice(0, 1))
      }),
      { numRuns: 500 },
    )
  })

  test('and what is served of them, day by day, sums to the whole', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 0, max: 400 }), ({ start, interval, ...about }, day) => {
        const calendar = about.billingTime === 'calendar'
        const of = terms({
          ...{ timezone: about.timezone, billingTime: about.billingTime },
          interval: calendar ? { ...interval, count: 1 } : interval,
        })
        const standing = nextStanding(of, firstStanding(of, (start * HOUR_MS) as Instant))
        const from = instant(standing.period.start + day * DAY_MS)
        fc.pre(from < standing.period.end)
        expect(restOfPeriod(of, standing, standing.period.start, 'day')).toBeNull()
        const { numerator, denominator } = restOfPeriod(of, standing, from, 'day') ?? { numerator: 1, denominator: 1 }
        const before = localDaysBetween(standing.period.start, from, of.timezone)
        if (denominator > 1) expect(before + numerator).toBe(denominator)
      }),
      { numRuns: 300 },
    )
  })
})

/** Four periods from the start on: no gap, no overlap, all but the first whole. */
function tiles(of: Terms, start: Instant): boolean {
  return periods(of, start, 4).every((standing, index, all) => {
    const { period } = standing
    const whole = index === 0 || restOfPeriod(of, standing, period.start, 'day') === null
    return whole && period.end > period.start && period.start === (all[index - 1]?.period.end ?? start)
  })
}
