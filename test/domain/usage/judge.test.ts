import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, MINUTE_MS, plusMs } from '../../../src/kernel/instant.ts'
import { usageRefusals } from '../../../src/usage/domain/event.ts'
import { judge, noSuchSubscription } from '../../../src/usage/domain/judge.ts'
import type { Measure } from '../../../src/usage/domain/profile.ts'
import { at, givenEnded, givenPaused, givenScheduled, givenTrial } from '../../support/given.ts'
import { aprilOn, measure, profileOf, used } from './profiles.ts'

const now = at('2026-04-10T12:00:00Z')
const profile = profileOf(aprilOn('2026-04-10'))

function verdict(...[event, known = profile, when = now]: Partial<Parameters<typeof judge>>): string {
  const judged = judge(event ?? used(), known, when)
  return judged.status === 'sound' ? `sound ${judged.value}` : judged.code
}

function measuring(about: Partial<Measure>) {
  return profileOf(aprilOn('2026-04-10'), { measures: [measure(about)] })
}

describe('FR-072 an event is taken', () => {
  test.each([
    ['by its quantity', {}, {}, 'sound 1'],
    ['of zero', { quantity: '0' }, {}, 'sound 0'],
    ['of less than zero where its metric allows it', { quantity: '-2.5' }, { allowNegative: true }, 'sound -2.5'],
    ['of 15 digits', { quantity: '999999999999999.9' }, {}, 'sound 999999999999999.9'],
    [
      'of leading zeros',
      { properties: { bytes: '0000000000000000007' } },
      { field: 'bytes' },
      'sound 0000000000000000007',
    ],
    ['of minus nothing', { quantity: '-0.0' }, {}, 'sound -0.0'],
    ['with as many decimals as its metric has', { quantity: '0.25' }, { decimals: 2 }, 'sound 0.25'],
    ['with zeros for decimals', { quantity: '7.000' }, { decimals: 0 }, 'sound 7.000'],
    ['by a property', { properties: { bytes: '12' } }, { field: 'bytes' }, 'sound 12'],
    ['as one, whatever its quantity', { quantity: '5' }, { aggregation: 'count', field: null }, 'sound 1'],
    [
      'by what it names',
      { properties: { user: '-x.123' } },
      { aggregation: 'unique_count', field: 'user', decimals: 0 },
      'sound -x.123',
    ],
    [
      'by what it names, which is no number',
      { properties: { user: '1234567890123456' } },
      { aggregation: 'unique_count', field: 'user' },
      'sound 1234567890123456',
    ],
  ] as const)('%s', (_, event, metric, expected) => {
    expect(verdict(used(event), measuring(metric))).toBe(expected)
  })
})

describe('an event is refused', () => {
  test.each([
    ['metric_not_found', { metric: 'emails' }, {}],
    ['not_measurable', {}, { field: 'bytes' }],
    ['not_measurable', { properties: { bytes: 'many' } }, { field: 'bytes' }],
    ['not_measurable', { quantity: '1e3' }, {}],
    ['not_measurable', { quantity: 'x', properties: { user: 'u' } }, { aggregation: 'unique_count', field: 'user' }],
    ['negative_quantity', { quantity: '-0.1' }, {}],
    ['negative_quantity', { properties: { bytes: '-1' } }, { field: 'bytes' }],
    ['too_many_decimals', { quantity: '0.125' }, { decimals: 2 }],
    ['too_many_decimals', { quantity: '1.5' }, { decimals: 0 }],
    ['too_many_decimals', { properties: { bytes: '1.5' } }, { field: 'bytes', decimals: 0 }],
    ['too_many_digits', { quantity: '1000000000000000' }, {}],
    ['too_many_digits', { quantity: '-1000000000000000' }, { allowNegative: true }],
    ['too_many_digits', { properties: { bytes: '1000000000000000.5' } }, { field: 'bytes' }],
  ] as const)('as %s: %o', (code, event, metric) => {
    expect(verdict(used(event), measuring(metric))).toBe(code)
  })
})

describe('FR-078 by its timestamp', () => {
  const old = profileOf(aprilOn('2026-06-10'))
  const by = (ms: number) => ({ ...used(), at: plusMs(now, ms) })

  test.each([
    ['35 days old', -35 * DAY_MS, 'sound 1'],
    ['older', -35 * DAY_MS - 1, 'too_old'],
    ['5 minutes ahead', 5 * MINUTE_MS, 'sound 1'],
    ['further ahead', 5 * MINUTE_MS + 1, 'in_the_future'],
  ])('%s', (_, ms, expected) => {
    const later = at('2026-06-10T12:00:00Z')
    expect(verdict({ ...by(ms), at: plusMs(later, ms) }, old, later)).toBe(expected)
  })

  const pause = { start: at('2026-04-05'), end: at('2026-04-07') }
  const resumed = profileOf(aprilOn('2026-04-10'), { pauses: [pause] })
  test.each([
    ['2026-04-04T23:59:59.999Z', 'sound 1'],
    ['2026-04-05T00:00:00Z', 'paused'],
    ['2026-04-06T23:59:59.999Z', 'paused'],
    ['2026-04-07T00:00:00Z', 'sound 1'],
    ['2026-03-31T23:59:59.999Z', 'not_started'],
    ['2026-04-01T00:00:00Z', 'sound 1'],
  ])('at %s: %s', (when, expected) => {
    expect(verdict(used({ at: when }), resumed)).toBe(expected)
  })

  test.each([
    ['a trial', () => givenTrial(), '2026-02-05', 'sound 1'],
    ['what was cancelled', () => givenEnded(), '2026-02-09', 'sound 1'],
    ['what was cancelled', () => givenEnded(), '2026-02-10', 'ended'],
    ['what is to be cancelled', () => givenTrial({ cancelAt: at('2026-02-14') }), '2026-02-14', 'ended'],
    ['a term that is over', () => givenScheduled({ endsAt: at('2026-02-20') }), '2026-02-20', 'ended'],
    ['what has not begun', () => givenScheduled(), '2026-01-30', 'not_started'],
  ])('of %s', (_, subscription, when, expected) => {
    expect(verdict(used({ at: when }), profileOf(subscription()), at('2026-02-20'))).toBe(expected)
  })

  test('of a pause that nobody has ended, and of one that was to end', () => {
    const open = profileOf(givenPaused(), { pauses: [{ start: at('2026-02-10'), end: null }] })
    expect(verdict(used({ at: '2026-02-20' }), open, at('2026-02-20'))).toBe('paused')
  })
})

test('the first thing that is wrong is told, with what to do', () => {
  const event = used({ quantity: '-1.5', at: '2025-01-01' })
  const refusals = [
    noSuchSubscription(event),
    judge({ ...event, metric: 'emails' }, profile, now),
    judge(event, measuring({ decimals: 0 }), now),
    judge(event, measuring({ decimals: 0, allowNegative: true }), now),
    judge(event, measuring({ allowNegative: true }), now),
  ]
  expect(refusals).toMatchInlineSnapshot(`
    [
      {
        "code": "subscription_not_found",
        "detail": "There is no subscription sub_01jhd3wz00f888000000000007.",
        "hint": "Check the id, and that the key belongs to the organization of the subscription.",
        "status": "rejected",
      },
      {
        "code": "metric_not_found",
        "detail": "There is no metric emails.",
        "hint": "Use a metric's code, such as api_calls, or make it first: POST /v1/metrics.",
        "status": "rejected",
      },
      {
        "code": "negative_quantity",
        "detail": "api_calls takes nothing below zero, and the event has a quantity of -1.5.",
        "hint": "To take back an event, correct or void it. Only a metric made with allow_negative takes less than zero.",
        "status": "rejected",
      },
      {
        "code": "too_many_decimals",
        "detail": "api_calls takes whole numbers only; the event has a quantity of -1.5.",
        "hint": "Send whole numbers.",
        "status": "rejected",
      },
      {
        "code": "too_old",
        "detail": "The event is of 2025-01-01T00:00:00Z, more than 35 days before 2026-04-10T12:00:00Z.",
        "hint": "Usage is taken for 35 days. Check the timestamp; bill what is older by a one-off invoice.",
        "status": "rejected",
      },
    ]
  `)
})

test('every refusal has a detail and a hint, whatever is sent', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('1', '-1', '1.5', '99999999999999999999999999', ''))
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: -400, max: 400 }), (metric, quantity, bytes, days) => {
      const known = profileOf(aprilOn('2026-04-10'), { measures: [measure(), measure({ code: 'b', field: 'bytes' })] })
      const event = {
        ...used({ metric: days % 2 ? 'b' : metric, quantity, properties: { bytes } }),
        at: plusMs(now, days * DAY_MS),
      }
      const judged = judge(event, known, now)
      if (judged.status === 'sound') return judged.value.length > 0
      return usageRefusals.includes(judged.code) && judged.detail.length > 0 && judged.hint.length > 0
    }),
  )
})
