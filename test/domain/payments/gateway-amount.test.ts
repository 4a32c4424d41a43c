import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Currency, currencyCodes } from '../../../src/kernel/currency.ts'
import { chargeable, fromGatewayAmount, gatewayAmount } from '../../../src/payments/domain/gateway-amount.ts'

describe('FR-103 an amount as the gateway counts it comes back into our minor units', () => {
  test.each([
    ['USD', 1999n, 1999n],
    ['JPY', 500n, 500n],
    // Whole krónur and shillings, counted in hundredths.
    ['ISK', 150_000n, 1500n],
    ['UGX', 360_000n, 3600n],
    // Hundredths of an ariary, counted whole.
    ['MGA', 49n, 4900n],
    ['KWD', 12_340n, 12_340n],
    ['USD', -1999n, -1999n],
    ['ISK', -150_000n, -1500n],
    ['MGA', -49n, -4900n],
    // Part of a króna is none: no gateway can have charged it.
    ['ISK', 150_050n, 1500n],
  ])('%s %s is %s', (currency, counted, ours) => {
    expect(fromGatewayAmount(counted, currency as Currency)).toBe(ours)
  })

  test('and what can be charged is the same there and back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencyCodes), fc.bigInt(0n, 10n ** 12n), (code, amount) => {
        const currency = code as Currency
        const charged = chargeable(amount, currency)
        for (const signed of [charged, -charged]) {
          expect(fromGatewayAmount(gatewayAmount(signed, currency), currency)).toBe(signed)
        }
      }),
    )
  })
})
