import type { Address, Metadata } from './objects.ts'

/** Where the account sits, and where it collects tax: `DE`, `US-NY`; null is everywhere the rates are known. */
export type Seller = { country: string; collects_in: string[] | null }

export type TaxBehavior = 'exclusive' | 'inclusive'

export type TaxCustomer = {
  address: Address
  address_source: 'billing' | 'shipping' | null
  ip_address: null
  tax_ids: { type: string; value: string }[]
  taxability_override: 'customer_exempt' | 'none' | 'reverse_charge'
}

export type LineTax = {
  amount: number
  jurisdiction: Jurisdiction
  sourcing: 'destination'
  tax_rate_details: { display_name: string; percentage_decimal: string; tax_type: string } | null
  taxability_reason: string
  taxable_amount: number
}

export type Jurisdiction = {
  country: string
  display_name: string
  level: 'city' | 'country' | 'district' | 'state'
  state: string | null
}

export type TaxCalculationLine = {
  id: string
  object: 'tax.calculation_line_item'
  amount: number
  amount_tax: number
  livemode: false
  metadata: Metadata | null
  performance_location: null
  product: string | null
  quantity: number
  reference: string
  tax_behavior: TaxBehavior
  tax_breakdown: LineTax[]
  tax_code: string
}

/** As stored; an answer shows the lines only where `expand` asks for them. */
export type TaxCalculation = {
  id: string
  object: 'tax.calculation'
  amount_total: number
  currency: string
  customer: string | null
  customer_details: TaxCustomer
  expires_at: number
  lines: TaxCalculationLine[]
  livemode: false
  ship_from_details: { address: Address } | null
  shipping_cost: null
  tax_amount_exclusive: number
  tax_amount_inclusive: number
  tax_breakdown: object[]
  tax_date: number
}

export type TaxTransactionLine = {
  id: string
  object: 'tax.transaction_line_item'
  amount: number
  amount_tax: number
  livemode: false
  metadata: Metadata | null
  product: string | null
  quantity: number
  reference: string
  reversal: { original_line_item: string } | null
  tax_behavior: TaxBehavior
  tax_code: string
  type: 'transaction' | 'reversal'
}

export type TaxTransaction = {
  id: string
  object: 'tax.transaction'
  created: number
  currency: string
  customer: string | null
  customer_details: TaxCustomer
  lines: TaxTransactionLine[]
  livemode: false
  metadata: Metadata | null
  posted_at: number
  reference: string
  reversal: { original_transaction: string } | null
  ship_from_details: { address: Address } | null
  shipping_cost: null
  tax_date: number
  type: 'transaction' | 'reversal'
}
