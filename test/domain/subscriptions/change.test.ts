import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, instant } from '../../../src/kernel/instant.ts'
import type { Interval } from '../../../src/kernel/period.ts'
import type { PlanVersion } from '../../../src/plans/domain/plan.ts'
import { type Agreement, agreementOf } from '../../../src/subscriptions/domain/agreement.ts'
import { lineAmount } from '../../../src/subscriptions/domain/billable.ts'
import { changeStep, type Terms } from '../../../src/subscriptions/domain/change.ts'
import type { Step } from '../../../src/subscriptions/domain/step.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  givenActive,
  givenChange,
  givenPlan,
  givenScheduled,
  givenTrial,
  id,
  month,
  price,
} from '../../support/given.ts'
import { givenFacts, inStatus, steps, told, versionsOf } from './life.ts'

const year: Interval = { unit: 'year', count: 1 }
const pro: PlanVersion = { ...givenPlan([price('4900'), price('99900', year)]).current }
const max: PlanVersion = { ...givenPlan([price('9900'), price('99900', year)]).current, id: id('plan_version', 60) }
const facts = givenFacts({ versions: versionsOf(pro, max) })

/** From 1 April, a month of 30 days. */
const april = givenActive({ startAt: at('2026-04-01') })
const toMax = { planVersionId: max.id }

function change(of: Subscription, to: Partial<Agreement>, when: string, about: Partial<Terms> = {}): Step {
  const terms: Terms = { at: at(when), granularity: 'day', invoicing: 'end_of_day', credit: 'balance', ...about }
  return changeStep(of, { ...agreementOf(of), ...to }, terms, facts)
}

const charged = ({ proration }: Step) => proration?.charges.map((one) => [one.kind, lineAmount(one)])

describe('FR-030 a change in the middle of a period', () => {
  test('charges the new price × days left ÷ served days, and credits what changes', () => {
    const step = change(april, toMax, '2026-04-16')
    expect(step).toMatchObject({ type: 'subscription.changed', billables: [] })
    expect(step.proration).toMatchObject({ from: at('2026-04-16'), crediting: 'what_changes', invoicing: 'end_of_day' })
    expect(charged(step)).toEqual([['proration_charge', 4950n]])
    expect(step.subscription).toMatchObject({
      ...{ planVersionId: max.id, changedAt: at('2026-04-16'), period: april.period, anchorAt: april.anchorAt },
      baseline: { date: '2026-04-16', agreement: agreementOf(april), period: april.period, draftId: null },
    })
  })

  test('says which day’s draft the charge is of, and for how long', () => {
    const { reason, proration } = change(april, toMax, '2026-04-16T09:00:00Z', { credit: 'refund' })
    expect([reason, proration?.credit]).toEqual(['usage', 'refund'])
    expect(proration?.charges).toMatchObject([
      {
        ...{ key: 'proration:2026-04-16', proration: { numerator: 15, denominator: 30 } },
        period: { start: at('2026-04-16T09:00:00Z'), end: at('2026-05-01') },
      },
    ])
  })

  test('FR-041 of seats charges all the new ones', () => {
    expect(charged(change(april, { quantity: 3 }, '2026-04-16'))).toEqual([['proration_charge', 7350n]])
  })

  test('by the second charges what is left exactly', () => {
    const step = change(april, toMax, '2026-04-16T12:00:00Z', { granularity: 'second' })
    expect(charged(step)).toEqual([['proration_charge', 4785n]]) // 9900 × 14.5/30
  })

  test('undivided charges nothing until the next period', () => {
    const step = change(april, toMax, '2026-04-16', { granularity: 'none' })
    expect([step.proration, step.billables, step.reason]).toEqual([null, [], 'subscription'])
    expect(inStatus(step.subscription, 'active').baseline).toBeNull()
    expect(told(steps(step.subscription, at('2026-05-01'), facts))).toEqual(['2026-05-01 renewed 9900'])
  })

  test('before the first period costs nothing', () => {
    for (const of of [givenTrial(), givenScheduled()]) {
      expect(change(of, toMax, '2026-02-01')).toMatchObject({ proration: null, billables: [], subscription: toMax })
    }
  })

  test('in the time that somebody else bills costs nothing either', () => {
    const elsewhere = givenActive({ startAt: at('2026-04-01'), billFrom: at('2026-04-20') })
    expect(change(elsewhere, toMax, '2026-04-16').proration).toBeNull()
    // Another interval begins a period of its own: billed elsewhere until then, or from now on here.
    expect(change(elsewhere, { interval: year }, '2026-04-16').proration).toBeNull()
    expect(charged(change(elsewhere, { interval: year }, '2026-04-21'))).toEqual([['base', 99_900n]])
  })
})

describe('FR-030 the changes of a day', () => {
  const morning = change(april, toMax, '2026-04-16T09:00:00Z')
  test('are reckoned from how it was before the first', () => {
    const evening = change(morning.subscription, { quantity: 2 }, '2026-04-16T18:00:00Z')
    expect(inStatus(evening.subscription, 'active').baseline).toEqual(inStatus(morning.subscription, 'active').baseline)
    expect(charged(evening)).toEqual([['proration_charge', 9900n]])
  })

  test('back again leave nothing to charge, nor anything to credit', () => {
    const back = change(morning.subscription, { planVersionId: pro.id }, '2026-04-16T18:00:00Z')
    expect(back.proration).toMatchObject({ crediting: 'nothing', charges: [] })
    expect(inStatus(back.subscription, 'active').baseline).toBeNull()
  })

  test('of another day begin anew', () => {
    const next = change(morning.subscription, { planVersionId: pro.id }, '2026-04-17T09:00:00Z')
    expect(inStatus(next.subscription, 'active').baseline).toMatchObject({ date: '2026-04-17', agreement: toMax })
    expect(charged(next)).toEqual([['proration_charge', 2287n]]) // 4900 × 14/30
  })

  test('before and after a renewal are of two periods', () => {
    const noon = givenActive({ startAt: at('2026-04-01T12:00:00Z') })
    const before = change(noon, toMax, '2026-05-01T09:00:00Z').subscription
    const [renewal] = steps(before, at('2026-05-01T12:00:00Z'), facts)
    const renewed = inStatus(renewal?.subscription ?? noon, 'active')
    expect(renewed.baseline).toBeNull()
    const later = inStatus(change(renewed, { quantity: 2 }, '2026-05-01T18:00:00Z').subscription, 'active')
    expect(later.period).toEqual({ start: at('2026-05-01T12:00:00Z'), end: at('2026-06-01T12:00:00Z') })
  })

  test('an undivided one keeps the period that the day’s other one began', () => {
    const yearly = change(april, { interval: year }, '2026-04-16T09:00:00Z').subscription
    const seats = change(yearly, { quantity: 2 }, '2026-04-16T18:00:00Z', { granularity: 'none' })
    expect(inStatus(seats.subscription, 'active').period).toEqual(inStatus(yearly, 'active').period)
  })

  test('net to the last: whatever came between, the charge is that of one change', () => {
    const some = fc.record({
      quantity: fc.integer({ min: 1, max: 9 }),
      planVersionId: fc.constantFrom(pro.id, max.id),
      interval: fc.constantFrom(month, year),
    })
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 29 }), (all, day) => {
        const when = new Date(instant(at('2026-04-01') + day * DAY_MS + DAY_MS / 2)).toISOString()
        const last = all.reduce<Step | null>((step, to) => change(step?.subscription ?? april, to, when), null)
        const direct = change(april, all.at(-1) ?? {}, when)
        expect(last?.proration).toEqual(direct.proration)
        expect(last?.subscription).toMatchObject({
          ...agreementOf(direct.subscription),
          period: inStatus(direct.subscription, 'active').period,
        })
      }),
    )
  })
})

describe('a change of the interval', () => {
  test('ends the period and begins a whole new one, anchored at the change', () => {
    const start = at('2026-01-01')
    const yearly = givenActive({ startAt: start, interval: year })
    const step = change(yearly, { interval: month, planVersionId: max.id }, '2026-07-02')
    expect(step.proration?.crediting).toBe('everything')
    expect(charged(step)).toEqual([['base', 9900n]])
    expect(step.subscription).toMatchObject({
      ...{ anchorAt: at('2026-07-02'), period: { start: at('2026-07-02'), end: at('2026-08-02') }, pausedMs: 0 },
    })
  })

  test('on the calendar a stub', () => {
    const onCalendar = givenActive({ startAt: at('2026-01-01'), interval: year, billingTime: 'calendar' })
    const step = change(onCalendar, { interval: month }, '2026-04-16')
    expect(charged(step)).toEqual([['base', 2450n]])
    expect(step.subscription).toMatchObject({ period: { start: at('2026-04-16'), end: at('2026-05-01') } })
  })

  test('undivided charges the first period whole and gives nothing back', () => {
    const step = change(april, { interval: year }, '2026-04-16', { granularity: 'none' })
    expect([step.proration, told([step])]).toEqual([null, ['2026-04-16 changed 99900']])
    expect(step.billables[0]?.key).toBe(`base:${at('2026-04-16')}:1`)
    expect(inStatus(step.subscription, 'active').baseline).toBeNull()
  })

  test('takes the cancellation at the period’s end along', () => {
    const ending = { ...april, cancelAt: april.period.end }
    expect(change(ending, { interval: year }, '2026-04-16').subscription).toMatchObject({ cancelAt: at('2027-04-16') })
  })

  test('back on the same day is as if nothing had been', () => {
    const yearly = change(april, { interval: year }, '2026-04-16T09:00:00Z').subscription
    const back = change(yearly, { interval: month }, '2026-04-16T18:00:00Z')
    expect(back.proration).toMatchObject({ crediting: 'nothing', charges: [] })
    expect(back.subscription).toMatchObject({ anchorAt: april.anchorAt, period: april.period, interval: month })
  })
})

describe('FR-031 a stored change', () => {
  const stored = (when: string, to: Partial<Agreement> = toMax) => ({
    ...april,
    scheduledChange: givenChange(to, { at: when === 'period_end' ? when : at(when) }),
  })

  test('at the period’s end is what the next one is billed at, without a proration', () => {
    const all = steps(stored('period_end'), at('2026-06-01'), facts)
    expect(told(all)).toEqual(['2026-05-01 changed', '2026-05-01 renewed 9900', '2026-06-01 renewed 9900'])
    expect(all.every(({ proration }) => proration === null)).toBe(true)
    // Credit has no draft to come to: where it would go is the default.
    expect(all[0]?.subscription).toMatchObject({
      baseline: { date: '2026-05-01', agreement: agreementOf(april), credit: 'balance', draftId: null },
    })
  })

  test('at an instant is a change of that instant', () => {
    const [step] = steps(stored('2026-04-16'), at('2026-04-16'), facts)
    expect(charged(step ?? change(april, {}, '2026-04-16'))).toEqual([['proration_charge', 4950n]])
    expect(step?.subscription.scheduledChange).toBeNull()
  })

  test('in a later period is one of that', () => {
    expect(told(steps(stored('2026-05-11'), at('2026-06-01'), facts))).toEqual([
      '2026-05-01 renewed 4900',
      '2026-05-11 changed',
      '2026-06-01 renewed 9900',
    ])
  })

  test('changes only what it says: the rest is as it is by then', () => {
    const seats = change(stored('period_end'), { quantity: 5 }, '2026-04-10').subscription
    expect(told(steps(seats, at('2026-05-01'), facts)).at(-1)).toBe('2026-05-01 renewed 49500')
  })

  test('of the interval counts from there', () => {
    const all = steps(stored('period_end', { interval: year }), at('2027-05-01'), facts)
    expect(told(all)).toEqual(['2026-05-01 changed', '2026-05-01 renewed 99900', '2027-05-01 renewed 99900'])
    expect(all.map(({ reason }) => reason)).toEqual(['usage', 'renewal', 'renewal'])
  })
})
