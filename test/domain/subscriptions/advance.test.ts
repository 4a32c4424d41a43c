import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { intervalUnits } from '../../../src/kernel/period.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { nextStep, type Step } from '../../../src/subscriptions/domain/advance.ts'
import { nextDueAt, type Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { at, givenPlan, givenScheduled, price } from '../../support/given.ts'

const plan = givenPlan().current

/** Every step up to an instant, one after another. */
function steps(from: Subscription, until: Instant, version = plan, most = 500): readonly Step[] {
  const made: Step[] = []
  for (let current = from; made.length < most; ) {
    const step = nextStep(current, version, until)
    if (step === null) break
    made.push(step)
    current = step.subscription
  }
  return made
}

const told = (all: readonly Step[]) =>
  all.map(({ at: when, type, billables }) => [
    new Date(when).toISOString().slice(0, 10),
    type.slice(13),
    billables.length,
  ])

describe('what falls due by itself', () => {
  test('nothing before the start, and nothing after the end', () => {
    expect(nextStep(givenScheduled(), plan, at('2026-01-30'))).toBeNull()
    const [first] = steps(givenScheduled(), at('2026-01-31'))
    const cancelled: Subscription = {
      ...givenScheduled(),
      status: 'cancelled',
      anchorAt: null,
      period: null,
      endedAt: at('2026-02-01'),
    }
    expect(first?.subscription.status).toBe('active')
    expect([nextDueAt(cancelled), nextStep(cancelled, plan, at('2099-01-01'))]).toEqual([null, null])
  })

  test('a start, and renewals counted from the anchor', () => {
    expect(told(steps(givenScheduled(), at('2026-05-31')))).toEqual([
      ['2026-01-31', 'activated', 1],
      ['2026-02-28', 'renewed', 1],
      ['2026-03-31', 'renewed', 1],
      ['2026-04-30', 'renewed', 1],
      ['2026-05-31', 'renewed', 1],
    ])
  })

  test('a trial first, whose end is the anchor', () => {
    const all = steps(givenScheduled({ trialEndsAt: at('2026-02-14') }), at('2026-04-01'))
    expect(told(all)).toEqual([
      ['2026-01-31', 'trial_started', 0],
      ['2026-02-14', 'activated', 1],
      ['2026-03-14', 'renewed', 1],
    ])
    expect(all[1]?.subscription).toMatchObject({
      status: 'active',
      anchorAt: at('2026-02-14'),
      trialEndsAt: at('2026-02-14'),
    })
  })

  test('a cancellation before the renewal, or the trial’s end, of its instant', () => {
    for (const trialEndsAt of [null, at('2026-02-14')]) {
      const [first] = steps(givenScheduled({ trialEndsAt }), at('2026-01-31'))
      if (first === undefined || !('cancelAt' in first.subscription)) throw new Error('must have begun')
      const ending = { ...first.subscription, cancelAt: first.subscription.period.end }
      const end = new Date(ending.cancelAt).toISOString().slice(0, 10)
      expect(told(steps(ending, at('2027-01-01')))).toEqual([[end, 'cancelled', 0]])
    }
  })

  test('a billable says all that a line needs, and claims its period once', () => {
    const [first] = steps(givenScheduled({ quantity: 5 }), at('2026-01-31'))
    expect(first?.billables).toEqual([
      {
        subscriptionId: givenScheduled().id,
        planVersionId: plan.id,
        key: `base:${at('2026-01-31')}`,
        ...{ kind: 'base', reason: 'subscription', name: 'Pro', quantity: '5', unitAmount: '4900' },
        period: { start: at('2026-01-31'), end: at('2026-02-28') },
      },
    ])
  })

  test('a version without the price it was sold is a bug', () => {
    const other = { ...plan, prices: [price('1', { unit: 'year', count: 1 })] }
    expect(() => nextStep(givenScheduled(), other, at('2026-01-31'))).toThrow(InvariantViolation)
  })
})

const zones = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
].map((name) => name as Zone)

test('billed periods tile time, for any anchor, interval, zone and trial', () => {
  const anything = fc.record({
    start: fc.integer({ min: at('2000-01-01'), max: at('2060-01-01') }),
    zone: fc.constantFrom(...zones),
    unit: fc.constantFrom(...intervalUnits),
    count: fc.integer({ min: 1, max: 13 }),
    trialDays: fc.integer({ min: 0, max: 40 }),
  })
  fc.assert(
    fc.property(anything, ({ start, zone, unit, count, trialDays }) => {
      const interval = { unit, count }
      const startAt = start as Instant
      const trialEndsAt = trialDays === 0 ? null : ((start + trialDays * DAY_MS) as Instant)
      const sold = givenScheduled({ startAt, trialEndsAt, timezone: zone, interval })
      const version = { ...plan, prices: [price('100', interval)] }
      const billed = steps(sold, at('2200-01-01'), version, 30).flatMap(({ billables }) => billables)
      expect(billed[0]?.period.start).toBe(trialEndsAt ?? startAt)
      expect(new Set(billed.map(({ key }) => key)).size).toBe(billed.length)
      for (const [index, { period }] of billed.entries()) {
        expect(period.start).toBeLessThan(period.end)
        if (index > 0) expect(period.start).toBe(billed[index - 1]?.period.end)
      }
    }),
    { numRuns: 200 },
  )
})
