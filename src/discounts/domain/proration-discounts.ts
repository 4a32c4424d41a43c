import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import { type Discountable, discountScopes, isForPlan, type LineDiscount, takenOff } from './discount-lines.ts'

/** A line that a change credits: what discounted it, and the part of its served days that is credited, unused ÷ served. */
export type CreditedLine = {
  readonly discounts: readonly LineDiscount[]
  readonly unused: bigint
  readonly served: bigint
}

/**
 * What is taken off the charges of a mid-period change, by the discounts of the lines it credits; no period is used
 * (semantics.md, Proration). A percentage applies again in full (4900 at 50 % → 9900 at half: 4950 − 2475). Of an amount,
 * the part moves that the credit did not give back: share × unused ÷ served, rounded once a credited line, over all charges
 * together. Lines and charges are of one subscription; a plan's coupon goes only to charges of its plans.
 */
export function prorationDiscounts(
  charges: readonly Pick<Discountable, 'amount' | 'planId'>[],
  credited: readonly CreditedLine[],
): readonly (readonly LineDiscount[])[] {
  const taken = charges.map((): LineDiscount[] => [])
  const nets = charges.map(({ amount }) => amount)
  for (const discount of movedBy(credited)) {
    const { percent, planIds } = discount
    const open = nets.map((net, index) => (net > 0n && isForPlan(planIds, charges[index]?.planId ?? null) ? net : 0n))
    const terms =
      percent === null ? { type: 'amount' as const, amount: discount.amount } : { type: 'percent' as const, percent }
    for (const [index, amount] of takenOff(terms, open).entries()) {
      if (amount === 0n) continue
      taken[index]?.push({ ...discount, amount })
      nets[index] = (nets[index] ?? 0n) - amount
    }
  }
  return taken
}

/** Each discount of the credited lines once, in the order of application, with the sum of its shares that moves. */
function movedBy(credited: readonly CreditedLine[]): readonly LineDiscount[] {
  const moved = new Map<Id<'discount'>, LineDiscount>()
  for (const { discounts, unused, served } of credited) {
    invariant(unused >= 0n && unused <= served && served > 0n, `${unused} of ${served} served cannot be unused`)
    for (const discount of discounts) {
      const share = roundHalfAwayFromZero(discount.amount * unused, served)
      const before = moved.get(discount.discountId)
      moved.set(discount.discountId, { ...discount, amount: (before?.amount ?? 0n) + share })
    }
  }
  return [...moved.values()].toSorted((left, right) => rankOf(left) - rankOf(right))
}

/** Discounts of one rank stay as the lines have them: in the order of attachment. */
function rankOf({ scope, percent }: LineDiscount): number {
  return 2 * discountScopes.indexOf(scope) + (percent === null ? 1 : 0)
}
