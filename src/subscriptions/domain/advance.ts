import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type Anchor, periodAt, periodContaining } from '../../kernel/period.ts'
import { findPrice, type PlanVersion } from '../../plans/domain/plan.ts'
import { type Billable, baseBillable } from './billable.ts'
import { nextDueAt, type Subscription, type SubscriptionIn } from './subscription.ts'

/** One thing that happened to a subscription by itself, and what it makes the account owe. */
export type Step = {
  readonly at: Instant
  readonly type: SubscriptionEventType
  readonly subscription: Subscription
  readonly billables: readonly Billable[]
}

export type SubscriptionEventType =
  | 'subscription.created'
  | 'subscription.trial_started'
  | 'subscription.activated'
  | 'subscription.renewed'
  | 'subscription.updated'
  | 'subscription.cancellation_scheduled'
  | 'subscription.cancellation_revoked'
  | 'subscription.cancelled'

/**
 * What falls due next, if it does by `until`: a scheduled start, a trial's end, a renewal or a cancellation. A cancellation
 * at a period's end comes before the renewal of that instant. The version is left to the caller: one commit, one version.
 */
export function nextStep(subscription: Subscription, version: PlanVersion, until: Instant): Step | null {
  const at = nextDueAt(subscription)
  if (at === null || at > until) return null
  switch (subscription.status) {
    case 'scheduled':
      return start(subscription, version)
    case 'trial':
      return subscription.cancelAt === null ? activate(subscription, version, at) : cancelled(subscription, at)
    case 'active':
      return subscription.cancelAt === null ? renew(subscription, version) : cancelled(subscription, at)
    case 'cancelled':
      return null
  }
}

/** Ends at once: what was billed stays billed. */
export function cancelled(subscription: Subscription, at: Instant): Step {
  const ended: SubscriptionIn<'cancelled'> = {
    ...termsOf(subscription),
    status: 'cancelled',
    anchorAt: 'anchorAt' in subscription ? subscription.anchorAt : null,
    period: 'period' in subscription ? subscription.period : null,
    endedAt: at,
  }
  return { at, type: 'subscription.cancelled', subscription: ended, billables: [] }
}

function start(subscription: SubscriptionIn<'scheduled'>, version: PlanVersion): Step {
  const { startAt, trialEndsAt } = subscription
  if (trialEndsAt === null) return activate(subscription, version, startAt)
  const trial: SubscriptionIn<'trial'> = {
    ...termsOf(subscription),
    status: 'trial',
    trialEndsAt,
    period: { start: startAt, end: trialEndsAt },
    cancelAt: null,
  }
  return { at: startAt, type: 'subscription.trial_started', subscription: trial, billables: [] }
}

/** Anchored here: every later boundary is counted from this instant. */
function activate(subscription: SubscriptionIn<'scheduled' | 'trial'>, version: PlanVersion, at: Instant): Step {
  const period = periodAt({ at, zone: subscription.timezone }, subscription.interval, 0)
  const active: SubscriptionIn<'active'> = {
    ...termsOf(subscription),
    status: 'active',
    anchorAt: at,
    period,
    cancelAt: null,
  }
  const billable = baseBillable(active, priced(active, version), { period, reason: 'subscription' })
  return { at, type: 'subscription.activated', subscription: active, billables: [billable] }
}

function renew(subscription: SubscriptionIn<'active'>, version: PlanVersion): Step {
  const anchor: Anchor = { at: subscription.anchorAt, zone: subscription.timezone }
  const { start, end } = periodContaining(anchor, subscription.interval, subscription.period.end)
  invariant(
    start === subscription.period.end,
    `the period after ${subscription.id}'s ${subscription.period.end} must tile`,
  )
  const renewed: SubscriptionIn<'active'> = { ...subscription, period: { start, end } }
  const billable = baseBillable(renewed, priced(renewed, version), { period: { start, end }, reason: 'renewal' })
  return { at: start, type: 'subscription.renewed', subscription: renewed, billables: [billable] }
}

function priced(subscription: Subscription, version: PlanVersion) {
  const price = findPrice(version, subscription.currency, subscription.interval)
  invariant(price !== null, `plan version ${version.id} must hold the price that ${subscription.id} was sold`)
  return { version, price }
}

/** The members that every status has. */
function termsOf(subscription: Subscription) {
  const { organizationId, id, accountId, version, planId, planVersionId, quantity, currency, interval } = subscription
  const { timezone, startAt, trialEndsAt, externalKey, metadata, createdAt } = subscription
  return {
    ...{ organizationId, id, accountId, version, planId, planVersionId, quantity, currency, interval },
    ...{ timezone, startAt, trialEndsAt, externalKey, metadata, createdAt },
  }
}
