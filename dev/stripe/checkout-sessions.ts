import type Stripe from 'stripe'
import { expireSession } from './checkout-completion.ts'
import { invalidRequest, notServed, parameterMissing } from './errors.ts'
import { listOf } from './lists.ts'
import type { CheckoutSession, Customer, SetupIntent } from './objects.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation } from './operation.ts'
import { createSetup } from './setup-intents.ts'
import { newId, now } from './world.ts'

export const checkoutOperations = {
  post_checkout_sessions: operation<Stripe.Checkout.SessionCreateParams>((context, parameters) => {
    refuseUnserved(context)
    const customer = parameters.customer
      ? inParameter(context.world.state.customers, 'customer', parameters.customer, 'customer')
      : undefined
    const expires_at = expiry(context, parameters.expires_at)
    const success_url = returnAddress(parameters)
    const types = methodTypes(parameters)
    const { description, metadata } = parameters.setup_intent_data ?? {}
    const setup = createSetup(context, {
      allowed_payment_method_types: types as Stripe.SetupIntentCreateParams.AllowedPaymentMethodType[],
      ...(customer && { customer: customer.id }),
      ...(description !== undefined && { description }),
      ...(metadata && { metadata }),
    })
    const session = newSession(context, parameters, { customer, expires_at, success_url, types, setup })
    context.world.state.checkoutSessions.set(session.id, session)
    return session
  }),

  get_checkout_sessions: operation<Stripe.Checkout.SessionListParams>((context, parameters) => {
    const { customer, customer_details, payment_intent, payment_link, status, subscription } = parameters
    // Sessions in setup mode belong to no payment, link or subscription.
    const none = [payment_intent, payment_link, subscription].some((id) => id !== undefined)
    return listOf(context, {
      from: context.world.state.checkoutSessions,
      noun: 'checkout.session',
      url: '/v1/checkout/sessions',
      where: (session) =>
        !none &&
        (customer === undefined || session.customer === customer) &&
        (customer_details === undefined || session.customer_email === customer_details.email) &&
        (status === undefined || session.status === status),
    })
  }),

  get_checkout_sessions_session: (context) => sessionInPath(context),

  post_checkout_sessions_session_expire: (context) => {
    const session = sessionInPath(context)
    if (session.status !== 'open') {
      throw invalidRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
      )
    }
    expireSession(context.world, context, session)
    return session
  },
} satisfies Record<string, Handler>

function sessionInPath(context: Context): CheckoutSession {
  return inPath(context, context.world.state.checkoutSessions, 'checkout.session', 'session')
}

/** Taken, and without effect on a page that only saves a method. */
const withoutEffect = ['billing_address_collection', 'cancel_url', 'client_reference_id', 'currency', 'locale']
const served = [
  ...['allowed_payment_method_types', 'customer', 'customer_email', 'expand', 'expires_at', 'metadata', 'mode'],
  ...['setup_intent_data', 'success_url', 'ui_mode'],
  ...withoutEffect,
]

function refuseUnserved({ parameters }: Context): void {
  if (parameters.mode === undefined) throw parameterMissing('mode')
  if (parameters.mode !== 'setup') throw notServed(`Checkout in ${parameters.mode} mode`)
  if (parameters.ui_mode !== undefined && parameters.ui_mode !== 'hosted_page') {
    throw notServed(`Checkout with ui_mode ${parameters.ui_mode}`)
  }
  const other = Object.keys(parameters).find((name) => !served.includes(name))
  if (other) throw notServed(`${other} of Checkout Sessions`)
}

const hour_s = 60 * 60
const longest_s = 24 * hour_s

function expiry({ world }: Context, given: number | undefined): number {
  const least = now(world) + hour_s / 2
  const most = now(world) + longest_s
  if (given === undefined) return most
  if (given >= least && given <= most) return given
  throw invalidRequest('The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from now.', {
    param: 'expires_at',
  })
}

function returnAddress({ success_url }: Stripe.Checkout.SessionCreateParams): string {
  if (success_url === undefined) throw parameterMissing('success_url')
  if (URL.canParse(success_url)) return success_url
  throw invalidRequest('Not a valid URL', { param: 'success_url', code: 'url_invalid' })
}

const debitOf: Readonly<Record<string, string>> = { eur: 'sepa_debit', usd: 'us_bank_account' }

/** Named by the caller, or what suits the currency, which setup mode wants to know then. */
function methodTypes(parameters: Stripe.Checkout.SessionCreateParams): string[] {
  if (parameters.allowed_payment_method_types) return [...parameters.allowed_payment_method_types]
  if (parameters.currency === undefined) {
    throw invalidRequest('You must specify `currency` in setup mode unless you name the payment method types.', {
      param: 'currency',
    })
  }
  const debit = debitOf[parameters.currency]
  return debit ? ['card', debit] : ['card']
}

type Parts = {
  readonly customer: Customer | undefined
  readonly expires_at: number
  readonly success_url: string
  readonly types: string[]
  readonly setup: SetupIntent
}

function newSession(
  context: Context,
  parameters: Stripe.Checkout.SessionCreateParams,
  { customer, expires_at, success_url, types, setup }: Parts,
): CheckoutSession {
  const id = newId('cs_test', 58)
  return {
    ...emptySession,
    id,
    allowed_payment_method_types: parameters.allowed_payment_method_types ? types : null,
    billing_address_collection: parameters.billing_address_collection ?? null,
    cancel_url: parameters.cancel_url ?? null,
    client_reference_id: parameters.client_reference_id ?? null,
    created: now(context.world),
    currency: parameters.currency ?? null,
    customer: customer?.id ?? null,
    customer_details: detailsOf(customer, parameters.customer_email),
    customer_email: parameters.customer_email ?? null,
    expires_at,
    locale: parameters.locale ?? null,
    metadata: mergeMetadata({}, parameters.metadata),
    payment_method_types: types,
    setup_intent: setup.id,
    success_url,
    url: `${context.baseUrl}/_checkout/${id}`,
  }
}

function detailsOf(customer: Customer | undefined, email: string | undefined): object | null {
  if (!customer && email === undefined) return null
  const { address = null, name = null, phone = null, tax_exempt = 'none' } = customer ?? {}
  const names = { business_name: customer?.business_name ?? null, individual_name: customer?.individual_name ?? null }
  return { address, ...names, email: customer?.email ?? email ?? null, name, phone, tax_exempt, tax_ids: null }
}

/** What a session in setup mode has nothing to say about. */
const emptySession = {
  object: 'checkout.session',
  allow_promotion_codes: null,
  amount_subtotal: null,
  amount_total: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  client_secret: null,
  currency_conversion: null,
  custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
  customer_creation: null,
  integration_identifier: null,
  invoice: null,
  livemode: false,
  mode: 'setup',
  payment_intent: null,
  payment_link: null,
  payment_method_collection: 'always',
  payment_method_options: {},
  payment_status: 'no_payment_required',
  recovered_from: null,
  shipping_cost: null,
  status: 'open',
  submit_type: null,
  subscription: null,
  total_details: null,
  ui_mode: 'hosted_page',
} as const
