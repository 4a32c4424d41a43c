import { emptyAddress } from './addresses.ts'
import { invalidRequest, resourceMissing, StripeError } from './errors.ts'
import { emit } from './events.ts'
import type { BillingDetails, PaymentMethod } from './objects.ts'
import type { Context } from './operation.ts'
import {
  behaviourOf,
  type Decline,
  declineMessage,
  isTestMethod,
  type Look,
  type TestMethodName,
  testMethods,
} from './test-methods.ts'
import { type MethodFacts, newId, now, type World } from './world.ts'

/** The method an id names; a test token makes a new one each time, as at Stripe. */
export function chargeableMethod(world: World, id: string, inPath = false): PaymentMethod {
  if (isTestMethod(id)) return newMethod(world, id)
  const method = world.state.paymentMethods.get(id)
  if (!method) throw resourceMissing('PaymentMethod', id, 'payment_method', inPath)
  if (world.state.methodFacts.get(id)?.usedUp && method.customer === null) throw usedUp()
  return method
}

export function attach(context: Context, method: PaymentMethod, customer: string): PaymentMethod {
  if (method.customer === customer) return method
  if (method.customer !== null)
    throw invalidRequest('The payment method you provided has already been attached to a customer.')
  const facts = context.world.state.methodFacts.get(method.id)
  const decline = context.decline ?? (facts && behaviourOf(facts.behaviour).attachDecline)
  if (decline) throw cardRefused(decline)
  method.customer = customer
  emit(context.world, context, 'payment_method.attached', method)
  return method
}

export function detach(context: Context, method: PaymentMethod): PaymentMethod {
  const { customers, methodFacts } = context.world.state
  const customer = customers.get(method.customer ?? '')
  const facts = methodFacts.get(method.id)
  if (facts) facts.usedUp = true
  if (customer?.invoice_settings.default_payment_method === method.id) {
    customer.invoice_settings.default_payment_method = null
  }
  const before = method.customer
  method.customer = null
  emit(context.world, context, 'payment_method.detached', method, { customer: before })
  return method
}

/** The 402 of an issuer's no. */
function cardRefused(decline: Decline, evidence: Partial<StripeError['body']> = {}): StripeError {
  return new StripeError(402, { type: 'card_error', message: declineMessage(decline), ...decline, ...evidence })
}

function usedUp(): StripeError {
  return invalidRequest(
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
  )
}

/** What the emulator knows of a method and Stripe never shows. */
export function factsOf(world: World, method: PaymentMethod): MethodFacts {
  const facts = world.state.methodFacts.get(method.id)
  if (!facts) throw new Error(`nothing is known of ${method.id}`)
  return facts
}

const cardYears = 5

export function newMethod(world: World, name: TestMethodName): PaymentMethod {
  const look: Look = testMethods[name].look
  const created = now(world)
  const base = {
    id: newId('pm'),
    object: 'payment_method',
    created,
    livemode: false,
    customer: null,
    metadata: {},
  } as const
  const billing_details: BillingDetails = {
    address: { ...emptyAddress },
    email: null,
    name: null,
    phone: null,
    tax_id: null,
  }
  const exp_year = new Date(created * 1000).getUTCFullYear() + cardYears
  const details = { type: look.type, ...detailsOf(name, look, exp_year) }
  const method: PaymentMethod = { ...base, allow_redisplay: 'unspecified', billing_details, ...details }
  world.state.paymentMethods.set(method.id, method)
  world.state.methodFacts.set(method.id, { behaviour: name, setUp: false, usedUp: false, mandate: null })
  return method
}

function detailsOf(
  name: string,
  look: Look,
  exp_year: number,
): Pick<PaymentMethod, 'card' | 'sepa_debit' | 'us_bank_account'> {
  if (look.type === 'card') return { card: cardDetails(name, { ...look, exp_year }) }
  if (look.type === 'sepa_debit') return { sepa_debit: sepaDetails(name, look.last4) }
  return { us_bank_account: bankDetails(name, look.last4) }
}

function cardDetails(
  name: string,
  look: { brand: string; last4: string; country?: string; funding?: string; exp_year: number },
): NonNullable<PaymentMethod['card']> {
  return {
    brand: look.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
    country: look.country ?? 'US',
    display_brand: look.brand,
    exp_month: 12,
    exp_year: look.exp_year,
    fingerprint: fingerprint(name),
    funding: look.funding ?? 'credit',
    last4: look.last4,
    networks: { available: [look.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
  }
}

function bankDetails(name: string, last4: string): NonNullable<PaymentMethod['us_bank_account']> {
  return {
    account_holder_type: 'individual',
    account_type: 'checking',
    bank_name: 'STRIPE TEST BANK',
    financial_connections_account: null,
    fingerprint: fingerprint(name),
    last4,
    networks: { preferred: 'ach', supported: ['ach'] },
    routing_number: '110000000',
    status_details: null,
  }
}

function sepaDetails(name: string, last4: string): NonNullable<PaymentMethod['sepa_debit']> {
  return { bank_code: '37040044', branch_code: '', country: 'DE', fingerprint: fingerprint(name), last4 }
}

/** The same number has the same fingerprint, whichever object carries it. */
function fingerprint(name: string): string {
  return Buffer.from(name).toString('base64url').slice(-16)
}
