import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal } from '../../../src/kernel/decimal.ts'
import { roundHalfAwayFromZero } from '../../../src/kernel/money.ts'
import { minusRatio, ratio, ratioDecimal, ratioText, roundRatio } from '../../../src/kernel/ratio.ts'

describe('a ratio', () => {
  test.each([
    ['6', 4n, '3/2', '1.5', true, 2n],
    ['-1', 2n, '-1/2', '-0.5', true, -1n],
    ['2', 3n, '2/3', '0.666666666667', false, 1n],
    ['0.5', 1n, '1/2', '0.5', true, 1n],
    ['12.5', 5n, '5/2', '2.5', true, 3n],
    ['0', 7n, '0', '0', true, 0n],
    [
      '123456789012345678901234',
      1n,
      '123456789012345678901234',
      '123456789012345678901234',
      true,
      123456789012345678901234n,
    ],
    ['9900', 3n, '3300', '3300', true, 3300n],
    ['0.000000000001', 2n, '1/2000000000000', '0.000000000001', false, 0n],
  ] as const)('%s ÷ %s is %s, %s', (numerator, denominator, text, decimalTextOf, isExact, rounded) => {
    const value = ratio(decimal(numerator), denominator)
    expect(ratioText(value)).toBe(text)
    expect(ratioDecimal(value)).toEqual({ text: decimalTextOf, isExact })
    expect(roundRatio(value)).toBe(rounded)
  })

  test('is rounded as a line is, by half a unit at most', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
        fc.bigInt({ min: 1n, max: 10n ** 6n }),
        (a, b) => {
          const rounded = roundRatio(ratio(a, b))
          expect(rounded).toBe(roundHalfAwayFromZero(a, b))
          const { numerator, denominator } = minusRatio(ratio(rounded), ratio(a, b))
          expect(2n * (numerator < 0n ? -numerator : numerator)).toBeLessThanOrEqual(denominator)
        },
      ),
    )
  })

  test('has no zero below', () => {
    expect(() => ratio(1n, 0n)).toThrow('cannot divide')
  })
})
