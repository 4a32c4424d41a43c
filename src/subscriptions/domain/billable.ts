import type { Id } from '../../kernel/id.ts'
import type { Period } from '../../kernel/period.ts'
import type { PlanVersion, Price } from '../../plans/domain/plan.ts'
import type { Subscription } from './subscription.ts'

/** Something to charge for, once: `key` is unique among what the subscription was billed and did not get back. */
export type Billable = {
  readonly subscriptionId: Id<'subscription'>
  readonly planVersionId: Id<'plan_version'>
  readonly key: string
  readonly kind: 'base'
  readonly reason: 'subscription' | 'renewal'
  readonly name: string
  /** Decimal strings: the amount is their product in minor units, rounded once by the invoice's line. */
  readonly quantity: string
  readonly unitAmount: string
  readonly period: Period
}

/** One period's base price for all seats, in advance. */
export function baseBillable(
  subscription: Subscription,
  { version, price }: { readonly version: PlanVersion; readonly price: Price },
  { period, reason }: { readonly period: Period; readonly reason: Billable['reason'] },
): Billable {
  return {
    subscriptionId: subscription.id,
    planVersionId: version.id,
    key: `base:${period.start}`,
    kind: 'base',
    reason,
    name: version.planName,
    quantity: String(subscription.quantity),
    unitAmount: price.unitAmount,
    period,
  }
}
