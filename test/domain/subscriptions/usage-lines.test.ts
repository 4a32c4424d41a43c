import { describe, expect, test } from 'vitest'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import type { PlanVersion } from '../../../src/plans/domain/plan.ts'
import { changeStep } from '../../../src/subscriptions/domain/change.ts'
import type { Step } from '../../../src/subscriptions/domain/step.ts'
import { type Metered, nameOfFilters, noUsage, type UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, EUR, givenActive, id, month, USD } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { inStatus, lived, steps, told, usedOn } from './life.ts'
import { april, factsOf, metered, perCall, standard, year } from './metered.ts'

const quarter = { unit: 'quarter', count: 1 } as const
const start = at('2026-04-01')
const addOnId = id('plan', 15)

/** Sells calls too, at 30 each and 300 a month. */
const addOn = {
  ...metered([givenCharge({ model: standard('30'), minimum: '100' })], {}, 16),
  ...{ planId: addOnId, planName: 'Bulk' },
}
const withAddOn = april({ addOns: [{ planId: addOnId, planVersionId: addOn.id, quantity: 1, unitAmount: '300' }] })

const usage = (step: Step | undefined) => step?.billables.filter(({ kind }) => kind !== 'base') ?? []
const keys = (step: Step | undefined) => usage(step).map(({ key }) => key)
const calls = usedOn({ '2026-04-05': 5 }, 'api_calls')

describe('what tells the lines of a metering period apart', () => {
  test('the plan’s charge and an add-on’s for the same metric, each by its own price', () => {
    const [, renewal] = steps(withAddOn, at('2026-05-01'), factsOf(calls, metered([perCall]), addOn))
    expect(told(renewal ? [renewal] : [])).toEqual(['2026-05-01 renewed 4900 300 10 150'])
    expect(usage(renewal)).toMatchObject([
      { key: `usage:${start}:api_calls:`, planId: id('plan', 5), planVersionId: id('plan_version', 6), name: 'Pro' },
      { key: `usage:${start}:${addOnId}:api_calls:`, planId: addOnId, planVersionId: addOn.id, name: 'Bulk' },
    ])
  })

  test('an add-on’s minimum covers its own usage, and its plan’s minimum is nobody’s', () => {
    const committed = { ...addOn, minimums: [{ currency: USD, amount: '999999' }] }
    const [, renewal] = steps(withAddOn, at('2026-05-01'), factsOf(usedOn({}), metered([perCall]), committed))
    expect(usage(renewal)).toMatchObject([
      {
        ...{ key: `minimum:${start}:${addOnId}:api_calls:`, name: 'Bulk, least for api_calls', unitAmount: '100' },
        ...{ kind: 'minimum', quantity: '1', covered: 0n, planId: addOnId, proration: null },
      },
    ])
  })

  test('filters, each charge counting what it is for', () => {
    const of = (tier: string, unitAmount: string) =>
      givenCharge({ filters: { tier, region: 'eu' }, model: standard(unitAmount) })
    const usageOf: UsageOf = ({ filters: { tier }, period }) => {
      const amount = tier === 'gold' ? '7' : '3'
      return { quantity: period.end > start ? amount : '0', events: [] }
    }
    const [, renewal] = steps(april(), at('2026-05-01'), factsOf(usageOf, metered([of('gold', '10'), of('iron', '1')])))
    expect(told(renewal ? [renewal] : [])).toEqual(['2026-05-01 renewed 4900 70 3'])
    expect(keys(renewal)).toEqual([
      `usage:${start}:api_calls:region=eu&tier=gold`,
      `usage:${start}:api_calls:region=eu&tier=iron`,
    ])
  })

  test.each<[Charge['filters'], string]>([
    [{}, ''],
    [{ region: 'eu' }, 'region=eu'],
    [{ tier: 'gold', region: 'eu' }, 'region=eu&tier=gold'],
    [{ region: 'eu', tier: 'gold' }, 'region=eu&tier=gold'],
  ])('filters %o are called "%s", in whatever order they were given', (filters, name) => {
    expect(nameOfFilters(filters)).toBe(name)
  })

  test('a minimum is called after its charge, or its plan', () => {
    const version = metered([{ ...perCall, minimum: '50' }], { minimums: [{ currency: USD, amount: '9000' }] })
    const [, renewal] = steps(april(), at('2026-05-01'), factsOf(calls, version))
    expect(usage(renewal).map(({ key, name }) => [key, name])).toEqual([
      [`usage:${start}:api_calls:`, 'Pro'],
      [`minimum:${start}:api_calls:`, 'Pro, least for api_calls'],
      [`minimum:${start}`, 'Pro, minimum'],
    ])
  })
})

describe('of another currency', () => {
  const foreign = givenCharge({ currency: EUR, model: standard('1000'), minimum: '77777' })
  const minimums = [{ currency: EUR, amount: '88888' }]

  test('neither the charge for the same metric nor a minimum is billed', () => {
    const version = metered([foreign, perCall], { minimums })
    expect(told(steps(april(), at('2026-05-01'), factsOf(calls, version))).at(-1)).toBe('2026-05-01 renewed 4900 10')
  })

  test('nothing is metered', () => {
    const facts = factsOf(calls, metered([foreign], { minimums }))
    expect(inStatus(lived(april(), '2026-04-01', facts), 'active').metering).toBeNull()
  })
})

describe('a minimum', () => {
  test('alone is metered by the plan’s own interval', () => {
    const version = metered([], { minimums: [{ currency: USD, amount: '10000' }] })
    const facts = factsOf(usedOn({}), version)
    expect(told(steps(april(), at('2026-05-01'), facts)).at(-1)).toBe('2026-05-01 renewed 4900 5100')
    // 49000 × 30/365 = 4027.
    expect(told(steps(april({ interval: year }), at('2026-05-01'), facts)).at(-1)).toBe('2026-05-01 metered 5973')
  })

  test('of a charge is covered by no other’s usage', () => {
    const mails = givenCharge({ metric: 'mails', model: standard('1'), minimum: '50' })
    const facts = factsOf(usedOn({ '2026-04-05': 100 }), metered([{ ...perCall, minimum: '300' }, mails]))
    expect(told(steps(april(), at('2026-05-01'), facts)).at(-1)).toBe('2026-05-01 renewed 4900 200 100 100')
  })

  test('of a charge is due at its own charge’s end', () => {
    const mails = givenCharge({ metric: 'mails', interval: quarter, model: standard('1'), minimum: '700' })
    const version = metered([{ ...perCall, minimum: '300' }, mails], { minimums: [{ currency: USD, amount: '20000' }] })
    const facts = factsOf(usedOn({ '2026-04-05': 100 }), version)
    const all = steps(april({ interval: year }), at('2026-07-01'), facts)
    // By the month of calls, and of the plan; the quarter's are mails alone. 49000 × 31/365 = 4162, × 30/365 = 4027.
    expect(told(all)).toEqual([
      '2026-04-01 activated 49000',
      '2026-05-01 metered 200 100 15673',
      '2026-06-01 metered 300 15538',
      '2026-07-01 metered 300 15673 100 600',
    ])
  })
})

test('nothing is used of a subscription that nobody asks about', () => {
  const about = { subscriptionId: givenActive().id, metric: 'api_calls', filters: {} }
  const period: Metered['period'] = { start, end: at('2026-05-01') }
  expect(noUsage({ ...about, period, of: period, perEvent: false, final: true })).toEqual({ quantity: '0', events: [] })
})

describe('how far what was used is billed', () => {
  const monthly = [{ interval: month, to: start }]
  const meteringOf = (version: ReturnType<typeof metered>, until: string, about = {}) =>
    inStatus(lived(april(about), until, factsOf(usedOn({}), version)), 'active').metering

  test('begins with the period, and says when a metering period ends before it', () => {
    expect(meteringOf(metered([perCall]), '2026-04-01')).toEqual({ closed: monthly, segments: [], nextAt: null })
    expect(meteringOf(metered([perCall]), '2026-04-01', { interval: year })).toEqual({
      ...{ closed: monthly, segments: [], nextAt: at('2026-05-01') },
    })
    expect(meteringOf(metered([perCall]), '2026-05-01', { interval: year })).toEqual({
      ...{ closed: [{ interval: month, to: at('2026-05-01') }], segments: [], nextAt: at('2026-06-01') },
    })
    expect(meteringOf(metered([]), '2026-04-01')).toBeNull()
  })

  const next = { planId: id('plan', 5), quantity: 1, unitAmount: null, addOns: [], interval: year }
  const terms = { at: at('2026-04-16'), granularity: 'day', invoicing: 'now', credit: 'balance' } as const
  const changed = (from: PlanVersion, to: PlanVersion, facts = factsOf(usedOn({}), from, to)) =>
    changeStep(lived(april({ interval: year }), '2026-04-01', facts), { ...next, planVersionId: to.id }, terms, facts)
  const meteringAfter = (step: Step) => inStatus(step.subscription, 'active').metering

  test('starts with a change to what is metered, with nothing of before to price', () => {
    expect(meteringAfter(changed(metered([]), metered([perCall], {}, 60)))).toEqual({
      ...{ closed: [{ interval: month, to: at('2026-04-16') }], segments: [], nextAt: at('2026-05-01') },
    })
    expect(meteringAfter(changed(metered([]), metered([], {}, 60)))).toBeNull()
  })

  test('remembers a version for as long as a metering period that it was in is open', () => {
    const quarterly = (unitAmount: string) =>
      givenCharge({ metric: 'mails', interval: quarter, model: standard(unitAmount) })
    const versions = [metered([perCall, quarterly('10')]), metered([perCall, quarterly('100')], {}, 60)] as const
    const facts = factsOf(usedOn({ '2026-04-05': 1, '2026-04-20': 2, '2026-06-20': 4 }), ...versions)
    const step = changed(...versions, facts)
    const segments = [{ versionIds: [versions[0].id], until: at('2026-04-16') }]
    const all = steps(step.subscription, at('2026-07-01'), facts)
    expect([step, ...all].map((one) => meteringAfter(one)?.segments)).toEqual([segments, segments, segments, []])
    expect(told(all)).toEqual(['2026-05-01 metered 2 4', '2026-06-01 metered', '2026-07-01 metered 8 10 600'])
    expect(all[0]?.reason).toBe('usage')
  })
})
