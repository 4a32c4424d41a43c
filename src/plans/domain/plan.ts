import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import { decimal, decimalText } from '../../kernel/decimal.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Interval } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'

/** What one seat costs for one interval, in advance. `unitAmount` is a decimal string in minor units, up to 12 decimals. */
export type Price = {
  readonly currency: Currency
  readonly interval: Interval
  readonly unitAmount: string
}

/** Frozen once made: a subscription keeps the version it was sold. */
export type PlanVersion = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'plan_version'>
  readonly planId: Id<'plan'>
  /** 1, 2, 3 … */
  readonly number: number
  /** Frozen with the version, because lines name it. */
  readonly planName: string
  readonly trialDays: number
  readonly prices: readonly Price[]
  readonly createdAt: Instant
}

export type Plan = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'plan'>
  readonly version: number
  readonly code: string
  readonly name: string
  readonly metadata: Metadata
  readonly current: PlanVersion
  readonly archivedAt: Instant | null
  /** The code of the plan to offer instead, once archived. */
  readonly replacedBy: string | null
  readonly createdAt: Instant
}

export function findPrice(version: PlanVersion, currency: Currency, interval: Interval): Price | null {
  return version.prices.find((price) => price.currency === currency && sameInterval(price.interval, interval)) ?? null
}

/** The price asked for, or what exists instead. With no interval given, the plan's only one in that currency. */
export function choosePrice(
  plan: Plan,
  currency: Currency,
  asked: { readonly unit: Interval['unit'] | null; readonly count: number },
): Result<Price, Rejection> {
  const offered = plan.current.prices.filter((price) => price.currency === currency)
  const matching =
    asked.unit === null
      ? offered
      : offered.filter(({ interval }) => interval.unit === asked.unit && interval.count === asked.count)
  const [price, ...others] = matching
  if (price !== undefined && others.length === 0) return ok(price)
  const exists = plan.current.prices.map(priceName).join(', ')
  return err({
    code: 'price_not_found',
    detail:
      price === undefined
        ? `Plan ${plan.code} has no price in ${currency}${asked.unit ? ` per ${intervalName({ unit: asked.unit, count: asked.count })}` : ''}.`
        : `Plan ${plan.code} has several prices in ${currency}.`,
    hint: `Choose one of: ${exists}.`,
    pointer: '/interval',
  })
}

/** The same money for the same time is offered once; prices that differ only in spelling are the same. */
export function samePrices(left: readonly Price[], right: readonly Price[]): boolean {
  const key = (prices: readonly Price[]) =>
    prices
      .map((price) => `${priceName(price)} ${decimalText(decimal(price.unitAmount))}`)
      .sort()
      .join('|')
  return key(left) === key(right)
}

function priceName({ currency, interval }: Pick<Price, 'currency' | 'interval'>): string {
  return `${currency} per ${intervalName(interval)}`
}

function intervalName({ unit, count }: Interval): string {
  return count === 1 ? unit : `${count} ${unit}s`
}

function sameInterval(left: Interval, right: Interval): boolean {
  return left.unit === right.unit && left.count === right.count
}
