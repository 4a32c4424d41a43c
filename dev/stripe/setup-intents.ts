import type Stripe from 'stripe'
import { sessionOf } from './checkout-completion.ts'
import { invalidRequest, notServed, StripeError } from './errors.ts'
import { emit } from './events.ts'
import { listOf } from './lists.ts'
import { automaticMethods, nextAction, requireReturnUrl } from './next-action.ts'
import type { PaymentMethod, SetupIntent } from './objects.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation } from './operation.ts'
import { chargeableMethod } from './saved-methods.ts'
import { attemptSetup } from './setup-attempts.ts'
import { newId, now } from './world.ts'

type ConfirmParameters = Pick<Stripe.SetupIntentConfirmParams, 'payment_method' | 'return_url'>

export const setupIntentOperations = {
  post_setup_intents: operation<Stripe.SetupIntentCreateParams>((context, parameters) => {
    refuseUnserved(context)
    if (parameters.customer) inParameter(context.world.state.customers, 'customer', parameters.customer, 'customer')
    const method = parameters.payment_method ? chargeableMethod(context.world, parameters.payment_method) : undefined
    const intent = createSetup(context, parameters, method)
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
    const intent = openIntentInPath(context, 'confirm')
    return confirm(context, intent, parameters)
  }),

  post_setup_intents_intent_cancel: operation<Stripe.SetupIntentCancelParams>((context, { cancellation_reason }) => {
    const intent = openIntentInPath(context, 'cancel')
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

function openIntentInPath(context: Context, step: string): SetupIntent {
  const intent = intentInPath(context)
  if (sessionOf(context.world, intent)) {
    throw invalidRequest(`You cannot ${step} a SetupIntent created by a Checkout Session; expire the session instead.`)
  }
  if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpectedState(intent, step)
  return intent
}

const unserved = ['attach_to_self', 'confirmation_token', 'payment_method_data', 'payment_method_options']

function refuseUnserved({ parameters }: Context): void {
  const name = unserved.find((candidate) => parameters[candidate] !== undefined)
  if (name) throw notServed(`${name} of SetupIntents`)
}

/** Records a SetupIntent: for the operation, and for a Checkout Session. */
export function createSetup(
  context: Context,
  parameters: Stripe.SetupIntentCreateParams,
  method?: PaymentMethod,
): SetupIntent {
  const intent = newIntent(context, parameters, method)
  context.world.state.setupIntents.set(intent.id, intent)
  emit(context.world, context, 'setup_intent.created', intent)
  return intent
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
  const method = chargeableMethod(context.world, id)
  if (method.customer !== null && method.customer !== intent.customer) {
    throw invalidRequest(`The payment method ${id} belongs to another customer.`, { param: 'payment_method' })
  }
  const error = attemptSetup(
    { world: context.world, cause: context, intent, method },
    {
      decline: context.decline,
      nextAction: nextAction(context.baseUrl, intent.client_secret, parameters.return_url),
    },
  )
  if (error) throw error
  return intent
}

function unexpectedState(intent: SetupIntent, step: string): StripeError {
  return new StripeError(400, {
    type: 'invalid_request_error',
    code: 'setup_intent_unexpected_state',
    message: `You cannot ${step} this SetupIntent because it has a status of ${intent.status}.`,
    setup_intent: structuredClone(intent),
  })
}
