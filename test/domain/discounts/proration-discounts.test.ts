import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Discount } from '../../../src/discounts/domain/discount.ts'
import { discountLines } from '../../../src/discounts/domain/discount-lines.ts'
import { type CreditedLine, prorationDiscounts } from '../../../src/discounts/domain/proration-discounts.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { id } from '../../support/given.ts'
import { amountOff, givenDiscount, percentOff } from '../../support/given-discount.ts'

const pro = id('plan', 5)
const basic = id('plan', 6)

/** A base line of the basic plan with its discounts, of which 15 of 30 days are credited unless said otherwise. */
const credited = (
  amount: bigint,
  discounts: readonly Discount[],
  { unused = 15n, served = 30n }: { readonly unused?: bigint; readonly served?: bigint } = {},
): CreditedLine => {
  const base = { amount, subscriptionId: id('subscription', 7), planId: basic }
  return { discounts: discountLines([base], discounts).flat(), unused, served }
}
const charge = (amount: bigint, planId = pro) => ({ amount, planId })
const off = (charges: Parameters<typeof prorationDiscounts>[0], ...lines: readonly CreditedLine[]) =>
  prorationDiscounts(charges, lines).map((all) => all.map(({ couponCode, amount }) => [couponCode, amount]))

const half = givenDiscount(1, percentOff('50'))
const off500 = givenDiscount(2, amountOff(500n))

describe('the charge of a change', () => {
  test('4900 at 50 % → 9900 at half: 4950 − 2475', () => {
    expect(off([charge(4950n)], credited(4900n, [half]))).toEqual([[['C1', 2475n]]])
  })

  test('4900 less 500 → 9900 at half: 4950 − 250', () => {
    expect(off([charge(4950n)], credited(4900n, [off500]))).toEqual([[['C2', 250n]]])
  })

  test.each([
    ['10 of 30 days: 500 × 20/30, rounded', 20n, 30n, 333n],
    ['a half is rounded away from zero', 1n, 40n, 13n],
    ['all of it on the first day', 30n, 30n, 500n],
    ['nothing on the last', 0n, 30n, 0n],
  ])('the amount that moves: %s', (_, unused, served, moved) => {
    const expected = moved === 0n ? [] : [['C2', moved]]
    expect(off([charge(4950n)], credited(4900n, [off500], { unused, served }))).toEqual([expected])
  })

  test('never gets more off than it is', () => {
    expect(off([charge(100n)], credited(4900n, [off500]))).toEqual([[['C2', 100n]]])
  })

  test('gets no discount that its period did not have, and a negative one none', () => {
    expect(off([charge(4950n)], credited(4900n, []))).toEqual([[]])
    expect(off([charge(-4950n), charge(0n)], credited(4900n, [half, off500]))).toEqual([[], []])
  })

  test('has the order of the line: percent before amount, the subscription before the account', () => {
    const ofSubscription = givenDiscount(3, amountOff(1000n), { subscriptionId: id('subscription', 7) })
    const line = credited(10000n, [half, off500, ofSubscription])
    expect(off([charge(10000n)], line)).toEqual([
      [
        ['C3', 500n],
        ['C1', 4750n],
        ['C2', 250n],
      ],
    ])
  })

  test('moves with its share of a charge that is itself credited', () => {
    const again = prorationDiscounts([charge(4950n)], [credited(4900n, [off500])])[0] ?? []
    expect(off([charge(2000n)], { discounts: again, unused: 5n, served: 15n })).toEqual([[['C2', 83n]]])
  })
})

describe('several lines and charges', () => {
  test('share what moves, by largest remainder', () => {
    const charges = [charge(1000n), charge(1000n), charge(1000n)]
    expect(off(charges, credited(4900n, [off500]))).toEqual([[['C2', 84n]], [['C2', 83n]], [['C2', 83n]]])
  })

  test('a discount of two credited lines moves with the sum of their parts, and a percentage once', () => {
    const [first = [], second = []] = discountLines(
      [3000n, 1000n].map((amount) => ({ amount, subscriptionId: id('subscription', 7), planId: basic })),
      [half, off500],
    )
    const lines = [
      { discounts: first, unused: 15n, served: 30n },
      { discounts: second, unused: 5n, served: 10n },
    ]
    expect(off([charge(1000n)], ...lines)).toEqual([
      [
        ['C1', 500n],
        ['C2', 251n],
      ],
    ])
  })
})

test('of two lines, the order of application is that of one', () => {
  const lines = [credited(4900n, [off500]), credited(4900n, [half])]
  expect(off([charge(1000n)], ...lines)).toEqual([
    [
      ['C1', 500n],
      ['C2', 250n],
    ],
  ])
})

describe('a coupon of plans', () => {
  test.each([
    ['goes on within its plans', [basic, pro], [['C1', 2475n]]],
    ['does not go on to another plan', [basic], []],
  ])('%s', (_, planIds, expected) => {
    const line = credited(4900n, [givenDiscount(1, percentOff('50'), { planIds })])
    expect(off([charge(4950n)], line)).toEqual([expected])
  })
})

test('more unused than served is a bug', () => {
  for (const part of [{ unused: 31n }, { unused: -1n }, { unused: 0n, served: 0n }]) {
    expect(() => off([charge(1n)], credited(4900n, [half], part))).toThrow(InvariantViolation)
  }
})

test('for any charges: none gets negative, and no amount moves more than the share that was credited', () => {
  const amounts = fc.array(fc.bigInt(-1000n, 10n ** 7n), { minLength: 1, maxLength: 5 })
  const part = fc.tuple(fc.bigInt(0n, 366n), fc.bigInt(0n, 366n)).map(([a, b]) => ({ unused: a, served: a + b + 1n }))
  const terms = fc.oneof(
    fc.bigInt(1n, 10n ** 6n).map(amountOff),
    fc.integer({ min: 1, max: 100 }).map((percent) => percentOff(String(percent))),
  )
  const base = fc.bigInt(0n, 10n ** 7n)
  fc.assert(
    fc.property(amounts, base, part, fc.array(terms, { maxLength: 4 }), (charges, amount, served, all) => {
      const line = credited(
        amount,
        all.map((terms, index) => givenDiscount(index + 1, terms)),
        served,
      )
      const taken = prorationDiscounts(
        charges.map((one) => charge(one)),
        [line],
      )
      const sum = (of: readonly { readonly amount: bigint }[]) => of.reduce((total, one) => total + one.amount, 0n)
      for (const [index, one] of charges.entries()) expect(sum(taken[index] ?? []) <= (one > 0n ? one : 0n)).toBe(true)
      for (const { discountId, percent, amount: share } of line.discounts) {
        const moved = sum(taken.flat().filter((one) => one.discountId === discountId))
        if (percent === null) expect(moved <= share).toBe(true)
      }
    }),
  )
})
