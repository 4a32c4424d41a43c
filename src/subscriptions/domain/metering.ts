import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type Interval, type Period, periodContaining, sameInterval } from '../../kernel/period.ts'
import { meteringInterval } from '../../plans/domain/charge.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { type Agreement, itemsOf } from './agreement.ts'
import type { Billable, Versions } from './billable.ts'
import { isUnbilled, type Standing } from './periods.ts'
import type { Metering, Subscription, SubscriptionIn } from './subscription.ts'
import { type Metered, type MeteringFacts, minimumBillables, type Segment, usageBillables } from './usage-billable.ts'

type Sold = Agreement & Pick<Subscription, 'currency' | 'timezone'>

/** From an instant on, in a period: each metering interval begins there. Null where nothing sold is metered. */
export function startMetering(
  sold: Sold,
  standing: Standing,
  versions: Versions,
  from: Instant = standing.period.start,
): Metering | null {
  const closed = intervalsOf(sold, versions).map((interval) => ({ interval, to: from }))
  if (closed.length === 0) return null
  return { closed, segments: [], nextAt: nextEnd(sold, standing, closed, from) }
}

/** Bills every metering period that ends at this instant, and goes on. */
export function closeMetering(
  subscription: SubscriptionIn<'active'>,
  at: Instant,
  facts: MeteringFacts,
): { readonly metering: Metering | null; readonly billables: readonly Billable[] } {
  const { metering, period, changedAt } = subscription
  if (metering === null) return { metering, billables: [] }
  const ends = (interval: Interval, to: Instant) =>
    at >= period.end || at === meteringEnd(subscription, subscription, interval, later(to, changedAt))
  const billables = metering.closed.flatMap(({ interval, to }) =>
    ends(interval, to) ? billWindow(subscription, interval, { start: to, end: at }, facts) : [],
  )
  const closed = metering.closed.map(({ interval, to }) => ({ interval, to: ends(interval, to) ? at : to }))
  const oldest = Math.min(...closed.map(({ to }) => to))
  const segments = metering.segments.filter(({ until }) => until > oldest)
  return { metering: { closed, segments, nextAt: nextEnd(subscription, subscription, closed, at) }, billables }
}

/** Bills everything used until now: nothing is metered any more, or all of it begins anew. */
export function endMetering(subscription: Subscription, at: Instant, facts: MeteringFacts): readonly Billable[] {
  const metered = meteredOf(subscription)
  const closed = metered?.metering?.closed ?? []
  if (metered === null) return []
  // Nothing is used, and nothing was committed to, in a pause.
  const end = subscription.status === 'paused' ? subscription.pausedAt : at
  return closed.flatMap(({ interval, to: start }) =>
    end > start ? billWindow(metered, interval, { start, end }, facts) : [],
  )
}

function meteredOf(subscription: Subscription): (Metered & Pick<SubscriptionIn<'active'>, 'metering'>) | null {
  if (subscription.status === 'active') return subscription
  if (subscription.status !== 'paused' || subscription.billing === null) return null
  return { ...subscription, ...subscription.billing }
}

/** What was used before a change is priced as it was agreed then, within the same metering period. */
export function changeMetering(
  subscription: SubscriptionIn<'active'>,
  { to, standing, at }: { readonly to: Agreement; readonly standing: Standing; readonly at: Instant },
  versions: Versions,
): Metering | null {
  const { metering } = subscription
  const sold = { ...subscription, ...to }
  const closed = intervalsOf(sold, versions).map(
    (interval) => metering?.closed.find((known) => sameInterval(known.interval, interval)) ?? { interval, to: at },
  )
  // Charges that end with the change are still billed at their own end.
  const ending = metering?.closed.filter((known) => !closed.some((one) => sameInterval(one.interval, known.interval)))
  const all = [...closed, ...(ending ?? [])]
  if (all.length === 0) return null
  const before = versionIdsOf(subscription)
  const unchanged = String(before) === String(versionIdsOf(to))
  const segments = metering === null || unchanged ? [] : [{ versionIds: before, until: at }]
  return {
    closed: all,
    segments: [...(metering?.segments ?? []), ...segments],
    nextAt: nextEnd(sold, standing, all, at),
  }
}

/** After a pause the periods are counted from another anchor: those that were begun end as much later. */
export function movedMetering(sold: Sold, standing: Standing, metering: Metering | null, at: Instant): Metering | null {
  return metering && { ...metering, nextAt: nextEnd(sold, standing, metering.closed, at) }
}

function billWindow(
  subscription: Metered & Pick<SubscriptionIn<'active'>, 'metering'>,
  interval: Interval,
  period: Period,
  facts: MeteringFacts,
): readonly Billable[] {
  if (isUnbilled(subscription, subscription)) return []
  const segments = subscription.metering?.segments.filter(({ until }) => until > period.start) ?? []
  const timeline: readonly Segment[] = [
    ...segments.map(({ versionIds, until }) => ({ versions: versionsOf(versionIds, facts.versions), until })),
    { versions: versionsOf(versionIdsOf(subscription), facts.versions), until: period.end },
  ]
  const used = usageBillables(subscription, { interval, period, timeline }, facts.usageOf)
  const isDefault = sameInterval(interval, meteringInterval({ interval: null }, subscription.interval))
  return [...used, ...minimumBillables(subscription, { interval, period, timeline, isDefault }, used, facts.versions)]
}

/** Each interval in which something sold is summed up; a plan's minimum by its default one. */
function intervalsOf(sold: Sold, versions: Versions): readonly Interval[] {
  const found = versionsOf(versionIdsOf(sold), versions).flatMap((version) => [
    ...version.charges.flatMap((charge) =>
      charge.currency === sold.currency ? [meteringInterval(charge, sold.interval)] : [],
    ),
    ...version.minimums.flatMap(({ currency }) =>
      currency === sold.currency ? [meteringInterval({ interval: null }, sold.interval)] : [],
    ),
  ])
  return found.filter((one, index) => found.findIndex((other) => sameInterval(one, other)) === index)
}

function versionIdsOf(agreement: Agreement) {
  return itemsOf(agreement).map(({ planVersionId }) => planVersionId)
}

function versionsOf(ids: readonly PlanVersion['id'][], versions: Versions): readonly PlanVersion[] {
  return ids.map((id) => {
    const version = versions.get(id)
    invariant(version !== undefined, `the snapshot must hold plan version ${id}`)
    return version
  })
}

/** After an instant, the first end of a metering period within the billing period; those at its end are the renewal's. */
function nextEnd(sold: Sold, standing: Standing, closed: Metering['closed'], at: Instant): Instant | null {
  const ends = closed
    .map(({ interval, to }) => meteringEnd(sold, standing, interval, later(to, at)))
    .filter((end) => end < standing.period.end)
  return ends.length === 0 ? null : (Math.min(...ends) as Instant)
}

/** Of the metering period that contains an instant. They are counted from the billing anchor and tile the billing period. */
function meteringEnd(sold: Sold, { anchorAt, period }: Standing, interval: Interval, at: Instant): Instant {
  if (sameInterval(interval, sold.interval)) return period.end
  const { end } = periodContaining({ at: anchorAt, zone: sold.timezone }, interval, at)
  return end < period.end ? end : period.end
}

function later(left: Instant, right: Instant): Instant {
  return left > right ? left : right
}
