import type { Account } from '../../accounts/domain/account.ts'
import type { Tax } from '../../invoices/domain/finalise.ts'
import { type DraftInvoice, type Line, type LineTax, netOf, type TaxAmount } from '../../invoices/domain/invoice.ts'
import { taxesOfCredit } from '../../invoices/domain/proration.ts'
import { decimal } from '../../kernel/decimal.ts'
import { allocate, roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Settings, TaxRate } from '../../organizations/domain/organization.ts'

/** Answered at once, or awaited: an awaited draft is committed without a number and closed by `finalize_invoice`. */
export type TaxAnswer = { readonly kind: 'final'; readonly tax: Tax } | { readonly kind: 'awaited' }

/**
 * The tax of a draft by the organization's engine. No tax for exempt accounts, nor by a location that is only guessed.
 * A credit is not taxed anew: it carries the tax of the line it credits (semantics.md, Proration).
 */
export function taxOf(draft: DraftInvoice, account: Account, settings: Settings['tax']): TaxAnswer {
  const untaxed = account.taxExempt || account.locationSource === 'guessed' || account.country === null
  const hasTaxable = taxableOf(draft) > 0n
  if (settings.engine === 'external' && !account.taxExempt && hasTaxable) return { kind: 'awaited' }
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

/** What a tax is reckoned on: the sum of the lines after discounts, credits apart. */
export function taxableOf({ lines }: Pick<DraftInvoice, 'lines'>): bigint {
  return lines.reduce((sum, line) => sum + weightOf(line), 0n)
}

/**
 * Each tax's amount divided over the lines by their net amounts, largest remainder: three of 99 at 19 % = 19, 19, 18.
 * Credits bring their own, or have their part of what a line beside them bears, so that the invoice's taxes are the sums of its lines'.
 */
export function splitTax({ lines }: Pick<DraftInvoice, 'lines'>, taxes: readonly Omit<TaxAmount, 'taxable'>[]): Tax {
  const weights = lines.map(weightOf)
  const perLine = lines.map((line): LineTax[] => (line.creditsLineId === null ? [] : [...line.taxes]))
  for (const { amount, name, country, region, percent } of taxes) {
    const parts = amount === 0n ? weights.map(() => 0n) : allocate(amount, weights)
    for (const [index, part] of parts.entries()) {
      if (weights[index] !== 0n) perLine[index]?.push({ name, country, region, percent, amount: part })
    }
  }
  for (const [index, line] of lines.entries()) {
    if (line.creditsLineId === null) continue
    const credited = lines.findIndex(({ id }) => id === line.creditsLineId)
    const of = lines[credited]
    if (of !== undefined) perLine[index] = [...taxesOfCredit(netOf(line), of, perLine[credited])]
  }
  return { perLine, taxes: summed(lines, perLine) }
}

/** One entry a tax, in the order in which the lines name them. */
function summed(lines: readonly Line[], perLine: readonly (readonly LineTax[])[]): readonly TaxAmount[] {
  const sums = new Map<string, TaxAmount>()
  for (const [index, line] of lines.entries()) {
    for (const { name, country, region, percent, amount } of perLine[index] ?? []) {
      const key = JSON.stringify([name, country, region, percent])
      const sum = sums.get(key) ?? { name, country, region, percent, taxable: 0n, amount: 0n }
      sums.set(key, { ...sum, taxable: sum.taxable + netOf(line), amount: sum.amount + amount })
    }
  }
  return [...sums.values()]
}

function weightOf(line: Line): bigint {
  const net = netOf(line)
  return line.creditsLineId === null && net > 0n ? net : 0n
}

/** The rate on the sum of the lines, rounded once, half away from zero. */
export function amountOf(
  { name, country, region, percent }: Omit<TaxRate, 'country'> & Pick<LineTax, 'country'>,
  invoice: Pick<DraftInvoice, 'lines'>,
): Omit<TaxAmount, 'taxable'> {
  const amount = roundHalfAwayFromZero(decimal(taxableOf(invoice)).times(decimal(percent)), 100n)
  return { name, country, region, percent, amount }
}

function appliesTo(rate: TaxRate, account: Account): boolean {
  return rate.country === account.country && (rate.region === null || rate.region === account.address?.region)
}
