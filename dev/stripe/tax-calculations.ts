import type Stripe from 'stripe'
import { emptyAddress, mergedAddress } from './addresses.ts'
import { checkCurrency } from './amounts.ts'
import { invalidRequest, notServed, resourceMissing } from './errors.ts'
import { type List, listOf } from './lists.ts'
import { type Context, type Handler, inPath, mergeMetadata, operation } from './operation.ts'
import { taxCustomer } from './tax-customers.ts'
import { summarise, taxLine } from './tax-lines.ts'
import type { Seller, TaxCalculation, TaxCalculationLine, TaxCustomer } from './tax-objects.ts'
import { newId, now, type World } from './world.ts'

type CreateParameters = Stripe.Tax.CalculationCreateParams

export const taxCalculationOperations = {
  post_tax_calculations: operation<CreateParameters>((context, parameters) => {
    if (parameters.shipping_cost) throw notServed('shipping_cost of tax calculations')
    const currency = checkCurrency(parameters.currency)
    const customer = taxCustomer(context, parameters)
    const shipFrom = parameters.ship_from_details?.address
    const seller: Seller = { ...context.world.state.seller, ...(shipFrom && { country: shipFrom.country }) }
    const lines = parameters.line_items.map((line, index) => toLine(line, index, { customer, seller }))
    checkReferences(lines)
    const calculation: TaxCalculation = {
      id: newId('taxcalc'),
      object: 'tax.calculation',
      ...totals(lines),
      currency,
      customer: parameters.customer ?? null,
      customer_details: customer,
      expires_at: now(context.world) + kept_s,
      lines,
      livemode: false,
      ship_from_details: shipFrom ? { address: mergedAddress(null, shipFrom) ?? emptyAddress } : null,
      shipping_cost: null,
      tax_breakdown: summarise(lines),
      tax_date: checkTaxDate(context.world, parameters.tax_date),
    }
    context.world.state.taxCalculations.set(calculation.id, calculation)
    return shown(context, calculation)
  }),

  get_tax_calculations_calculation: (context) => shown(context, calculationInPath(context)),

  get_tax_calculations_calculation_line_items: (context) => {
    const calculation = calculationInPath(context)
    return linesOf(context, calculation, 'data.tax_breakdown')
  },
} satisfies Record<string, Handler>

const day_s = 24 * 60 * 60
const kept_s = 90 * day_s
const taxDateWithin_s = 31 * day_s

function calculationInPath(context: Context): TaxCalculation {
  const { world } = context
  const found = inPath(context, world.state.taxCalculations, 'tax calculation', 'calculation')
  if (found.expires_at > now(world)) return found
  throw resourceMissing('tax calculation', found.id, 'calculation', true)
}

/** A calculation that a parameter names and that has not expired. */
export function liveCalculation(world: World, id: string): TaxCalculation {
  const found = world.state.taxCalculations.get(id)
  if (!found) throw resourceMissing('tax calculation', id, 'calculation', false)
  if (found.expires_at > now(world)) return found
  throw invalidRequest(`The tax calculation ${id} has expired.`, { param: 'calculation' })
}

/** Without the lines, unless `expand` asks for them. */
function shown(context: Context, calculation: TaxCalculation): object {
  const { lines: _, ...answer } = calculation
  const expand = (context.parameters.expand as readonly string[] | undefined) ?? []
  if (!expand.some((path) => path.startsWith('line_items'))) return answer
  const all = { ...context, parameters: { expand, limit: 100 } }
  return { ...answer, line_items: linesOf(all, calculation, 'line_items.data.tax_breakdown') }
}

function linesOf(context: Context, { id, lines }: TaxCalculation, breakdownPath: string): List<{ id: string }> {
  const expand = (context.parameters.expand as readonly string[] | undefined) ?? []
  const visible = lines.map(({ tax_breakdown, ...line }) =>
    expand.includes(breakdownPath) ? { ...line, tax_breakdown } : line,
  )
  return listOf(context, {
    from: new Map(visible.map((line) => [line.id, line])),
    noun: 'tax calculation line item',
    url: `/v1/tax/calculations/${id}/line_items`,
    asGiven: true,
  })
}

/** General electronically supplied services: what an account sells that has not set a code of its own. */
const presetTaxCode = 'txcd_10000000'

function toLine(
  line: CreateParameters['line_items'][number],
  index: number,
  { customer, seller }: { customer: TaxCustomer; seller: Seller },
): TaxCalculationLine {
  const { amount, quantity = 1, tax_behavior: behavior = 'exclusive', tax_code: taxCode = presetTaxCode } = line
  const param = (name: string) => `line_items[${index}][${name}]`
  if (amount < 0) throw invalidRequest('This value must be greater than or equal to 0.', { param: param('amount') })
  if (!/^txcd_\d{8}$/.test(taxCode)) throw resourceMissing('tax code', taxCode, param('tax_code'), false)
  if (line.performance_location) throw notServed('performance_location of tax calculations')
  return {
    id: newId('tax_li', 14),
    object: 'tax.calculation_line_item',
    amount,
    ...taxLine({ amount, taxCode, behavior: behavior === 'inclusive' ? 'inclusive' : 'exclusive' }, customer, seller),
    livemode: false,
    metadata: line.metadata ? mergeMetadata({}, line.metadata) : null,
    performance_location: null,
    product: line.product ?? null,
    quantity,
    reference: line.reference ?? `L${index + 1}`,
    tax_behavior: behavior === 'inclusive' ? 'inclusive' : 'exclusive',
    tax_code: taxCode,
  }
}

function checkReferences(lines: readonly TaxCalculationLine[]): void {
  const references = lines.map(({ reference }) => reference)
  const twice = references.findIndex((reference, index) => references.indexOf(reference) !== index)
  if (twice < 0) return
  throw invalidRequest(`The reference ${references[twice]} is used by two line items.`, {
    param: `line_items[${twice}][reference]`,
  })
}

function totals(
  lines: readonly TaxCalculationLine[],
): Pick<TaxCalculation, 'amount_total' | 'tax_amount_exclusive' | 'tax_amount_inclusive'> {
  const taxOf = (behavior: string) =>
    lines.filter((line) => line.tax_behavior === behavior).reduce((sum, line) => sum + line.amount_tax, 0)
  const tax_amount_exclusive = taxOf('exclusive')
  const amount_total = lines.reduce((sum, { amount }) => sum + amount, tax_amount_exclusive)
  return { amount_total, tax_amount_exclusive, tax_amount_inclusive: taxOf('inclusive') }
}

function checkTaxDate(world: World, given = now(world)): number {
  if (Math.abs(given - now(world)) <= taxDateWithin_s) return given
  throw invalidRequest('The tax date must be within 31 days of now.', { param: 'tax_date' })
}
