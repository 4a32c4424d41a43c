import type Stripe from 'stripe'
import { invalidRequest, notServed, StripeError } from './errors.ts'
import { type Cause, emit } from './events.ts'
import { listOf } from './lists.ts'
import { automaticMethods, nextAction, requireReturnUrl } from './next-action.ts'
import type { PaymentMethod, SetupIntent } from './objects.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation } from './operation.ts'
import { chargeableMethod } from './saved-methods.ts'
import { behaviourOf, type Decline, declineMessage } from './test-methods.ts'
import { newId, now, type World } from './world.ts'

type ConfirmParameters = Pick<Stripe.SetupIntentConfirmParams, 'payment_method' | 'return_url'>

export const setupIntentOperations = {
  post_setup_intents: operation<Stripe.SetupIntentCreateParams>((context, parameters) => {
    refuseUnserved(context)
    if (parameters.customer) inParameter(context.world.state.customers, 'customer', parameters.customer, 'customer')
    const method = parameters.payment_method ? chargeableMethod(context, parameters.payment_method) : undefined
    const intent = newIntent(context, parameters, method)
    context.world.state.setupIntents.set(intent.id, intent)
    emit(context.world, context, 'setup_intent.created', intent)
    return parameters.confirm ? confirm(context, intent, { ...parameters, payment_method: method?.id ?? '' }) : intent
  }),

  get_setup_intents: operation<Stripe.SetupIntentListParams>((context, { customer, payment_method }) =>
    listOf(context, {
      from: context.world.state.setupIntents,
      noun: 'setup_intent',
      url: '/v1/setup_intents',
      where: (intent) =>
        (!customer || intent.customer === customer) && (!payment_method || intent.payment_method === payment_method),
    }),
  ),

  get_setup_intents_intent: (context) => intentInPath(context),

  post_setup_intents_intent_confirm: operation<Stripe.SetupIntentConfirmParams>((context, parameters) => {
    refuseUnserved(context)
    const intent = intentInPath(context)
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpectedState(intent, 'confirm')
    return confirm(context, intent, parameters)
  }),

  post_setup_intents_intent_cancel: operation<Stripe.SetupIntentCancelParams>((context, { cancellation_reason }) => {
    const intent = intentInPath(context)
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpectedState(intent, 'cancel')
    intent.status = 'canceled'
    intent.cancellation_reason = cancellation_reason ?? null
    intent.next_action = null
    emit(context.world, context, 'setup_intent.canceled', intent)
    return intent
  }),
} satisfies Record<string, Handler>

function intentInPath(context: Context): SetupIntent {
  return inPath(context, context.world.state.setupIntents, 'setupintent', 'intent')
}

const unserved = [
  'attach_to_self',
  'confirmation_token',
  'mandate_data',
  'payment_method_data',
  'payment_method_options',
]

function refuseUnserved({ parameters }: Context): void {
  const name = unserved.find((candidate) => parameters[candidate] !== undefined)
  if (name) throw notServed(`${name} of SetupIntents`)
}

function newIntent(
  context: Context,
  parameters: Stripe.SetupIntentCreateParams,
  method: PaymentMethod | undefined,
): SetupIntent {
  const id = newId('seti')
  const types = parameters.allowed_payment_method_types as string[] | undefined
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: types ?? null,
    automatic_payment_methods: automaticMethods(types, parameters.automatic_payment_methods),
    cancellation_reason: null,
    client_secret: `${id}_${newId('secret', 25)}`,
    created: now(context.world),
    customer: parameters.customer ?? null,
    description: parameters.description ?? null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: mergeMetadata({}, parameters.metadata),
    next_action: null,
    payment_method: method?.id ?? null,
    payment_method_options: {},
    payment_method_types: types ?? ['card'],
    single_use_mandate: null,
    status: method ? 'requires_confirmation' : 'requires_payment_method',
    usage: parameters.usage ?? 'off_session',
  }
}

function confirm(context: Context, intent: SetupIntent, parameters: ConfirmParameters): SetupIntent {
  requireReturnUrl(intent.automatic_payment_methods, parameters.return_url)
  const id = parameters.payment_method || intent.payment_method
  if (!id) {
    throw invalidRequest("You cannot confirm this SetupIntent because it's missing a payment method.", {
      code: 'setup_intent_unexpected_state',
    })
  }
  const method = chargeableMethod(context, id)
  if (method.customer !== null && method.customer !== intent.customer) {
    throw invalidRequest(`The payment method ${id} belongs to another customer.`, { param: 'payment_method' })
  }
  intent.payment_method = method.id
  intent.last_setup_error = null
  intent.latest_attempt = newId('setatt')
  const behaviour = behaviourOf(factsOf(context.world, method).behaviour)
  const decline = context.decline ?? behaviour.attachDecline
  if (decline) throw fail(context, intent, method, decline)
  if (behaviour.authentication) {
    intent.status = 'requires_action'
    intent.next_action = nextAction(context, intent.client_secret, parameters.return_url)
    emit(context.world, context, 'setup_intent.requires_action', intent)
    return intent
  }
  finishSetup(context.world, context, intent, true)
  return intent
}

function fail(context: Context, intent: SetupIntent, method: PaymentMethod, decline: Decline): StripeError {
  const error = {
    type: 'card_error' as const,
    ...decline,
    message: declineMessage(decline),
    payment_method: structuredClone(method),
    payment_method_type: method.type,
  }
  Object.assign(intent, { status: 'requires_payment_method', payment_method: null, last_setup_error: error })
  emit(context.world, context, 'setup_intent.setup_failed', intent)
  return new StripeError(402, { ...error, setup_intent: structuredClone(intent) })
}

/** Saves the method for later, or sends the intent back when the customer failed the bank's question. */
export function finishSetup(world: World, cause: Cause, intent: SetupIntent, succeeds: boolean): void {
  const method = world.state.paymentMethods.get(intent.payment_method ?? '')
  if (!method) return
  intent.next_action = null
  if (!succeeds) {
    const code = 'setup_intent_authentication_failure'
    const message = 'The provided PaymentMethod has failed authentication.'
    const error = { type: 'invalid_request_error', code, message, payment_method: structuredClone(method) }
    Object.assign(intent, { status: 'requires_payment_method', payment_method: null, last_setup_error: error })
    emit(world, cause, 'setup_intent.setup_failed', intent)
    return
  }
  intent.status = 'succeeded'
  factsOf(world, method).setUp = true
  if (intent.customer !== null && method.customer === null) {
    method.customer = intent.customer
    emit(world, cause, 'payment_method.attached', method)
  }
  emit(world, cause, 'setup_intent.succeeded', intent)
}

function factsOf(world: World, method: PaymentMethod) {
  const facts = world.state.methodFacts.get(method.id)
  if (!facts) throw new Error(`nothing is known of ${method.id}`)
  return facts
}

function unexpectedState(intent: SetupIntent, step: string): StripeError {
  return new StripeError(400, {
    type: 'invalid_request_error',
    code: 'setup_intent_unexpected_state',
    message: `You cannot ${step} this SetupIntent because it has a status of ${intent.status}.`,
    setup_intent: structuredClone(intent),
  })
}
