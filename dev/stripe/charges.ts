import type Stripe from 'stripe'
import { listOf } from './lists.ts'
import type { Charge, PaymentIntent, PaymentMethod, PaymentMethodType } from './objects.ts'
import { type Handler, inPath, operation } from './operation.ts'
import { factsOf } from './saved-methods.ts'
import { type Decline, declineMessage } from './test-methods.ts'
import { newId, now, type World } from './world.ts'

export const chargeOperations = {
  get_charges: operation<Stripe.ChargeListParams>((context, { customer, payment_intent }) =>
    listOf(context, {
      from: context.world.state.charges,
      noun: 'charge',
      url: '/v1/charges',
      where: (charge) =>
        (customer === undefined || charge.customer === customer) &&
        (payment_intent === undefined || charge.payment_intent === payment_intent),
    }),
  ),
  get_charges_charge: (context) => inPath(context, context.world.state.charges, 'charge', 'charge'),
} satisfies Record<string, Handler>

/** Succeeded and captured; authorized, to be captured later; pending, a debit on its way; or declined. */
export type ChargeOutcome = 'succeeded' | 'authorized' | 'pending' | Decline

/** The charge of one attempt. */
export function createCharge(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  outcome: ChargeOutcome,
): Charge {
  const decline = typeof outcome === 'string' ? undefined : outcome
  const succeeded = outcome === 'succeeded'
  const charge: Charge = {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: succeeded ? intent.amount : 0,
    amount_refunded: 0,
    balance_transaction: null,
    billing_details: structuredClone(method.billing_details),
    calculated_statement_descriptor: 'PERENNIAL EMULATOR',
    captured: decline === undefined && outcome !== 'authorized',
    created: now(world),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline ? declineMessage(decline) : null,
    fraud_details: {},
    livemode: false,
    metadata: structuredClone(intent.metadata),
    outcome: issuerOutcome(decline),
    paid: succeeded || outcome === 'authorized',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(world, method, intent.amount, outcome === 'authorized'),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    shipping: intent.shipping,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: decline ? 'failed' : outcome === 'pending' ? 'pending' : 'succeeded',
  }
  world.state.charges.set(charge.id, charge)
  return charge
}

function issuerOutcome(decline: Decline | undefined): object {
  const common = { network_advice_code: null, network_decline_code: null, risk_level: 'normal' }
  if (!decline) {
    const approved = { network_status: 'approved_by_network', reason: null, type: 'authorized', advice_code: null }
    return { ...common, ...approved, seller_message: 'Payment complete.' }
  }
  return {
    ...common,
    advice_code: decline.advice_code ?? null,
    network_status: 'declined_by_network',
    reason: decline.decline_code ?? decline.code,
    seller_message: 'The bank did not return any further details with this decline.',
    type: 'issuer_declined',
  }
}

/** Business days of https://docs.stripe.com/payments, counted as days. */
export const debitTakes_s: Readonly<Partial<Record<PaymentMethodType, number>>> = {
  us_bank_account: 4 * 24 * 60 * 60,
  sepa_debit: 5 * 24 * 60 * 60,
}

export function kindOf({ payment_method_details }: Charge): PaymentMethodType {
  return (payment_method_details as { type: PaymentMethodType }).type
}

/** How long the card networks hold an authorization, at most. */
export const authorizationLasts_s = 7 * 24 * 60 * 60

function methodDetails(world: World, method: PaymentMethod, amount: number, uncaptured: boolean): object {
  const { card, sepa_debit: sepa, us_bank_account: bank } = method
  if (sepa) return { type: 'sepa_debit', sepa_debit: { ...sepa, mandate: factsOf(world, method).mandate } }
  if (bank) {
    const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = bank
    const details = { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number }
    return { type: 'us_bank_account', us_bank_account: { ...details, payment_reference: null } }
  }
  return {
    type: 'card',
    card: {
      amount_authorized: amount,
      authorization_code: null,
      brand: card?.brand ?? null,
      ...(uncaptured && { capture_before: now(world) + authorizationLasts_s }),
      checks: card?.checks ?? null,
      country: card?.country ?? null,
      electronic_commerce_indicator: null,
      exp_month: card?.exp_month,
      exp_year: card?.exp_year,
      fingerprint: card?.fingerprint ?? null,
      funding: card?.funding ?? null,
      installments: null,
      last4: card?.last4 ?? null,
      mandate: null,
      network: card?.brand ?? null,
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
    },
  }
}
