import type { Brand } from './brand.ts'
import { invariant } from './invariant.ts'

/** An active ISO 4217 code. `Currency<'USD'>` is known to the compiler, plain `Currency` only at run time. */
export type Currency<Code extends string = string> = Brand<Code, 'Currency'>

/**
 * The codes by exponent (the decimals of the minor unit), from ISO 4217:2015, List One as of 2026.
 * Left out: metals, test codes, supranational units (XDR, XSU, XUA, XAD) and fund codes, but for the Chilean unit of
 * account CLF, in which contracts are written. Withdrawn codes (ANG, BGN, CUC, HRK, SLL, ZWL) are unknown here.
 */
const codesByExponent: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
      CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
      KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
      NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
      TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
}

const exponents: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByExponent).flatMap(([exponent, codes]) =>
    codes.split(/\s+/).map((code): [string, number] => [code, Number(exponent)]),
  ),
)

/** Every known code, in alphabetical order. */
export const currencyCodes: readonly string[] = [...exponents.keys()].sort()

/** The currency of an upper-case code, or null: an unknown currency is an error, never "two decimals". */
export function findCurrency<Code extends string>(code: Code): Currency<Code> | null {
  return isCurrency(code) ? code : null
}

/** Decimals of the minor unit: JPY 0, USD 2, KWD 3, CLF 4. */
export function exponentOf(currency: Currency): number {
  const exponent = exponents.get(currency)
  invariant(exponent !== undefined, `unknown currency ${currency}`)
  return exponent
}

function isCurrency<Code extends string>(code: Code): code is Currency<Code> {
  return exponents.has(code)
}
