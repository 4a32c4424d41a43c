import { type Instant, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type Interval, type Period, periodContaining, sameInterval } from '../../kernel/period.ts'
import { meteringInterval } from '../../plans/domain/charge.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { type Agreement, agreementOf, itemsOf } from './agreement.ts'
import type { Billable, Versions } from './billable.ts'
import { isUnbilled, type Standing } from './periods.ts'
import {
  type MeteredPeriod,
  type Metering,
  REMEMBERED_MS,
  type Subscription,
  type SubscriptionIn,
} from './subscription.ts'
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

/** What ended, and what it bills. */
export type Closed = { readonly periods: readonly MeteredPeriod[]; readonly billables: readonly Billable[] }

/** Bills every metering period that ends at this instant, and goes on. */
export function closeMetering(
  subscription: SubscriptionIn<'active'>,
  at: Instant,
  facts: MeteringFacts,
): Closed & { readonly metering: Metering | null } {
  const { metering, period, changedAt } = subscription
  if (metering === null) return { metering, ...nothingClosed }
  const ends = (interval: Interval, to: Instant) =>
    at >= period.end || at === meteringEnd(subscription, subscription, interval, later(to, changedAt))
  const ended = metering.closed.flatMap(({ interval, to }) =>
    ends(interval, to) ? periodEnding(subscription, interval, { start: to, end: at }, at, facts) : [],
  )
  const closed = metering.closed.map(({ interval, to }) => ({ interval, to: ends(interval, to) ? at : to }))
  const oldest = Math.min(...closed.map(({ to }) => to))
  const segments = metering.segments.filter(({ until }) => until > oldest)
  const nextAt = nextEnd(subscription, subscription, closed, at)
  return { metering: { closed, segments, nextAt }, ...closing(subscription, ended, facts) }
}

/** Bills everything used until now: nothing is metered any more, or all of it begins anew. */
export function endMetering(subscription: Subscription, at: Instant, facts: MeteringFacts): Closed {
  const sold = meteredOf(subscription)
  if (sold === null) return nothingClosed
  // Nothing is used, and nothing was committed to, in a pause.
  const end = subscription.status === 'paused' ? subscription.pausedAt : at
  const ended = (sold.metering?.closed ?? []).flatMap(({ interval, to: start }) =>
    end > start ? periodEnding(sold, interval, { start, end }, at, facts) : [],
  )
  return closing(sold, ended, facts)
}

const nothingClosed: Closed = { periods: [], billables: [] }

/** The periods that late usage may still be of, with those that end now. */
export function withClosed(
  { metered }: Pick<Subscription, 'metered'>,
  { periods }: Pick<Closed, 'periods'>,
  at: Instant,
): readonly MeteredPeriod[] {
  const kept = metered.filter(({ endedAt, supplementAt }) => supplementAt !== null || at < endedAt + REMEMBERED_MS)
  return kept.length === metered.length && periods.length === 0 ? metered : [...kept, ...periods]
}

type Running = Metered & Pick<SubscriptionIn<'active'>, 'metering'>

export function meteredOf(subscription: Subscription): Running | null {
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
  // What was sold for no time prices nothing.
  const isMarked = metering?.segments.at(-1)?.until === at
  const segments = metering === null || unchanged || isMarked ? [] : [{ versionIds: before, until: at }]
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

/** Where nothing was used there is nothing to wait for: it is billed for good now, and what still comes is late. */
function closing(sold: Metered, ended: readonly MeteredPeriod[], facts: MeteringFacts): Closed {
  const billablesOf = (some: readonly MeteredPeriod[]) => some.flatMap((one) => meteredBillables(sold, one, facts))
  const billables = billablesOf(ended)
  if (ended.every(({ sealedAt }) => sealedAt <= facts.now) || billables.some(({ kind }) => kind === 'usage')) {
    return { periods: ended, billables }
  }
  const periods = ended.map((one) => ({ ...one, sealedAt: facts.now }))
  return { periods, billables: billablesOf(periods) }
}

/** A metering period as it ends; none where the subscription was billed elsewhere. */
function periodEnding(
  subscription: Running,
  interval: Interval,
  period: Period,
  endedAt: Instant,
  { graceMs }: Pick<MeteringFacts, 'graceMs'>,
): readonly MeteredPeriod[] {
  if (isUnbilled(subscription, subscription)) return []
  const segments = subscription.metering?.segments.filter(({ until }) => until > period.start) ?? []
  const { anchorAt, period: billed, pausedMs } = subscription
  return [
    {
      ...{
        interval,
        period,
        endedAt,
        agreement: agreementOf(subscription),
        standing: { anchorAt, period: billed, pausedMs },
      },
      timeline: [...segments, { versionIds: versionIdsOf(subscription), until: period.end }],
      ...{ invoiceId: null, sealedAt: plusMs(endedAt, graceMs), supplementAt: null },
    },
  ]
}

/** What was used in a metering period, and what is missing to what was committed, as of now. */
export function meteredBillables(
  subscription: Pick<Metered, 'id' | 'currency' | 'timezone' | 'billingTime' | 'endsAt' | 'billFrom'>,
  { interval, period, timeline: priced, agreement, standing, sealedAt }: MeteredPeriod,
  { versions, usageOf, now }: MeteringFacts,
  which: 'what_costs' | 'even_nothing' = 'what_costs',
): readonly Billable[] {
  const sold: Metered = { ...subscription, ...agreement, ...standing }
  const timeline: readonly Segment[] = priced.map(({ versionIds, until }) => ({
    versions: versionsOf(versionIds, versions),
    until,
  }))
  const window = { interval, period, timeline, final: sealedAt <= now, evenNothing: which === 'even_nothing' }
  const used = usageBillables(sold, window, usageOf)
  const isDefault = sameInterval(interval, meteringInterval({ interval: null }, agreement.interval))
  return [...used, ...minimumBillables(sold, { ...window, isDefault }, used, versions)]
}

/** Each interval in which something sold is summed up; a plan's minimum by its default one. */
export function intervalsOf(sold: Sold, versions: Versions): readonly Interval[] {
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

export function versionIdsOf(agreement: Agreement) {
  return itemsOf(agreement).map(({ planVersionId }) => planVersionId)
}

export function versionsOf(ids: readonly PlanVersion['id'][], versions: Versions): readonly PlanVersion[] {
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
export function meteringEnd(sold: Sold, { anchorAt, period }: Standing, interval: Interval, at: Instant): Instant {
  if (sameInterval(interval, sold.interval)) return period.end
  const { end } = periodContaining({ at: anchorAt, zone: sold.timezone }, interval, at)
  return end < period.end ? end : period.end
}

function later(left: Instant, right: Instant): Instant {
  return left > right ? left : right
}
