import { type Decimal, decimal, decimalText, MAX_DECIMALS } from './decimal.ts'
import { invariant } from './invariant.ts'
import { roundHalfAwayFromZero } from './money.ts'

/** A number as it is before it is rounded, in lowest terms; the denominator is positive. */
export type Ratio = { readonly numerator: bigint; readonly denominator: bigint }

/** `numerator ÷ denominator`, exactly. */
export function ratio(numerator: Decimal | bigint, denominator = 1n): Ratio {
  invariant(denominator > 0n, `cannot divide by ${denominator}`)
  const [integer = '', fraction = ''] = (typeof numerator === 'bigint' ? `${numerator}` : decimalText(numerator)).split(
    '.',
  )
  const scaled = BigInt(integer + fraction)
  const below = denominator * 10n ** BigInt(fraction.length)
  const common = greatestCommonDivisor(scaled < 0n ? -scaled : scaled, below)
  return { numerator: scaled / common, denominator: below / common }
}

/** `13400/3`, or `4467` where it is whole. */
export function ratioText({ numerator, denominator }: Ratio): string {
  return denominator === 1n ? String(numerator) : `${numerator}/${denominator}`
}

/** As a decimal of up to twelve decimals, rounded half away from zero; `isExact` says whether that was needed. */
export function ratioDecimal({ numerator, denominator }: Ratio): { readonly text: string; readonly isExact: boolean } {
  const scale = 10n ** BigInt(MAX_DECIMALS)
  const rounded = roundHalfAwayFromZero(numerator * scale, denominator)
  return {
    text: decimalText(decimal('1').times(`${rounded}e-${MAX_DECIMALS}`)),
    isExact: rounded * denominator === numerator * scale,
  }
}

/** Whole numbers, rounded once, half away from zero. */
export function roundRatio({ numerator, denominator }: Ratio): bigint {
  return roundHalfAwayFromZero(numerator, denominator)
}

export function minusRatio(left: Ratio, right: Ratio): Ratio {
  const numerator = left.numerator * right.denominator - right.numerator * left.denominator
  return ratio(numerator, left.denominator * right.denominator)
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left : greatestCommonDivisor(right, left % right)
}
