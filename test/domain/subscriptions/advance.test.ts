import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { intervalUnits } from '../../../src/kernel/period.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { nextStep } from '../../../src/subscriptions/domain/advance.ts'
import { nextDueAt } from '../../../src/subscriptions/domain/due.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  givenActive,
  givenChange,
  givenEnded,
  givenPaused,
  givenPlan,
  givenScheduled,
  givenTrial,
  id,
  price,
} from '../../support/given.ts'
import { givenFacts, lived, steps, told, versionsOf } from './life.ts'

const never = at('2099-01-01')

describe('what falls due by itself', () => {
  test('nothing before the start, and nothing after the end', () => {
    expect(nextStep(givenScheduled(), at('2026-01-30'), givenFacts())).toBeNull()
    expect(nextStep(givenScheduled(), at('2026-01-31'), givenFacts())?.subscription.status).toBe('active')
    for (const status of ['cancelled', 'expired'] as const) {
      const ended = givenEnded({ status })
      expect([nextDueAt(ended), nextStep(ended, never, givenFacts())]).toEqual([null, null])
    }
  })

  test('FR-032 a start, and renewals counted from the anchor', () => {
    expect(told(steps(givenScheduled(), at('2026-05-31')))).toEqual([
      '2026-01-31 activated 4900',
      '2026-02-28 renewed 4900',
      '2026-03-31 renewed 4900',
      '2026-04-30 renewed 4900',
      '2026-05-31 renewed 4900',
    ])
  })

  test('on the calendar a stub first: price × days left ÷ days of the whole month', () => {
    const sold = givenScheduled({ billingTime: 'calendar', startAt: at('2026-04-16T15:00:00Z') })
    expect(told(steps(sold, at('2026-06-01')))).toEqual([
      '2026-04-16 activated 2450',
      '2026-05-01 renewed 4900',
      '2026-06-01 renewed 4900',
    ])
  })

  test('a fixed term: its last period is cut and prorated, and it does not renew', () => {
    const sold = givenScheduled({ startAt: at('2026-03-01'), endsAt: at('2026-04-16') })
    expect(told(steps(sold, never))).toEqual([
      '2026-03-01 activated 4900',
      '2026-04-01 renewed 2450',
      '2026-04-16 expired',
    ])
    expect(lived(sold, '2099-01-01')).toMatchObject({ status: 'expired', endedAt: at('2026-04-16') })
    expect(steps(sold, never).map(({ reason, proration }) => [reason, proration])).toEqual([
      ['subscription', null],
      ['renewal', null],
      ['usage', null],
    ])
  })

  test('billed elsewhere before: nothing until the first boundary from then on, of the same anchor', () => {
    const sold = givenScheduled({ startAt: at('2026-01-15'), billFrom: at('2026-03-01') })
    expect(told(steps(sold, at('2026-04-15')))).toEqual([
      '2026-01-15 activated',
      '2026-03-15 renewed 4900',
      '2026-04-15 renewed 4900',
    ])
  })

  test('a billable says all that a line needs, and claims its period once', () => {
    const [first] = steps(givenScheduled({ quantity: 5 }), at('2026-01-31'))
    expect(first?.reason).toBe('subscription')
    expect(first?.billables).toEqual([
      {
        ...{ subscriptionId: givenScheduled().id, planId: id('plan', 5), planVersionId: id('plan_version', 6) },
        ...{ key: `base:${at('2026-01-31')}`, kind: 'base', name: 'Pro', quantity: '5', unitAmount: '4900' },
        ...{ proration: null, period: { start: at('2026-01-31'), end: at('2026-02-28') } },
      },
    ])
  })

  test('add-ons and prices of its own are billed with it, each by itself', () => {
    const addOn = givenPlan([price('300')], { id: id('plan', 15), kind: 'add_on' })
    const { current } = { ...addOn, current: { ...addOn.current, id: id('plan_version', 16), planId: addOn.id } }
    const item = { planId: addOn.id, planVersionId: current.id, quantity: 3, unitAmount: null }
    const versions = versionsOf(givenPlan().current, current)
    const sold = givenScheduled({ unitAmount: '0.5', addOns: [item] })
    const [first] = steps(sold, at('2026-01-31'), givenFacts({ versions }))
    expect(told(first === undefined ? [] : [first])).toEqual(['2026-01-31 activated 1 900'])
    const keys = first?.billables.map(({ key }) => key)
    expect(keys).toEqual([`base:${at('2026-01-31')}`, `base:${at('2026-01-31')}:${addOn.id}`])
  })

  test('a version without the price it was sold is a bug', () => {
    const other = { ...givenPlan().current, prices: [price('1', { unit: 'year', count: 1 })] }
    const facts = givenFacts({ versions: versionsOf(other) })
    expect(() => nextStep(givenScheduled(), at('2026-01-31'), facts)).toThrow(InvariantViolation)
  })
})

describe('FR-028 a trial', () => {
  test('is announced three days before its end, which is the anchor', () => {
    const all = steps(givenScheduled({ trialEndsAt: at('2026-02-14') }), at('2026-04-01'))
    expect(told(all)).toEqual([
      '2026-01-31 trial_started',
      '2026-02-11 trial_will_end',
      '2026-02-14 activated 4900',
      '2026-03-14 renewed 4900',
    ])
    expect(all[2]?.subscription).toMatchObject({ anchorAt: at('2026-02-14'), trialEndsAt: at('2026-02-14') })
  })

  test('shorter than that is announced at once', () => {
    const sold = givenScheduled({ trialEndsAt: at('2026-02-02') })
    expect(told(steps(sold, at('2026-02-01')))).toEqual(['2026-01-31 trial_started', '2026-01-31 trial_will_end'])
  })

  test.each([
    ['invoice', false, '2026-02-14 activated 4900', 'active'],
    ['pause', false, '2026-02-14 paused', 'paused'],
    ['cancel', false, '2026-02-14 cancelled', 'cancelled'],
    ['pause', true, '2026-02-14 activated 4900', 'active'],
    ['cancel', true, '2026-02-14 activated 4900', 'active'],
  ] as const)('whose end is to "%s", with a way to pay: %s', (trialEnd, canPay, expected, status) => {
    const trial = givenTrial({ trialEnd, noticedAt: at('2026-02-11') })
    const [step] = steps(trial, at('2026-02-14'), givenFacts({ canPay }))
    expect(told(step === undefined ? [] : [step])).toEqual([expected])
    expect(step?.subscription.status).toBe(status)
  })

  test('paused for want of a card begins its first period when it resumes', () => {
    const facts = givenFacts({ canPay: false })
    const paused = lived(givenTrial({ trialEnd: 'pause' }), '2026-02-14', facts)
    const resumed = { ...paused, resumesAt: at('2026-03-10') } as Subscription
    expect(told(steps(resumed, at('2026-04-10'), facts))).toEqual([
      '2026-03-10 resumed 4900',
      '2026-04-10 renewed 4900',
    ])
    expect(told(steps(paused, never, facts))).toEqual(['2026-05-08 pause_will_end', '2026-05-15 cancelled'])
  })

  test('that a fixed term cuts short expires', () => {
    const trial = givenTrial({ endsAt: at('2026-02-10'), noticedAt: at('2026-02-01') })
    expect(told(steps(trial, never))).toEqual(['2026-02-10 expired'])
  })

  test('that changes has nothing to net, nor a period of billing', () => {
    const trial = givenTrial({ scheduledChange: givenChange({ quantity: 2 }), noticedAt: at('2026-02-11') })
    const [step] = steps(trial, at('2026-02-14'))
    expect(step).toMatchObject({ type: 'subscription.changed', billables: [], proration: null })
    expect(step?.subscription).toEqual({ ...trial, quantity: 2, scheduledChange: null })
  })

  test('that is cancelled ends without notice and without an invoice', () => {
    const trial = givenTrial({ cancelAt: at('2026-02-14') })
    expect(told(steps(trial, never))).toEqual(['2026-02-14 cancelled'])
  })
})

describe('at one instant', () => {
  const end = at('2026-02-28')
  const change = givenChange({ quantity: 2 })
  test.each<[string, Subscription, readonly string[]]>([
    ['a cancellation before the renewal', givenActive({ cancelAt: end }), ['cancelled']],
    ['a fixed term’s end before the renewal', givenActive({ endsAt: end }), ['expired']],
    [
      'a cancellation before the end of the term',
      givenActive({ endsAt: end, cancelAt: end, scheduledChange: change }),
      ['cancelled'],
    ],
    ['a change before the renewal', givenActive({ scheduledChange: change }), ['changed', 'renewed 9800']],
    [
      'a change before the end of a trial',
      givenTrial({ trialEndsAt: end, scheduledChange: change, noticedAt: end }),
      ['changed', 'activated 9800'],
    ],
    [
      'a trial’s cancellation before a change',
      givenTrial({ trialEndsAt: end, scheduledChange: change, cancelAt: end }),
      ['cancelled'],
    ],
    [
      'a resumption before the end of the term',
      givenPaused({ resumesAt: end, endsAt: end, noticedAt: end }),
      ['resumed', 'expired'],
    ],
    [
      'a resumption on the calendar, of nothing, before the end of the term',
      givenPaused({ resumesAt: end, endsAt: end, billingTime: 'calendar' }),
      ['resumed', 'expired'],
    ],
    [
      'a resumption before the pause is too long',
      givenPaused({ resumesAt: end, pausedAt: at('2025-11-30'), noticedAt: end, startAt: at('2025-11-01') }),
      ['resumed'],
    ],
  ])('%s', (_, subscription, expected) => {
    const happened = told(steps(subscription, end)).filter((one) => one.startsWith('2026-02-28'))
    expect(happened.map((one) => one.slice(11))).toEqual(expected)
  })
})

test('after a change of the period’s end nothing is left of it', () => {
  const to = { interval: { unit: 'year', count: 1 } } as const
  const versions = versionsOf({ ...givenPlan().current, prices: [price('4900'), price('49000', to.interval)] })
  for (const billingTime of ['anniversary', 'calendar'] as const) {
    const subscription = givenActive({ billingTime, scheduledChange: givenChange(to) })
    const renewed = lived(subscription, '2026-02-28', givenFacts({ versions }))
    const [start, end] = [at('2026-02-28'), at(billingTime === 'calendar' ? '2027-01-01' : '2027-02-28')]
    expect(renewed).toMatchObject({ scheduledChange: null, baseline: null, interval: to.interval, pausedMs: 0 })
    expect(renewed).toMatchObject({ period: { start, end }, changedAt: start })
  }
})

const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia']

test('invariant 4: billed periods tile time, for any anchor, interval, zone, billing time and trial', () => {
  const anything = fc.record({
    start: fc.integer({ min: at('2000-01-01'), max: at('2060-01-01') }),
    timezone: fc.constantFrom(...zones.map((name) => name as Zone)),
    unit: fc.constantFrom(...intervalUnits),
    count: fc.integer({ min: 1, max: 13 }),
    trialDays: fc.integer({ min: 0, max: 40 }),
    billingTime: fc.constantFrom('anniversary' as const, 'calendar' as const),
  })
  fc.assert(
    fc.property(anything, ({ start, unit, count, trialDays, ...about }) => {
      const interval = { unit, count: about.billingTime === 'calendar' ? 1 : count }
      const startAt = start as Instant
      const trialEndsAt = trialDays === 0 ? null : ((start + trialDays * DAY_MS) as Instant)
      const versions = versionsOf({ ...givenPlan().current, prices: [price('100', interval)] })
      const sold = givenScheduled({ startAt, trialEndsAt, interval, ...about })
      const billed = steps(sold, at('2200-01-01'), givenFacts({ versions }), 30).flatMap(({ billables }) => billables)
      expect(billed[0]?.period.start).toBe(trialEndsAt ?? startAt)
      expect(new Set(billed.map(({ key }) => key)).size).toBe(billed.length)
      for (const [index, { period, proration }] of billed.entries()) {
        expect(period.start).toBeLessThan(period.end)
        if (index > 0) expect([period.start, proration]).toEqual([billed[index - 1]?.period.end, null])
      }
    }),
    { numRuns: 200 },
  )
})
