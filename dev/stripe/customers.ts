import type Stripe from 'stripe'
import { mergedAddress } from './addresses.ts'
import { notServed, resourceMissing } from './errors.ts'
import { changedFrom, emit } from './events.ts'
import { listOf } from './lists.ts'
import type { Customer } from './objects.ts'
import { assignGiven, type Context, type Handler, inPath, mergeMetadata, operation, textOrNull } from './operation.ts'
import { attach, chargeableMethod, detach } from './saved-methods.ts'
import { addTaxId, checkTaxId } from './tax-ids.ts'
import { newId, now } from './world.ts'

const plainFields = [
  'balance',
  'business_name',
  'description',
  'email',
  'individual_name',
  'invoice_prefix',
  'name',
  'next_invoice_sequence',
  'phone',
  'shipping',
] as const

export const customerOperations = {
  post_customers: operation<Stripe.CustomerCreateParams>((context, parameters) => {
    for (const [index, { type, value }] of (parameters.tax_id_data ?? []).entries()) {
      checkTaxId(type, value, `tax_id_data[${index}][value]`)
    }
    const customer = newCustomer(context)
    change(context, customer, parameters)
    if (parameters.payment_method) {
      // Attach before the customer exists for others: a card that is refused leaves no customer behind.
      attach(context, chargeableMethod(context.world, parameters.payment_method), customer.id)
    }
    setDefaultMethod(context, customer, parameters)
    context.world.state.customers.set(customer.id, customer)
    emit(context.world, context, 'customer.created', customer)
    for (const taxId of parameters.tax_id_data ?? []) addTaxId(context, customer, taxId)
    return customer
  }),

  get_customers: operation<Stripe.CustomerListParams>((context, { email }) =>
    listOf(context, {
      from: context.world.state.customers,
      noun: 'customer',
      url: '/v1/customers',
      where: (customer) => email === undefined || customer.email === email,
    }),
  ),

  get_customers_customer: (context) => {
    const deleted = context.world.state.deletedCustomers.get(context.path.customer ?? '')
    return deleted ?? inPath(context, context.world.state.customers, 'customer', 'customer')
  },

  post_customers_customer: operation<Stripe.CustomerUpdateParams>((context, parameters) => {
    const customer = inPath(context, context.world.state.customers, 'customer', 'customer')
    const before = structuredClone(customer)
    setDefaultMethod(context, customer, parameters)
    change(context, customer, parameters)
    emit(context.world, context, 'customer.updated', customer, changedFrom(before, customer))
    return customer
  }),

  delete_customers_customer: (context) => {
    const { customers, deletedCustomers, paymentMethods, taxIds } = context.world.state
    const customer = inPath(context, customers, 'customer', 'customer')
    for (const method of paymentMethods.values()) {
      if (method.customer === customer.id) detach(context, method)
    }
    for (const { id, customer: owner } of taxIds.values()) if (owner === customer.id) taxIds.delete(id)
    const deleted = { id: customer.id, object: 'customer', deleted: true } as const
    customers.delete(customer.id)
    deletedCustomers.set(customer.id, deleted)
    emit(context.world, context, 'customer.deleted', customer)
    return deleted
  },
} satisfies Record<string, Handler>

function newCustomer(context: Context): Customer {
  return {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: now(context.world),
    currency: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: newId('p', 8).slice(2).toUpperCase(),
    invoice_settings: { default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
  }
}

function change(
  context: Context,
  customer: Customer,
  parameters: Stripe.CustomerCreateParams | Stripe.CustomerUpdateParams,
): void {
  assignGiven(customer, context.parameters, plainFields)
  customer.metadata = mergeMetadata(customer.metadata, parameters.metadata)
  if (parameters.address !== undefined) customer.address = mergedAddress(customer.address, parameters.address)
  if (parameters.tax_exempt !== undefined)
    customer.tax_exempt = (parameters.tax_exempt || 'none') as Customer['tax_exempt']
  if (parameters.preferred_locales) customer.preferred_locales = parameters.preferred_locales
  const { footer, rendering_options } = parameters.invoice_settings ?? {}
  if (rendering_options) throw notServed('invoice_settings[rendering_options]')
  if (footer !== undefined) customer.invoice_settings.footer = textOrNull(footer)
}

function setDefaultMethod(
  context: Context,
  customer: Customer,
  parameters: Stripe.CustomerCreateParams | Stripe.CustomerUpdateParams,
): void {
  const id = parameters.invoice_settings?.default_payment_method
  if (id === undefined) return
  const method = context.world.state.paymentMethods.get(id)
  if (id !== '' && method?.customer !== customer.id) {
    throw resourceMissing('PaymentMethod', id, 'invoice_settings[default_payment_method]', false)
  }
  customer.invoice_settings.default_payment_method = textOrNull(id)
}
