import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { contains, type Interval, type Period } from '../../kernel/period.ts'
import { type Charge, meteringInterval } from '../../plans/domain/charge.ts'
import type { Metric } from '../../plans/domain/metric.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { itemsOf } from '../../subscriptions/domain/agreement.ts'
import { billedIn, type ChargeIn, isStillBilled, versionIdsBilled } from '../../subscriptions/domain/late-usage.ts'
import { meteringPeriodOf } from '../../subscriptions/domain/metering-period.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import type { Lateness, UsageEvent } from './event.ts'

/** What must be known of a subscription to judge its events. */
export type Profile = {
  readonly subscription: Subscription
  /** The time of its account's test clock; null: real time. */
  readonly clock: Instant | null
  /** In order of time; one without an end goes on. */
  readonly pauses: readonly Pause[]
  /** Of its organization, by code. */
  readonly metrics: ReadonlyMap<string, Measure>
  readonly capped: readonly CappedCharge[]
  /** By metric, the charges of all that it is sold, and was in metering periods that late usage may be of. */
  readonly charges: ReadonlyMap<string, readonly ChargeIn[]>
}

export type Measure = Pick<Metric, 'code' | 'aggregation' | 'field' | 'decimals' | 'allowNegative'>

export type Pause = { readonly start: Instant; readonly end: Instant | null }

/** A charge of what the subscription is sold at present, whose use is limited. */
export type CappedCharge = Pick<Charge, 'metric' | 'filters'> & {
  /** Tells it from the subscription's others. */
  readonly name: string
  readonly interval: Interval
  readonly cap: NonNullable<Charge['cap']>
}

/** How it was told of a pause and its end. */
export type PauseEvent = { readonly type: 'subscription.paused' | 'subscription.resumed'; readonly at: Instant }

/** In the order in which they happened. A pause that its subscription is still in ends when it is to be resumed. */
export function pausesOf(subscription: Subscription, events: readonly PauseEvent[]): readonly Pause[] {
  const pauses: Pause[] = []
  let start: Instant | null = null
  for (const { type, at } of events) {
    if (type === 'subscription.paused') start ??= at
    else if (start !== null) {
      pauses.push({ start, end: at })
      start = null
    }
  }
  if (subscription.status === 'paused')
    return [...pauses, { start: subscription.pausedAt, end: subscription.resumesAt }]
  return start === null ? pauses : [...pauses, { start, end: null }]
}

export function cappedCharges(
  subscription: Subscription,
  versions: ReadonlyMap<Id<'plan_version'>, PlanVersion>,
): readonly CappedCharge[] {
  return itemsOf(subscription).flatMap(({ planVersionId, planId }, item) =>
    (versions.get(planVersionId)?.charges ?? []).flatMap(({ metric, filters, currency, cap, interval }) => {
      if (cap === null || currency !== subscription.currency) return []
      const name = `${item === 0 ? '' : `${planId}:`}${nameOf({ metric, filters })}`
      return [{ name, metric, filters, cap, interval: meteringInterval({ interval }, subscription.interval) }]
    }),
  )
}

/** The same for the same metric and filters, in whatever order these are. */
export function nameOf({ metric, filters }: Pick<Charge, 'metric' | 'filters'>): string {
  return JSON.stringify([metric, ...Object.entries(filters).sort(([left], [right]) => (left < right ? -1 : 1))])
}

export type State = 'usable' | 'not_started' | 'paused' | 'ended'

/** Of the time that an event tells, whatever has become of the subscription since. */
export function stateAt({ subscription, pauses }: Profile, at: Instant): State {
  if (at < subscription.startAt) return 'not_started'
  if (at >= endOf(subscription)) return 'ended'
  return pauses.some(({ start, end }) => at >= start && (end === null || at < end)) ? 'paused' : 'usable'
}

/** When it ended, or will by what is known now. */
function endOf(subscription: Subscription): number {
  if ('endedAt' in subscription) return subscription.endedAt
  const cancelAt =
    subscription.status === 'paused'
      ? subscription.billing?.cancelAt
      : subscription.status === 'scheduled'
        ? null
        : subscription.cancelAt
  return Math.min(subscription.endsAt ?? Infinity, cancelAt ?? Infinity)
}

/** In which the use of a charge is limited: a metering period, or a trial, which is one for this. */
export function cappedPeriod({ subscription }: Profile, { interval }: CappedCharge, at: Instant): Period | null {
  if (subscription.status === 'trial' && contains(subscription.period, at)) return subscription.period
  return meteringPeriodOf(subscription, interval, at)
}

/** What was used before everything was sealed, and the metering periods that it is of. */
export type Late = { readonly late: Lateness; readonly periods: readonly Period[] }

/**
 * What no charge bills is never late, nor what was used in a trial; what is of no period that is remembered comes too late.
 */
export function latenessOf(
  { subscription, charges }: Profile,
  { metric, at }: Pick<UsageEvent, 'metric' | 'at'>,
  now: Instant,
): Late | null {
  const own = charges.get(metric)
  if (own === undefined || (subscription.trialEndsAt !== null && at < subscription.trialEndsAt)) return null
  const known = billedIn(subscription, own, at)
  const inTime = known.some((one) => isStillBilled(one, now))
  return { late: inTime ? 'supplemental' : 'unbilled', periods: known.map(({ period }) => period) }
}

export function chargesByMetric(
  subscription: Subscription,
  versions: ReadonlyMap<Id<'plan_version'>, PlanVersion>,
): Profile['charges'] {
  const found = new Map<string, ChargeIn[]>()
  for (const versionId of versionIdsBilled(subscription)) {
    for (const { metric, interval, currency } of versions.get(versionId)?.charges ?? []) {
      if (currency === subscription.currency) found.set(metric, [...(found.get(metric) ?? []), { versionId, interval }])
    }
  }
  return found
}
