import { decimal } from '../../kernel/decimal.ts'
import type { Fraction } from '../../kernel/fraction.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Granularity } from '../../organizations/domain/organization.ts'
import { findPrice, type PlanVersion } from '../../plans/domain/plan.ts'
import type { RatedPart } from '../../plans/domain/rating.ts'
import { type Agreement, type Item, itemsOf } from './agreement.ts'
import { restOfPeriod, type Standing } from './periods.ts'
import type { Subscription } from './subscription.ts'

/** Something to charge for. `key` is unique among what the subscription was billed and did not get back. */
export type Billable = {
  readonly subscriptionId: Id<'subscription'>
  readonly planId: Id<'plan'>
  readonly planVersionId: Id<'plan_version'>
  readonly key: string
  readonly name: string
  readonly period: Period
  /** A decimal string. */
  readonly quantity: string
  /** The part of the period's price that is charged; null: all of it. */
  readonly proration: Fraction | null
} & (
  | {
      readonly kind: 'base' | 'proration_charge'
      /** A decimal string: quantity × unit amount × proration is the amount in minor units, rounded once by the line. */
      readonly unitAmount: string
    }
  | {
      readonly kind: 'minimum'
      readonly unitAmount: string
      /** What base and usage came to; the line is for what is missing. */
      readonly covered: bigint
    }
  | {
      readonly kind: 'usage'
      readonly metric: string
      /** Tier by tier. */
      readonly parts: readonly RatedPart[]
      /** What the same price makes of what was used before it held, rounded; the line is for the rest. */
      readonly earlier: bigint
    }
)

/**
 * Minor units. Computed exactly and rounded once, half away from zero (semantics.md, Money); where something is taken
 * off, both are rounded, so that what was billed before and the difference add up.
 */
export function lineAmount(billable: Priced): bigint {
  if (billable.kind === 'usage') {
    const exact = billable.parts.reduce((sum, { amount }) => sum.plus(amount), decimal('0'))
    return roundHalfAwayFromZero(exact, 1n) - billable.earlier
  }
  const { quantity, unitAmount, proration } = billable
  const { numerator, denominator } = proration ?? { numerator: 1, denominator: 1 }
  const exact = decimal(quantity).times(decimal(unitAmount)).times(numerator)
  const amount = roundHalfAwayFromZero(exact, BigInt(denominator))
  return billable.kind === 'minimum' ? amount - billable.covered : amount
}

/** What an amount is computed from. */
export type Priced = DistributivePick<
  Billable,
  'kind' | 'quantity' | 'unitAmount' | 'proration' | 'parts' | 'earlier' | 'covered'
>
type DistributivePick<T, K extends PropertyKey> = T extends unknown ? Pick<T, K & keyof T> : never

type Sold = Agreement & Pick<Subscription, 'id' | 'currency' | 'timezone' | 'billingTime' | 'endsAt' | 'billFrom'>

/** The versions of what is sold, by id. */
export type Versions = ReadonlyMap<Id<'plan_version'>, PlanVersion>

/**
 * One period's base price of every item, for all seats, in advance; a stub's is a part of it. `occurrence` tells apart the
 * periods that begin at one instant, where a command begins another one.
 */
export function baseBillables(
  subscription: Sold,
  standing: Standing,
  versions: Versions,
  occurrence = '',
): readonly Billable[] {
  const from = standing.period.start
  // Resumed at the instant at which its term ends.
  if (standing.period.end === from) return []
  const fraction = restOfPeriod(subscription, standing, from, 'day')
  return pricedItems(subscription, subscription, versions).map(({ item, version, unitAmount }, index) => ({
    ...aboutItem(subscription, item, version),
    key: `base:${from}${occurrence}${index === 0 ? '' : `:${item.planId}`}`,
    kind: 'base',
    unitAmount,
    period: { start: from, end: standing.period.end },
    proration: fraction,
  }))
}

/** What another agreement costs from an instant to the period's end. */
export function restBillables(
  subscription: Omit<Sold, keyof Agreement> & Pick<Agreement, 'interval'>,
  { agreement, standing, from, key }: Rest,
  granularity: Exclude<Granularity, 'none'>,
  versions: Versions,
): readonly Billable[] {
  const proration = restOfPeriod(subscription, standing, from, granularity)
  return pricedItems(subscription, agreement, versions).map(({ item, version, unitAmount }) => ({
    ...aboutItem(subscription, item, version),
    key,
    kind: 'proration_charge',
    unitAmount,
    period: { start: from, end: standing.period.end },
    proration,
  }))
}

type Rest = {
  readonly agreement: Agreement
  readonly standing: Standing
  readonly from: Instant
  readonly key: string
}

function aboutItem({ id }: Pick<Sold, 'id'>, item: Item, version: PlanVersion) {
  const { planId, planVersionId, quantity } = item
  return { subscriptionId: id, planId, planVersionId, quantity: String(quantity), name: version.planName }
}

/** Items with a base price; one that is only metered has none. */
export function pricedItems({ currency }: Pick<Sold, 'currency'>, agreement: Agreement, versions: Versions) {
  return itemsOf(agreement).flatMap((item) => {
    const version = versions.get(item.planVersionId)
    invariant(version !== undefined, `the snapshot must hold plan version ${item.planVersionId}`)
    const price = findPrice(version, currency, agreement.interval)
    invariant(price !== null || version.charges.length > 0, `version ${version.id} must hold the price that was sold`)
    const unitAmount = item.unitAmount ?? price?.unitAmount ?? null
    return unitAmount === null ? [] : [{ item, version, unitAmount }]
  })
}
