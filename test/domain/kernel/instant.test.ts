import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, earliest, HOUR_MS, instant, parseInstant, plusMs, toIso } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'

const FIRST_MS = Date.UTC(1900)
const LAST_MS = Date.UTC(10_000) - 1

describe('parseInstant', () => {
  test.each([
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00Z'],
    ['2026-01-31t09:30:00z', '2026-01-31T09:30:00Z'],
    ['2026-01-31T09:30:00+02:00', '2026-01-31T07:30:00Z'],
    ['2026-01-01T00:30:00+05:45', '2025-12-31T18:45:00Z'],
    ['2026-12-31T23:30:00-09:30', '2027-01-01T09:00:00Z'],
    ['2026-01-31T00:00:00-00:00', '2026-01-31T00:00:00Z'],
    ['2026-01-31T00:00:00.5Z', '2026-01-31T00:00:00.500Z'],
    ['2026-01-31T00:00:00.000999999Z', '2026-01-31T00:00:00Z'],
    ['2026-01-31T23:59:59.999999999Z', '2026-01-31T23:59:59.999Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00Z'],
  ])('%s is %s', (text, iso) => {
    const parsed = parseInstant(text)
    expect(parsed.ok && toIso(parsed.value)).toBe(iso)
  })

  test.each([
    '',
    '2026-01-31',
    '2026-01-31T00:00:00',
    '2026-01-31T00:00Z',
    '2026-01-31 00:00:00Z',
    '2026-01-31T00:00:00 Z',
    '2026-01-31T00:00:00+0200',
    '2026-01-31T00:00:00[Europe/Berlin]',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T23:60:00Z',
    '2026-06-30T23:59:60Z',
    '2026-01-31T00:00:00+24:00',
    '2026-01-31T00:00:00+02:60',
    '2026-01-31T00:00:00.Z',
    '0001-01-01T00:00:00Z',
    '1900-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '+02026-01-31T00:00:00Z',
    '2026-01-31T00:00:00Z\n',
  ])('%o is no instant', (text) => {
    expect(parseInstant(text)).toEqual({ ok: false, error: 'not_an_instant' })
  })

  test('reads back what toIso writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_MS, max: LAST_MS }), (ms) => {
        expect(parseInstant(toIso(instant(ms)))).toEqual({ ok: true, value: ms })
      }),
    )
  })
})

test.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY, FIRST_MS - 1, LAST_MS + 1])('%d ms is a bug', (ms) => {
  expect(() => instant(ms)).toThrow(InvariantViolation)
})

test('plusMs moves both ways', () => {
  const noon = instant(12 * HOUR_MS)
  expect(plusMs(plusMs(noon, DAY_MS), -DAY_MS)).toBe(noon)
  expect(plusMs(noon, HOUR_MS)).toBe(13 * HOUR_MS)
})

test('earliest passes over what is not set', () => {
  expect(earliest()).toBeNull()
  expect(earliest(null, null)).toBeNull()
  expect(earliest(null, instant(5), instant(-3), null, instant(9))).toBe(-3)
})
