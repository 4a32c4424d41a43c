import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { activateStep, endStep, type Facts } from './begin-and-end.ts'
import { baseBillables } from './billable.ts'
import { scheduledChangeStep } from './change.ts'
import { type Due, nextDue } from './due.ts'
import { closeMetering, startMetering, withClosed } from './metering.ts'
import { endInPause, pausedAfterTrial, resumeStep } from './pause.ts'
import { isUnbilled, nextStanding } from './periods.ts'
import { freeStep, type Step } from './step.ts'
import { type Subscription, type SubscriptionIn, termsOf } from './subscription.ts'

/**
 * What falls due next, if it does by `until`. At one instant resuming comes before ending, that before a trial's end, a
 * scheduled change and a renewal. The version is left to the caller: one commit, one version. Giving up a pending change
 * and supplemental invoices are the caller's: both depend on what was invoiced.
 */
export function nextStep(subscription: Subscription, until: Instant, facts: Facts): Step | null {
  const due = nextDue(subscription)
  return due === null || due.at > until ? null : stepOf(subscription, due, facts)
}

function stepOf(subscription: Subscription, { kind, at }: Due, facts: Facts): Step {
  switch (kind) {
    case 'start':
      return start(subscription, facts)
    case 'trial_notice':
      invariant(subscription.status === 'trial', `${subscription.id} must be in trial`)
      return freeStep(at, 'subscription.trial_will_end', { ...subscription, noticedAt: at })
    case 'trial_end':
      invariant(subscription.status === 'trial', `${subscription.id} must be in trial`)
      return endTrial(subscription, at, facts)
    case 'pause_notice':
      invariant(subscription.status === 'paused', `${subscription.id} must be paused`)
      return freeStep(at, 'subscription.pause_will_end', { ...subscription, noticedAt: at })
    case 'resume':
      invariant(subscription.status === 'paused', `${subscription.id} must be paused`)
      return resumeStep(subscription, at, facts.pausesBy, facts)
    case 'pause_limit':
      invariant(subscription.status === 'paused', `${subscription.id} must be paused`)
      return endInPause(subscription, at, 'cancelled', facts)
    case 'cancel':
      return endStep(subscription, at, 'cancelled', facts)
    case 'expire':
      return subscription.status === 'paused'
        ? endInPause(subscription, at, 'expired', facts)
        : endStep(subscription, at, 'expired', facts)
    case 'change':
      return scheduledChangeStep(subscription, at, facts)
    case 'metering':
      return closeMeteringPeriod(subscription, at, facts)
    case 'renewal':
      return renew(subscription, facts)
    case 'forget':
      return freeStep(at, 'usage.closed', { ...subscription, metered: [] })
    case 'pending_change':
    case 'supplement':
      throw new Error(`what ${kind} is of ${subscription.id} is told by its invoices`)
  }
}

function start(subscription: Subscription, facts: Facts): Step {
  const { startAt, trialEndsAt } = subscription
  if (trialEndsAt === null) return activateStep(subscription, startAt, facts)
  const trial: SubscriptionIn<'trial'> = {
    ...termsOf(subscription),
    status: 'trial',
    trialEndsAt,
    period: { start: startAt, end: trialEndsAt },
    cancelAt: null,
    noticedAt: null,
  }
  return freeStep(startAt, 'subscription.trial_started', trial)
}

function endTrial(trial: SubscriptionIn<'trial'>, at: Instant, facts: Facts): Step {
  if (facts.canPay || trial.trialEnd === 'invoice') return activateStep(trial, at, facts)
  return trial.trialEnd === 'pause' ? pausedAfterTrial(trial, at) : endStep(trial, at, 'cancelled', facts)
}

/** The ended period's usage and the next period's base on one invoice. */
function renew(subscription: Subscription, facts: Facts): Step {
  invariant(subscription.status === 'active', `${subscription.id} must be active to renew`)
  const standing = nextStanding(subscription, subscription)
  const at = standing.period.start
  const used = closeMetering(asItEnds(subscription), at, facts)
  const renewed: SubscriptionIn<'active'> = {
    ...subscription,
    ...standing,
    // A change later on this day is one of the period that begins here.
    baseline: null,
    metering: startMetering(subscription, standing, facts.versions),
    metered: withClosed(subscription, used, at),
  }
  const billables = isUnbilled(renewed, standing) ? [] : baseBillables(renewed, standing, facts.versions)
  return {
    ...freeStep(at, 'subscription.renewed', renewed),
    billables: [...billables, ...used.billables],
    ...{ closed: used.periods, reason: 'renewal' },
  }
}

/** A change at the very end of a period is of the next one: what ends is priced as it was sold. */
function asItEnds(subscription: SubscriptionIn<'active'>): SubscriptionIn<'active'> {
  const { baseline, changedAt, period } = subscription
  return baseline === null || changedAt !== period.end ? subscription : { ...subscription, ...baseline.agreement }
}

function closeMeteringPeriod(subscription: Subscription, at: Instant, facts: Facts): Step {
  invariant(subscription.status === 'active', `${subscription.id} must be active to be metered`)
  const { metering, periods, billables } = closeMetering(subscription, at, facts)
  const metered = { ...subscription, metering, metered: withClosed(subscription, { periods }, at) }
  return { ...freeStep(at, 'subscription.metered', metered), billables, closed: periods, reason: 'usage' }
}
