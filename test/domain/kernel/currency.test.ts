import { describe, expect, test } from 'vitest'
import { currencyCodes, exponentOf, findCurrency } from '../../../src/kernel/currency.ts'
import { invariant } from '../../../src/kernel/invariant.ts'

function currency(code: string) {
  const found = findCurrency(code)
  invariant(found, code)
  return found
}

describe('exponents are ISO 4217’s', () => {
  test.each([
    ['JPY', 0],
    ['ISK', 0],
    ['UGX', 0],
    ['KRW', 0],
    ['CLP', 0],
    ['USD', 2],
    ['EUR', 2],
    ['HUF', 2],
    ['XCG', 2],
    ['KWD', 3],
    ['TND', 3],
    ['CLF', 4],
  ])('%s has %i decimals', (code, exponent) => {
    expect(exponentOf(currency(code))).toBe(exponent)
  })
})

test.each(['usd', 'Usd', ' USD', 'US', '', 'XAU', 'XXX', 'XTS', 'XDR', 'USN', 'HRK', 'ANG', 'constructor'])(
  '%o is no currency',
  (code) => {
    expect(findCurrency(code)).toBeNull()
  },
)

test('the list is sorted, without repeats, and found by each of its codes', () => {
  expect(currencyCodes).toEqual([...new Set(currencyCodes)].sort())
  expect(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code) && findCurrency(code) === code)).toBe(true)
})

test('what Intl knows and we do not is withdrawn or supranational', () => {
  const missing = Intl.supportedValuesOf('currency').filter((code) => findCurrency(code) === null)
  const known = ['ANG', 'BGN', 'CUC', 'HRK', 'SLL', 'XDR', 'XSU', 'ZWL']
  expect(missing.filter((code) => !known.includes(code))).toEqual([])
})
