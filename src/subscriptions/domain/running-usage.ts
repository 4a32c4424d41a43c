import type { Instant } from '../../kernel/instant.ts'
import type { Interval, Period } from '../../kernel/period.ts'
import type { Charge } from '../../plans/domain/charge.ts'
import type { Metric } from '../../plans/domain/metric.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import type { Billable, Versions } from './billable.ts'
import { intervalsOf, meteredOf, versionIdsOf, versionsOf } from './metering.ts'
import { runningPeriods } from './metering-period.ts'
import { isUnbilled } from './periods.ts'
import type { Subscription } from './subscription.ts'
import {
  chargeIn,
  type Metered,
  namesIn,
  type Segment,
  suffixOf,
  type UsageOf,
  usageBillables,
} from './usage-billable.ts'

/** A charge in the metering period that runs. */
export type RunningCharge = {
  readonly charge: Charge
  readonly version: PlanVersion
  readonly interval: Interval
  /** To the end that it will have as things stand. */
  readonly period: Period
  /** Decimal strings: what was used until now, and what that will have come to at the end of the period, as a cap counts. */
  readonly quantity: string
  readonly quantityAtEnd: string
  /** What an invoice would have of it. */
  readonly lines: readonly UsageBillable[]
}
export type UsageBillable = Extract<Billable, { readonly kind: 'usage' }>

/** Why what is used costs nothing: it is tried out, or was billed elsewhere. */
export const freeReasons = ['trial', 'bill_from'] as const
export type RunningUsage = {
  readonly free: (typeof freeReasons)[number] | null
  readonly charges: readonly RunningCharge[]
}

export type UsageFacts = {
  readonly versions: Versions
  /** By their codes. */
  readonly metrics: ReadonlyMap<string, Pick<Metric, 'aggregation'>>
  readonly usageOf: UsageOf
}

/**
 * What was used and is not billed yet, by what bills it: at the end of a metering period these are the lines of its invoice.
 * Minimums, discounts and taxes are the invoice's only. Nothing runs before a start and after an end.
 */
export function runningUsage(subscription: Subscription, at: Instant, facts: UsageFacts): RunningUsage {
  const running = soldIn(subscription, facts.versions)
  if (running === null) return { free: null, charges: [] }
  const { sold, metered, free, windows } = running
  const until = subscription.status === 'paused' ? subscription.pausedAt : at
  const charges = windows.flatMap((window): readonly RunningCharge[] => {
    const { interval, period, timeline } = window
    const usageOf = heldUntil(until, period, facts)
    const lines = metered && usageBillables(metered, { ...window, final: false, evenNothing: false }, usageOf)
    return namesIn(sold, timeline).flatMap((name) => {
      const own = (lines ?? []).filter((line) => line.key === `usage:${line.period.start}${suffixOf(name)}`)
      const found = timeline.map((segment) => chargeIn(sold, segment, name, interval))
      // One that was given up is told of while it costs something.
      const known = own.length > 0 ? found.findLast((one) => one !== null) : found.at(-1)
      if (!known) return []
      const { metric, filters } = name
      const asked = {
        subscriptionId: subscription.id,
        metric,
        filters,
        period,
        of: period,
        perEvent: false,
        final: false,
      }
      const [{ quantity }, { quantity: quantityAtEnd }] = [usageOf(asked), facts.usageOf(asked)]
      return [{ ...known, interval, period, quantity, quantityAtEnd, lines: own as readonly UsageBillable[] }]
    })
  })
  return { free, charges }
}

/** Whatever was acknowledged of the period, also what is dated a little ahead; a level was held until now and not longer. */
export function heldUntil(
  now: Instant,
  { end }: Period,
  { metrics, usageOf }: Pick<UsageFacts, 'metrics' | 'usageOf'>,
): UsageOf {
  return (asked) => {
    const isHeld = metrics.get(asked.metric)?.aggregation === 'weighted_sum'
    if (!isHeld || asked.period.end !== end || now >= end) return usageOf(asked)
    const { start } = asked.period
    return usageOf({ ...asked, period: { start, end: now > start ? now : start } })
  }
}

type Window = { readonly interval: Interval; readonly period: Period; readonly timeline: readonly Segment[] }
type Running = {
  readonly sold: Pick<Subscription, 'currency' | 'interval'>
  /** Null where nothing is billed. */
  readonly metered: Metered | null
  readonly free: RunningUsage['free']
  readonly windows: readonly Window[]
}

function soldIn(subscription: Subscription, versions: Versions): Running | null {
  const present = (until: Instant) => ({ versions: versionsOf(versionIdsOf(subscription), versions), until })
  if (subscription.status === 'trial') {
    const { period } = subscription
    const timeline = [present(period.end)]
    const windows = intervalsOf(subscription, versions).map((interval) => ({ interval, period, timeline }))
    return { sold: subscription, metered: null, free: 'trial', windows }
  }
  const sold = meteredOf(subscription)
  if (sold === null) return null
  const { segments = [] } = sold.metering ?? {}
  const windows = runningPeriods(subscription).map(({ interval, period }) => {
    const before = segments.filter(({ until }) => until > period.start)
    const timeline = before.map(({ versionIds, until }) => ({ versions: versionsOf(versionIds, versions), until }))
    return { interval, period, timeline: [...timeline, present(period.end)] }
  })
  const isFree = isUnbilled(sold, sold)
  return { sold, metered: isFree ? null : sold, free: isFree ? 'bill_from' : null, windows }
}
