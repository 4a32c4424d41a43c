import { earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import { addLocalDays, localDaysBetween } from '../../kernel/zone.ts'
import type { Granularity } from '../../organizations/domain/organization.ts'
import { activateStep, endStep, type Facts } from './begin-and-end.ts'
import { baseBillables } from './billable.ts'
import { endMetering, movedMetering, startMetering, withClosed } from './metering.ts'
import { firstStanding, isUnbilled, type Standing, uncutEnd } from './periods.ts'
import { freeStep, type Proration, type Step } from './step.ts'
import { type CreditTarget, type SubscriptionIn, termsOf } from './subscription.ts'

type Divided = Exclude<Granularity, 'none'>

/**
 * Period and usage stop. By anniversary nothing is billed: the period goes on where it stopped. On the calendar it cannot
 * be moved, so that its rest is credited now and charged when it resumes.
 */
export function pauseStep(
  subscription: SubscriptionIn<'active'>,
  {
    at,
    resumesAt,
    granularity,
  }: { readonly at: Instant; readonly resumesAt: Instant | null; readonly granularity: Divided },
  facts: Facts,
): Step {
  const { anchorAt, period, pausedMs, cancelAt, metering, billingTime } = subscription
  const onCalendar = billingTime === 'calendar'
  const paused: SubscriptionIn<'paused'> = {
    ...termsOf(subscription),
    status: 'paused',
    pausedAt: at,
    resumesAt,
    billing: { anchorAt, period, pausedMs, cancelAt, metering: onCalendar ? null : metering },
    noticedAt: null,
  }
  if (!onCalendar) return freeStep(at, 'subscription.paused', paused)
  const { billables, periods: closed } = endMetering(subscription, at, facts)
  const settled = { ...paused, metered: withClosed(subscription, { periods: closed }, at) }
  const proration = creditOfRest(at, granularity, 'balance')
  return { ...freeStep(at, 'subscription.paused', settled), billables, closed, reason: 'usage', proration }
}

/** The end of a trial whose customer cannot pay: the first period begins with the resumption. */
export function pausedAfterTrial(trial: SubscriptionIn<'trial'>, at: Instant): Step {
  const paused: SubscriptionIn<'paused'> = {
    ...termsOf(trial),
    ...{ status: 'paused', pausedAt: at, resumesAt: null, billing: null, noticedAt: null },
  }
  return freeStep(at, 'subscription.paused', paused)
}

/**
 * The period ends later by the whole local days paused, the day of the pause counted and that of the resumption not, or by
 * the exact time; from then on boundaries are counted from that end (semantics.md, States).
 */
export function resumeStep(
  subscription: SubscriptionIn<'paused'>,
  at: Instant,
  granularity: Divided,
  facts: Facts,
): Step {
  const { billing } = subscription
  if (billing === null) return { ...activateStep(subscription, at, facts), type: 'subscription.resumed' }
  if (subscription.billingTime === 'calendar') return resumeOnCalendar(subscription, at, facts)
  const standing = movedBy(subscription, billing, at, granularity)
  const resumed: SubscriptionIn<'active'> = {
    ...termsOf(subscription),
    ...standing,
    status: 'active',
    cancelAt: billing.cancelAt === null ? null : standing.period.end,
    baseline: null,
    pendingChange: null,
    changedAt: at,
    metering: movedMetering(subscription, standing, billing.metering, at),
  }
  return freeStep(at, 'subscription.resumed', resumed)
}

function movedBy(
  subscription: SubscriptionIn<'paused'>,
  { anchorAt, period, pausedMs }: Standing,
  at: Instant,
  granularity: Divided,
): Standing {
  const { pausedAt, timezone, endsAt } = subscription
  const before = uncutEnd(subscription, { anchorAt, period, pausedMs })
  const end =
    granularity === 'day'
      ? addLocalDays(before, localDaysBetween(pausedAt, at, timezone), timezone)
      : plusMs(before, at - pausedAt)
  if (end === before) return { anchorAt, period, pausedMs }
  return {
    ...{ anchorAt: end, pausedMs: pausedMs + end - before },
    period: { start: period.start, end: earliest(end, endsAt) ?? end },
  }
}

function resumeOnCalendar(subscription: SubscriptionIn<'paused'>, at: Instant, { versions }: Facts): Step {
  const terms = termsOf(subscription)
  const standing = firstStanding(terms, at)
  const resumed: SubscriptionIn<'active'> = {
    ...terms,
    ...standing,
    status: 'active',
    cancelAt: subscription.billing?.cancelAt ? standing.period.end : null,
    baseline: null,
    pendingChange: null,
    changedAt: at,
    metering: startMetering(terms, standing, versions),
  }
  const again = `:${subscription.version}`
  const billables = isUnbilled(terms, standing) ? [] : baseBillables(resumed, standing, versions, again)
  return { ...freeStep(at, 'subscription.resumed', resumed), billables, reason: 'subscription' }
}

/** It ends in a pause, being paused for too long or with its term: what was not served of the period is credited. */
export function endInPause(
  subscription: SubscriptionIn<'paused'>,
  at: Instant,
  status: 'cancelled' | 'expired',
  facts: Facts,
): Step {
  const ended = endStep(subscription, at, status, facts)
  return { ...ended, proration: creditOfRest(subscription.pausedAt, facts.pausesBy, 'balance') }
}

/** Everything billed for the time from an instant on is credited, and nothing charged. */
export function creditOfRest(from: Instant, granularity: Divided, credit: CreditTarget): Proration {
  return { from, granularity, invoicing: 'now', charges: [], crediting: 'everything', credit }
}
