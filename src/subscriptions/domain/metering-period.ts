import type { Instant } from '../../kernel/instant.ts'
import { contains, type Interval, type Period, sameInterval } from '../../kernel/period.ts'
import { meteringEnd } from './metering.ts'
import { nextStanding, type Standing } from './periods.ts'
import type { Metering, Subscription } from './subscription.ts'

/**
 * The metering period that an instant is of, ended, running or still to come. Null where there is none by that interval: in
 * a trial, before the first that is remembered, after a term's end, or where nothing is metered.
 */
export function meteringPeriodOf(subscription: Subscription, interval: Interval, at: Instant): Period | null {
  const ended = subscription.metered.find(
    (known) => sameInterval(known.interval, interval) && contains(known.period, at),
  )
  if (ended !== undefined) return ended.period
  const running = runningOf(subscription)
  const found = runningPeriods(subscription).find((known) => sameInterval(known.interval, interval))
  if (running === null || found === undefined || at < found.period.start) return null
  return following(subscription, running.standing, interval, found.period, at)
}

/** The metering periods that run, by their intervals: to the ends that they will have as things stand. */
export function runningPeriods(
  subscription: Subscription,
): readonly { readonly interval: Interval; readonly period: Period }[] {
  const running = runningOf(subscription)
  if (running === null) return []
  const { metering, standing, changedAt } = running
  return metering.closed.map(({ interval, to: start }) => {
    const end = meteringEnd(subscription, standing, interval, changedAt > start ? changedAt : start)
    return { interval, period: { start, end } }
  })
}

/** What has ended by the calendar but was not renewed yet is followed by what will be. */
function following(
  subscription: Subscription,
  from: Standing,
  interval: Interval,
  first: Period,
  at: Instant,
): Period | null {
  let [standing, period] = [from, first]
  while (at >= period.end) {
    if (period.end >= standing.period.end) standing = nextStanding(subscription, standing)
    const next = { start: period.end, end: meteringEnd(subscription, standing, interval, period.end) }
    if (next.end <= next.start) return null
    period = next
  }
  return period
}

type Running = { readonly standing: Standing; readonly metering: Metering; readonly changedAt: Instant }

/** What is metered at present, and where its billing stands; null where nothing is. */
export function runningOf(subscription: Subscription): Running | null {
  if (subscription.status === 'active') {
    const { metering, changedAt } = subscription
    return metering && { standing: subscription, metering, changedAt }
  }
  if (subscription.status !== 'paused' || subscription.billing === null) return null
  const { billing, pausedAt } = subscription
  return billing.metering && { standing: billing, metering: billing.metering, changedAt: pausedAt }
}
