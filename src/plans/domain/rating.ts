import { type Decimal, decimal, decimalText, timesNeeded } from '../../kernel/decimal.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { ModelType, PriceModel, Tier } from './charge.ts'

/** What was used in one metering period, as decimal strings of up to 12 decimals. */
export type Usage = {
  readonly quantity: string
  /** The amounts one by one, by timestamp and then id, which sum to the quantity: only a percentage needs them. */
  readonly events?: readonly string[]
}

/**
 * What a share of the quantity costs: `amount` = `quantity` × `unitAmount` + `flatAmount`, exact and unrounded, so that it
 * may have more decimals than `parseDecimal` reads. `from` (exclusive) and `upTo` (inclusive) are the bounds of its tier.
 */
export type RatedPart = {
  readonly from: string
  readonly upTo: string | null
  readonly quantity: string
  readonly unitAmount: string
  readonly flatAmount: string
  readonly amount: string
}

/** `exact` is the sum of the parts in minor units, not rounded: a line is rounded once (semantics.md, Money). */
export type Rated = { readonly parts: readonly RatedPart[]; readonly exact: Decimal }

/**
 * What usage costs by a model (semantics.md, Prices). Zero units cost nothing, flat amounts included, nor does less than
 * zero, which a correction can leave. @throws {InvariantViolation} for a percentage of usage without its events.
 */
export function rate(model: PriceModel, usage: Usage): Rated {
  const quantity = decimal(usage.quantity)
  const shares = quantity.gt(0) ? sharesOf(model, quantity, usage.events) : []
  const parts = shares.map((share) => ({
    share,
    amount: share.quantity.times(share.unitAmount).plus(share.flatAmount),
  }))
  return {
    parts: parts.map(({ share, amount }) => partOf(share, amount)),
    exact: parts.reduce((sum, { amount }) => sum.plus(amount), zero),
  }
}

/** A part before its amount is known. */
type Share = {
  readonly from: Decimal
  readonly upTo: Decimal | null
  readonly quantity: Decimal
  readonly unitAmount: Decimal
  readonly flatAmount: Decimal
}

type Events = readonly string[] | undefined
type Rater<T extends ModelType> = (model: PriceModel<T>, quantity: Decimal, events: Events) => readonly Share[]

const zero = decimal('0')
const hundredth = decimal('0.01')
const everything = { from: zero, upTo: null }
const free = { unitAmount: zero, flatAmount: zero }

const raters: { readonly [T in ModelType]: Rater<T> } = {
  standard: ({ unitAmount }, quantity) => [
    { ...everything, quantity, unitAmount: decimal(unitAmount), flatAmount: zero },
  ],
  graduated,
  volume,
  package: packages,
  percentage,
}

function sharesOf<T extends ModelType>(model: PriceModel<T>, quantity: Decimal, events: Events): readonly Share[] {
  return raters[model.type](model, quantity, events)
}

/** Each unit at its own tier's price, and the flat amount of every tier that is entered. */
function graduated({ tiers }: PriceModel<'graduated'>, quantity: Decimal): readonly Share[] {
  return boundedTiers(tiers)
    .filter(({ from }) => quantity.gt(from))
    .map((tier) => ({ ...tier, quantity: within(tier, quantity) ? quantity.minus(tier.from) : widthOf(tier) }))
}

/** All units at the price of the tier that the total falls in, and its flat amount. */
function volume({ tiers }: PriceModel<'volume'>, quantity: Decimal): readonly Share[] {
  const tier = boundedTiers(tiers).find((each) => within(each, quantity))
  invariant(tier !== undefined, 'the last tier is open')
  return [{ ...tier, quantity }]
}

/** ceil(max(0, units − free) ÷ size) × price. What is begun counts whole, so the price is a flat amount of the rest. */
function packages(model: PriceModel<'package'>, quantity: Decimal): readonly Share[] {
  const freeUnits = decimal(model.freeUnits)
  const rest = quantity.gt(freeUnits) ? quantity.minus(freeUnits) : zero
  const count = timesNeeded(rest, decimal(model.packageSize))
  const shares = [
    { from: zero, upTo: freeUnits, quantity: quantity.minus(rest), ...free },
    {
      ...{ from: freeUnits, upTo: null, quantity: rest },
      ...{ unitAmount: zero, flatAmount: count.times(decimal(model.unitAmount)) },
    },
  ]
  return shares.filter((share) => share.quantity.gt(0))
}

/**
 * Each event alone: rate × amount + the fixed amount, raised to the minimum or cut to the maximum before all are summed,
 * the first of them free. Events of one treatment are one share.
 */
function percentage(model: PriceModel<'percentage'>, _quantity: Decimal, events: Events): readonly Share[] {
  invariant(events !== undefined, 'a percentage is rated event by event')
  const share = decimal(model.rate).times(hundredth)
  const fixed = decimal(model.fixedAmount)
  const least = model.perEventMin === null ? null : decimal(model.perEventMin)
  const most = model.perEventMax === null ? null : decimal(model.perEventMax)
  const treated = { free: [] as Decimal[], plain: [] as Decimal[], raised: [] as Decimal[], cut: [] as Decimal[] }
  for (const [index, text] of events.entries()) {
    const amount = decimal(text)
    const cost = amount.times(share).plus(fixed)
    if (index < model.freeEvents) treated.free.push(amount)
    else if (least?.gt(cost)) treated.raised.push(amount)
    else if (most?.lt(cost)) treated.cut.push(amount)
    else treated.plain.push(amount)
  }
  return [
    ...shareOfEvents(treated.free, zero, zero),
    ...shareOfEvents(treated.plain, share, fixed),
    ...shareOfEvents(treated.raised, zero, least ?? zero),
    ...shareOfEvents(treated.cut, zero, most ?? zero),
  ]
}

function shareOfEvents(amounts: readonly Decimal[], unitAmount: Decimal, perEvent: Decimal): readonly Share[] {
  if (amounts.length === 0) return []
  const quantity = amounts.reduce((sum, amount) => sum.plus(amount), zero)
  return [{ ...everything, quantity, unitAmount, flatAmount: perEvent.times(amounts.length) }]
}

type BoundedTier = Omit<Share, 'quantity'>

/** Each tier from where the one before ends. @throws {InvariantViolation} when the last one is not open. */
export function boundedTiers(tiers: readonly Tier[]): readonly BoundedTier[] {
  invariant(tiers.at(-1)?.upTo === null, 'the last tier is open')
  const bounds = tiers.map(({ upTo }) => (upTo === null ? null : decimal(upTo)))
  return tiers.map((tier, index) => ({
    from: bounds[index - 1] ?? zero,
    upTo: bounds[index] ?? null,
    unitAmount: decimal(tier.unitAmount),
    flatAmount: decimal(tier.flatAmount),
  }))
}

function within({ upTo }: BoundedTier, quantity: Decimal): boolean {
  return upTo === null || quantity.lte(upTo)
}

function widthOf({ from, upTo }: BoundedTier): Decimal {
  invariant(upTo !== null, 'an open tier has no width')
  return upTo.minus(from)
}

function partOf(share: Share, amount: Decimal): RatedPart {
  return {
    from: decimalText(share.from),
    upTo: share.upTo === null ? null : decimalText(share.upTo),
    quantity: decimalText(share.quantity),
    unitAmount: decimalText(share.unitAmount),
    flatAmount: decimalText(share.flatAmount),
    amount: decimalText(amount),
  }
}
