import type { Charge, PriceModel, Tier } from '../../src/plans/domain/charge.ts'
import type { Terms } from '../../src/plans/domain/plan.ts'
import { month, price, USD } from './given.ts'

/** Metered prices for the tests of the domain. */

export function tier(upTo: string | null, unitAmount: string, flatAmount = '0'): Tier {
  return { upTo, unitAmount, flatAmount }
}

export function percentage(about: Partial<PriceModel<'percentage'>> = {}): PriceModel<'percentage'> {
  return {
    ...{ type: 'percentage', rate: '0', fixedAmount: '0', freeEvents: 0, perEventMin: null, perEventMax: null },
    ...about,
  }
}

export function givenCharge(about: Partial<Charge> = {}): Charge {
  return {
    ...{ metric: 'api_calls', currency: USD, interval: null, filters: {}, minimum: null, cap: null },
    model: { type: 'standard', unitAmount: '1' },
    ...about,
  }
}

/** A monthly price and a charge, unless said otherwise. */
export function givenTerms(about: Partial<Terms> = {}): Terms {
  return { prices: [price('4900', month)], charges: [givenCharge()], minimums: [], ...about }
}
