import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Discount } from '../../../src/discounts/domain/discount.ts'
import { type Discountable, discountLines, discountScopes } from '../../../src/discounts/domain/discount-lines.ts'
import { at, id } from '../../support/given.ts'
import { amountOff, givenDiscount, percentOff } from '../../support/given-discount.ts'

const pro = id('plan', 5)
const basic = id('plan', 6)
const first = id('subscription', 7)
const second = id('subscription', 8)

const line = (amount: bigint, about: Partial<Discountable> = {}): Discountable => ({
  ...{ amount, subscriptionId: first, planId: pro },
  ...about,
})

/** For each line what every coupon took off, in the order of application. */
const takenBy = (lines: readonly Discountable[], ...discounts: readonly Discount[]) =>
  discountLines(lines, discounts).map((all) => all.map(({ couponCode, amount }) => [couponCode, amount]))
const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

describe('a percentage', () => {
  test.each([
    ['50', 4900n, 2450n],
    ['10', 5n, 1n],
    ['10', 4n, 0n],
    ['100', 4900n, 4900n],
    ['33.333333333333', 300n, 100n],
    ['0.000000000001', 10n ** 15n, 10n],
    ['12.5', 100n, 13n],
  ])('of %s off %s is %s', (percent, amount, off) => {
    const expected = off === 0n ? [] : [['C1', off]]
    expect(takenBy([line(amount)], givenDiscount(1, percentOff(percent)))).toEqual([expected])
  })

  test('is rounded once a line', () => {
    const half = givenDiscount(1, percentOff('50'))
    expect(takenBy([line(1n), line(1n), line(3n)], half)).toEqual([[['C1', 1n]], [['C1', 1n]], [['C1', 2n]]])
  })
})

describe('an amount', () => {
  const off500 = givenDiscount(1, amountOff(500n))

  test.each([
    ['the line', [4900n], [500n]],
    ['no more than there is', [300n], [300n]],
    ['nothing off nothing', [0n], [0n]],
    ['lines in proportion', [3000n, 1000n], [375n, 125n]],
    ['lines by largest remainder', [1000n, 1000n, 1000n], [167n, 167n, 166n]],
    ['positive lines only', [-2450n, 4950n], [0n, 500n]],
    ['no more than the positive lines', [-100n, 200n, 100n], [0n, 200n, 100n]],
  ])('is taken off %s', (_, amounts, off) => {
    const taken = discountLines(
      amounts.map((amount) => line(amount)),
      [off500],
    )
    expect(taken.map((all) => sum(all.map(({ amount }) => amount)))).toEqual(off)
  })
})

describe('the order of application', () => {
  const onLine = { planIds: [pro] }
  const onSubscription = { subscriptionId: first }

  test('percent before amount: 10 % and 500 off 10000 is 8500', () => {
    const amount = givenDiscount(1, amountOff(500n))
    const percent = givenDiscount(2, percentOff('10'), { attachedAt: at('2026-02-01') })
    const expected = [
      [
        ['C2', 1000n],
        ['C1', 500n],
      ],
    ]
    expect(takenBy([line(10000n)], amount, percent)).toEqual(expected)
    expect(takenBy([line(10000n)], percent, amount)).toEqual(expected)
  })

  test('line, then subscription, then account, an amount of one before a percentage of the next', () => {
    const account = givenDiscount(1, percentOff('10'))
    const subscription = givenDiscount(2, percentOff('10'), onSubscription)
    const ofLine = givenDiscount(3, amountOff(1000n), onLine)
    const taken = discountLines([line(10000n)], [account, subscription, ofLine])
    expect(taken[0]?.map(({ scope, percent, amount }) => [scope, percent, amount])).toEqual([
      ['line', null, 1000n],
      ['subscription', '10', 900n],
      ['account', '10', 810n],
    ])
  })

  test('then as attached, and of one instant by id', () => {
    const later = givenDiscount(1, amountOff(700n), { attachedAt: at('2026-03-01') })
    const earlier = givenDiscount(3, amountOff(400n))
    const twin = givenDiscount(2, amountOff(100n))
    const expected = [
      [
        ['C2', 100n],
        ['C3', 400n],
        ['C1', 500n],
      ],
    ]
    expect(takenBy([line(1000n)], later, earlier, twin)).toEqual(expected)
  })
})

describe('the scope', () => {
  const lines = [
    line(1000n),
    line(1000n, { planId: basic }),
    line(1000n, { subscriptionId: second }),
    line(1000n, { subscriptionId: null, planId: null }),
  ]
  test.each([
    ['the account: all lines', {}, [true, true, true, true]],
    ['a subscription: its lines', { subscriptionId: first }, [true, true, false, false]],
    ['a plan: its lines', { planIds: [pro] }, [true, false, true, false]],
    ['several plans', { planIds: [basic, pro] }, [true, true, true, false]],
    ['a plan of a subscription', { subscriptionId: first, planIds: [pro] }, [true, false, false, false]],
  ])('of %s', (_, about, applied) => {
    const taken = discountLines(lines, [givenDiscount(1, percentOff('50'), about)])
    expect(taken.map(({ length }) => length === 1)).toEqual(applied)
  })
})

const amounts = fc.bigInt(-(10n ** 6n), 10n ** 9n)
const someLines = fc.array(
  fc.record({
    amount: amounts,
    subscriptionId: fc.constantFrom(first, second, null),
    planId: fc.constantFrom(pro, basic, null),
  }),
  { maxLength: 8 },
)
const terms = fc.oneof(
  fc.bigInt(1n, 10n ** 9n).map(amountOff),
  fc.integer({ min: 1, max: 100_000 }).map((thousandths) => percentOff(String(thousandths / 1000))),
)
const someDiscounts = fc
  .array(
    fc.record({
      terms,
      subscriptionId: fc.constantFrom(first, second, null),
      planIds: fc.constantFrom(null, [pro], [pro, basic]),
      day: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ terms, day, ...about }, index) =>
      givenDiscount(index + 1, terms, { ...about, attachedAt: at(`2026-01-0${day}`) }),
    ),
  )

describe('for any lines and discounts', () => {
  test('no line gets negative, only positive ones get something off, and that is more than nothing', () => {
    fc.assert(
      fc.property(someLines, someDiscounts, (lines, discounts) => {
        const taken = discountLines(lines, discounts)
        expect(taken).toHaveLength(lines.length)
        for (const [index, { amount }] of lines.entries()) {
          const off = taken[index]?.map((one) => one.amount) ?? []
          expect(off.every((one) => one > 0n)).toBe(true)
          expect(sum(off) <= (amount > 0n ? amount : 0n)).toBe(true)
        }
      }),
    )
  })

  test('an amount is taken off whole, or what its lines had left', () => {
    fc.assert(
      fc.property(someLines, someDiscounts, (lines, discounts) => {
        const taken = discountLines(lines, discounts)
        for (const { id, terms, subscriptionId, planIds } of discounts) {
          if (terms.type === 'percent') continue
          const off = sum(taken.flat().flatMap((one) => (one.discountId === id ? [one.amount] : [])))
          expect(off <= terms.amount).toBe(true)
          const left = lines.flatMap((one, index) => {
            const ofScope = subscriptionId === null || one.subscriptionId === subscriptionId
            const ofPlan = planIds === null || (one.planId !== null && planIds.includes(one.planId))
            const all = taken[index] ?? []
            return ofScope && ofPlan && one.amount > 0n ? [one.amount - sum(all.map(({ amount }) => amount))] : []
          })
          if (off < terms.amount) expect(left.every((net) => net === 0n)).toBe(true)
        }
      }),
    )
  })

  test('the order is of scope, kind and attachment, whatever order they are given in', () => {
    fc.assert(
      fc.property(someLines, someDiscounts, (lines, discounts) => {
        const taken = discountLines(lines, discounts)
        expect(discountLines(lines, discounts.toReversed())).toEqual(taken)
        const attached = new Map(discounts.map(({ id, attachedAt }) => [id, attachedAt]))
        for (const all of taken) {
          const ranks = all.map(({ discountId, scope, percent }) =>
            [discountScopes.indexOf(scope), percent === null ? 1 : 0, attached.get(discountId), discountId].join(' '),
          )
          expect(ranks).toEqual(ranks.toSorted())
        }
      }),
    )
  })
})
