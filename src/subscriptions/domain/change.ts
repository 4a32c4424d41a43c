import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { sameInterval } from '../../kernel/period.ts'
import { localDateOf } from '../../kernel/zone.ts'
import type { Granularity, Invoicing } from '../../organizations/domain/organization.ts'
import { type Agreement, agreementOf, changedBy, sameAgreement } from './agreement.ts'
import { baseBillables, restBillables } from './billable.ts'
import { changeMetering, endMetering, startMetering, withClosed } from './metering.ts'
import { firstStanding, isUnbilled, type Standing } from './periods.ts'
import { freeStep, type Proration, type Step } from './step.ts'
import type { Baseline, CreditTarget, Subscription, SubscriptionIn } from './subscription.ts'
import type { MeteringFacts } from './usage-billable.ts'

/** How a change is billed. */
export type Terms = {
  readonly at: Instant
  readonly granularity: Granularity
  readonly invoicing: Invoicing
  readonly credit: CreditTarget
}

/**
 * Another agreement from an instant on. A day's changes are reckoned from how things stood before the first of them, so
 * that they net; going back to that leaves nothing to invoice. Before the first period nothing is prorated.
 */
export function changeStep(subscription: Subscription, to: Agreement, terms: Terms, facts: MeteringFacts): Step {
  const { versions } = facts
  if (subscription.status !== 'active') {
    return freeStep(terms.at, 'subscription.changed', { ...subscription, ...to })
  }
  const { at, granularity } = terms
  const from = granularity === 'none' ? asOf(subscription, at) : baselineOf(subscription, at)
  const keepsPeriod = sameInterval(from.agreement.interval, to.interval)
  const standing: Standing = keepsPeriod ? standingOf(from) : firstStanding({ ...subscription, ...to }, at)
  const keepsInterval = sameInterval(subscription.interval, to.interval)
  const used = keepsInterval ? { billables: [], periods: [] } : endMetering(subscription, at, facts)
  const restores = keepsPeriod && sameAgreement(from.agreement, to)
  const changed: SubscriptionIn<'active'> = {
    ...subscription,
    ...to,
    ...standing,
    cancelAt: subscription.cancelAt === null ? null : standing.period.end,
    baseline: restores || granularity === 'none' ? null : { ...from, credit: terms.credit },
    changedAt: at,
    metering: keepsInterval
      ? changeMetering(subscription, { to, standing, at }, versions)
      : startMetering({ ...subscription, ...to }, standing, versions, at),
    metered: withClosed(subscription, used, at),
  }
  const { billables, periods: closed } = used
  const step: Step = { ...freeStep(at, 'subscription.changed', changed), billables, closed, reason: 'usage' }
  if (isUnbilled(changed, standing)) return step
  if (granularity === 'none') {
    // The new interval's first period is charged whole; of the old one nothing comes back.
    const first = keepsPeriod ? [] : baseBillables(changed, standing, versions, `:${subscription.version}`)
    return { ...step, billables: [...first, ...billables], reason: 'subscription' }
  }
  const key = `proration:${from.date}`
  const charges = keepsPeriod
    ? restBillables(changed, { agreement: to, standing, from: at, key }, granularity, versions)
    : baseBillables(changed, standing, versions)
  const proration: Proration = {
    ...{ from: at, granularity, invoicing: terms.invoicing, credit: terms.credit },
    charges: restores ? [] : charges,
    crediting: restores ? 'nothing' : keepsPeriod ? 'what_changes' : 'everything',
  }
  return { ...step, proration }
}

/** At the end of a period the next one is billed as agreed; in its middle it is a change like any other. */
export function scheduledChangeStep(subscription: Subscription, at: Instant, facts: MeteringFacts): Step {
  const { scheduledChange } = subscription
  invariant(scheduledChange !== null, `${subscription.id} must have a change to make`)
  const to = changedBy(agreementOf(subscription), scheduledChange.to)
  const unscheduled = { ...subscription, scheduledChange: null }
  if (unscheduled.status !== 'active' || at < unscheduled.period.end) {
    return changeStep(unscheduled, to, { ...scheduledChange, at }, facts)
  }
  // What was used in this period is billed as it was sold: with the renewal, which finds that in the baseline, or at once
  // where the next period is another interval's.
  if (sameInterval(unscheduled.interval, to.interval)) {
    const changed = { ...unscheduled, ...to, changedAt: at, baseline: asOf(unscheduled, at) }
    return freeStep(at, 'subscription.changed', changed)
  }
  const anchorAt = anchorFor(unscheduled, to, at)
  const metering = startMetering({ ...unscheduled, ...to }, { ...unscheduled, anchorAt }, facts.versions, at)
  const { billables, periods: closed } = endMetering(unscheduled, at, facts)
  const metered = withClosed(unscheduled, { periods: closed }, at)
  const changed = { ...unscheduled, ...to, anchorAt, changedAt: at, baseline: null, metering, metered }
  return { ...freeStep(at, 'subscription.changed', changed), billables, closed, reason: 'usage' }
}

/** Another interval is counted from the change, or from the calendar. */
function anchorFor(subscription: SubscriptionIn<'active'>, to: Agreement, at: Instant): Instant {
  return firstStanding({ ...subscription, ...to }, at).anchorAt
}

function baselineOf(subscription: SubscriptionIn<'active'>, at: Instant): Baseline {
  const now = asOf(subscription, at)
  const { baseline } = subscription
  // Once the period it stood in is over, there is no going back to it.
  return baseline?.date === now.date && at < baseline.period.end ? baseline : now
}

function asOf(subscription: SubscriptionIn<'active'>, at: Instant): Baseline {
  const { anchorAt, period, pausedMs, timezone } = subscription
  const date = localDateOf(at, timezone)
  return { date, agreement: agreementOf(subscription), anchorAt, period, pausedMs, draftId: null, credit: 'balance' }
}

function standingOf({ anchorAt, period, pausedMs }: Standing): Standing {
  return { anchorAt, period, pausedMs }
}
