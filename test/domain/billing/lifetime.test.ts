import { describe, expect, test } from 'vitest'
import { toIso } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { periodOf } from '../../../src/subscriptions/domain/subscription.ts'
import { at } from '../../support/given.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { beginning, type History, lived, refusal } from './history.ts'
import {
  advance,
  cancels,
  changes,
  creditLeft,
  documents,
  gateway,
  invoicesOf,
  movesTrial,
  pauses,
  resumes,
  subscribes,
  subscription,
  uncancels,
} from './words.ts'

const START = '2026-06-01'
const sold = (about = {}, from = beginning()) => lived(from, [START, subscribes(about)], [START, gateway('succeeded')])
const periodIn = (history: History) => {
  const period = periodOf(subscription(history))
  return period && [toIso(period.start).slice(0, 10), toIso(period.end).slice(0, 10)]
}
const calendar = { billingTime: 'calendar' } as const

describe('FR-033 a pause', () => {
  test('stops the period, whose end moves by the local days paused, and the anchor with it', () => {
    const resumed = lived(sold(), ['2026-06-11T18:00:00Z', pauses()], ['2026-06-21T06:00:00Z', resumes])
    expect(periodIn(resumed)).toEqual(['2026-06-01', '2026-07-11'])
    expect(documents(lived(resumed, ['2026-08-11', advance])).slice(1)).toEqual([
      'open renewal: +4900',
      'open renewal: +4900',
    ])
  })

  test('by second moves it exactly', () => {
    const settings = givenRules({ proration: { granularity: 'second', invoicing: 'end_of_day' } })
    const resumed = lived(
      sold({}, beginning({ settings })),
      ['2026-06-11T18:00:00Z', pauses()],
      ['2026-06-21T06:00:00Z', resumes],
    )
    expect(periodOf(subscription(resumed))?.end).toBe(at('2026-07-10T12:00:00Z'))
  })

  test('leaves paused days out of what a later change divides by', () => {
    const changed = lived(
      sold(),
      ['2026-06-11', pauses()],
      ['2026-06-21', resumes],
      ['2026-06-26', changes({ planCode: 'team', invoicing: 'now' })],
    )
    expect(documents(changed).slice(1)).toEqual(['open proration: -2450 +4950'])
  })

  test('ends by itself when that was asked for', () => {
    const resumed = lived(sold(), ['2026-06-11', pauses('2026-06-21')], ['2026-07-11', advance])
    expect(documents(resumed).slice(1)).toEqual(['open renewal: +4900'])
  })

  test('by the calendar credits its rest and charges a stub when it ends', () => {
    const paused = lived(sold(calendar), ['2026-06-11', pauses()])
    expect(documents(paused).slice(1)).toEqual(['paid proration: -3267'])
    const resumed = lived(paused, ['2026-06-21', resumes])
    expect(documents(resumed).slice(2)).toEqual(['paid subscription: +1633'])
    expect(creditLeft(resumed)).toBe(3267n - 1633n)
    expect(documents(lived(resumed, ['2026-07-01', advance])).slice(3)).toEqual(['open renewal: +4900'])
  })

  test('by the calendar, begun and ended at one instant, is billed under keys of its own', () => {
    const resumed = lived(sold(calendar), [START, pauses()], [START, resumes], [START, pauses()], [START, resumes])
    expect(documents(resumed)).toEqual([
      'paid subscription: +4900',
      'paid proration: -4900',
      'paid subscription: +4900',
      'paid proration: -4900',
      'paid subscription: +4900',
    ])
    const keys = invoicesOf(resumed).flatMap(({ lines }) => lines.map(({ billingKey }) => billingKey))
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('that ends when the fixed term does bills nothing for no time', () => {
    const term = { ...calendar, endsAt: at('2026-06-21') }
    const ended = lived(sold(term), ['2026-06-11', pauses('2026-06-21')], ['2026-06-22', advance])
    expect(subscription(ended)).toMatchObject({ status: 'expired', endedAt: at('2026-06-21') })
    expect(documents(ended)).toEqual(['paid subscription: +3267', 'paid proration: -1634'])
  })

  test('FR-034 of 90 days is announced, cancels and credits what was not used', () => {
    const paused = lived(sold(), ['2026-06-11', pauses()])
    const told = lived(paused, ['2026-09-02', advance])
    expect(told.events.at(-1)).toMatchObject({ type: 'subscription.pause_will_end' })
    const ended = lived(told, ['2026-09-09', advance])
    expect(subscription(ended)).toMatchObject({ status: 'cancelled', endedAt: at('2026-09-09') })
    expect(documents(ended).slice(1)).toEqual(['paid proration: -3267'])
    expect(creditLeft(ended)).toBe(3267n)
  })

  test('cancelled with prorate is served no further than to its begin', () => {
    const ended = lived(sold(), ['2026-06-11', pauses()], ['2026-06-21', cancels({ prorate: true })])
    expect(documents(ended).slice(1)).toEqual(['paid proration: -3267'])
  })
})

describe('FR-028 a trial', () => {
  const tried = (about = {}, from = beginning()) => lived(from, [START, subscribes({ trialDays: 14, ...about })])

  test('is told of three days before, ends with the first invoice and is the anchor', () => {
    const ended = lived(tried(), ['2026-07-15', advance])
    expect(
      ended.events
        .filter(({ type }) => type.startsWith('subscription.'))
        .map(({ type, at: when }) => [type, toIso(when).slice(0, 10)]),
    ).toEqual([
      ['subscription.created', '2026-06-01'],
      ['subscription.trial_started', '2026-06-01'],
      ['subscription.trial_will_end', '2026-06-12'],
      ['subscription.activated', '2026-06-15'],
      ['subscription.renewed', '2026-07-15'],
    ])
    expect(documents(ended)).toEqual(['open subscription: +4900', 'open renewal: +4900'])
  })

  test('prorates nothing', () => {
    const changed = lived(tried(), ['2026-06-05', changes({ planCode: 'team' })], ['2026-06-15', advance])
    expect(documents(changed)).toEqual(['open subscription: +9900'])
  })

  test('cancelled at its end makes no invoice, and can be taken back', () => {
    const cancelled = lived(tried(), ['2026-06-05', cancels({ when: 'period_end' })])
    expect(documents(lived(cancelled, ['2026-07-15', advance]))).toEqual([])
    expect(documents(lived(cancelled, ['2026-06-06', uncancels], ['2026-06-15', advance]))).toHaveLength(1)
  })

  test.each([
    ['invoice', 'active', 1],
    ['pause', 'paused', 0],
    ['cancel', 'cancelled', 0],
  ] as const)('without a way to pay: %s', (trialEnd, status, made) => {
    const ended = lived(tried({ trialEnd }, beginning({ methods: [] })), ['2026-06-15', advance])
    expect([subscription(ended).status, invoicesOf(ended).length]).toEqual([status, made])
  })

  test('that ended in a pause begins its first period with the resumption', () => {
    const paused = lived(tried({ trialEnd: 'pause' }, beginning({ methods: [] })), ['2026-06-15', advance])
    const resumed = lived(paused, ['2026-06-20', resumes])
    expect([periodIn(resumed), documents(resumed)]).toEqual([
      ['2026-06-20', '2026-07-20'],
      ['open subscription: +4900'],
    ])
  })

  test('is ended or moved by command', () => {
    const ended = lived(tried(), ['2026-06-05', movesTrial('now')])
    expect([periodIn(ended), documents(ended)]).toEqual([['2026-06-05', '2026-07-05'], ['open subscription: +4900']])
    const moved = lived(tried(), ['2026-06-05', movesTrial('2026-06-30')], ['2026-06-29', advance])
    expect(documents(moved)).toEqual([])
    expect(documents(lived(moved, ['2026-06-30', advance]))).toEqual(['open subscription: +4900'])
  })
})

describe('FR-027 a fixed term', () => {
  test('cuts its last period, is prorated like a stub and expires', () => {
    const term = lived(beginning(), [START, subscribes({ endsAt: at('2026-07-16') })], ['2026-08-01', advance])
    expect(documents(term)).toEqual(['open subscription: +4900', 'open renewal: +2371'])
    expect(subscription(term)).toMatchObject({ status: 'expired', endedAt: at('2026-07-16') })
  })
})

describe('FR-038 a start in the past', () => {
  test('issues every period begun, the oldest number first, due from today', () => {
    const made = lived(beginning(), ['2026-06-15', subscribes({ startAt: at('2026-03-31') })])
    expect(
      invoicesOf(made).map((one) => [
        'number' in one && one.number,
        toIso(one.period.start).slice(0, 10),
        toIso(one.issuedAt).slice(0, 10),
      ]),
    ).toEqual([
      ['JANE-0001', '2026-03-31', '2026-06-15'],
      ['JANE-0002', '2026-04-30', '2026-06-15'],
      ['JANE-0003', '2026-05-31', '2026-06-15'],
    ])
  })

  test.each([
    ['2026-05-01', '2026-05-31', 1],
    ['2026-04-30', '2026-04-30', 2],
  ])('billed elsewhere until %s begins with the boundary %s', (billFrom, first, count) => {
    const sale = subscribes({ startAt: at('2026-03-31'), billFrom: at(billFrom) })
    const made = invoicesOf(lived(beginning(), ['2026-06-15', sale]))
    expect([toIso(made[0]?.period.start ?? at(START)).slice(0, 10), made.length]).toEqual([first, count])
  })

  test('of more than 120 periods is refused', () => {
    expect(refusal(beginning(), START, subscribes({ startAt: at('2016-01-01') }))).toMatchObject({
      code: 'too_many_periods',
    })
  })
})

describe('a period by the calendar', () => {
  test.each([
    ['2026-06-16', 'month', '+2450', '2026-07-01'],
    ['2026-06-01', 'month', '+4900', '2026-07-01'],
    ['2026-07-02', 'year', '+50087', '2027-01-01'],
  ] as const)('from %s by %s begins with a stub of %s', (start, interval, amount, end) => {
    const made = lived(beginning(), [start, subscribes({ ...calendar, interval })])
    expect([documents(made), periodIn(made)]).toEqual([[`open subscription: ${amount}`], [start, end]])
  })
})

describe('renewals of one local date in one invoice', () => {
  const settings = givenRules({ invoicing: { consolidate: true } })
  const both = (from = beginning({ settings })) =>
    lived(from, [START, subscribes()], ['2026-06-01T12:00:00Z', subscribes({ planCode: 'team' })])

  test('are a draft until the next local midnight', () => {
    const renewed = lived(both(), ['2026-07-01T01:00:00Z', advance], ['2026-07-01T13:00:00Z', advance])
    expect(documents(renewed).slice(2)).toEqual(['draft renewal: +4900 +9900'])
    expect(documents(lived(renewed, ['2026-07-02', advance])).slice(2)).toEqual(['open renewal: +4900 +9900'])
  })

  test('in the account’s zone', () => {
    const account = givenCustomer({ timezone: 'America/New_York' as Zone })
    const renewed = lived(
      both(beginning({ settings, account })),
      ['2026-07-01T00:30:00Z', advance],
      ['2026-07-01T13:00:00Z', advance],
    )
    expect(documents(renewed).slice(2)).toEqual(['open renewal: +4900', 'draft renewal: +9900'])
  })

  test('are taxed as one, and a change of the same day credits the tax they get', () => {
    const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
    const taxed = givenRules({ invoicing: { consolidate: true }, tax: { engine: 'rates', rates } })
    const changed = lived(
      both(beginning({ settings: taxed })),
      ['2026-07-01T13:00:00Z', advance],
      ['2026-07-01T15:00:00Z', changes({ quantity: 2 })],
      ['2026-07-02', advance],
    )
    const made = invoicesOf(changed).slice(2)
    expect(made.map(({ reason, tax }) => [reason, tax])).toEqual([
      ['renewal', 2812n],
      ['proration', 931n],
    ])
  })
})
