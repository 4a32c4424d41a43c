import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

export const durations = ['once', 'periods', 'forever'] as const

/** The most billing periods that a coupon counts: ten years of months. */
export const MAX_PERIODS = 120

/** What is taken off. `percent` is a decimal string above 0, to 100; `amount` is positive, in the currency's minor units. */
export type CouponTerms =
  | { readonly type: 'percent'; readonly percent: string }
  | { readonly type: 'amount'; readonly amount: bigint; readonly currency: Currency }

/** For how many billing periods: the next one, so many, or all of them. */
export type CouponDuration =
  | { readonly type: 'once' | 'forever' }
  | { readonly type: 'periods'; readonly count: number }

/** A plan's code never changes, so both are kept: people name the code, lines carry the id. */
export type CouponPlan = { readonly id: Id<'plan'>; readonly code: string }

/** An offer. Its terms never change; attached to an account or a subscription it becomes a `Discount`. */
export type Coupon = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'coupon'>
  readonly version: number
  /** Unique in the organization, to the letter. */
  readonly code: string
  readonly name: string
  readonly terms: CouponTerms
  readonly duration: CouponDuration
  /** The plans whose lines it discounts; null: all lines. */
  readonly plans: readonly CouponPlan[] | null
  /** Taken before this instant; null: always. */
  readonly redeemBy: Instant | null
  readonly maxRedemptions: number | null
  readonly redemptions: number
  readonly metadata: Metadata
  readonly archivedAt: Instant | null
  readonly createdAt: Instant
}

/** Billing periods to discount; null: without end. */
export function periodsOf(duration: CouponDuration): number | null {
  if (duration.type === 'periods') return duration.count
  return duration.type === 'once' ? 1 : null
}
