import { describe, expect, test } from 'vitest'
import type { Interval } from '../../../src/kernel/period.ts'
import { changePlan, type PlanPatch } from '../../../src/plans/domain/change.ts'
import type { PriceModel } from '../../../src/plans/domain/charge.ts'
import { choosePrice, type Plan, type Terms } from '../../../src/plans/domain/plan.ts'
import { sameTerms } from '../../../src/plans/domain/same-terms.ts'
import { at, EUR, givenPlan, id, idsOf, month, price, USD } from '../../support/given.ts'
import { givenCharge, givenTerms, percentage, tier } from '../../support/given-charges.ts'

const year: Interval = { unit: 'year', count: 1 }
const quarter: Interval = { unit: 'quarter', count: 1 }
const any = { unit: null, count: 1 }

function choose(terms: Partial<Terms>, asked: Parameters<typeof choosePrice>[3], currency = USD) {
  return choosePrice({ code: 'pro' }, givenTerms(terms), currency, asked)
}

describe('choosing a price', () => {
  const prices = [price('100'), price('1000', year), price('90', month, EUR)]

  test.each([
    ['the one asked for', year, USD, prices[1]],
    ['the only one of the currency', any, EUR, prices[2]],
  ])('finds %s', (_, asked, currency, found) => {
    expect(choose({ prices }, asked, currency)).toMatchObject({
      ok: true,
      value: { interval: found?.interval, price: found },
    })
  })

  test.each([
    ['an interval that is not sold', quarter, 'Plan pro has no price in USD per quarter.'],
    ['a count that is not sold', { unit: 'month', count: 2 } as const, 'Plan pro has no price in USD per 2 months.'],
    ['none of several', any, 'Plan pro has several prices in USD.'],
  ])('refuses %s and lists what exists', (_, asked, detail) => {
    expect(choose({ prices }, asked)).toEqual({
      ok: false,
      error: {
        ...{ code: 'price_not_found', detail, pointer: '/interval' },
        hint: 'Choose one of: USD per month, USD per year, EUR per month.',
      },
    })
  })

  test.each([
    ['a month when no charge names another', [givenCharge()], any, month],
    [
      'the interval that a charge names',
      [givenCharge({ interval: quarter }), givenCharge({ metric: 'a' })],
      any,
      quarter,
    ],
    [
      'the longer, which the shorter fills',
      [givenCharge({ interval: month }), givenCharge({ interval: year })],
      any,
      year,
    ],
    ['a month, asked for', [givenCharge()], month, month],
  ])('of usage alone offers %s', (_, charges, asked, interval) => {
    expect(choose({ prices: [], charges }, asked)).toMatchObject({ ok: true, value: { interval, price: null } })
  })

  test('of usage alone knows the currencies of its charges', () => {
    const refused = choose(
      { prices: [], charges: [givenCharge(), givenCharge({ currency: EUR, interval: year })] },
      quarter,
    )
    expect(refused).toMatchObject({ error: { hint: 'Choose one of: USD per month, EUR per year.' } })
  })
})

describe('FR-022 a change of', () => {
  const model: PriceModel = percentage({ rate: '2.5', perEventMin: '1' })
  const charges = [
    givenCharge({ model, filters: { a: '1', b: '2' } }),
    givenCharge({ cap: { limit: '10', over: 'bill' } }),
  ]
  const terms = givenTerms({ charges, minimums: [{ currency: USD, amount: '500' }] })
  const plan = givenPlan()
  const before: Plan = { ...plan, current: { ...plan.current, ...terms } }
  const change = (patch: PlanPatch) => changePlan(before, patch, at('2026-02-01'), idsOf(1))

  const cap = (limit: string, over: 'bill' | 'reject') => [
    charges[0] ?? givenCharge(),
    givenCharge({ cap: { limit, over } }),
  ]
  const patches: readonly [name: string, patch: PlanPatch][] = [
    [
      'a charge’s price',
      { charges: [givenCharge({ ...charges[0], model: percentage({ rate: '2.6', perEventMin: '1' }) })] },
    ],
    ['a cap', { charges: cap('11', 'bill') }],
    ['what a cap does', { charges: cap('10', 'reject') }],
    ['fewer charges', { charges: charges.slice(1) }],
    ['no charges', { charges: [] }],
    ['the minimum', { minimums: [{ currency: USD, amount: '501' }] }],
    ['no minimum', { minimums: [] }],
    ['the prices', { prices: [price('1')] }],
    ['the name', { name: 'Professional' }],
    ['the trial', { trialDays: 7 }],
  ]
  test.each(patches)('%s makes version 2, with the other terms as they were', (_, patch) => {
    const { version, current } = change(patch)
    expect([version, current.number, current.createdAt]).toEqual([2, 2, at('2026-02-01')])
    expect(current.id).not.toBe(before.current.id)
    const { name, ...changed } = patch
    expect(current).toMatchObject({ ...terms, ...(name && { planName: name }), ...changed })
    expect(before.current.charges).toBe(charges)
  })

  test('metadata makes none', () => {
    expect(change({ metadata: { a: '1' } })).toEqual({ ...before, version: 2, metadata: { a: '1' } })
  })

  test('spelling or order makes none', () => {
    const [share, capped] = charges
    const spelled = [
      givenCharge({ ...capped, cap: { over: 'bill', limit: '10.0' } }),
      givenCharge({ ...share, model: percentage({ rate: '2.50', perEventMin: '1.000' }), filters: { b: '2', a: '1' } }),
    ]
    const patch = { charges: spelled, minimums: [{ amount: '0500', currency: USD }], prices: [price('4900.00')] }
    expect(change(patch).current).toBe(before.current)
  })
})

describe('the same terms', () => {
  test.each([
    ['tiers in another order', [tier('1', '2'), tier(null, '1')], [tier(null, '1'), tier('1', '2')]],
    ['a flat amount', [tier(null, '1')], [tier(null, '1', '1')]],
  ])('are not: %s', (_, left, right) => {
    const of = (tiers: typeof left) => givenTerms({ charges: [givenCharge({ model: { type: 'graduated', tiers } })] })
    expect(sameTerms(of(left), of(left))).toBe(true)
    expect(sameTerms(of(left), of(right))).toBe(false)
  })

  test('are not: filters that only look like the same number, by whatever name', () => {
    const of = (limit: string) => givenTerms({ charges: [givenCharge({ filters: { limit } })] })
    expect(sameTerms(of('1'), of('1.0'))).toBe(false)
    expect(sameTerms(of('eu'), of('us'))).toBe(false)
  })

  test('are not: a model with the same members', () => {
    const of = (type: 'graduated' | 'volume') =>
      givenTerms({ charges: [givenCharge({ model: { type, tiers: [tier(null, '1')] } })] })
    expect(sameTerms(of('graduated'), of('volume'))).toBe(false)
  })

  test('do not depend on the plan they are of', () => {
    const other = { ...givenPlan().current, id: id('plan_version', 9) }
    expect(sameTerms(other, givenPlan().current)).toBe(true)
  })
})
