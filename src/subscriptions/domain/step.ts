import type { Instant } from '../../kernel/instant.ts'
import type { Granularity, Invoicing } from '../../organizations/domain/organization.ts'
import type { Billable } from './billable.ts'
import type { CreditTarget, MeteredPeriod, Subscription } from './subscription.ts'

export type SubscriptionEventType =
  | 'subscription.created'
  | 'subscription.trial_started'
  | 'subscription.trial_will_end'
  | 'subscription.trial_changed'
  | 'subscription.activated'
  | 'subscription.renewed'
  | 'subscription.metered'
  | 'subscription.updated'
  | 'subscription.changed'
  | 'subscription.change_scheduled'
  | 'subscription.change_unscheduled'
  | 'subscription.change_pending'
  | 'subscription.change_abandoned'
  | 'subscription.paused'
  | 'subscription.pause_will_end'
  | 'subscription.resumed'
  | 'subscription.cancellation_scheduled'
  | 'subscription.cancellation_revoked'
  | 'subscription.cancelled'
  | 'subscription.expired'
  | 'subscription.access_changed'
  | 'usage.late'
  | 'usage.unbilled'
  | 'usage.supplemented'
  | 'usage.threshold_reached'
  | 'usage.closed'

/** One thing that happened to a subscription, and what it makes the account owe. */
export type Step = {
  readonly at: Instant
  readonly type: SubscriptionEventType
  readonly subscription: Subscription
  /** Invoiced as one document. */
  readonly billables: readonly Billable[]
  /** The metering periods among them: they take what was used a while longer. */
  readonly closed: readonly MeteredPeriod[]
  /** What the invoice is about; matters where there are billables. */
  readonly reason: 'subscription' | 'renewal' | 'usage'
  readonly proration: Proration | null
}

/** Something changed in the middle of a period: what was billed for the rest of it is credited, the new is charged. */
export type Proration = {
  readonly from: Instant
  readonly granularity: Exclude<Granularity, 'none'>
  readonly invoicing: Invoicing
  /** What there is from then on, item by item; one that is billed already, just so, is neither credited nor charged. */
  readonly charges: readonly Billable[]
  /** everything: the period ends here, also for what goes on unchanged. nothing: it is as it was before the day. */
  readonly crediting: 'what_changes' | 'everything' | 'nothing'
  readonly credit: CreditTarget
}

/** A step that costs nothing. */
export function freeStep(at: Instant, type: SubscriptionEventType, subscription: Subscription): Step {
  return { at, type, subscription, billables: [], closed: [], reason: 'renewal', proration: null }
}
