import { formatMoney, money } from '../../kernel/money.ts'
import type { NoticeFacts } from './notice.ts'

/** Parts of sentences, in English. */

/** "your payment of $19.99 for invoice JANE-0001" */
export function paymentWords(facts: Pick<NoticeFacts, 'amount' | 'currency' | 'invoices'>): string {
  return inARow(`your payment of ${amountWords(facts)}`, forInvoices(facts.invoices))
}

export function amountWords({ amount, currency }: Pick<NoticeFacts, 'amount' | 'currency'>): string {
  return formatMoney(money(BigInt(amount), currency), 'en')
}

/** Who owes for more than these gets the sum of all and the names of the oldest. */
const MAX_NAMED = 4

/** "for invoice A", "for invoices A, B and C", "for invoices A, B, C, D and 3 more"; nothing for none. */
export function forInvoices(numbers: readonly string[]): string {
  if (numbers.length === 0) return ''
  const rest = numbers.length - MAX_NAMED
  const named = rest > 0 ? [...numbers.slice(0, MAX_NAMED), `${rest} more`] : numbers
  if (named.length === 1) return `for invoice ${named[0]}`
  return `for invoices ${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}

/** "Visa ending in 4242" */
export function methodWords({ brand, last4 }: NonNullable<NoticeFacts['method']>): string {
  const name = brands.get(brand ?? '') ?? 'payment method'
  return last4 === null ? name : `${name} ending in ${last4}`
}

/** Stripe's names of the networks, and how they are written. */
const brands: ReadonlyMap<string, string> = new Map([
  ['amex', 'American Express'],
  ['cartes_bancaires', 'Cartes Bancaires'],
  ['diners', 'Diners Club'],
  ['discover', 'Discover'],
  ['jcb', 'JCB'],
  ['mastercard', 'Mastercard'],
  ['unionpay', 'UnionPay'],
  ['visa', 'Visa'],
])

/** A name as it may stand in a sentence or a subject: line breaks and what else is not shown become a space. */
export function inOneLine(name: string): string {
  return name.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** What is not empty of some parts or sentences, one after the other. */
export function inARow(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ')
}
