import type { Invoice, Line, LineTax } from '../../invoices/domain/invoice.ts'
import { type Difference, unless } from '../../invoices/domain/verify.ts'
import { amountOf, splitTax } from './tax.ts'

/**
 * The taxes of an invoice once more: each tax's amount by its rate on what it is taken of, divided over the lines. Where an
 * engine elsewhere computed it (`isRated` false) its amount is taken as given, and only how it was divided is checked.
 */
export function taxDifferencesIn(invoice: Invoice, isRated: boolean): readonly Difference[] {
  const taxes = told(invoice.lines).map((tax) => {
    const { percent } = tax
    return isRated && percent !== null ? amountOf({ ...tax, percent }, invoice) : tax
  })
  const { perLine, taxes: computed } = splitTax(invoice, taxes)
  return [
    ...invoice.lines.flatMap((line, index) => inLine(line, perLine[index] ?? [], index)),
    ...unless('/taxes', amounts(invoice.taxes), amounts(computed)),
  ]
}

/** Credits bring the tax of what they credit; each other tax once, with what all lines bear of it. */
function told(lines: readonly Line[]): readonly LineTax[] {
  const sums = new Map<string, LineTax>()
  for (const { name, country, region, percent, amount } of lines.flatMap((line) =>
    line.creditsLineId === null ? line.taxes : [],
  )) {
    const key = JSON.stringify([name, country, region, percent])
    sums.set(key, { name, country, region, percent, amount: (sums.get(key)?.amount ?? 0n) + amount })
  }
  return [...sums.values()]
}

function inLine({ taxes }: Line, computed: readonly LineTax[], index: number): readonly Difference[] {
  return unless(`/lines/${index}/taxes`, amounts(taxes), amounts(computed))
}

function amounts(taxes: readonly LineTax[]): string {
  return taxes
    .map(({ name, percent, amount }) => `${name}${percent === null ? '' : ` ${percent} %`} ${amount}`)
    .join(', ')
}
