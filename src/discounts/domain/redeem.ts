import type { Account } from '../../accounts/domain/account.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import { type Instant, toIso } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { type Coupon, periodsOf } from './coupon.ts'
import type { Discount } from './discount.ts'

/** What a coupon is attached to. The account's own discount has no subscription. */
export type DiscountTarget = {
  readonly account: Pick<Account, 'organizationId' | 'id' | 'currency'>
  readonly subscription: Pick<Subscription, 'id' | 'planId' | 'addOns'> | null
  /** The discounts that the account and its subscriptions have. */
  readonly present: readonly Discount[]
}

export type Redeemed = { readonly discount: Discount; readonly coupon: Coupon }

/** Attaches a coupon, and counts that; or says why not. It discounts what is billed from `now` on. */
export function redeem(
  coupon: Coupon,
  target: DiscountTarget,
  now: Instant,
  ids: IdSource,
): Result<Redeemed, Rejection> {
  const refusal = refusalOf(coupon, target, now)
  if (refusal !== null) return err(refusal)
  const { account, subscription } = target
  const discount: Discount = {
    ...{ organizationId: account.organizationId, id: ids('discount'), accountId: account.id, version: 1 },
    ...{ subscriptionId: subscription?.id ?? null, couponId: coupon.id, couponCode: coupon.code, name: coupon.name },
    terms: coupon.terms,
    planIds: coupon.plans?.map((plan) => plan.id) ?? null,
    remaining: periodsOf(coupon.duration),
    attachedAt: now,
    endedAt: null,
  }
  return ok({
    discount,
    coupon: { ...coupon, version: coupon.version + 1, redemptions: coupon.redemptions + 1 },
  })
}

/** Why a coupon cannot be attached, or null when it can. The first reason is told. */
function refusalOf(coupon: Coupon, target: DiscountTarget, now: Instant): Rejection | null {
  for (const check of checks) {
    const refusal = check(coupon, target, now)
    if (refusal !== null) return { ...refusal, pointer: '/coupon' }
  }
  return null
}

type Check = (coupon: Coupon, target: DiscountTarget, now: Instant) => Omit<Rejection, 'pointer'> | null

const anotherOne = 'Choose a coupon of GET /v1/coupons, or make one with POST /v1/coupons.'

const checks: readonly Check[] = [
  ({ code, archivedAt }) =>
    archivedAt === null
      ? null
      : {
          code: 'coupon_archived',
          detail: `Coupon ${code} was archived at ${toIso(archivedAt)} and is not given any more.`,
          hint: anotherOne,
        },

  ({ code, redeemBy }, _target, now) =>
    redeemBy === null || now < redeemBy
      ? null
      : {
          code: 'coupon_expired',
          detail: `Coupon ${code} had to be taken before ${toIso(redeemBy)}; it is ${toIso(now)}.`,
          hint: anotherOne,
        },

  ({ code, redemptions, maxRedemptions }) =>
    maxRedemptions === null || redemptions < maxRedemptions
      ? null
      : {
          code: 'coupon_used_up',
          detail: `Coupon ${code} was taken ${redemptions} times, and ${maxRedemptions} is the most.`,
          hint: anotherOne,
        },

  ({ code, terms }, { account }) =>
    terms.type === 'percent' || terms.currency === account.currency
      ? null
      : {
          code: 'currency_mismatch',
          detail: `Coupon ${code} takes off ${terms.currency}, and the account pays in ${account.currency}.`,
          hint: `Choose a coupon in percent, or one in ${account.currency}.`,
        },

  ({ code, plans }, { subscription }) =>
    plans === null || subscription === null || plans.some(({ id }) => isSold(id, subscription))
      ? null
      : {
          code: 'coupon_not_for_plan',
          detail: `Coupon ${code} is for ${plans.map((plan) => plan.code).join(', ')}, and the subscription is to another plan, without add-ons of these.`,
          hint: 'Choose a coupon that names the subscription’s plan or one of its add-ons, or any plan.',
        },

  ({ id, code }, { subscription, present }) =>
    present.some(
      (discount) =>
        discount.couponId === id && discount.subscriptionId === (subscription?.id ?? null) && discount.endedAt === null,
    )
      ? {
          code: 'coupon_already_applied',
          detail: `Coupon ${code} is applied to this ${subscription === null ? 'account' : 'subscription'} already.`,
          hint: 'It goes on as it is. To begin anew, remove the discount first.',
        }
      : null,
]

function isSold(planId: Id<'plan'>, { planId: own, addOns }: Pick<Subscription, 'planId' | 'addOns'>): boolean {
  return own === planId || addOns.some((addOn) => addOn.planId === planId)
}
