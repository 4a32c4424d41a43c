import type { Id } from '../../kernel/id.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { contains, type Interval, type Period, sameInterval } from '../../kernel/period.ts'
import { type Charge, meteringInterval } from '../../plans/domain/charge.ts'
import { versionIdsOf } from './metering.ts'
import { meteringPeriodOf, runningOf } from './metering-period.ts'
import { LATE_MS, type MeteredPeriod, type Subscription } from './subscription.ts'

type VersionId = Id<'plan_version'>

/** Whether what comes now of a metering period that has ended is still billed (semantics.md, Usage). */
export function isStillBilled({ endedAt }: Pick<MeteredPeriod, 'endedAt'>, now: Instant): boolean {
  return now < plusMs(endedAt, LATE_MS)
}

/** A charge in a version of a plan. */
export type ChargeIn = Pick<Charge, 'interval'> & { readonly versionId: VersionId }

/** A metering period, and when it ended or will. */
export type BilledIn = { readonly period: Period; readonly endedAt: Instant }

/** The metering periods in which some charges bill what is used at an instant; none of those that are forgotten. */
export function billedIn(subscription: Subscription, charges: readonly ChargeIn[], at: Instant): readonly BilledIn[] {
  const ended = subscription.metered.filter(({ period }) => contains(period, at))
  const billed = ended.filter(({ interval, timeline, agreement }) =>
    intervalsOf(charges, pricedBy(timeline), agreement.interval).some((one) => sameInterval(one, interval)),
  )
  const running = intervalsOf(charges, versionIdsRunning(subscription), subscription.interval).flatMap((interval) => {
    if (ended.some((known) => sameInterval(known.interval, interval))) return []
    const period = meteringPeriodOf(subscription, interval, at)
    return period === null ? [] : [{ period, endedAt: period.end }]
  })
  return [...billed, ...running]
}

/** What prices usage that comes now, of whichever metering period that is not forgotten. */
export function versionIdsBilled(subscription: Subscription): ReadonlySet<VersionId> {
  const ended = subscription.metered.flatMap(({ timeline }) => pricedBy(timeline))
  return new Set([...versionIdsRunning(subscription), ...ended])
}

function versionIdsRunning(subscription: Subscription): readonly VersionId[] {
  return [...versionIdsOf(subscription), ...pricedBy(runningOf(subscription)?.metering.segments ?? [])]
}

function pricedBy(timeline: readonly { readonly versionIds: readonly VersionId[] }[]): readonly VersionId[] {
  return timeline.flatMap(({ versionIds }) => versionIds)
}

/** By which the charges of some versions are metered under a base price's interval, each once. */
function intervalsOf(
  charges: readonly ChargeIn[],
  versionIds: readonly VersionId[],
  base: Interval,
): readonly Interval[] {
  return charges
    .filter(({ versionId }) => versionIds.includes(versionId))
    .map((charge) => meteringInterval(charge, base))
    .filter((one, index, all) => all.findIndex((other) => sameInterval(one, other)) === index)
}
