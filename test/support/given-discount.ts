import type { Coupon, CouponTerms } from '../../src/discounts/domain/coupon.ts'
import type { Discount } from '../../src/discounts/domain/discount.ts'
import { at, id, USD } from './given.ts'

/** Facts about coupons for the tests of the domain, as in given.ts. */

export function percentOff(percent: string): CouponTerms {
  return { type: 'percent', percent }
}

export function amountOff(amount: bigint): CouponTerms {
  return { type: 'amount', amount, currency: USD }
}

/** Half off the next period. */
export function givenCoupon(about: Partial<Coupon> = {}): Coupon {
  return {
    ...{ organizationId: id('organization', 1), id: id('coupon', 20), version: 1, code: 'WELCOME', name: 'Welcome' },
    ...{ terms: percentOff('50'), duration: { type: 'once' }, plans: null, redeemBy: null, maxRedemptions: null },
    ...{ redemptions: 0, metadata: {}, archivedAt: null, createdAt: at('2026-01-01') },
    ...about,
  }
}

/** On the account, without end, unless said otherwise. */
export function givenDiscount(n: number, terms: CouponTerms, about: Partial<Discount> = {}): Discount {
  return {
    ...{ organizationId: id('organization', 1), id: id('discount', n), accountId: id('account', 2), version: 1 },
    ...{ subscriptionId: null, couponId: id('coupon', n), couponCode: `C${n}`, name: `Coupon ${n}`, terms },
    ...{ planIds: null, remaining: null, attachedAt: at('2026-01-01'), endedAt: null },
    ...about,
  }
}
