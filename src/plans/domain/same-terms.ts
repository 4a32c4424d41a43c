import { decimal, decimalText } from '../../kernel/decimal.ts'
import type { Terms } from './plan.ts'

/**
 * The same money for the same thing: what differs only in spelling ("1" and "1.00") or in the order of prices, charges
 * and minimums is the same. Tiers have their order.
 */
export function sameTerms(left: Terms, right: Terms): boolean {
  return spellingOf(left) === spellingOf(right)
}

function spellingOf({ prices, charges, minimums }: Terms): string {
  const filtered = charges.map(({ filters, ...charge }) => ({ ...charge, filters: Object.entries(filters).sort() }))
  return JSON.stringify([prices, filtered, minimums].map((list) => list.map((each) => spelled(each, '')).sort()))
}

/** Members that hold decimals, by name: a filter's name is never one, because filters are spelled as pairs. */
const decimals: ReadonlySet<string> = new Set([
  ...['amount', 'unitAmount', 'flatAmount', 'upTo', 'minimum', 'limit', 'packageSize', 'freeUnits'],
  ...['rate', 'fixedAmount', 'perEventMin', 'perEventMax'],
])

/** One text for each value, whatever the order of its members: Postgres keeps another than was given. */
function spelled(value: unknown, name: string): string {
  if (typeof value === 'string') return JSON.stringify(decimals.has(name) ? decimalText(decimal(value)) : value)
  if (Array.isArray(value)) return `[${value.map((each) => spelled(each, '')).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${key}:${spelled(member, key)}`)
  return `{${members.sort().join()}}`
}
