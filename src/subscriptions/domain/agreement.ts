import type { Id } from '../../kernel/id.ts'
import { type Interval, sameInterval } from '../../kernel/period.ts'

/** So much of a plan at the version it was sold at. Add-ons are items of plans that are add-ons. */
export type Item = {
  readonly planId: Id<'plan'>
  readonly planVersionId: Id<'plan_version'>
  /** Seats. */
  readonly quantity: number
  /** A price of this subscription's own in place of the version's; a decimal string in minor units. */
  readonly unitAmount: string | null
}

/** What a change changes: the plan's item, the add-ons and the interval they are billed by. */
export type Agreement = Item & { readonly addOns: readonly Item[]; readonly interval: Interval }

/** The members that a change sets. Its add-ons are those that change; one of no seats is taken away. */
export type Changes = Partial<Agreement>

/** Add-ons a subscription may have. */
export const MAX_ADD_ONS = 50

export function agreementOf(of: Agreement): Agreement {
  const { planId, planVersionId, quantity, unitAmount, addOns, interval } = of
  return { planId, planVersionId, quantity, unitAmount, addOns, interval }
}

export function changedBy(agreement: Agreement, { addOns = [], ...changes }: Changes): Agreement {
  const set = new Map([...agreement.addOns, ...addOns].map((item) => [item.planId, item]))
  return { ...agreement, ...changes, addOns: [...set.values()].filter(({ quantity }) => quantity > 0) }
}

/** What makes the one list of add-ons of the other. */
export function addOnChanges(before: readonly Item[], after: readonly Item[]): readonly Item[] {
  const changed = after.filter((item) => !before.some((known) => sameItem(known, item)))
  const gone = before.filter(({ planId }) => !after.some((item) => item.planId === planId))
  return [...changed, ...gone.map((item) => ({ ...item, quantity: 0 }))]
}

/** The plan first, then the add-ons. */
export function itemsOf(agreement: Agreement): readonly Item[] {
  return [agreement, ...agreement.addOns]
}

function sameItem(left: Item, right: Item): boolean {
  return (
    left.planId === right.planId &&
    left.planVersionId === right.planVersionId &&
    left.quantity === right.quantity &&
    left.unitAmount === right.unitAmount
  )
}

/** Bills the same; the order of add-ons does not matter. */
export function sameAgreement(left: Agreement, right: Agreement): boolean {
  return (
    sameInterval(left.interval, right.interval) &&
    sameItem(left, right) &&
    left.addOns.length === right.addOns.length &&
    left.addOns.every((addOn) => right.addOns.some((other) => sameItem(addOn, other)))
  )
}
