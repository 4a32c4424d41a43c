import { Big } from 'big.js'
import type { LineTax, Seller, TaxBehavior, TaxCustomer } from './tax-objects.ts'
import { isInTheUnion, type Levy, leviesAt, rateOf } from './tax-rates.ts'

// Which taxes one line bears, and how much of each. Amounts are minor units, each tax rounded half up by itself.

export type TaxedLine = { readonly amount_tax: number; readonly tax_breakdown: LineTax[] }

export function taxLine(
  line: { readonly amount: number; readonly taxCode: string; readonly behavior: TaxBehavior },
  customer: TaxCustomer,
  seller: Seller,
): TaxedLine {
  const levies = leviesAt(customer.address)
  const untaxed = reasonForNone(levies, customer, seller)
  if (untaxed) return { amount_tax: 0, tax_breakdown: [noTax(levies[0], customer, untaxed)] }
  const rated = levies.map((levy) => ({ levy, ...rateOf(levy, line.taxCode) }))
  const net = line.behavior === 'inclusive' ? netOf(line.amount, rated) : new Big(line.amount)
  const tax_breakdown = rated.map(({ levy, rate, reason }) => {
    const amount = wholePart(net.times(rate).div(100))
    return lineTax(levy, { amount, rate, reason, taxable: rate === '0' ? 0 : wholePart(net) })
  })
  return { amount_tax: tax_breakdown.reduce((sum, { amount }) => sum + amount, 0), tax_breakdown }
}

function netOf(gross: number, rated: readonly { readonly rate: string }[]): Big {
  const total = rated.reduce((sum, { rate }) => sum.plus(rate), new Big(100))
  return new Big(gross).times(100).div(total)
}

function wholePart(value: Big): number {
  return Number(value.round(0, Big.roundHalfUp))
}

/** In the order in which Stripe asks: the customer, then the place, then the seller, then who they are to each other. */
function reasonForNone(levies: readonly Levy[], customer: TaxCustomer, seller: Seller): string | undefined {
  const { taxability_override, address } = customer
  if (taxability_override !== 'none') return taxability_override
  if (levies.length === 0) return 'not_supported'
  if (!collects(seller, address.country ?? '', address.state)) return 'not_collecting'
  return isBusinessAbroad(customer, seller) ? 'reverse_charge' : undefined
}

function collects({ collects_in }: Seller, country: string, state: string | null): boolean {
  if (collects_in === null) return true
  return collects_in.includes(country) || collects_in.includes(`${country}-${state}`)
}

/** Types of tax id that make a customer a business, and where. */
const businessIn: Readonly<Record<string, (country: string) => boolean>> = {
  eu_vat: isInTheUnion,
  au_abn: (country) => country === 'AU',
  ch_vat: (country) => country === 'CH',
  gb_vat: (country) => country === 'GB',
  no_vat: (country) => country === 'NO',
  nz_gst: (country) => country === 'NZ',
}

function isBusinessAbroad({ tax_ids, address }: TaxCustomer, seller: Seller): boolean {
  const country = address.country ?? ''
  return country !== seller.country && tax_ids.some(({ type }) => businessIn[type]?.(country) ?? false)
}

function lineTax(
  { jurisdiction, name, type }: Levy,
  { amount, rate, reason, taxable }: { amount: number; rate: string; reason: string; taxable: number },
): LineTax {
  return {
    amount,
    jurisdiction,
    sourcing: 'destination',
    tax_rate_details: { display_name: name, percentage_decimal: percentage(rate), tax_type: type },
    taxability_reason: reason,
    taxable_amount: taxable,
  }
}

function noTax(levy: Levy | undefined, { address }: TaxCustomer, reason: string): LineTax {
  const country = address.country ?? ''
  const jurisdiction = levy?.jurisdiction ?? { country, display_name: country, level: 'country', state: null }
  return {
    amount: 0,
    jurisdiction,
    sourcing: 'destination',
    tax_rate_details: null,
    taxability_reason: reason,
    taxable_amount: 0,
  }
}

/** Stripe writes at least one decimal: `20.0`. */
function percentage(rate: string): string {
  return rate.includes('.') ? rate : `${rate}.0`
}

/** The calculation's own breakdown: taxes of one kind, place and reason together, their rates added up on each line. */
export function summarise(
  lines: readonly { readonly tax_behavior: TaxBehavior; readonly tax_breakdown: readonly LineTax[] }[],
): object[] {
  const groups = new Map<string, Group>()
  for (const { tax_behavior, tax_breakdown } of lines) {
    for (const [key, ofLine] of grouped(tax_breakdown, tax_behavior)) {
      const group = groups.get(key)
      groups.set(key, group ? { ...ofLine, ...addUp(group, ofLine) } : ofLine)
    }
  }
  return [...groups.values()].map(toBreakdown)
}

type Group = { first: LineTax; inclusive: boolean; rate: Big; amount: number; taxable: number }

function grouped(taxes: readonly LineTax[], behavior: TaxBehavior): ReadonlyMap<string, Group> {
  const byKind = new Map<string, Group>()
  const inclusive = behavior === 'inclusive'
  for (const tax of taxes) {
    const { jurisdiction, tax_rate_details: details, taxability_reason } = tax
    const kind = JSON.stringify([
      jurisdiction.country,
      jurisdiction.state,
      details?.tax_type,
      taxability_reason,
      inclusive,
    ])
    const before = byKind.get(kind)
    const rate = new Big(details?.percentage_decimal ?? 0).plus(before?.rate ?? 0)
    const amount = tax.amount + (before?.amount ?? 0)
    byKind.set(kind, { first: before?.first ?? tax, inclusive, rate, amount, taxable: tax.taxable_amount })
  }
  return new Map([...byKind].map(([kind, group]) => [`${kind} ${group.rate}`, group]))
}

function addUp(a: Group, b: Group): Pick<Group, 'amount' | 'taxable'> {
  return { amount: a.amount + b.amount, taxable: a.taxable + b.taxable }
}

function toBreakdown({ first, inclusive, rate, amount, taxable }: Group): object {
  const { jurisdiction, tax_rate_details, taxability_reason } = first
  return {
    amount,
    inclusive,
    tax_rate_details: {
      country: jurisdiction.country,
      flat_amount: null,
      percentage_decimal: percentage(rate.toFixed()),
      rate_type: tax_rate_details ? 'percentage' : null,
      state: jurisdiction.state,
      tax_type: tax_rate_details?.tax_type ?? null,
    },
    taxability_reason,
    taxable_amount: taxable,
  }
}
