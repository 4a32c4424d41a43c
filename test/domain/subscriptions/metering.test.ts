import { describe, expect, test } from 'vitest'
import type { Interval } from '../../../src/kernel/period.ts'
import type { Facts } from '../../../src/subscriptions/domain/begin-and-end.ts'
import { lineAmount } from '../../../src/subscriptions/domain/billable.ts'
import { changeStep } from '../../../src/subscriptions/domain/change.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { at, givenChange, id, month, USD } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenContext, inStatus, lived, stepBy, steps, told, usedOn } from './life.ts'
import { april, cancelNow, factsOf, metered, perCall, standard, week, year } from './metered.ts'

describe('FR-074 what was used is billed in arrears', () => {
  test('with the renewal where it is summed up by the price’s own interval', () => {
    const facts = factsOf(usedOn({ '2026-04-01': 10, '2026-04-30': 5, '2026-05-01': 7 }), metered([perCall]))
    const all = steps(april(), at('2026-06-01'), facts)
    expect(told(all)).toEqual(['2026-04-01 activated 4900', '2026-05-01 renewed 4900 30', '2026-06-01 renewed 4900 14'])
    expect(all[1]?.billables[1]).toMatchObject({
      ...{ kind: 'usage', metric: 'api_calls', quantity: '15', earlier: 0n, proration: null },
      period: { start: at('2026-04-01'), end: at('2026-05-01') },
    })
  })

  test('every month under a yearly price, counted from the same anchor', () => {
    const facts = factsOf(usedOn({ '2026-02-10': 1, '2026-03-15': 2, '2026-12-31': 3 }), metered([perCall]))
    const all = told(steps(april({ startAt: at('2026-01-31'), interval: year }), at('2027-02-28'), facts))
    expect(all).toEqual([
      '2026-01-31 activated 49000',
      '2026-02-28 metered 2',
      '2026-03-31 metered 4',
      ...['04-30', '05-31', '06-30', '07-31', '08-31', '09-30', '10-31', '11-30'].map((day) => `2026-${day} metered`),
      '2026-12-31 metered',
      '2027-01-31 renewed 49000 6',
      '2027-02-28 metered',
    ])
  })

  test('each charge by its own interval, each end once', () => {
    const quarterly = givenCharge({
      metric: 'seats_used',
      interval: { unit: 'quarter', count: 1 },
      model: standard('1'),
    })
    const facts = factsOf(usedOn({ '2026-04-02': 1, '2026-06-02': 10 }), metered([perCall, quarterly]))
    expect(told(steps(april({ interval: year }), at('2026-07-01'), facts))).toEqual([
      '2026-04-01 activated 49000',
      '2026-05-01 metered 2',
      '2026-06-01 metered',
      '2026-07-01 metered 20 11',
    ])
  })

  test('by weeks of its own stub on the calendar too', () => {
    const facts = factsOf(usedOn({ '2026-04-20': 4 }), metered([perCall]))
    const stub = april({ startAt: at('2026-04-16'), billingTime: 'calendar', interval: year })
    expect(told(steps(stub, at('2026-05-01'), facts))).toEqual(['2026-04-16 activated 34904', '2026-05-01 metered 8'])
  })

  test('and what was not used makes no line; of another currency or metric nothing is billed', () => {
    const foreign = givenCharge({ currency: 'EUR' as typeof USD })
    const facts = factsOf(usedOn({ '2026-04-20': 4 }, 'api_calls'), metered([foreign, { ...perCall, metric: 'other' }]))
    expect(told(steps(april(), at('2026-05-01'), facts)).at(-1)).toBe('2026-05-01 renewed 4900')
  })

  test('to the end, when it is cancelled or its term runs out', () => {
    const facts = factsOf(usedOn({ '2026-04-20': 4, '2026-04-21': 100 }), metered([perCall]))
    expect(told(steps(april({ endsAt: at('2026-04-21') }), at('2026-04-22'), facts))).toEqual([
      '2026-04-01 activated 3267',
      '2026-04-21 expired 8',
    ])
    const active = lived(april(), '2026-04-01', facts)
    expect(told([stepBy(active, cancelNow, givenContext('2026-04-21', { facts }))])).toEqual(['2026-04-21 cancelled 8'])
  })

  test('nothing in a trial: it starts at zero with the first period', () => {
    const facts = factsOf(usedOn({ '2026-04-05': 1000, '2026-04-20': 4 }), metered([perCall]))
    const trial = april({ trialEndsAt: at('2026-04-15') })
    expect(told(steps(trial, at('2026-05-15'), facts)).slice(2)).toEqual([
      '2026-04-15 activated 4900',
      '2026-05-15 renewed 4900 8',
    ])
  })

  test('nothing for the time somebody else billed', () => {
    const version = metered([perCall], { minimums: [{ currency: USD, amount: '9000' }] })
    const facts = factsOf(usedOn({ '2026-04-20': 4, '2026-06-02': 1 }), version)
    expect(told(steps(april({ billFrom: at('2026-05-20') }), at('2026-07-01'), facts))).toEqual([
      '2026-04-01 activated',
      '2026-06-01 renewed 4900',
      '2026-07-01 renewed 4900 2 4098',
    ])
  })
})

const f = metered([givenCharge({ model: standard('10') })])
const graduated = { type: 'graduated', tiers: [tier('1000', '10'), tier(null, '1')] } as const
const g = metered([givenCharge({ model: graduated })], {}, 60)
const toG = { planId: id('plan', 5), planVersionId: g.id, quantity: 1, unitAmount: null, addOns: [], interval: month }

function changed(of: Subscription, to: typeof toG, when: string, facts: Facts) {
  const terms = { at: at(when), granularity: 'day', invoicing: 'now', credit: 'balance' } as const
  return changeStep(of, to, terms, facts)
}

describe('a metered price that changes in the middle', () => {
  test('f(a) and g(b) − g(a), both at the metering period’s end', () => {
    const facts = factsOf(usedOn({ '2026-04-05': 1000, '2026-04-20': 500 }), f, g)
    const step = changed(lived(april(), '2026-04-01', facts), toG, '2026-04-16', facts)
    expect(step.billables).toEqual([])
    const [renewal] = steps(step.subscription, at('2026-05-01'), facts)
    const used = renewal?.billables.filter(({ kind }) => kind === 'usage') ?? []
    expect(used.map((one) => [one.planVersionId, one.quantity, lineAmount(one), one.period.start])).toEqual([
      [f.id, '1000', 10_000n, at('2026-04-01')],
      [g.id, '500', 500n, at('2026-04-16')],
    ])
    // The next period knows nothing of it.
    expect(told(steps(renewal?.subscription ?? april(), at('2026-06-01'), facts))).toEqual(['2026-06-01 renewed 4900'])
  })

  test('each line is the difference of rounded cumulative values', () => {
    const half = metered([givenCharge({ model: standard('0.5') })])
    const other = { ...half, id: g.id }
    const facts = factsOf(usedOn({ '2026-04-05': 1, '2026-04-20': 1 }), half, other)
    const { subscription } = changed(lived(april(), '2026-04-01', facts), toG, '2026-04-16', facts)
    expect(told(steps(subscription, at('2026-05-01'), facts))).toEqual(['2026-05-01 renewed 4900 1 0'])
  })

  test('seats, or the same version again, change nothing of it', () => {
    const facts = factsOf(usedOn({ '2026-04-05': 1, '2026-04-20': 2 }), f, g)
    const seats = { ...toG, planVersionId: f.id, quantity: 2 }
    const { subscription } = changed(lived(april(), '2026-04-01', facts), seats, '2026-04-16', facts)
    expect(told(steps(subscription, at('2026-05-01'), facts))).toEqual(['2026-05-01 renewed 9800 30'])
  })

  test('what is metered first by the change is metered from then on', () => {
    const plain = metered([])
    const facts = factsOf(usedOn({ '2026-04-05': 1000, '2026-04-20': 3 }), plain, g)
    const { subscription } = changed(lived(april(), '2026-04-01', facts), toG, '2026-04-16', facts)
    expect(told(steps(subscription, at('2026-05-01'), facts))).toEqual(['2026-05-01 renewed 4900 30'])
  })

  test('what ends with the change is billed at its own end', () => {
    const plain = metered([], {}, 60)
    const facts = factsOf(usedOn({ '2026-04-05': 3, '2026-04-20': 1000 }), f, plain)
    const { subscription } = changed(
      lived(april({ interval: year }), '2026-04-01', facts),
      { ...toG, interval: year },
      '2026-04-16',
      facts,
    )
    expect(told(steps(subscription, at('2026-07-01'), facts)).slice(0, 2)).toEqual([
      '2026-05-01 metered 30',
      '2026-06-01 metered',
    ])
  })

  test('a change of interval ends the metering period: f(a) at once, and tiers start at zero', () => {
    const facts = factsOf(usedOn({ '2026-04-05': 1001, '2026-04-20': 500 }), g)
    const sold = lived(april({ planVersionId: g.id }), '2026-04-01', facts)
    const step = changed(sold, { ...toG, interval: year }, '2026-04-16', facts)
    expect(told([step])).toEqual(['2026-04-16 changed 10001'])
    expect(told(steps(step.subscription, at('2026-05-16'), facts))).toEqual(['2026-05-16 metered 5000'])
  })

  test.each<[string, Interval, Partial<typeof toG>, readonly string[]]>([
    ['another plan', month, { planVersionId: g.id }, ['2026-05-01 changed', '2026-05-01 renewed 4900 30']],
    ['a longer interval', month, { interval: year }, ['2026-05-01 changed 30', '2026-05-01 renewed 49000']],
    ['a longer one, from weeks', week, { interval: month }, ['2026-04-08 changed 30', '2026-04-08 renewed 4900']],
  ])('at the period’s end what was used until then is priced as it was sold: %s', (_, interval, to, expected) => {
    const facts = factsOf(usedOn({ '2026-04-05': 3 }), f, g)
    const sold = inStatus(lived(april({ interval }), '2026-04-01', facts), 'active')
    const waiting = { ...sold, scheduledChange: givenChange(to) }
    expect(told(steps(waiting, sold.period.end, facts))).toEqual(expected)
  })

  test('also what was committed to', () => {
    const minimum = (amount: string) => ({ minimums: [{ currency: USD, amount }] })
    const [low, high] = [metered([perCall], minimum('6000')), metered([perCall], minimum('90000'), 60)]
    const facts = factsOf(usedOn({ '2026-04-05': 50 }), low, high)
    const sold = inStatus(lived(april(), '2026-04-01', facts), 'active')
    const waiting = { ...sold, scheduledChange: givenChange({ planVersionId: high.id, quantity: 3 }) }
    expect(told(steps(waiting, at('2026-06-01'), facts))).toEqual([
      '2026-05-01 changed',
      '2026-05-01 renewed 14700 100 1000',
      '2026-06-01 renewed 14700 75300',
    ])
  })

  test('changed twice on a day of another interval, it goes on from the second', () => {
    const facts = factsOf(usedOn({ '2026-04-20': 3 }), f, g)
    const yearly = { ...toG, planVersionId: f.id, interval: year }
    const once = changed(lived(april(), '2026-04-01', facts), yearly, '2026-04-16T10:00:00Z', facts)
    const twice = changed(once.subscription, { ...yearly, quantity: 2 }, '2026-04-16T14:00:00Z', facts)
    expect(steps(twice.subscription, at('2026-05-17'), facts).map(({ at: when }) => when)).toEqual([
      at('2026-05-16T14:00:00Z'),
    ])
  })
})
