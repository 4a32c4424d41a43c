import { decimal, decimalText } from '../../kernel/decimal.ts'
import { type Fraction, fractionOf } from '../../kernel/fraction.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import { type Interval, type Period, periodContaining, sameInterval } from '../../kernel/period.ts'
import { localDaysBetween } from '../../kernel/zone.ts'
import { type Charge, meteringInterval } from '../../plans/domain/charge.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { rate, type Usage } from '../../plans/domain/rating.ts'
import type { Agreement } from './agreement.ts'
import { type Billable, lineAmount, pricedItems, type Versions } from './billable.ts'
import { restOfPeriod, type Standing, unitsBetween } from './periods.ts'
import type { Subscription } from './subscription.ts'

/** A question after usage: of a metric, in a window of time, of events with these properties. */
export type UsageAsked = {
  readonly subscriptionId: Subscription['id']
  readonly metric: string
  readonly filters: Charge['filters']
  readonly period: Period
  /** The metering period that `period` is the beginning of: what is weighed by time is a share of it. */
  readonly of: Period
  /** The amounts are wanted one by one, not only their sum. */
  readonly perEvent: boolean
  /** It is billed for good: what arrives for `of` from now on is late. */
  readonly final: boolean
}
export type UsageOf = (asked: UsageAsked) => Usage

/** Nothing was used. */
export const noUsage: UsageOf = () => ({ quantity: '0', events: [] })

export type MeteringFacts = {
  readonly versions: Versions
  readonly usageOf: UsageOf
  readonly now: Instant
  /** So long after its end a metering period takes what was used in it. */
  readonly graceMs: number
}

/** A subscription in a billing period, running or paused. */
export type Metered = Agreement &
  Standing &
  Pick<Subscription, 'id' | 'currency' | 'timezone' | 'billingTime' | 'endsAt' | 'billFrom'>

/** The versions that priced what was used until an instant. */
export type Segment = { readonly versions: readonly PlanVersion[]; readonly until: Instant }

type Window = {
  readonly interval: Interval
  readonly period: Period
  /** In order of time; the last ends with the window. */
  readonly timeline: readonly Segment[]
  /** It is billed for good. */
  readonly final: boolean
  /** With what nothing was used of, or nothing is missing to: as what it is now, beside what it was. */
  readonly evenNothing: boolean
}

/**
 * What was used in a metering period. Where its price changed from f to g after `a` of `b` units: f(a) and g(b) − g(a),
 * each the difference of rounded cumulative values (semantics.md, Prices).
 */
export function usageBillables(
  subscription: Metered,
  { interval, period, timeline, final, evenNothing }: Window,
  usageOf: UsageOf,
): readonly Billable[] {
  return namesIn(subscription, timeline).flatMap((name) => {
    const { metric, filters } = name
    const perEvent = timeline.some(
      (segment) => chargeIn(subscription, segment, name, interval)?.charge.model.type === 'percentage',
    )
    const used = (until: Instant) =>
      usageOf({
        ...{ subscriptionId: subscription.id, metric, filters, of: period, perEvent, final },
        period: { start: period.start, end: until },
      })
    return timeline.flatMap((segment, index): readonly Billable[] => {
      const found = chargeIn(subscription, segment, name, interval)
      if (found === null) return []
      const [start, end] = [timeline[index - 1]?.until ?? period.start, segment.until]
      const [before, after] = [rate(found.charge.model, used(start)), rate(found.charge.model, used(end))]
      const quantity = decimal(used(end).quantity).minus(decimal(used(start).quantity))
      if (quantity.eq(0) && !evenNothing) return []
      return [
        {
          ...aboutVersion(subscription, found.version, found.version.planName),
          kind: 'usage',
          key: `usage:${start}${suffixOf(name)}`,
          metric,
          quantity: decimalText(quantity),
          parts: after.parts,
          earlier: roundHalfAwayFromZero(before.exact, 1n),
          period: { start, end },
          proration: null,
        },
      ]
    })
  })
}

/** What is missing to what was committed: to a charge for its usage, to the plan for base and usage together. */
export function minimumBillables(
  subscription: Metered,
  { interval, period, timeline, evenNothing, isDefault }: Window & { readonly isDefault: boolean },
  used: readonly Billable[],
  versions: Versions,
): readonly Billable[] {
  const served = servedPart(subscription, interval, period)
  const part = served.of === served.all ? null : fractionOf(served.of, served.all)
  const amountOf = (some: readonly Billable[]) => some.reduce((sum, billable) => sum + lineAmount(billable), 0n)
  const latest = timeline.at(-1)?.versions ?? []
  const ofCharges = latest.flatMap((version, item) =>
    version.charges.flatMap((charge): readonly Billable[] => {
      const { minimum, metric, currency } = charge
      if (minimum === null || currency !== subscription.currency) return []
      if (!sameInterval(meteringInterval(charge, subscription.interval), interval)) return []
      const suffix = suffixOf({ ...charge, addOn: addOnOf(version, item) })
      const own = used.filter(({ key }) => key.replace(/^usage:\d+/, '') === suffix)
      const name = `${version.planName}, least for ${metric}`
      const key = `minimum:${period.start}${suffix}`
      return missing(aboutVersion(subscription, version, name), {
        key,
        minimum,
        served: part,
        covered: amountOf(own),
        ...{ period, evenNothing },
      })
    }),
  )
  if (!isDefault) return ofCharges
  const covered = amountOf(used) + amountOf(ofCharges) + basePart(subscription, served.of, versions)
  const ofPlans = latest.slice(0, 1).flatMap((version) =>
    version.minimums.flatMap(({ currency, amount }) => {
      if (currency !== subscription.currency) return []
      const about = aboutVersion(subscription, version, `${version.planName}, minimum`)
      return missing(about, {
        key: `minimum:${period.start}`,
        minimum: amount,
        served: part,
        covered,
        period,
        evenNothing,
      })
    }),
  )
  return [...ofCharges, ...ofPlans]
}

type Missing = {
  readonly key: string
  readonly minimum: string
  readonly served: Fraction | null
  readonly covered: bigint
  readonly period: Period
  readonly evenNothing: boolean
}

function missing(
  about: ReturnType<typeof aboutVersion>,
  { key, minimum, served, covered, period, evenNothing }: Missing,
): readonly Billable[] {
  const billable: Billable = {
    ...about,
    ...{ kind: 'minimum', key, period, quantity: '1', unitAmount: minimum, proration: served, covered },
  }
  const amount = lineAmount(billable)
  if (amount > 0n) return [billable]
  return evenNothing ? [{ ...billable, covered: covered + amount }] : []
}

/** Of the base prices of the billing period, what falls into so many served days. */
function basePart(subscription: Metered, days: number, versions: Versions): bigint {
  const whole = restOfPeriod(subscription, subscription, subscription.period.start, 'day')
  const all =
    whole?.denominator ?? unitsBetween(subscription.period.start, subscription.period.end, 'day', subscription.timezone)
  const items = pricedItems(subscription, subscription, versions)
  return items.reduce((sum, { item, unitAmount }) => {
    const price = decimal(unitAmount).times(item.quantity).times(Math.min(days, all))
    return sum + roundHalfAwayFromZero(price, BigInt(all))
  }, 0n)
}

/**
 * The days of the metering period that were served, and all that it has. A pause has moved its end, and with it the
 * boundary before: what was served before the pause lies between that boundary and the resumption now.
 */
function servedPart({ anchorAt, timezone }: Metered, interval: Interval, { start, end }: Period) {
  const whole = periodContaining({ at: anchorAt, zone: timezone }, interval, plusMs(end, -1))
  const from = start > whole.start ? start : whole.start
  return {
    of: localDaysBetween(from, end, timezone),
    all: localDaysBetween(whole.start, whole.end, timezone),
  }
}

/** A charge of the plan, whichever it is in a segment, or of one add-on. */
type Name = Pick<Charge, 'metric' | 'filters'> & { readonly addOn: PlanVersion['planId'] | null }

/** What is metered in any segment, each once. */
export function namesIn({ currency }: Pick<Metered, 'currency'>, timeline: readonly Segment[]): readonly Name[] {
  const names = timeline.flatMap(({ versions }) =>
    versions.flatMap((version, item) =>
      version.charges.flatMap((charge): readonly Name[] =>
        charge.currency === currency ? [{ ...charge, addOn: addOnOf(version, item) }] : [],
      ),
    ),
  )
  return [...new Map(names.map((name) => [suffixOf(name), name])).values()]
}

export function chargeIn(
  subscription: Pick<Metered, 'currency' | 'interval'>,
  { versions }: Segment,
  name: Name,
  interval: Interval,
) {
  for (const [item, version] of versions.entries()) {
    const charge = version.charges.find(
      (one) =>
        one.currency === subscription.currency &&
        suffixOf({ ...one, addOn: addOnOf(version, item) }) === suffixOf(name) &&
        sameInterval(meteringInterval(one, subscription.interval), interval),
    )
    if (charge !== undefined) return { version, charge }
  }
  return null
}

/** The plan is the first of what is sold. */
function addOnOf({ planId }: PlanVersion, item: number): Name['addOn'] {
  return item === 0 ? null : planId
}

/** Ends the key of what is billed: tells the charges of a metering period apart. */
export function suffixOf({ addOn, metric, filters }: Name): string {
  return `${addOn === null ? '' : `:${addOn}`}:${metric}:${nameOfFilters(filters)}`
}

/** Part of the key of what is billed: tells charges of one metric apart. */
export function nameOfFilters(filters: Charge['filters']): string {
  return Object.entries(filters)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join('&')
}

function aboutVersion({ id: subscriptionId }: Metered, { id: planVersionId, planId }: PlanVersion, name: string) {
  return { subscriptionId, planId, planVersionId, name }
}
