import { invariant } from './invariant.ts'

/** A part of a whole in integers, so that it can be shown and computed with exactly: 15 of 30 days. */
export type Fraction = { readonly numerator: number; readonly denominator: number }

/** `numerator` of `denominator`; null for the whole, which needs no fraction. Neither is negative. */
export function fractionOf(numerator: number, denominator: number): Fraction | null {
  invariant(
    Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator) && numerator >= 0 && denominator > 0,
    `${numerator} of ${denominator} is no part of anything`,
  )
  return numerator === denominator ? null : { numerator, denominator }
}
