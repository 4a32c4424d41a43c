import { invalidRequest } from './errors.ts'

/** Stripe's minimum charges (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts), minor units. */
const minimums: Readonly<Record<string, number>> = {
  usd: 50,
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
}

const maximum = 99_999_999
const currencies = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()))

export function checkCurrency(given: string): string {
  const currency = given.toLowerCase()
  if (currencies.has(currency)) return currency
  throw invalidRequest(`Invalid currency: ${given}.`, { param: 'currency' })
}

export function checkAmount(amount: number, currency: string): void {
  const param = 'amount'
  if (amount < 1) {
    throw invalidRequest('This value must be greater than or equal to 1.', { param, code: 'parameter_invalid_integer' })
  }
  const minimum = minimums[currency] ?? 1
  if (amount < minimum) {
    throw invalidRequest(`Amount must be at least ${minimum} minor units of ${currency}`, {
      param,
      code: 'amount_too_small',
    })
  }
  if (amount > maximum) {
    throw invalidRequest(`Amount must be no more than ${maximum} minor units`, { param, code: 'amount_too_large' })
  }
}
