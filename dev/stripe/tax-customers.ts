import type Stripe from 'stripe'
import { emptyAddress, mergedAddress } from './addresses.ts'
import { invalidRequest, notServed, type StripeError } from './errors.ts'
import type { Address, Customer } from './objects.ts'
import { type Context, inParameter } from './operation.ts'
import { checkTaxId } from './tax-ids.ts'
import type { TaxCustomer } from './tax-objects.ts'

/** Whom a calculation taxes: a customer on file, or one described; with a place that tax can be found for. */
export function taxCustomer(context: Context, parameters: Stripe.Tax.CalculationCreateParams): TaxCustomer {
  const { customer: id, customer_details: details } = parameters
  if ((id === undefined) === (details === undefined)) {
    throw invalidRequest('Exactly one of `customer` and `customer_details` must be given.', {
      param: 'customer_details',
    })
  }
  const found = id === undefined ? described(details ?? {}) : onFile(context, id)
  checkLocation(found.address)
  return found
}

function described(details: Stripe.Tax.CalculationCreateParams.CustomerDetails): TaxCustomer {
  if (details.ip_address !== undefined) throw notServed('customer_details[ip_address]')
  const { tax_ids = [], taxability_override = 'none' } = details
  return {
    address: mergedAddress(null, details.address ?? '') ?? emptyAddress,
    address_source: details.address_source === 'shipping' ? 'shipping' : 'billing',
    ip_address: null,
    tax_ids: tax_ids.map(({ type, value }, index) => ({
      type,
      value: checkTaxId(type, value, `customer_details[tax_ids][${index}][value]`),
    })),
    // The document knows these three only.
    taxability_override: taxability_override as TaxCustomer['taxability_override'],
  }
}

const overrides = { exempt: 'customer_exempt', none: 'none', reverse: 'reverse_charge' } as const satisfies Record<
  Customer['tax_exempt'],
  TaxCustomer['taxability_override']
>

function onFile({ world }: Context, id: string): TaxCustomer {
  const customer = inParameter(world.state.customers, 'customer', id, 'customer')
  const taxIds = [...world.state.taxIds.values()].filter((taxId) => taxId.customer === id)
  return {
    address: customer.address ?? emptyAddress,
    address_source: 'billing',
    ip_address: null,
    tax_ids: taxIds.map(({ type, value }) => ({ type, value })),
    taxability_override: overrides[customer.tax_exempt],
  }
}

/** Where a country alone does not decide, what its address must have besides. */
const needed: Readonly<Record<string, (address: Address) => boolean>> = {
  US: ({ postal_code, state }) => /^\d{5}(-\d{4})?$/.test(postal_code ?? '') && /^[A-Z]{2}$/.test(state ?? ''),
  CA: ({ postal_code, state }) => Boolean(postal_code) || /^[A-Z]{2}$/.test(state ?? ''),
}

function checkLocation(address: Address): void {
  const { country } = address
  if (!country || !/^[A-Z]{2}$/.test(country)) throw noLocation()
  const complete = needed[country]
  if (complete && !complete(address)) throw noLocation()
}

function noLocation(): StripeError {
  return invalidRequest("We could not determine the customer's tax location based on the provided customer address.", {
    param: 'customer_details[address]',
    code: 'customer_tax_location_invalid',
  })
}
