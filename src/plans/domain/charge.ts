import type { Currency } from '../../kernel/currency.ts'
import { divides, type Interval } from '../../kernel/period.ts'

/** A metered price: what using something costs, in arrears. Amounts are decimal strings in minor units, up to 12 decimals. */
export type Charge = {
  /** The code of the metric that is counted. */
  readonly metric: string
  readonly currency: Currency
  /** How often usage is summed up and billed; null for the default of `meteringInterval`. */
  readonly interval: Interval | null
  /** Only events with these properties count; none means all of the metric's. */
  readonly filters: Readonly<Record<string, string>>
  readonly model: PriceModel
  /** The least that a metering period of this charge comes to. */
  readonly minimum: string | null
  readonly cap: Cap | null
}

/** What a metering period may hold: usage beyond `limit` is refused, or billed and only reported. */
type Cap = { readonly limit: string; readonly over: (typeof capPolicies)[number] }
export const capPolicies = ['bill', 'reject'] as const

export const modelTypes = ['standard', 'graduated', 'volume', 'package', 'percentage'] as const
export type ModelType = (typeof modelTypes)[number]

type Models = {
  standard: { readonly unitAmount: string }
  graduated: { readonly tiers: readonly Tier[] }
  volume: { readonly tiers: readonly Tier[] }
  /** Begun packages are whole ones. */
  package: { readonly packageSize: string; readonly unitAmount: string; readonly freeUnits: string }
  percentage: {
    /** In percent: "2.5" of an event's amount. */
    readonly rate: string
    /** For each event. */
    readonly fixedAmount: string
    readonly freeEvents: number
    readonly perEventMin: string | null
    readonly perEventMax: string | null
  }
}

/** How a quantity becomes an amount: `rate` in rating.ts says how exactly. */
export type PriceModel<T extends ModelType = ModelType> = { [K in T]: { readonly type: K } & Models[K] }[T]

/** Up to and with `upTo` units, null for all beyond. `flatAmount` is due once the tier is entered. */
export type Tier = { readonly upTo: string | null; readonly unitAmount: string; readonly flatAmount: string }

const month: Interval = { unit: 'month', count: 1 }

/**
 * How often a charge is summed up and billed under a base price of that interval: as it says itself, else monthly where
 * the price is for several months, else with the price. A price by weeks has no month that divides it (semantics.md, Prices).
 */
export function meteringInterval(charge: Pick<Charge, 'interval'>, base: Interval): Interval {
  return charge.interval ?? (divides(month, base) ? month : base)
}
