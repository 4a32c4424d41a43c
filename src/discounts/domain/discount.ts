import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { CouponTerms } from './coupon.ts'

/** A coupon attached to an account, or to one of its subscriptions, with the terms it had then. */
export type Discount = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'discount'>
  readonly accountId: Id<'account'>
  /** Null: all that the account is billed. */
  readonly subscriptionId: Id<'subscription'> | null
  readonly version: number
  readonly couponId: Id<'coupon'>
  readonly couponCode: string
  readonly name: string
  readonly terms: CouponTerms
  /** The plans whose lines it discounts; null: all lines. */
  readonly planIds: readonly Id<'plan'>[] | null
  /** Billing periods left; null: without end. */
  readonly remaining: number | null
  readonly attachedAt: Instant
  /** When its periods were used up, or it was taken away. */
  readonly endedAt: Instant | null
}

/** Those that discount what is invoiced at an instant, whatever period it is for. */
export function activeAt(discounts: readonly Discount[], at: Instant): readonly Discount[] {
  return discounts.filter(({ attachedAt, endedAt }) => attachedAt <= at && endedAt === null)
}

/** One billing period was discounted; the last one ends it. The version is left to the caller: one commit, one version. */
export function consume(discount: Discount, now: Instant): Discount {
  invariant(discount.endedAt === null, `discount ${discount.id} has ended and cannot be used`)
  if (discount.remaining === null) return discount
  const remaining = discount.remaining - 1
  return { ...discount, remaining, endedAt: remaining === 0 ? now : null }
}

/**
 * The invoice that used a period was voided (semantics.md, States): the period is there again. What was used up lives on;
 * what was taken away stays so. Where the same coupon was attached again meanwhile, that one (of `present`) gets the
 * period, because a coupon discounts one thing once. The version is left to the caller.
 */
export function giveBack(discount: Discount, present: readonly Discount[]): Discount {
  if (discount.remaining === null) return discount
  const wasUsedUp = discount.remaining === 0
  const again = wasUsedUp ? present.find((other) => isSame(other, discount)) : undefined
  if (again !== undefined) return again.remaining === null ? again : { ...again, remaining: again.remaining + 1 }
  return { ...discount, remaining: discount.remaining + 1, endedAt: wasUsedUp ? null : discount.endedAt }
}

/** Takes it away: what is billed from `now` on is not discounted. The version is left to the caller. */
export function detach(discount: Discount, now: Instant): Discount {
  return { ...discount, endedAt: discount.endedAt ?? now }
}

function isSame(other: Discount, discount: Discount): boolean {
  const { id, couponId, accountId, subscriptionId } = discount
  const sameTarget = other.accountId === accountId && other.subscriptionId === subscriptionId
  return other.id !== id && other.endedAt === null && other.couponId === couponId && sameTarget
}
