import { describe, expect, test } from 'vitest'
import type { Interval } from '../../../src/kernel/period.ts'
import { at, id, month, USD } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenContext, lived, stepBy, steps, told, usedOn } from './life.ts'
import { april, cancelNow, factsOf, metered, perCall, standard, year } from './metered.ts'

const it = id('subscription', 7)

describe('a minimum', () => {
  const ofPlan = (amount: string) => metered([perCall], { minimums: [{ currency: USD, amount }] })
  const used = usedOn({ '2026-04-05': 500 })

  test.each([
    ['10000', '4900 1000 4100'],
    ['5901', '4900 1000 1'],
    ['5900', '4900 1000'],
    ['0', '4900 1000'],
  ])('of the plan covers base and usage: %s', (amount, expected) => {
    const all = told(steps(april(), at('2026-05-01'), factsOf(used, ofPlan(amount))))
    expect(all.at(-1)).toBe(`2026-05-01 renewed ${expected}`)
  })

  test.each([
    ['1500', '1000 500'],
    ['1000', '1000'],
  ])('of a charge covers its own usage: %s', (minimum, expected) => {
    const other = givenCharge({ metric: 'mails', model: standard('0') })
    const version = metered([{ ...perCall, minimum }, other])
    const all = told(steps(april(), at('2026-05-01'), factsOf(usedOn({ '2026-04-05': 500 }, 'api_calls'), version)))
    expect(all.at(-1)).toBe(`2026-05-01 renewed 4900 ${expected}`)
  })

  test('is there when nothing was used, and counts what a charge was topped up by', () => {
    const version = { ...ofPlan('7000'), charges: [{ ...perCall, minimum: '600' }] }
    const all = told(steps(april(), at('2026-05-01'), factsOf(usedOn({}), version)))
    expect(all.at(-1)).toBe('2026-05-01 renewed 4900 600 1500')
  })

  test('of a month of a yearly price counts that month of the year’s price', () => {
    const all = told(steps(april({ interval: year }), at('2026-05-01'), factsOf(used, ofPlan('10000'))))
    // 49000 × 30/365 = 4027.
    expect(all.at(-1)).toBe('2026-05-01 metered 1000 4973')
  })

  test.each([
    ['a fixed term’s end', { endsAt: at('2026-04-16') }, '2026-04-16 expired 1000 1550'],
    [
      'a calendar stub',
      { startAt: at('2026-04-04'), billingTime: 'calendar' as const },
      '2026-05-01 renewed 4900 1000 3590',
    ],
  ])('is prorated by served days: %s', (_, about, expected) => {
    const [, last] = told(steps(april(about), at('2026-05-01'), factsOf(used, ofPlan('10000'))))
    expect(last).toBe(expected)
  })

  test('ends with a cancellation, and with a pause', () => {
    const facts = factsOf(used, ofPlan('10000'))
    const active = lived(april(), '2026-04-01', facts)
    expect(told([stepBy(active, cancelNow, givenContext('2026-04-16', { facts }))])).toEqual([
      '2026-04-16 cancelled 1000 1550',
    ])
    const pause = { type: 'pause_subscription', id: it, resumesAt: null } as const
    const { subscription } = stepBy(active, pause, givenContext('2026-04-16', { facts }))
    expect(told(steps(subscription, at('2026-07-16'), facts)).at(-1)).toBe('2026-07-15 cancelled 1000 1550')
  })
})

describe('a pause in a metering period', () => {
  const version = metered([perCall], { minimums: [{ currency: USD, amount: '10000' }] })
  const facts = factsOf(usedOn({ '2026-04-05': 500, '2026-04-25': 250 }), version)
  const pause = { type: 'pause_subscription', id: it, resumesAt: at('2026-04-21') } as const

  function paused(interval: Interval) {
    const active = lived(april({ interval }), '2026-04-01', facts)
    return stepBy(active, pause, givenContext('2026-04-11', { facts })).subscription
  }

  test('moves its end along: one period, one minimum', () => {
    expect(told(steps(paused(month), at('2026-05-11'), facts))).toEqual([
      '2026-04-21 resumed',
      '2026-05-11 renewed 4900 1500 3600',
    ])
  })

  test('under a longer price too', () => {
    // 49000 × 30/365 = 4027, for the thirty days of forty that were served.
    expect(told(steps(paused(year), at('2026-06-11'), facts))).toEqual([
      '2026-04-21 resumed',
      '2026-05-11 metered 1500 4473',
      '2026-06-11 metered 5838',
    ])
  })

  test('what is cancelled after it owes the minimum of what was served', () => {
    for (const interval of [month, year]) {
      const resumed = lived(paused(interval), '2026-04-21', facts)
      const step = stepBy(resumed, cancelNow, givenContext('2026-04-26', { facts }))
      // 10 + 5 days of 30: a minimum of 5000, of which the base covers 2450 (or 2014 of a year’s) and usage 1500.
      expect(told([step])).toEqual([`2026-04-26 cancelled 1500 ${interval === month ? 1050 : 1486}`])
    }
  })

  test('a second pause moves it again', () => {
    const resumed = lived(paused(year), '2026-04-25', facts)
    const again = { ...pause, resumesAt: at('2026-05-01') }
    const { subscription } = stepBy(resumed, again, givenContext('2026-04-28', { facts }))
    expect(told(steps(subscription, at('2026-05-14'), facts))).toEqual([
      '2026-05-01 resumed',
      '2026-05-14 metered 1500 4473',
    ])
  })

  test('by the calendar what was used before it is billed at once', () => {
    const active = lived(april({ billingTime: 'calendar' }), '2026-04-01', facts)
    const step = stepBy(active, pause, givenContext('2026-04-11', { facts }))
    // 10 days of 30: 3333, of which the base covers 1633 and usage 1000.
    expect(told([step])).toEqual(['2026-04-11 paused 1000 700'])
    expect(told(steps(step.subscription, at('2026-05-01'), facts))).toEqual([
      '2026-04-21 resumed 1633',
      '2026-05-01 renewed 4900 500 1200',
    ])
  })
})
