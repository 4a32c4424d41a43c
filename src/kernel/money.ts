import { type Currency, exponentOf } from './currency.ts'
import { type Decimal, decimalText } from './decimal.ts'
import { invariant } from './invariant.ts'

/** An amount in the currency's minor unit (cents of USD, yen of JPY, fils of KWD); negative is owed the other way. */
export type Money<C extends Currency = Currency> = { readonly amount: bigint; readonly currency: C }

/** The largest amount either way: what JSON's readers keep exactly in a number. Whoever multiplies checks it first. */
export const MAX_MINOR = 2n ** 53n - 1n

/** @throws {InvariantViolation} beyond `MAX_MINOR`. */
export function money<C extends Currency>(amount: bigint, currency: C): Money<C> {
  invariant(amount <= MAX_MINOR && amount >= -MAX_MINOR, `${amount} ${currency} is more than we keep`)
  return { amount, currency }
}

/** @throws {InvariantViolation} when the currencies differ: where the compiler knows them, it refuses first. */
export function add<C extends Currency>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  invariantSameCurrency(left, right)
  return money(left.amount + right.amount, left.currency)
}

/** @throws {InvariantViolation} when the currencies differ. */
export function subtract<C extends Currency>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  invariantSameCurrency(left, right)
  return money(left.amount - right.amount, left.currency)
}

export function negate<C extends Currency>(value: Money<C>): Money<C> {
  return { amount: -value.amount, currency: value.currency }
}

export function isNegative(value: Money): boolean {
  return value.amount < 0n
}

/**
 * `numerator ÷ denominator`, computed exactly and rounded once, half away from zero: 0.5 → 1, −0.5 → −1, 10.4 → 10.
 * The one rounding of a line's amount (semantics.md, Money). The denominator is positive.
 */
export function roundHalfAwayFromZero(numerator: Decimal | bigint, denominator: bigint): bigint {
  invariant(denominator > 0n, `cannot divide by ${denominator}`)
  const [integer = '', fraction = ''] = (typeof numerator === 'bigint' ? `${numerator}` : decimalText(numerator)).split(
    '.',
  )
  const dividend = BigInt(integer + fraction)
  const divisor = denominator * 10n ** BigInt(fraction.length)
  const size = dividend < 0n ? -dividend : dividend
  const rounded = (2n * size + divisor) / (2n * divisor)
  return dividend < 0n ? -rounded : rounded
}

/**
 * Splits an amount in proportion to the weights; the parts sum to the whole. Largest remainder: each part is cut towards
 * zero, and what is left goes by ones to the largest remainders, ties to the earlier (1000 in three: 334, 333, 333).
 * A negative amount is the mirror image. Weights are not negative and not all zero, else it is a bug.
 */
export function allocate(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n)
  invariant(
    total > 0n && weights.every((weight) => weight >= 0n),
    'an amount is split by weights that are positive in sum',
  )
  const [size, sign] = amount < 0n ? [-amount, -1n] : [amount, 1n]
  const shares = weights.map((weight, index) => ({
    index,
    part: (size * weight) / total,
    remainder: (size * weight) % total,
  }))
  const left = Number(size - shares.reduce((sum, share) => sum + share.part, 0n))
  const rounded = shares.toSorted((a, b) => compare(b.remainder, a.remainder) || a.index - b.index).slice(0, left)
  for (const share of rounded) share.part += 1n
  return shares.map((share) => sign * share.part)
}

/** As people of that locale write it, with the decimals of our list. @throws {RangeError} for a malformed locale. */
export function formatMoney(value: Money, locale: string): string {
  const decimals = exponentOf(value.currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: value.currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return format.format(majorUnits(value.amount, decimals))
}

/** 1999, 2 → "19.99": text, which Intl formats exactly. */
function majorUnits(amount: bigint, decimals: number): Intl.StringNumericLiteral {
  return `${amount}e-${decimals}` as Intl.StringNumericLiteral
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function invariantSameCurrency(left: Money, right: Money): void {
  invariant(left.currency === right.currency, `${left.currency} and ${right.currency} do not mix`)
}
