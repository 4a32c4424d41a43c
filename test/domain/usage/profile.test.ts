import { describe, expect, test } from 'vitest'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { latenessOf, nameOf, pausesOf, stateAt } from '../../../src/usage/domain/profile.ts'
import { at, givenEnded, givenPaused, givenTrial, id } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { metered, perCall, week } from '../subscriptions/metered.ts'
import { aprilOn, profileOf } from './profiles.ts'

describe('S16 pauses are told by their events', () => {
  const paused = (day: string) => ({ type: 'subscription.paused', at: at(day) }) as const
  const resumed = (day: string) => ({ type: 'subscription.resumed', at: at(day) }) as const

  test.each([
    ['none', () => aprilOn('2026-04-20'), [], []],
    ['one that is over', () => aprilOn('2026-04-20'), [paused('2026-04-05'), resumed('2026-04-07')], ['04-05 04-07']],
    [
      'two',
      () => aprilOn('2026-04-20'),
      [paused('2026-04-05'), resumed('2026-04-07'), paused('2026-04-10'), resumed('2026-04-10')],
      ['04-05 04-07', '04-10 04-10'],
    ],
    ['the present one', () => givenPaused(), [paused('2026-02-10')], ['02-10 open']],
    [
      'the present one, until it is to be resumed',
      () => givenPaused({ resumesAt: at('2026-02-15') }),
      [paused('2026-02-10')],
      ['02-10 02-15'],
    ],
    ['one in which it ended', () => givenEnded(), [paused('2026-02-05')], ['02-05 open']],
  ] as const)('%s', (_, subscription, events, expected) => {
    const pauses = pausesOf(subscription(), events)
    const day = (instant: number | null) => (instant === null ? 'open' : new Date(instant).toISOString().slice(5, 10))
    expect(pauses.map(({ start, end }) => `${day(start)} ${day(end)}`)).toEqual(expected)
  })

  test('after the end of a pause it is used again, whether or not somebody has resumed it yet', () => {
    const subscription = givenPaused({ resumesAt: at('2026-02-15') })
    const profile = profileOf(subscription, { pauses: pausesOf(subscription, []) })
    const states = ['2026-02-09', '2026-02-10', '2026-02-14', '2026-02-15'].map((day) => stateAt(profile, at(day)))
    expect(states).toEqual(['usable', 'paused', 'paused', 'usable'])
  })
})

describe('FR-079 what was used before the seal is', () => {
  /** How late, and the ends of the periods that it is of. */
  function told(subscription: Subscription, charges: readonly Charge[], used: string, now: string, metric?: string) {
    const profile = profileOf(subscription, { versions: [metered(charges)] })
    const found = latenessOf(profile, { metric: metric ?? 'api_calls', at: at(used) }, at(now))
    return found && [found.late, ...found.periods.map(({ end }) => new Date(end).toISOString().slice(5, 10))].join(' ')
  }
  const late = (used: string, now: string, charges: readonly Charge[] = [perCall], metric?: string) =>
    told(aprilOn('2026-05-03', [metered(charges)]), charges, used, now, metric)

  test.each([
    ['for a week after the end of its period supplemental', '2026-04-20', '2026-05-07T23:59:59Z', 'supplemental 05-01'],
    ['then not billed any more', '2026-04-20', '2026-05-08', 'unbilled 05-01'],
    ['of a running period supplemental: it may have ended meanwhile', '2026-05-02', '2026-05-03', 'supplemental 06-01'],
    ['of a forgotten one not billed', '2026-03-20', '2026-05-03', 'unbilled'],
  ])('%s', (_, used, now, expected) => {
    expect(late(used, now)).toBe(expected)
  })

  test('late for each of its periods, and supplemental as long as any of them is', () => {
    const weekly = { ...perCall, filters: { region: 'eu' }, interval: week }
    expect(late('2026-04-25', '2026-05-07', [perCall, weekly])).toBe('supplemental 04-29 05-01')
    expect(late('2026-04-25', '2026-05-08', [perCall, weekly])).toBe('unbilled 04-29 05-01')
  })

  test('late by the periods of its own metric, whatever else is still billed', () => {
    const weekly = givenCharge({ metric: 'emails', interval: week })
    const emails = (now: string) => late('2026-04-25', now, [perCall, weekly], 'emails')
    expect([emails('2026-05-05'), emails('2026-05-06')]).toEqual(['supplemental 04-29', 'unbilled 04-29'])
    expect(late('2026-04-25', '2026-05-06', [perCall, weekly])).toBe('supplemental 05-01')
  })

  test('not late where no charge bills it', () => {
    expect(late('2026-04-20', '2026-05-08', [perCall], 'emails')).toBeNull()
  })

  test('late from when its period has ended: that of a pause ends with the pause', () => {
    const april = aprilOn('2026-05-03', [metered([perCall])])
    const metering = april.metered.map((one) => ({ ...one, endedAt: at('2026-05-20') }))
    const paused = { ...april, metered: metering }
    const by = (now: string) => told(paused, [perCall], '2026-04-20', now)
    expect([by('2026-05-26'), by('2026-05-27')]).toEqual(['supplemental 05-01', 'unbilled 05-01'])
  })

  test('late by what was sold in its period, though it is not sold any more', () => {
    const april = aprilOn('2026-05-03', [metered([perCall])])
    const moved = { ...april, planVersionId: id('plan_version', 60) }
    expect(told(moved, [perCall], '2026-04-20', '2026-05-03')).toBe('supplemental 05-01')
  })

  test('not late in a trial, of which nothing is billed', () => {
    expect(told(givenTrial(), [perCall], '2026-02-02', '2026-02-20')).toBeNull()
  })
})

test('charges are named by metric and filters, in whatever order these are', () => {
  const name = (filters: Readonly<Record<string, string>>) => nameOf({ metric: 'm', filters })
  expect(name({ a: '1', b: '2' })).toBe(name({ b: '2', a: '1' }))
  expect(new Set([name({}), name({ a: '1' }), name({ a: '1', b: '2' }), name({ a: '1,b=2' })]).size).toBe(4)
})
