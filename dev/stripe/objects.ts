// The objects as they are stored: what openapi.json requires, references as ids. `exchange.ts` checks each answer
// against the document, so these types only have to serve the handlers.

export type Metadata = Record<string, string>

export type Address = {
  city: string | null
  country: string | null
  line1: string | null
  line2: string | null
  postal_code: string | null
  state: string | null
}

export type BillingDetails = {
  address: Address
  email: string | null
  name: string | null
  phone: string | null
  tax_id: string | null
}

export type Base<Name extends string> = { id: string; object: Name; created: number; livemode: false }

export type Customer = Base<'customer'> & {
  address: Address | null
  balance: number
  business_name?: string
  individual_name?: string
  currency: string | null
  delinquent: boolean
  description: string | null
  discount: null
  email: string | null
  invoice_prefix: string
  invoice_settings: { default_payment_method: string | null; footer: string | null; rendering_options: null }
  metadata: Metadata
  name: string | null
  next_invoice_sequence: number
  phone: string | null
  preferred_locales: string[]
  shipping: unknown
  tax_exempt: 'exempt' | 'none' | 'reverse'
}

export type PaymentMethodType = 'card' | 'sepa_debit' | 'us_bank_account'

export type PaymentMethod = Base<'payment_method'> & {
  allow_redisplay: 'always' | 'limited' | 'unspecified'
  billing_details: BillingDetails
  card?: CardDetails
  sepa_debit?: SepaDetails
  us_bank_account?: BankDetails
  customer: string | null
  metadata: Metadata
  type: PaymentMethodType
}

type CardDetails = {
  brand: string
  checks: { address_line1_check: null; address_postal_code_check: null; cvc_check: string | null }
  country: string
  display_brand: string
  exp_month: number
  exp_year: number
  fingerprint: string
  funding: string
  last4: string
  networks: { available: string[]; preferred: string | null }
  regulated_status: 'unregulated'
  three_d_secure_usage: { supported: boolean }
}

type BankDetails = {
  account_holder_type: 'individual' | 'company'
  account_type: 'checking' | 'savings'
  bank_name: string
  financial_connections_account: null
  fingerprint: string
  last4: string
  networks: { preferred: string; supported: string[] }
  routing_number: string
  status_details: null
}

type SepaDetails = {
  bank_code: string
  branch_code: string
  country: string
  fingerprint: string
  last4: string
}

/** What `last_payment_error` and `last_setup_error` carry. */
export type IntentError = {
  type: 'card_error' | 'invalid_request_error'
  code: string
  message: string
  decline_code?: string
  advice_code?: string
  charge?: string
  payment_method?: PaymentMethod
  payment_method_type?: string
}

export type NextAction =
  | { type: 'redirect_to_url'; redirect_to_url: { return_url: string | null; url: string } }
  | { type: 'use_stripe_sdk'; use_stripe_sdk: Record<string, never> }

export type AutomaticPaymentMethods = { allow_redirects?: 'always' | 'never'; enabled: boolean }

export type PaymentIntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled'

export type PaymentIntent = Base<'payment_intent'> & {
  allowed_payment_method_types: string[] | null
  amount: number
  amount_capturable: number
  amount_received: number
  automatic_payment_methods: AutomaticPaymentMethods | null
  canceled_at: number | null
  cancellation_reason: string | null
  capture_method: 'automatic' | 'automatic_async' | 'manual'
  client_secret: string
  confirmation_method: 'automatic' | 'manual'
  currency: string
  customer: string | null
  description: string | null
  last_payment_error: IntentError | null
  latest_charge: string | null
  metadata: Metadata
  next_action: NextAction | null
  payment_method: string | null
  payment_method_options: Record<string, never>
  payment_method_types: string[]
  processing: null
  receipt_email: string | null
  setup_future_usage: 'off_session' | 'on_session' | null
  shipping: unknown
  statement_descriptor: string | null
  statement_descriptor_suffix: string | null
  status: PaymentIntentStatus
}

export type SetupIntent = Base<'setup_intent'> & {
  allowed_payment_method_types: string[] | null
  automatic_payment_methods: AutomaticPaymentMethods | null
  cancellation_reason: string | null
  client_secret: string
  customer: string | null
  description: string | null
  last_setup_error: IntentError | null
  latest_attempt: string | null
  mandate: string | null
  metadata: Metadata
  next_action: NextAction | null
  payment_method: string | null
  payment_method_options: Record<string, never>
  payment_method_types: string[]
  single_use_mandate: null
  status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled'
  usage: string
}

export type Charge = Base<'charge'> & {
  amount: number
  amount_captured: number
  amount_refunded: number
  balance_transaction: string | null
  captured: boolean
  currency: string
  customer: string | null
  failure_code: string | null
  failure_message: string | null
  metadata: Metadata
  paid: boolean
  payment_intent: string
  payment_method: string
  refunded: boolean
  disputed: boolean
  status: 'succeeded' | 'pending' | 'failed'
  [field: string]: unknown
}

export type BalanceTransaction = {
  id: string
  object: 'balance_transaction'
  amount: number
  available_on: number
  balance_type: 'payments'
  created: number
  currency: string
  description: string | null
  exchange_rate: null
  fee: number
  fee_details: { amount: number; currency: string; description: string; type: string }[]
  net: number
  reporting_category: string
  source: string
  status: 'pending' | 'available'
  type: string
}

export type Refund = Omit<Base<'refund'>, 'livemode'> & {
  amount: number
  balance_transaction: string | null
  charge: string
  currency: string
  customer: string | null
  destination_details: object
  failure_balance_transaction?: string
  failure_reason?: string
  metadata: Metadata
  payment_intent: string
  payment_method: string
  pending_reason?: 'processing'
  reason: string | null
  receipt_number: null
  source_transfer_reversal: null
  status: 'pending' | 'succeeded' | 'failed'
  transfer_reversal: null
}

export type TaxId = Base<'tax_id'> & {
  country: string | null
  customer: string
  owner: { customer: string; type: 'customer' }
  type: string
  value: string
  verification: {
    status: 'pending' | 'unavailable' | 'unverified' | 'verified'
    verified_address: string | null
    verified_name: string | null
  }
}

export type CheckoutSession = Base<'checkout.session'> & {
  allowed_payment_method_types: string[] | null
  customer: string | null
  customer_email: string | null
  expires_at: number
  metadata: Metadata
  setup_intent: string
  status: 'complete' | 'expired' | 'open'
  success_url: string
  url: string | null
  [field: string]: unknown
}

export type StripeEvent = Base<'event'> & {
  api_version: string
  data: { object: unknown; previous_attributes?: unknown }
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

export type WebhookEndpoint = Base<'webhook_endpoint'> & {
  api_version: string | null
  description: string | null
  enabled_events: string[]
  metadata: Metadata
  status: 'enabled' | 'disabled'
  url: string
}
