import { type Currency, exponentOf } from '../../kernel/currency.ts'

/**
 * Where a gateway counts otherwise than ISO 4217. `step`: it charges multiples of so many minor units; `times` or
 * `dividedBy`: how it counts them. Source: Stripe, "Supported currencies" and "Zero-decimal currencies".
 */
const oddities: Readonly<
  Record<string, { readonly step?: bigint; readonly times?: bigint; readonly dividedBy?: bigint }>
> = {
  // No decimals in ISO 4217, but sent with two, which are 00.
  ISK: { times: 100n },
  UGX: { times: 100n },
  // Two decimals in ISO 4217, none at the gateway.
  MGA: { step: 100n, dividedBy: 100n },
}

/** What is less than this is nothing that a gateway can charge, in minor units: 1.239 KWD is charged as 1.230. */
export function unchargeableBelow(currency: Currency): bigint {
  return oddities[currency]?.step ?? (exponentOf(currency) === 3 ? 10n : 1n)
}

/** The part of a balance that a gateway can charge; the rest is written off with it. */
export function chargeable(balance: bigint, currency: Currency): bigint {
  return balance - (balance % unchargeableBelow(currency))
}

/** A chargeable amount as the gateway counts it. */
export function gatewayAmount(amount: bigint, currency: Currency): bigint {
  const { times = 1n, dividedBy = 1n } = oddities[currency] ?? {}
  return (amount * times) / dividedBy
}
