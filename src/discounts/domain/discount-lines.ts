import { decimal } from '../../kernel/decimal.ts'
import type { Id } from '../../kernel/id.ts'
import { allocate, roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Discount } from './discount.ts'

/** In the order they are applied (semantics.md, Money). */
export const discountScopes = ['line', 'subscription', 'account'] as const
type DiscountScope = (typeof discountScopes)[number]

/** What of a line says which discounts it gets. Minor units; the subscription and plan are null where it is of none. */
export type Discountable = {
  readonly amount: bigint
  readonly subscriptionId: Id<'subscription'> | null
  readonly planId: Id<'plan'> | null
}

/** What one discount took off one line. */
export type LineDiscount = {
  readonly discountId: Id<'discount'>
  readonly couponCode: string
  readonly scope: DiscountScope
  /** A decimal string; null where an amount was taken off. */
  readonly percent: string | null
  /** The plans it is limited to, so that a later charge of the period can be told whether it gets it too. */
  readonly planIds: readonly Id<'plan'>[] | null
  /** Minor units taken off: positive. */
  readonly amount: bigint
}

/**
 * What is taken off each line, in the order of application: line coupons, the subscription's, the account's; of a scope
 * percent before amount, then as attached. Each takes off what the ones before it left, of positive lines only, and never
 * more. A percentage is rounded once a line, half away from zero; an amount is split over its lines by largest remainder.
 */
export function discountLines(
  lines: readonly Discountable[],
  discounts: readonly Discount[],
): readonly (readonly LineDiscount[])[] {
  const taken = lines.map((): LineDiscount[] => [])
  const nets = lines.map(({ amount }) => amount)
  for (const discount of discounts.toSorted(inOrder)) {
    const open = nets.map((net, index) => (net > 0n && applies(discount, lines[index]) ? net : 0n))
    for (const [index, amount] of takenOff(discount.terms, open).entries()) {
      if (amount === 0n) continue
      taken[index]?.push({ ...namesOf(discount), amount })
      nets[index] = (nets[index] ?? 0n) - amount
    }
  }
  return taken
}

/** Of each net amount (none negative), what a percentage or an amount takes off. */
export function takenOff(
  terms: { readonly type: 'percent'; readonly percent: string } | { readonly type: 'amount'; readonly amount: bigint },
  nets: readonly bigint[],
): readonly bigint[] {
  if (terms.type === 'percent') {
    const percent = decimal(terms.percent)
    return nets.map((net) => (net === 0n ? 0n : roundHalfAwayFromZero(decimal(net).times(percent), 100n)))
  }
  const sum = nets.reduce((total, net) => total + net, 0n)
  return sum === 0n ? nets : allocate(terms.amount < sum ? terms.amount : sum, nets)
}

/** A discount limited to plans is a line coupon, on whatever it hangs. */
function scopeOf({ planIds, subscriptionId }: Discount): DiscountScope {
  if (planIds !== null) return 'line'
  return subscriptionId === null ? 'account' : 'subscription'
}

function applies({ planIds, subscriptionId }: Discount, line: Discountable | undefined): boolean {
  if (line === undefined) return false
  const ofSubscription = subscriptionId === null || subscriptionId === line.subscriptionId
  return ofSubscription && isForPlan(planIds, line.planId)
}

export function isForPlan(planIds: Discount['planIds'], planId: Id<'plan'> | null): boolean {
  return planIds === null || (planId !== null && planIds.includes(planId))
}

function inOrder(left: Discount, right: Discount): number {
  return rankOf(left) - rankOf(right) || left.attachedAt - right.attachedAt || (left.id < right.id ? -1 : 1)
}

function rankOf(discount: Discount): number {
  return 2 * discountScopes.indexOf(scopeOf(discount)) + (discount.terms.type === 'percent' ? 0 : 1)
}

function namesOf(discount: Discount): Omit<LineDiscount, 'amount'> {
  const { id, couponCode, planIds, terms } = discount
  const percent = terms.type === 'percent' ? terms.percent : null
  return { discountId: id, couponCode, scope: scopeOf(discount), percent, planIds }
}
