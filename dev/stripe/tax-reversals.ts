import type Stripe from 'stripe'
import { invalidRequest } from './errors.ts'
import { mergeMetadata } from './operation.ts'
import type { TaxTransaction, TaxTransactionLine } from './tax-objects.ts'
import { newId } from './world.ts'

type ReversalParameters = Stripe.Tax.TransactionCreateReversalParams

/** What is still to be reversed of one line, in positive minor units. */
type Left = { readonly line: TaxTransactionLine; readonly amount: number; readonly tax: number }

/** The lines of a reversal, negative; throws where they would take back more than the original has left. */
export function reversedLines(
  original: TaxTransaction,
  earlier: readonly TaxTransactionLine[],
  parameters: ReversalParameters,
): TaxTransactionLine[] {
  const left = original.lines.map((line) => leftOf(line, earlier))
  const { mode, line_items, flat_amount } = parameters
  if (mode === 'full') {
    if (earlier.length > 0) throw invalidRequest('This transaction has been reversed in part.', { param: 'mode' })
    return left.map(({ line, amount, tax }) => reversal(line, { amount: -amount, amount_tax: -tax }))
  }
  if (line_items) return line_items.map((item, index) => namedLine(left, item, index))
  if (flat_amount !== undefined) return flat(left, flat_amount)
  throw invalidRequest('A partial reversal needs `line_items` or `flat_amount`.', { param: 'line_items' })
}

function leftOf(line: TaxTransactionLine, earlier: readonly TaxTransactionLine[]): Left {
  const reversed = earlier.filter((it) => it.reversal?.original_line_item === line.id)
  const amount = reversed.reduce((sum, it) => sum + it.amount, line.amount)
  const tax = reversed.reduce((sum, it) => sum + it.amount_tax, line.amount_tax)
  return { line, amount, tax }
}

function namedLine(
  left: readonly Left[],
  item: NonNullable<ReversalParameters['line_items']>[number],
  index: number,
): TaxTransactionLine {
  const { amount, amount_tax, original_line_item, quantity, reference, metadata } = item
  const param = (name: string) => ({ param: `line_items[${index}][${name}]` })
  const found = left.find(({ line }) => line.id === original_line_item)
  if (!found) throw invalidRequest(`No such line item: '${original_line_item}'`, param('original_line_item'))
  if (amount > 0 || amount_tax > 0) throw invalidRequest('Amounts of a reversal are negative.', param('amount'))
  if (-amount > found.amount) throw invalidRequest('More than the line has left.', param('amount'))
  if (-amount_tax > found.tax) throw invalidRequest('More tax than the line has left.', param('amount_tax'))
  return {
    ...reversal(found.line, { amount, amount_tax }),
    quantity: quantity ?? found.line.quantity,
    reference,
    metadata: metadata ? mergeMetadata({}, metadata) : null,
  }
}

/** Spreads one negative sum, tax and all, over the lines by what each has left; the last one takes the rest. */
function flat(left: readonly Left[], flatAmount: number): TaxTransactionLine[] {
  const grossOf = ({ line, amount, tax }: Left) => (line.tax_behavior === 'inclusive' ? amount : amount + tax)
  const total = left.reduce((sum, it) => sum + grossOf(it), 0)
  if (flatAmount >= 0 || -flatAmount > total) {
    throw invalidRequest(`flat_amount is negative, and at least -${total}.`, { param: 'flat_amount' })
  }
  let rest = -flatAmount
  return left.map((it, index) => {
    const share = index === left.length - 1 ? rest : Math.floor((-flatAmount * grossOf(it)) / total)
    rest -= share
    const tax = grossOf(it) === 0 ? 0 : Math.round((share * it.tax) / grossOf(it))
    const amount = it.line.tax_behavior === 'inclusive' ? share : share - tax
    return reversal(it.line, { amount: -amount, amount_tax: -tax })
  })
}

function reversal(line: TaxTransactionLine, amounts: { amount: number; amount_tax: number }): TaxTransactionLine {
  return {
    ...line,
    // Not -0, which JSON would write as 0 and nothing else would.
    amount: amounts.amount || 0,
    amount_tax: amounts.amount_tax || 0,
    id: newId('tax_li', 14),
    reversal: { original_line_item: line.id },
    type: 'reversal',
  }
}
