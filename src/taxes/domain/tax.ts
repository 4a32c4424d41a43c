import type { Account } from '../../accounts/domain/account.ts'
import type { Tax } from '../../invoices/domain/finalise.ts'
import type { DraftInvoice, TaxAmount } from '../../invoices/domain/invoice.ts'
import { decimal } from '../../kernel/decimal.ts'
import { allocate, roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Settings, TaxRate } from '../../organizations/domain/organization.ts'

/** Answered at once, or awaited: an awaited draft is committed without a number and closed by `finalize_invoice`. */
export type TaxAnswer = { readonly kind: 'final'; readonly tax: Tax } | { readonly kind: 'awaited' }

/**
 * The tax of a draft by the organization's engine. No tax for exempt accounts, nor by a location that is only guessed.
 */
export function taxOf(draft: DraftInvoice, account: Account, settings: Settings['tax']): TaxAnswer {
  const untaxed = account.taxExempt || account.locationSource === 'guessed' || account.country === null
  if (settings.engine === 'external' && !account.taxExempt) return { kind: 'awaited' }
  if (settings.engine !== 'rates' || untaxed) return { kind: 'final', tax: splitTax(draft, []) }
  const rates = settings.rates.filter((rate) => appliesTo(rate, account))
  return {
    kind: 'final',
    tax: splitTax(
      draft,
      rates.map((rate) => amountOf(rate, draft)),
    ),
  }
}

/** Each tax's amount divided over the lines by their net amounts, largest remainder: three of 99 at 19 % = 19, 19, 18. */
export function splitTax(draft: DraftInvoice, taxes: readonly TaxAmount[]): Tax {
  const weights = draft.lines.map((line) => line.amount)
  const perLine = draft.lines.map(() => 0n)
  for (const { amount } of taxes) {
    if (amount === 0n) continue
    for (const [index, part] of allocate(amount, weights).entries()) perLine[index] = (perLine[index] ?? 0n) + part
  }
  return { taxes, perLine }
}

/** The rate on the sum of the lines, rounded once, half away from zero. */
function amountOf({ name, country, region, percent }: TaxRate, draft: DraftInvoice): TaxAmount {
  const taxable = draft.subtotal - draft.discount
  const amount = roundHalfAwayFromZero(decimal(taxable).times(decimal(percent)), 100n)
  return { name, country, region, percent, taxable, amount }
}

function appliesTo(rate: TaxRate, account: Account): boolean {
  return rate.country === account.country && (rate.region === null || rate.region === account.address?.region)
}
