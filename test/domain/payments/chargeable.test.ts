import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currencyCodes } from '../../../src/kernel/currency.ts'
import { chargeable, gatewayAmount, isSmall, unchargeableBelow } from '../../../src/payments/domain/gateway-amount.ts'
import { currency } from '../../support/given-payments.ts'

describe('FR-105 what is charged', () => {
  test.each([
    ['USD', 1999n, 1999n, 1999n],
    ['JPY', 1500n, 1500n, 1500n],
    ['KWD', 1239n, 1230n, 1230n],
    ['KWD', 9n, 0n, 0n],
    ['BHD', 1000n, 1000n, 1000n],
    ['ISK', 990n, 990n, 99_000n],
    ['UGX', 15_000n, 15_000n, 1_500_000n],
    ['MGA', 100_050n, 100_000n, 1_000n],
    ['HUF', 1500n, 1500n, 1500n],
  ])('%s %s: %s, told as %s', (code, balance, amount, told) => {
    expect(chargeable(balance, currency(code))).toBe(amount)
    expect(gatewayAmount(amount, currency(code))).toBe(told)
  })

  test('never more than the balance, and less by what no gateway can carry', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencyCodes), fc.bigInt(0n, 10n ** 12n), (code, balance) => {
        const rest = balance - chargeable(balance, currency(code))
        expect(rest >= 0n && rest < unchargeableBelow(currency(code))).toBe(true)
      }),
    )
  })
})

describe('FR-103 what is too little to charge', () => {
  test.each([
    ['USD', 50n],
    ['EUR', 50n],
    ['GBP', 30n],
    ['JPY', 50n],
    ['HUF', 17_500n],
    ['CZK', 1500n],
    ['AED', 200n],
    ['DKK', 250n],
    ['PLN', 200n],
    // Where the gateway says none: what it can charge at all.
    ['KWD', 10n],
    ['ISK', 1n],
    ['MGA', 100n],
    ['VND', 1n],
  ])('in %s is less than %s', (code, least) => {
    expect([isSmall(least - 1n, currency(code)), isSmall(least, currency(code))]).toEqual([true, false])
    expect(isSmall(0n, currency(code))).toBe(true)
  })

  test('is less than any amount that is not, in any currency', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...currencyCodes),
        fc.bigInt(0n, 40_000n),
        fc.bigInt(0n, 40_000n),
        (code, one, other) => {
          const [less, more] = one < other ? [one, other] : [other, one]
          if (!isSmall(less, currency(code))) expect(isSmall(more, currency(code))).toBe(false)
        },
      ),
    )
  })
})
