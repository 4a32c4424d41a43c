import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { contains, type Interval, type Period, sameInterval } from '../../kernel/period.ts'
import { type Charge, meteringInterval } from '../../plans/domain/charge.ts'
import type { Metric } from '../../plans/domain/metric.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { itemsOf } from '../../subscriptions/domain/agreement.ts'
import { meteringPeriodOf } from '../../subscriptions/domain/metering-period.ts'
import { LATE_MS, type Subscription } from '../../subscriptions/domain/subscription.ts'
import type { Lateness } from './event.ts'

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

/** Of a trial nothing is late, because nothing is billed; what is of no period that is remembered comes too late. */
export function latenessOf({ subscription }: Profile, at: Instant, now: Instant): Late | null {
  if (subscription.trialEndsAt !== null && at < subscription.trialEndsAt) return null
  const periods = intervalsOf(subscription).flatMap((interval) => meteringPeriodOf(subscription, interval, at) ?? [])
  const inTime = periods.some(({ end }) => now < end + LATE_MS)
  return { late: inTime ? 'supplemental' : 'unbilled', periods }
}

/** By which anything is metered, or was lately. */
function intervalsOf(subscription: Subscription): readonly Interval[] {
  const known = [...subscription.metered, ...(runningMetering(subscription)?.closed ?? [])]
  return known
    .map(({ interval }) => interval)
    .filter((one, index, all) => all.findIndex((other) => sameInterval(one, other)) === index)
}

function runningMetering(subscription: Subscription) {
  if (subscription.status === 'paused') return subscription.billing?.metering
  return subscription.status === 'active' ? subscription.metering : null
}
