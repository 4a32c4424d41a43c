import { describe, expect, test } from 'vitest'
import { type CouponDuration, periodsOf } from '../../../src/discounts/domain/coupon.ts'
import { activeAt, consume, detach, giveBack } from '../../../src/discounts/domain/discount.ts'
import { type DiscountTarget, redeem } from '../../../src/discounts/domain/redeem.ts'
import type { Currency } from '../../../src/kernel/currency.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { at, givenAccount, id, idsOf } from '../../support/given.ts'
import { amountOff, givenCoupon, givenDiscount, percentOff } from '../../support/given-discount.ts'

const now = at('2026-02-01')
const pro = { id: id('plan', 5), code: 'pro' }
const basic = { id: id('plan', 6), code: 'basic' }
const subscription = { id: id('subscription', 7), planId: pro.id, addOns: [] }
const withBasic = {
  ...subscription,
  addOns: [{ planId: basic.id, planVersionId: id('plan_version', 9), quantity: 1, unitAmount: null }],
}
const onAccount: DiscountTarget = { account: givenAccount(), subscription: null, present: [] }
const onSubscription: DiscountTarget = { ...onAccount, subscription }

describe('a coupon is attached', () => {
  test('to a subscription, with the terms it has, and counted', () => {
    const coupon = givenCoupon({ duration: { type: 'periods', count: 3 }, plans: [pro, basic], redemptions: 4 })
    const redeemed = redeem(coupon, onSubscription, now, idsOf(1))
    expect(redeemed).toEqual({
      ok: true,
      value: {
        discount: {
          ...{ organizationId: id('organization', 1), id: idsOf(1)('discount'), accountId: id('account', 2) },
          ...{ subscriptionId: subscription.id, version: 1, couponId: coupon.id, couponCode: 'WELCOME' },
          ...{ name: 'Welcome', terms: percentOff('50'), planIds: [pro.id, basic.id], remaining: 3 },
          ...{ attachedAt: now, endedAt: null },
        },
        coupon: { ...coupon, version: 2, redemptions: 5 },
      },
    })
  })

  test('to an account', () => {
    const coupon = givenCoupon({ duration: { type: 'forever' }, terms: amountOff(500n) })
    expect(redeem(coupon, onAccount, now, idsOf(1))).toMatchObject({
      value: { discount: { subscriptionId: null, planIds: null, remaining: null, terms: amountOff(500n) } },
    })
  })

  test.each<[CouponDuration, number | null]>([
    [{ type: 'once' }, 1],
    [{ type: 'periods', count: 120 }, 120],
    [{ type: 'forever' }, null],
  ])('for %o', (duration, periods) => {
    expect(periodsOf(duration)).toBe(periods)
  })
})

describe('a coupon is refused', () => {
  const there = givenDiscount(1, percentOff('50'), { couponId: givenCoupon().id })
  const thereOnIt = { ...there, subscriptionId: subscription.id }
  const yen = { type: 'amount', amount: 500n, currency: 'JPY' as Currency } as const
  test.each([
    ['archived', { archivedAt: at('2026-01-10') }, onAccount, 'coupon_archived', 'archived at 2026-01-10T00:00:00Z'],
    ['from its last instant', { redeemBy: now }, onAccount, 'coupon_expired', 'before 2026-02-01T00:00:00Z'],
    ['used up', { maxRedemptions: 2, redemptions: 2 }, onAccount, 'coupon_used_up', '2 is the most'],
    ['of another currency', { terms: yen }, onAccount, 'currency_mismatch', 'the account pays in USD'],
    ['for other plans', { plans: [basic] }, onSubscription, 'coupon_not_for_plan', 'is for basic'],
    ['there already', {}, { ...onAccount, present: [there] }, 'coupon_already_applied', 'this account already'],
    [
      'there on the subscription',
      {},
      { ...onSubscription, present: [thereOnIt] },
      'coupon_already_applied',
      'this subscription',
    ],
  ])('%s', (_, about, target, code, detail) => {
    const refused = redeem(givenCoupon(about), target, now, idsOf(1))
    expect(refused).toEqual({
      ok: false,
      error: { code, detail: expect.stringContaining(detail), hint: expect.stringMatching(/./), pointer: '/coupon' },
    })
  })

  test.each([
    ['before its last instant', { redeemBy: at('2026-02-01T00:00:00.001Z') }, onAccount],
    ['the last of it', { maxRedemptions: 2, redemptions: 1 }, onAccount],
    ['for one of its plans', { plans: [basic, pro] }, onSubscription],
    ['for one of its add-ons', { plans: [basic] }, { ...onAccount, subscription: withBasic }],
    ['of plans, on the account', { plans: [basic] }, onAccount],
    ['another scope has it', {}, { ...onSubscription, present: [there] }],
    ['it has ended there', {}, { ...onAccount, present: [{ ...there, endedAt: now }] }],
    ['another coupon is there', {}, { ...onAccount, present: [givenDiscount(9, percentOff('5'))] }],
  ])('but not: %s', (_, about, target) => {
    expect(redeem(givenCoupon(about), target, now, idsOf(1)).ok).toBe(true)
  })
})

describe('the periods of a discount', () => {
  const of = (remaining: number | null, about = {}) => givenDiscount(1, percentOff('50'), { remaining, ...about })
  const ended = { endedAt: at('2026-01-15') }

  test('are used one by one, and the last one ends it', () => {
    expect(consume(of(2), now)).toEqual(of(1))
    expect(consume(of(1), now)).toEqual(of(0, { endedAt: now }))
    expect(consume(of(null), now)).toEqual(of(null))
    expect(() => consume(of(0, ended), now)).toThrow(InvariantViolation)
  })

  test('are given back: what was used up lives on, what was taken away does not', () => {
    expect(giveBack(of(2), [])).toEqual(of(3))
    expect(giveBack(of(0, ended), [])).toEqual(of(1))
    expect(giveBack(of(2, ended), [])).toEqual(of(3, ended))
    expect(giveBack(of(null), [])).toEqual(of(null))
    expect(giveBack(of(null, ended), [])).toEqual(of(null, ended))
  })

  test('go to the same coupon where it was attached again', () => {
    const again = (remaining: number | null, about = {}) => ({ ...of(remaining, about), id: id('discount', 2) })
    expect(giveBack(of(0, ended), [of(0, ended), again(1)])).toEqual(again(2))
    expect(giveBack(of(0, ended), [again(null)])).toEqual(again(null))
    for (const other of [
      again(1, ended),
      again(1, { subscriptionId: subscription.id }),
      again(1, { couponId: id('coupon', 9) }),
      again(1, { accountId: id('account', 9) }),
    ])
      expect(giveBack(of(0, ended), [other])).toEqual(of(1))
  })

  test('using and giving back are each other’s opposite', () => {
    for (const remaining of [1, 2, 120, null]) {
      expect(giveBack(consume(of(remaining), now), [])).toEqual(of(remaining))
    }
  })

  test('end when it is taken away, once', () => {
    expect(detach(of(2), now)).toEqual(of(2, { endedAt: now }))
    expect(detach(of(0, ended), now)).toEqual(of(0, ended))
  })

  test('discount from the instant of attachment until the end', () => {
    const from = (iso: string, about = {}) => of(2, { attachedAt: at(iso), ...about })
    const all = [from('2026-02-01'), from('2026-02-02'), from('2026-01-01', ended)]
    expect(activeAt(all, now)).toEqual([from('2026-02-01')])
  })
})
