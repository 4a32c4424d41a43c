import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { divides, type Interval, sameInterval } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Charge } from './charge.ts'

/** What one seat costs for one interval, in advance. `unitAmount` is a decimal string in minor units, up to 12 decimals. */
export type Price = {
  readonly currency: Currency
  readonly interval: Interval
  readonly unitAmount: string
}

/**
 * The least that base price and usage of a metering period come to together, before discounts: a decimal string in minor
 * units, for each currency that has one.
 */
export type Minimum = { readonly currency: Currency; readonly amount: string }

/** What is sold, without whose it is. */
export type Terms = {
  readonly prices: readonly Price[]
  readonly charges: readonly Charge[]
  readonly minimums: readonly Minimum[]
}

/** Frozen once made: a subscription keeps the version it was sold. */
export type PlanVersion = Terms & {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'plan_version'>
  readonly planId: Id<'plan'>
  /** 1, 2, 3 … */
  readonly number: number
  /** Frozen with the version, because lines name it. */
  readonly planName: string
  readonly trialDays: number
  readonly createdAt: Instant
}

/** An add-on is sold as an item of a subscription to a plan, never alone. */
export const planKinds = ['plan', 'add_on'] as const

export type Plan = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'plan'>
  readonly version: number
  readonly kind: (typeof planKinds)[number]
  readonly code: string
  readonly name: string
  readonly metadata: Metadata
  readonly current: PlanVersion
  readonly archivedAt: Instant | null
  /** The code of the plan to offer instead, once archived. */
  readonly replacedBy: string | null
  readonly createdAt: Instant
}

/** A currency and interval that a plan can be subscribed to in; `price` is null where nothing but usage costs. */
export type Offer = { readonly currency: Currency; readonly interval: Interval; readonly price: Price | null }

export function findPrice(version: Terms, currency: Currency, interval: Interval): Price | null {
  return version.prices.find((price) => price.currency === currency && sameInterval(price.interval, interval)) ?? null
}

/**
 * The interval asked for and its base price (none where only usage costs), or what exists instead. With no interval
 * given, the plan's only one in that currency.
 */
export function choosePrice(
  plan: Pick<Plan, 'code'>,
  version: Terms,
  currency: Currency,
  asked: { readonly unit: Interval['unit'] | null; readonly count: number },
): Result<Pick<Offer, 'interval' | 'price'>, Rejection> {
  const offers = offersOf(version)
  const offered = offers.filter((offer) => offer.currency === currency)
  const matching =
    asked.unit === null
      ? offered
      : offered.filter(({ interval }) => interval.unit === asked.unit && interval.count === asked.count)
  const [offer, ...others] = matching
  if (offer !== undefined && others.length === 0) return ok(offer)
  return err({
    code: 'price_not_found',
    detail:
      offer === undefined
        ? `Plan ${plan.code} has no price in ${currency}${asked.unit ? ` per ${intervalName({ unit: asked.unit, count: asked.count })}` : ''}.`
        : `Plan ${plan.code} has several prices in ${currency}.`,
    hint: `Choose one of: ${offers.map(offerName).join(', ')}.`,
    pointer: '/interval',
  })
}

/** A plan's prices; of one without prices, the intervals that suit its charges in each of their currencies. */
export function offersOf({ prices, charges }: Pick<Terms, 'prices' | 'charges'>): readonly Offer[] {
  if (prices.length > 0) return prices.map((price) => ({ ...price, price }))
  const currencies = new Set(charges.map(({ currency }) => currency))
  return [...currencies].flatMap((currency) => {
    const intervals = usageIntervals(charges.filter((charge) => charge.currency === currency))
    return intervals.map((interval) => ({ currency, interval, price: null }))
  })
}

const month: Interval = { unit: 'month', count: 1 }

/** The intervals that charges name and that all of them tile, each once; a month when none names one. */
function usageIntervals(charges: readonly Charge[]): readonly Interval[] {
  const named = charges.flatMap(({ interval }) => (interval === null ? [] : [interval]))
  if (named.length === 0) return [month]
  return named.filter(
    (interval, index) =>
      named.findIndex((other) => sameInterval(other, interval)) === index &&
      named.every((other) => divides(other, interval)),
  )
}

/** "USD per month" */
function offerName({ currency, interval }: Pick<Price, 'currency' | 'interval'>): string {
  return `${currency} per ${intervalName(interval)}`
}

/** "month", "2 weeks" */
export function intervalName({ unit, count }: Interval): string {
  return count === 1 ? unit : `${count} ${unit}s`
}
