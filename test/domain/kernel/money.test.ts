import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Currency, findCurrency } from '../../../src/kernel/currency.ts'
import { decimal } from '../../../src/kernel/decimal.ts'
import { InvariantViolation, invariant } from '../../../src/kernel/invariant.ts'
import {
  add,
  allocate,
  formatMoney,
  isNegative,
  MAX_MINOR,
  type Money,
  money,
  negate,
  roundHalfAwayFromZero,
  subtract,
} from '../../../src/kernel/money.ts'

function currency<Code extends string>(code: Code): Currency<Code> {
  const found = findCurrency(code)
  invariant(found, code)
  return found
}

const usd = currency('USD')
const eur = currency('EUR')

describe('adding', () => {
  test('keeps the currency', () => {
    const total: Money<Currency<'USD'>> = add(money(1999n, usd), money(1n, usd))
    expect(total).toEqual({ amount: 2000n, currency: 'USD' })
    expect(subtract(money(1n, usd), money(3n, usd))).toEqual(negate(money(2n, usd)))
    expect([-1n, 0n, 1n].map((amount) => isNegative(money(amount, usd)))).toEqual([true, false, false])
  })

  test('dollars and euros do not compile, and throw', () => {
    // @ts-expect-error two currencies known to the compiler
    expect(() => add(money(1n, usd), money(1n, eur))).toThrow(InvariantViolation)
    // @ts-expect-error two currencies known to the compiler
    expect(() => subtract(money(1n, usd), money(1n, eur))).toThrow(InvariantViolation)
    // @ts-expect-error a code that nobody looked up
    const unchecked: Money = { amount: 1n, currency: 'USD' }
    const [left, right]: readonly Money[] = [unchecked, money(1n, eur)]
    invariant(left && right, 'two')
    expect(() => add(left, right)).toThrow(InvariantViolation)
  })

  test('stops at what JSON keeps exactly', () => {
    expect(money(-MAX_MINOR, usd).amount).toBe(BigInt(Number.MIN_SAFE_INTEGER))
    expect(() => add(money(MAX_MINOR, usd), money(1n, usd))).toThrow(InvariantViolation)
    expect(() => money(-MAX_MINOR - 1n, usd)).toThrow(InvariantViolation)
  })
})

describe('roundHalfAwayFromZero', () => {
  test.each([
    ['0.5', 1n, 1n],
    ['-0.5', 1n, -1n],
    ['0.499999999999', 1n, 0n],
    ['-0.499999999999', 1n, 0n],
    ['10.4', 1n, 10n],
    ['2.5', 1n, 3n],
    ['4900', 2n, 2450n],
    ['-20000', 30n, -667n],
    ['-18281700', 365n, -50087n],
    ['1', 3n, 0n],
    ['0.1', 2n, 0n],
    ['9007199254740993', 2n, 4503599627370497n],
  ])('%s ÷ %s = %s', (numerator, denominator, expected) => {
    expect(roundHalfAwayFromZero(decimal(numerator), denominator)).toBe(expected)
  })

  test('a denominator that is not positive is a bug', () => {
    expect(() => roundHalfAwayFromZero(1n, 0n)).toThrow(InvariantViolation)
    expect(() => roundHalfAwayFromZero(1n, -2n)).toThrow(InvariantViolation)
  })

  test('is within a half of the exact value, a half only outwards, and the same on both sides of zero', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.bigInt(1n, 10n ** 6n), (numerator, denominator) => {
        const rounded = roundHalfAwayFromZero(numerator, denominator)
        const twiceError = 2n * (rounded * denominator - numerator)
        expect(twiceError <= denominator && twiceError >= -denominator).toBe(true)
        if (twiceError === denominator) expect(numerator > 0n).toBe(true)
        if (twiceError === -denominator) expect(numerator < 0n).toBe(true)
        expect(roundHalfAwayFromZero(-numerator, denominator)).toBe(-rounded)
        expect(roundHalfAwayFromZero(decimal(numerator), denominator)).toBe(rounded)
      }),
    )
  })
})

describe('allocate', () => {
  test.each([
    ['1000 in three', 1000n, [1n, 1n, 1n], [334n, 333n, 333n]],
    ['the tax of 56 on three of 99', 56n, [99n, 99n, 99n], [19n, 19n, 18n]],
    ['a credit mirrors it', -56n, [99n, 99n, 99n], [-19n, -19n, -18n]],
    ['the larger remainder before the earlier', 10n, [1n, 2n, 4n], [1n, 3n, 6n]],
    ['a weight of nothing', 5n, [0n, 1n, 1n], [0n, 3n, 2n]],
    ['nothing', 0n, [1n, 2n], [0n, 0n]],
  ])('%s', (_name, amount, weights, parts) => {
    expect(allocate(amount, weights)).toEqual(parts)
  })

  test.each([[[]], [[0n, 0n]], [[2n, -1n]]])('weights %o are a bug', (weights) => {
    expect(() => allocate(1n, weights)).toThrow(InvariantViolation)
  })

  test('parts sum to the whole, are less than one from their share, and mirror', () => {
    const weights = fc
      .array(fc.bigInt(0n, 10n ** 9n), { minLength: 1, maxLength: 40 })
      .filter((all) => all.some((weight) => weight > 0n))
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 15n), 10n ** 15n), weights, (amount, all) => {
        const parts = allocate(amount, all)
        const total = all.reduce((sum, weight) => sum + weight, 0n)
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amount)
        for (const [index, weight] of all.entries()) {
          const error = (parts[index] ?? 0n) * total - amount * weight
          expect(error < total && error > -total).toBe(true)
        }
        expect(allocate(-amount, all)).toEqual(parts.map((part) => -part))
      }),
    )
  })
})

describe('formatMoney', () => {
  test.each([
    [199900n, 'USD', 'en-US', '$1,999.00'],
    [-5n, 'USD', 'en-US', '-$0.05'],
    [199900n, 'EUR', 'de-DE', '1.999,00 €'],
    [1999n, 'JPY', 'en-US', '¥1,999'],
    [1500n, 'HUF', 'en-US', 'HUF 15.00'],
    [1500n, 'KWD', 'en-US', 'KWD 1.500'],
    [MAX_MINOR, 'USD', 'en-US', '$90,071,992,547,409.91'],
  ])('%s %s in %s is %s', (amount, code, locale, text) => {
    expect(formatMoney(money(amount, currency(code)), locale).replace(/\s/g, ' ')).toBe(text)
  })
})
