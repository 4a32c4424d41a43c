import { Big } from 'big.js'
import { invariant } from './invariant.ts'
import { err, ok, type Result } from './result.ts'

/** An exact decimal. Add, subtract and multiply with it; never divide: see `roundHalfAwayFromZero`. */
export type Decimal = Big

/** As many as a unit price or a quantity may have (semantics.md, Money), and as Postgres keeps: numeric(36, 12). */
export const MAX_DECIMALS = 12
const MAX_INTEGER_DIGITS = 24

const plainNotation = /^-?(\d+)(?:\.(\d+))?$/

/** Reads plain notation: an optional minus, digits, an optional fraction. Digits are counted as written. */
export function parseDecimal(text: string): Result<Decimal, 'not_a_decimal' | 'too_many_decimals' | 'too_large'> {
  const [match, integer = '', fraction = ''] = plainNotation.exec(text) ?? []
  if (match === undefined) return err('not_a_decimal')
  if (integer.length > MAX_INTEGER_DIGITS) return err('too_large')
  if (fraction.length > MAX_DECIMALS) return err('too_many_decimals')
  return ok(new Big(text))
}

/** A decimal that is known to be one: a constant, a stored value, a count. @throws {InvariantViolation} otherwise. */
export function decimal(text: string | bigint): Decimal {
  const parsed = parseDecimal(String(text))
  invariant(parsed.ok, `${text} is not a decimal we keep`)
  return parsed.value
}

/**
 * A sum that we made and wrote ourselves, of any length: what may be summed is limited, what it comes to is not.
 * @throws {InvariantViolation} for what is not in plain notation.
 */
export function storedDecimal(text: string): Decimal {
  invariant(plainNotation.test(text), `${text} is not a decimal we wrote`)
  return new Big(text)
}

/** The one spelling of a value: plain notation, no trailing zeros, no exponent, no minus zero. */
export function decimalText(value: Decimal): string {
  return value.toFixed()
}

/** How many of that size it takes to hold a value: their exact quotient, rounded up. Neither is negative, the size not zero. */
export function timesNeeded(value: Decimal, size: Decimal): Decimal {
  invariant(value.gte(0) && size.gt(0), `${value} in parts of ${size}`)
  const scale = new Big(10).pow(Math.max(fractionDigits(value), fractionDigits(size)))
  const [whole, part] = [value, size].map((each) => BigInt(each.times(scale).toFixed())) as [bigint, bigint]
  return new Big(((whole + part - 1n) / part).toString())
}

function fractionDigits(value: Decimal): number {
  return Math.max(0, value.c.length - 1 - value.e)
}
