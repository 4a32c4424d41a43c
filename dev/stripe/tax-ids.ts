import type Stripe from 'stripe'
import { invalidRequest, resourceMissing } from './errors.ts'
import { emit } from './events.ts'
import { listOf } from './lists.ts'
import type { Customer, TaxId } from './objects.ts'
import { type Context, type Handler, inPath, operation } from './operation.ts'
import { newId, now, type World } from './world.ts'

export const taxIdOperations = {
  post_customers_customer_tax_ids: operation<Stripe.CustomerCreateTaxIdParams>((context, { type, value }) =>
    addTaxId(context, customerInPath(context), { type, value }),
  ),

  get_customers_customer_tax_ids: (context) => {
    const { id } = customerInPath(context)
    return listOf(context, {
      from: context.world.state.taxIds,
      noun: 'tax id',
      url: `/v1/customers/${id}/tax_ids`,
      where: (taxId) => taxId.customer === id,
    })
  },

  get_customers_customer_tax_ids_id: (context) => taxIdInPath(context),

  delete_customers_customer_tax_ids_id: (context) => {
    const taxId = taxIdInPath(context)
    context.world.state.taxIds.delete(taxId.id)
    emit(context.world, context, 'customer.tax_id.deleted', taxId)
    return { id: taxId.id, object: 'tax_id', deleted: true }
  },
} satisfies Record<string, Handler>

function customerInPath(context: Context): Customer {
  return inPath(context, context.world.state.customers, 'customer', 'customer')
}

function taxIdInPath(context: Context): TaxId {
  const { id } = customerInPath(context)
  const taxId = inPath(context, context.world.state.taxIds, 'tax_id', 'id')
  if (taxId.customer !== id) throw resourceMissing('tax_id', taxId.id, 'id', true)
  return taxId
}

const maxTaxIds = 5

/** Stripe looks at the form of an id at once; whether it is registered, where it asks at all, comes later. */
export function addTaxId(context: Context, customer: Customer, given: { type: string; value: string }): TaxId {
  const { taxIds } = context.world.state
  const { type } = given
  const value = checkTaxId(type, given.value, 'value')
  if ([...taxIds.values()].filter((taxId) => taxId.customer === customer.id).length >= maxTaxIds) {
    throw invalidRequest(`A customer may have at most ${maxTaxIds} tax IDs.`)
  }
  const taxId: TaxId = {
    id: newId('txi', 14),
    object: 'tax_id',
    country: countryOf(type, value),
    created: now(context.world),
    customer: customer.id,
    livemode: false,
    owner: { customer: customer.id, type: 'customer' },
    type,
    value,
    verification: {
      status: verified.includes(type) ? 'pending' : 'unavailable',
      verified_address: null,
      verified_name: null,
    },
  }
  taxIds.set(taxId.id, taxId)
  emit(context.world, context, 'customer.tax_id.created', taxId)
  return taxId
}

const verified = ['au_abn', 'eu_vat', 'gb_vat']

/** The forms of https://docs.stripe.com/billing/customer/tax-ids, for those a subscriber here may have. */
const forms: Readonly<Record<string, RegExp>> = {
  au_abn: /^\d{11}$/,
  ca_gst_hst: /^\d{9}RT\d{4}$/,
  ch_vat: /^CHE\d{9}(MWST|TVA|IVA)?$/,
  eu_vat: /^(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[A-Z0-9+*]{2,12}$/,
  gb_vat: /^GB(\d{9}|\d{12}|(GD|HA)\d{3})$/,
  no_vat: /^\d{9}MVA$/,
  nz_gst: /^\d{8,9}$/,
  us_ein: /^\d{2}-?\d{7}$/,
}

/** Numbers that decide a test verification (https://docs.stripe.com/billing/customer/tax-ids#testing). */
const testNumbers: Readonly<Record<string, TaxId['verification']['status']>> = {
  '000000000': 'verified',
  '111111111': 'unverified',
  '222222222': 'pending',
}

/** The id without blanks; throws `tax_id_invalid` where it cannot be one of its type. */
export function checkTaxId(type: string, given: string, param: string): string {
  const value = given.replaceAll(/[\s.]/g, '').toUpperCase()
  const form = forms[type]
  if (value !== '' && (!form || form.test(value) || testNumbers[value])) return value
  throw invalidRequest(`Invalid value for ${type}.`, { param, code: 'tax_id_invalid' })
}

const otherCountries: Readonly<Record<string, string>> = { EL: 'GR', XI: 'GB' }

function countryOf(type: string, value: string): string | null {
  const prefix = (type === 'eu_vat' ? value : type).slice(0, 2).toUpperCase()
  return /^[A-Z]{2}$/.test(prefix) ? (otherCountries[prefix] ?? prefix) : null
}

/** The registry's answer arrives; false where it has none to give, or has given it. */
export function finishVerification(world: World, taxId: TaxId): boolean {
  const digits = taxId.value.replaceAll(/\D/g, '').slice(-9)
  const status = testNumbers[digits] ?? 'verified'
  if (taxId.verification.status !== 'pending' || status === 'pending') return false
  const name = status === 'verified' ? 'Test Company' : null
  taxId.verification = { status, verified_address: name && 'Test Street 1', verified_name: name }
  emit(world, null, 'customer.tax_id.updated', taxId, { verification: { status: 'pending' } })
  return true
}
