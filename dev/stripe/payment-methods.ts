import type Stripe from 'stripe'
import { emptyAddress, mergedAddress } from './addresses.ts'
import { invalidRequest, notServed, parameterMissing, resourceMissing } from './errors.ts'
import { changedFrom, emit } from './events.ts'
import { listOf } from './lists.ts'
import type { PaymentMethod } from './objects.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation, textOrNull } from './operation.ts'
import { attach, chargeableMethod, detach, newMethod } from './saved-methods.ts'
import { debitOfNumber } from './test-debits.ts'
import { isTestMethod, type TestMethodName } from './test-methods.ts'

export const paymentMethodOperations = {
  post_payment_methods: operation<Stripe.PaymentMethodCreateParams>((context, parameters) => {
    const name = tokenOf(parameters)
    const method = newMethod(context.world, name)
    setBillingDetails(method, parameters.billing_details)
    method.metadata = mergeMetadata({}, parameters.metadata)
    if (parameters.allow_redisplay)
      method.allow_redisplay = parameters.allow_redisplay as PaymentMethod['allow_redisplay']
    return method
  }),

  get_payment_methods: operation<Stripe.PaymentMethodListParams>((context, parameters) =>
    listMethods(context, '/v1/payment_methods', parameters.customer, parameters.type),
  ),

  get_payment_methods_payment_method: (context) => methodInPath(context),

  post_payment_methods_payment_method: operation<Stripe.PaymentMethodUpdateParams>((context, parameters) => {
    const method = methodInPath(context)
    if (parameters.us_bank_account) throw notServed('us_bank_account of an update')
    if (method.customer === null)
      throw invalidRequest('You must save this PaymentMethod to a customer before you can update it.')
    const before = structuredClone(method)
    setBillingDetails(method, parameters.billing_details)
    const { exp_month, exp_year } = parameters.card ?? {}
    if (method.card && exp_month !== undefined) method.card.exp_month = exp_month
    if (method.card && exp_year !== undefined) method.card.exp_year = exp_year
    method.metadata = mergeMetadata(method.metadata, parameters.metadata)
    emit(context.world, context, 'payment_method.updated', method, changedFrom(before, method))
    return method
  }),

  post_payment_methods_payment_method_attach: operation<Stripe.PaymentMethodAttachParams>((context, { customer }) => {
    if (customer === undefined) throw parameterMissing('customer')
    inParameter(context.world.state.customers, 'customer', customer, 'customer')
    const id = context.path.payment_method ?? ''
    return attach(context, chargeableMethod(context.world, id, true), customer)
  }),

  post_payment_methods_payment_method_detach: (context) => {
    const method = methodInPath(context)
    if (method.customer === null) {
      throw invalidRequest('The payment method you provided is not attached to a customer so detachment is impossible.')
    }
    return detach(context, method)
  },

  get_customers_customer_payment_methods: operation<Stripe.CustomerListPaymentMethodsParams>((context, { type }) => {
    const { id } = inPath(context, context.world.state.customers, 'customer', 'customer')
    return listMethods(context, `/v1/customers/${id}/payment_methods`, id, type)
  }),

  get_customers_customer_payment_methods_payment_method: (context) => {
    const { id } = inPath(context, context.world.state.customers, 'customer', 'customer')
    const method = methodInPath(context)
    if (method.customer !== id) throw resourceMissing('PaymentMethod', method.id, 'payment_method', true)
    return method
  },
} satisfies Record<string, Handler>

function methodInPath(context: Context): PaymentMethod {
  return inPath(context, context.world.state.paymentMethods, 'PaymentMethod', 'payment_method')
}

function listMethods(context: Context, url: string, customer: string | undefined, type: string | undefined): object {
  return listOf(context, {
    from: context.world.state.paymentMethods,
    noun: 'payment_method',
    url,
    // Stripe lists a customer's methods; without a customer it has nothing to list but unattached test objects.
    where: (method) => (customer === undefined || method.customer === customer) && (!type || method.type === type),
  })
}

/** Test accounts by their number; cards by a token such as tok_visa, since ours never touch a server. */
function tokenOf(parameters: Stripe.PaymentMethodCreateParams): TestMethodName {
  const { type, sepa_debit, us_bank_account } = parameters
  if (type === undefined) throw parameterMissing('type')
  if (type === 'sepa_debit' && sepa_debit) return debitOfNumber(sepa_debit.iban, 'sepa_debit[iban]')
  if (type === 'us_bank_account' && us_bank_account) {
    return debitOfNumber(us_bank_account.account_number ?? '', 'us_bank_account[account_number]')
  }
  if (type !== 'card' || !parameters.card) throw notServed(`payment methods of type ${type}`)
  const token = 'token' in parameters.card ? parameters.card.token : undefined
  if (token === undefined) throw notServed('raw card numbers; send card[token]=tok_visa')
  const name = token.replace(/^tok_/, 'pm_card_')
  if (!isTestMethod(name)) throw resourceMissing('token', token, 'card[token]', false)
  return name
}

function setBillingDetails(method: PaymentMethod, change: unknown): void {
  if (change === undefined) return
  const { address, ...texts } = change as { address?: unknown } & Record<string, string | null>
  if (address !== undefined)
    method.billing_details.address = mergedAddress(method.billing_details.address, address) ?? { ...emptyAddress }
  for (const [field, value] of Object.entries(texts))
    Object.assign(method.billing_details, { [field]: textOrNull(value) })
}
