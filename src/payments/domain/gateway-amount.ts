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

/**
 * The least a gateway charges, in minor units; where it says none, what it can charge at all. Source: Stripe, "Minimum and
 * maximum charge amounts".
 */
const minimums: Readonly<Record<string, bigint>> = {
  ...{ USD: 50n, AED: 200n, AUD: 50n, BGN: 100n, BRL: 50n, CAD: 50n, CHF: 50n, CZK: 1_500n, DKK: 250n, EUR: 50n },
  ...{ GBP: 30n, HKD: 400n, HUF: 17_500n, INR: 50n, JPY: 50n, MXN: 1_000n, MYR: 200n, NOK: 300n, NZD: 50n },
  ...{ PLN: 200n, RON: 200n, SEK: 300n, SGD: 50n, THB: 1_000n },
}

/** A balance that no gateway charges. */
export function isSmall(balance: bigint, currency: Currency): boolean {
  return chargeable(balance, currency) < (minimums[currency] ?? 1n)
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

/** What a gateway counts, in minor units: the inverse of `gatewayAmount`. A part of one that it cannot have is cut off. */
export function fromGatewayAmount(counted: bigint, currency: Currency): bigint {
  const { times = 1n, dividedBy = 1n } = oddities[currency] ?? {}
  return (counted * dividedBy) / times
}
