import type { Instant } from '../../kernel/instant.ts'
import { baseBillables } from './billable.ts'
import { endMetering, startMetering, withClosed } from './metering.ts'
import { firstStanding, isUnbilled } from './periods.ts'
import { freeStep, type Step } from './step.ts'
import { periodOf, type Subscription, type SubscriptionIn, termsOf } from './subscription.ts'
import type { MeteringFacts } from './usage-billable.ts'

/** What a step depends on besides the subscription itself. */
export type Facts = MeteringFacts & {
  /** The account has a way to be charged, or pays by invoice. */
  readonly canPay: boolean
  /** How the length of a pause is reckoned. */
  readonly pausesBy: 'day' | 'second'
}

/** Anchored here: every later boundary is counted from this instant, or from the calendar's. */
export function activateStep(subscription: Subscription, at: Instant, { versions }: Facts): Step {
  const terms = termsOf(subscription)
  const standing = firstStanding(terms, at)
  const active: SubscriptionIn<'active'> = {
    ...terms,
    ...standing,
    status: 'active',
    cancelAt: null,
    baseline: null,
    pendingChange: null,
    changedAt: at,
    metering: startMetering(terms, standing, versions),
  }
  const billables = isUnbilled(terms, standing) ? [] : baseBillables(active, standing, versions)
  return { ...freeStep(at, 'subscription.activated', active), billables, reason: 'subscription' }
}

/** Ends: what was billed stays billed, what was used since is billed. */
export function endStep(
  subscription: Subscription,
  at: Instant,
  status: 'cancelled' | 'expired',
  facts: MeteringFacts,
): Step {
  const used = endMetering(subscription, at, facts)
  const ended: SubscriptionIn<'cancelled' | 'expired'> = {
    ...termsOf(subscription),
    scheduledChange: null,
    metered: withClosed(subscription, used, at),
    status,
    anchorAt: anchorOf(subscription),
    period: periodOf(subscription),
    endedAt: at,
  }
  const { billables, periods: closed } = used
  return { ...freeStep(at, `subscription.${status}`, ended), billables, closed, reason: 'usage' }
}

function anchorOf(subscription: Subscription): Instant | null {
  if (subscription.status === 'paused') return subscription.billing?.anchorAt ?? null
  return 'anchorAt' in subscription ? subscription.anchorAt : null
}
