import type Stripe from 'stripe'
import { checkAmount, checkCurrency } from './amounts.ts'
import { invalidRequest, notServed, type StripeError } from './errors.ts'
import { emit } from './events.ts'
import { listOf } from './lists.ts'
import { automaticMethods, nextAction, requireReturnUrl } from './next-action.ts'
import type { PaymentIntent, PaymentMethod, PaymentMethodType } from './objects.ts'
import {
  assignGiven,
  type Context,
  type Handler,
  inParameter,
  mergeMetadata,
  operation,
  textOrNull,
} from './operation.ts'
import { attemptPayment } from './payment-attempts.ts'
import { cancelIntent } from './payment-captures.ts'
import { intentInPath, requireState, unexpectedState } from './payment-states.ts'
import { chargeableMethod } from './saved-methods.ts'
import { newId, now } from './world.ts'

type ConfirmParameters = Stripe.PaymentIntentConfirmParams & { confirm?: boolean }
type ChangeParameters = Stripe.PaymentIntentCreateParams | Stripe.PaymentIntentUpdateParams | ConfirmParameters

const onlyWithConfirm = ['error_on_requires_action', 'mandate', 'mandate_data', 'off_session', 'return_url'] as const

export const paymentIntentOperations = {
  post_payment_intents: operation<Stripe.PaymentIntentCreateParams>((context, parameters) => {
    const stray = parameters.confirm ? undefined : onlyWithConfirm.find((name) => name in parameters)
    if (stray)
      throw invalidRequest(
        `The parameter ${stray} cannot be passed when creating a PaymentIntent unless confirm is set to true.`,
        { param: stray },
      )
    const intent = newIntent(context, parameters)
    change(context, intent, parameters)
    context.world.state.paymentIntents.set(intent.id, intent)
    emit(context.world, context, 'payment_intent.created', intent)
    return parameters.confirm ? confirm(context, intent, parameters) : intent
  }),

  get_payment_intents: operation<Stripe.PaymentIntentListParams>((context, { customer }) =>
    listOf(context, {
      from: context.world.state.paymentIntents,
      noun: 'payment_intent',
      url: '/v1/payment_intents',
      where: (intent) => customer === undefined || intent.customer === customer,
    }),
  ),

  get_payment_intents_intent: (context) => intentInPath(context),

  post_payment_intents_intent: operation<Stripe.PaymentIntentUpdateParams>((context, parameters) => {
    const intent = intentInPath(context)
    const frozen = ['amount', 'currency', 'customer', 'payment_method'].find((name) => name in parameters)
    if (frozen) requireState(intent, 'updated', `This PaymentIntent's ${frozen} could not be updated`)
    change(context, intent, parameters)
    intent.last_payment_error = null
    return intent
  }),

  post_payment_intents_intent_confirm: operation<Stripe.PaymentIntentConfirmParams>((context, parameters) => {
    const intent = intentInPath(context)
    if (intent.status === 'succeeded') {
      throw unexpectedState(
        intent,
        'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.',
      )
    }
    requireState(intent, 'confirmed', 'You cannot confirm this PaymentIntent')
    const { amount_to_confirm } = parameters as { amount_to_confirm?: number }
    if (amount_to_confirm !== undefined && amount_to_confirm !== intent.amount) {
      throw invalidRequest('amount_to_confirm must equal the amount of the PaymentIntent.', {
        param: 'amount_to_confirm',
      })
    }
    return confirm(context, intent, parameters)
  }),

  post_payment_intents_intent_cancel: operation<Stripe.PaymentIntentCancelParams>(
    (context, { cancellation_reason }) => {
      const intent = intentInPath(context)
      requireState(intent, 'canceled', 'You cannot cancel this PaymentIntent')
      cancelIntent(context.world, context, intent, cancellation_reason ?? null)
      return intent
    },
  ),
} satisfies Record<string, Handler>

function newIntent(context: Context, parameters: Stripe.PaymentIntentCreateParams): PaymentIntent {
  const currency = checkCurrency(parameters.currency)
  checkAmount(parameters.amount, currency)
  const id = newId('pi')
  const types = parameters.allowed_payment_method_types as string[] | undefined
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: types ?? null,
    amount: parameters.amount,
    amount_capturable: 0,
    amount_received: 0,
    automatic_payment_methods: automaticMethods(types, parameters.automatic_payment_methods),
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_${newId('secret', 25)}`,
    confirmation_method: parameters.confirmation_method === 'manual' ? 'manual' : 'automatic',
    created: now(context.world),
    currency,
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: {},
    next_action: null,
    payment_method: null,
    payment_method_options: {},
    payment_method_types: types ?? automaticTypes[currency] ?? ['card'],
    processing: null,
    receipt_email: null,
    setup_future_usage: null,
    shipping: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
  }
}

/** What is offered in a currency when the caller names no types. */
const automaticTypes: Readonly<Record<string, string[]>> = {
  eur: ['card', 'sepa_debit'],
  usd: ['card', 'us_bank_account'],
}

/** Debits move one currency, and cannot be authorized first. */
const debitCurrency: Readonly<Partial<Record<PaymentMethodType, string>>> = {
  sepa_debit: 'eur',
  us_bank_account: 'usd',
}

const plainFields = [
  'description',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'statement_descriptor',
  'statement_descriptor_suffix',
] as const

/** Checks everything before it changes anything, so that a refused request leaves the intent as it was. */
function change(context: Context, intent: PaymentIntent, parameters: ChangeParameters): void {
  refuseUnserved(context)
  const { amount, currency, customer, capture_method, payment_method, metadata } =
    parameters as Stripe.PaymentIntentUpdateParams
  const currencyThen = currency === undefined ? intent.currency : checkCurrency(currency)
  if (amount !== undefined) checkAmount(amount, currencyThen)
  const customerThen = customer === undefined ? intent.customer : textOrNull(customer)
  const types = (parameters.allowed_payment_method_types as string[] | undefined) ?? intent.payment_method_types
  if (customer) inParameter(context.world.state.customers, 'customer', customer, 'customer')
  const method = payment_method
    ? methodFor(context, { customer: customerThen, types, currency: currencyThen }, payment_method)
    : undefined

  assignGiven(intent, context.parameters, plainFields)
  intent.amount = amount ?? intent.amount
  intent.currency = currencyThen
  intent.customer = customerThen
  intent.metadata = mergeMetadata(intent.metadata, metadata)
  intent.payment_method_types = types
  if (parameters.allowed_payment_method_types) {
    intent.allowed_payment_method_types = types
    intent.automatic_payment_methods = null
  }
  if (capture_method) intent.capture_method = capture_method as PaymentIntent['capture_method']
  if (!method) return
  // Another method always has to be confirmed; what a bank was asked about the one before is void.
  Object.assign(intent, { payment_method: method.id, status: 'requires_confirmation', next_action: null })
}

const unserved = ['confirmation_token', 'mandate', 'payment_method_data', 'payment_method_options'] as const

function refuseUnserved({ parameters }: Context): void {
  const name = unserved.find((candidate) => parameters[candidate] !== undefined)
  if (name) throw notServed(`${name} of PaymentIntents`)
}

function methodFor(
  context: Context,
  { customer, types, currency }: { customer: string | null; types: readonly string[]; currency: string },
  id: string,
): PaymentMethod {
  const method = chargeableMethod(context.world, id)
  if (!types.includes(method.type)) {
    throw invalidRequest(
      `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: ${types.join(', ')}.`,
      { param: 'payment_method' },
    )
  }
  const only = debitCurrency[method.type]
  if (only !== undefined && only !== currency) {
    throw invalidRequest(`The payment method ${method.type} takes ${only} only, not ${currency}.`, {
      param: 'payment_method',
      code: 'payment_method_currency_mismatch',
    })
  }
  if (method.customer === null || method.customer === customer) return method
  const which =
    customer === null ? 'You also must supply the customer it belongs to' : 'It cannot be used with another customer'
  throw invalidRequest(`The payment method supplied (${id}) belongs to the Customer ${method.customer}. ${which}.`, {
    param: 'payment_method',
  })
}

function confirm(context: Context, intent: PaymentIntent, parameters: ConfirmParameters): PaymentIntent {
  const offSession = parameters.off_session !== undefined && parameters.off_session !== false
  const automatic = parameters.allowed_payment_method_types ? null : intent.automatic_payment_methods
  requireReturnUrl(automatic, parameters.return_url)
  if (parameters.confirm === undefined) change(context, intent, parameters)
  if (offSession && intent.setup_future_usage !== null) throw bothUsages()
  const method = context.world.state.paymentMethods.get(intent.payment_method ?? '')
  if (!method) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    )
  }
  if (intent.capture_method === 'manual' && debitCurrency[method.type]) throw noManualCapture(method)
  const error = attemptPayment(
    {
      world: context.world,
      cause: context,
      intent,
      method: methodFor(context, { ...intent, types: intent.payment_method_types }, method.id),
    },
    {
      offSession,
      errorOnRequiresAction: parameters.error_on_requires_action === true,
      decline: context.decline,
      nextAction: nextAction(context.baseUrl, intent.client_secret, parameters.return_url),
    },
  )
  if (error) throw error
  return intent
}

function noManualCapture({ type }: PaymentMethod): StripeError {
  return invalidRequest(`The payment method type ${type} does not support manual capture.`, { param: 'capture_method' })
}

function bothUsages(): StripeError {
  return invalidRequest(
    'You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the PaymentIntent because you cannot set up future usages when processing payments off-session.',
    { param: 'off_session' },
  )
}
