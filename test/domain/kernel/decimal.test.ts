import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal, decimalText, parseDecimal, timesNeeded } from '../../../src/kernel/decimal.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'

describe('parseDecimal', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['19.990', '19.99'],
    ['007', '7'],
    ['-1.5', '-1.5'],
    ['0.000000000001', '0.000000000001'],
    ['100000000000000000000000', '100000000000000000000000'],
    ['999999999999999999999999.999999999999', '999999999999999999999999.999999999999'],
  ])('reads %s as %s', (text, canonical) => {
    const parsed = parseDecimal(text)
    expect(parsed.ok && decimalText(parsed.value)).toBe(canonical)
  })

  test.each([
    ['', 'not_a_decimal'],
    ['.5', 'not_a_decimal'],
    ['5.', 'not_a_decimal'],
    ['+5', 'not_a_decimal'],
    ['1e3', 'not_a_decimal'],
    ['1,000', 'not_a_decimal'],
    [' 1', 'not_a_decimal'],
    ['1\n', 'not_a_decimal'],
    ['٣', 'not_a_decimal'],
    ['NaN', 'not_a_decimal'],
    ['0x10', 'not_a_decimal'],
    ['0.0000000000001', 'too_many_decimals'],
    ['1000000000000000000000000', 'too_large'],
    ['-1000000000000000000000000', 'too_large'],
  ])('refuses %o: %s', (text, error) => {
    expect(parseDecimal(text)).toEqual({ ok: false, error })
  })
})

test('nothing has no sign, however it came about', () => {
  expect(decimalText(decimal('-1.5').times(decimal('0')))).toBe('0')
})

test('decimal() takes what is known to be one and throws for what is not', () => {
  expect(decimalText(decimal(12n))).toBe('12')
  expect(decimalText(decimal('0.50'))).toBe('0.5')
  expect(() => decimal('half')).toThrow(InvariantViolation)
  expect(() => decimal(10n ** 24n)).toThrow(InvariantViolation)
})

test.each([
  ['0', '3', '0'],
  ['3', '3', '1'],
  ['3.000000000001', '3', '2'],
  ['0.3', '0.1', '3'],
  ['100', '0.3', '334'],
  ['999999999999999999999999', '0.000000000001', '999999999999999999999999000000000000'],
])('to hold %s takes, in parts of %s, %s', (value, size, count) => {
  expect(decimalText(timesNeeded(decimal(value), decimal(size)))).toBe(count)
})

test('nothing is held by parts of nothing, nor less than nothing by any', () => {
  expect(() => timesNeeded(decimal('1'), decimal('0'))).toThrow(InvariantViolation)
  expect(() => timesNeeded(decimal('-1'), decimal('1'))).toThrow(InvariantViolation)
})

test('a decimal comes back from its text unchanged, and its text is canonical', () => {
  const unscaled = fc.bigInt({ min: -(10n ** 36n - 1n), max: 10n ** 36n - 1n })
  fc.assert(
    fc.property(unscaled, (value) => {
      const one = decimal('0.000000000001')
      const billionths = decimal(value / 10n ** 12n).plus(one.times(String(value % 10n ** 12n)))
      const text = decimalText(billionths)
      expect(text).toMatch(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/)
      expect(decimal(text).eq(billionths)).toBe(true)
    }),
  )
})
