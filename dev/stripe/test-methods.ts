// Stripe's test payment methods (https://docs.stripe.com/testing): a token, what it looks like, how it behaves.

import { testDebits } from './test-debits.ts'

export type Decline = { readonly code: string; readonly decline_code?: string; readonly advice_code?: string }

export type Behaviour = {
  /** Given, attaching and setting up are refused too: Stripe charges nothing but asks the issuer. */
  readonly attachDecline?: Decline
  readonly chargeDecline?: Decline
  /** When a payment needs the customer: always; until set up once; or whenever the customer is present. */
  readonly authentication?: 'always' | 'until_set_up' | 'on_session'
  /** A debit: processing first, and later succeeded, or failed with this decline; or processing for ever. */
  readonly delayed?: { readonly decline?: Decline; readonly forever?: true }
  /** What becomes of a refund later: it is pending and succeeds, or it succeeds and fails. */
  readonly refund?: 'pending' | 'fails'
  /** The customer complains as soon as the money has moved. */
  readonly dispute?: DisputeKind
  /** The money is in the available balance at once, and not after two days. */
  readonly bypassesPending?: true
}

/** An inquiry takes no money; a debit's dispute is lost as soon as it is there. */
export type DisputeKind = 'fraudulent' | 'product_not_received' | 'inquiry' | 'debit'

export type Look =
  | {
      readonly type: 'card'
      readonly brand: string
      readonly last4: string
      readonly country?: string
      readonly funding?: string
    }
  | { readonly type: 'us_bank_account' | 'sepa_debit'; readonly last4: string }

export type TestMethod = { readonly look: Look; readonly behaviour: Behaviour }

const fine: Behaviour = {}

function visa(last4: string, behaviour: Behaviour, country = 'US'): TestMethod {
  return { look: { type: 'card', brand: 'visa', last4, country }, behaviour }
}

function card(brand: string, last4: string, funding = 'credit'): TestMethod {
  return { look: { type: 'card', brand, last4, funding }, behaviour: fine }
}

function declined(decline_code: string): Behaviour {
  const decline = { code: 'card_declined', decline_code }
  return { attachDecline: decline, chargeDecline: decline }
}

/** The three declines that are an error code of their own and come without a decline code. */
function refused(code: 'expired_card' | 'incorrect_cvc' | 'processing_error'): Behaviour {
  return { attachDecline: { code }, chargeDecline: { code } }
}

const genericDecline: Decline = { code: 'card_declined', decline_code: 'generic_decline' }
const insufficientFunds: Decline = { code: 'card_declined', decline_code: 'insufficient_funds' }

export const testMethods = {
  pm_card_visa: visa('4242', fine),
  pm_card_visa_debit: card('visa', '5556', 'debit'),
  pm_card_mastercard: card('mastercard', '4444'),
  pm_card_mastercard_debit: card('mastercard', '8210', 'debit'),
  pm_card_mastercard_prepaid: card('mastercard', '5100', 'prepaid'),
  pm_card_amex: card('amex', '0005'),
  pm_card_discover: card('discover', '1117'),
  pm_card_diners: card('diners', '0004'),
  pm_card_jcb: card('jcb', '0505'),
  pm_card_unionpay: card('unionpay', '0005'),
  pm_card_us: visa('4242', fine),
  pm_card_de: visa('0016', fine, 'DE'),
  pm_card_fr: visa('0003', fine, 'FR'),
  pm_card_gb: visa('0000', fine, 'GB'),
  pm_card_visa_chargeDeclined: visa('0002', declined('generic_decline')),
  pm_card_visa_chargeDeclinedInsufficientFunds: visa('9995', declined('insufficient_funds')),
  pm_card_visa_chargeDeclinedLostCard: visa('9987', declined('lost_card')),
  pm_card_visa_chargeDeclinedStolenCard: visa('9979', declined('stolen_card')),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: visa('6975', declined('card_velocity_exceeded')),
  pm_card_chargeDeclinedExpiredCard: visa('0069', refused('expired_card')),
  pm_card_chargeDeclinedIncorrectCvc: visa('0127', refused('incorrect_cvc')),
  pm_card_chargeDeclinedProcessingError: visa('0119', refused('processing_error')),
  pm_card_radarBlock: visa('0019', declined('fraudulent')),
  pm_card_chargeCustomerFail: visa('0341', { chargeDecline: genericDecline }),
  pm_card_authenticationRequired: visa('3184', { authentication: 'always' }, 'DE'),
  pm_card_authenticationRequiredOnSetup: visa('3155', { authentication: 'until_set_up' }, 'FR'),
  pm_card_authenticationRequiredSetupForOffSession: visa('0446', { authentication: 'on_session' }, 'ES'),
  pm_card_authenticationRequiredChargeDeclinedInsufficientFunds: visa(
    '3178',
    { authentication: 'always', chargeDecline: insufficientFunds },
    'GB',
  ),
  pm_card_threeDSecureRequired: visa('3063', { authentication: 'always' }),
  pm_card_threeDSecureRequiredChargeDeclined: visa('1629', { authentication: 'always', chargeDecline: genericDecline }),
  pm_card_threeDSecureRequiredProcessingError: visa('1292', {
    authentication: 'always',
    chargeDecline: { code: 'processing_error' },
  }),
  pm_card_threeDSecureOptional: visa('3055', fine),
  pm_card_createDispute: visa('0259', { dispute: 'fraudulent' }),
  pm_card_createDisputeProductNotReceived: visa('2685', { dispute: 'product_not_received' }),
  pm_card_createDisputeInquiry: visa('1976', { dispute: 'inquiry' }),
  pm_card_bypassPending: visa('0077', { bypassesPending: true }),
  pm_card_bypassPendingInternational: visa('3720', { bypassesPending: true }),
  pm_card_pendingRefund: visa('7726', { refund: 'pending' }),
  pm_card_refundFail: visa('5126', { refund: 'fails' }),
  ...testDebits,
} as const satisfies Record<string, TestMethod>

export type TestMethodName = keyof typeof testMethods

export function isTestMethod(token: string): token is TestMethodName {
  return Object.hasOwn(testMethods, token)
}

export function behaviourOf(name: TestMethodName): Behaviour {
  return testMethods[name].behaviour
}

const messages: Readonly<Record<string, string>> = {
  authentication_required: 'Your card was declined. This transaction requires authentication.',
  card_velocity_exceeded:
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  insufficient_funds: 'Your card has insufficient funds.',
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
}

export function declineMessage(decline: Decline): string {
  return messages[decline.decline_code ?? decline.code] ?? messages[decline.code] ?? 'Your card was declined.'
}
