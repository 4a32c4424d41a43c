import { balanceOf, type FinalInvoice } from '../invoices/domain/invoice.ts'
import { amountInWords, payWords } from './domain/words.ts'

/** More are summed up: an invoice may have a thousand, and the page is to be read on a phone. */
const MAX_LINES = 12

/** What was sold, and how the total came about and was settled: the rows add up. */
export function InvoiceLines(invoice: FinalInvoice) {
  const { lines, currency } = invoice
  const rest = lines.length > MAX_LINES ? lines.slice(MAX_LINES - 1) : []
  const shown = lines.slice(0, lines.length - rest.length)
  return (
    <table>
      <caption>{payWords.lines}</caption>
      <thead>
        <tr>
          <th scope="col">{payWords.description}</th>
          <th scope="col">{payWords.amount}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ description, amount }) => (
          <Row label={description} amount={amountInWords(amount, currency)} />
        ))}
        {rest.length > 0 && (
          <Row
            label={payWords.moreLines(rest.length)}
            amount={amountInWords(
              rest.reduce((sum, { amount }) => sum + amount, 0n),
              currency,
            )}
          />
        )}
      </tbody>
      <tfoot>
        {sumsOf(invoice).map(([label, amount]) => (
          <Row label={label} amount={amountInWords(amount, currency)} />
        ))}
      </tfoot>
    </table>
  )
}

type Sum = readonly [label: string, amount: bigint]

/** What is nothing is left out, but for the total. */
function sumsOf(invoice: FinalInvoice): readonly Sum[] {
  const { discount, tax, total, settlement } = invoice
  const balance = balanceOf(invoice)
  const sums: readonly Sum[] = [
    [payWords.discount, -discount],
    [payWords.tax, tax],
    [payWords.total, total],
    [payWords.paid, -settlement.paid],
    [payWords.credited, -(settlement.creditsApplied + settlement.creditNotes)],
    [payWords.writtenOff, -settlement.writtenOff],
    ...(balance === total ? [] : [[payWords.due, balance] as const]),
  ]
  return sums.filter(([label, amount]) => amount !== 0n || label === payWords.total || label === payWords.due)
}

function Row({ label, amount }: { readonly label: string; readonly amount: string }) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{amount}</td>
    </tr>
  )
}
