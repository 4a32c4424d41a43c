import { detach } from '../../discounts/domain/discount.ts'
import { redeem } from '../../discounts/domain/redeem.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { all } from './book.ts'
import type { CommandOf } from './command.ts'
import { type Context, keep, tell, type Work } from './work.ts'

/** From now on what the account or the subscription is billed costs less. */
export function attachCoupon(
  work: Work,
  { couponCode, subscriptionId }: CommandOf<'attach_coupon'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids, snapshot } = context
  const { coupon } = snapshot
  if (coupon === null) return err(noCoupon(couponCode))
  const subscription = subscriptionId === null ? null : (work.subscriptions.now.get(subscriptionId) ?? null)
  if (subscription !== null && 'endedAt' in subscription) return err(ended(subscription))
  const target = { account: work.account, subscription, present: all(work.discounts) }
  const redeemed = redeem(coupon, target, now, ids)
  if (!redeemed.ok) return redeemed
  const counted = keep(work, 'coupons', [redeemed.value.coupon])
  return ok(tell(counted, 'discount', 'discount.created', redeemed.value.discount, now))
}

/** Takes one coupon away, or all of the account's or the subscription's. What was billed stays billed. */
export function detachDiscounts(
  work: Work,
  { couponCode, subscriptionId }: CommandOf<'detach_discounts'>,
  { now }: Context,
): Result<Work, Rejection> {
  const present = all(work.discounts).filter(
    (discount) =>
      discount.endedAt === null &&
      discount.subscriptionId === subscriptionId &&
      (couponCode === null || discount.couponCode === couponCode),
  )
  if (present.length === 0) return err(nothingToDetach(couponCode))
  return ok(
    present.reduce((next, discount) => tell(next, 'discount', 'discount.ended', detach(discount, now), now), work),
  )
}

function noCoupon(code: string): Rejection {
  return {
    code: 'not_found',
    detail: `There is no coupon ${code}.`,
    hint: 'List them with GET /v1/coupons; give the coupon by its code, spelled exactly so.',
    pointer: '/coupon',
  }
}

function ended({ id, status }: Subscription): Rejection {
  return {
    code: 'command_not_possible',
    detail: `Subscription ${encodeId('subscription', id satisfies Id<'subscription'>)} is ${status}: nothing more is billed.`,
    hint: 'Attach the coupon to the account, or to another subscription.',
  }
}

function nothingToDetach(code: string | null): Rejection {
  return {
    code: 'not_found',
    detail: code === null ? 'There is no discount here.' : `Coupon ${code} is not attached here.`,
    hint: 'GET the subscription or the account shows its `discounts`.',
  }
}
