import { type Currency, exponentOf } from '../../kernel/currency.ts'

/** What card networks cannot carry, in minor units of ISO 4217. Source: Stripe, "Supported currencies". */

/** Three-decimal amounts are charged in tens: 1.239 KWD as 1.230. */
export function unchargeableBelow(currency: Currency): bigint {
  return exponentOf(currency) === 3 ? 10n : 1n
}

/** The part of a balance that a gateway can charge; the rest is written off with it. */
export function chargeable(balance: bigint, currency: Currency): bigint {
  return balance - (balance % unchargeableBelow(currency))
}

/** ISO 4217 gives these no decimals, but they are sent with two, which must be 00. */
const sentWithTwoDecimals: readonly string[] = ['ISK', 'UGX']

/** The amount as the gateway counts it. */
export function gatewayAmount(amount: bigint, currency: Currency): bigint {
  return sentWithTwoDecimals.includes(currency) ? amount * 100n : amount
}
