/** hard: this card will not work · soft: it may later · customer: the customer must do something. */
export const declineKinds = ['hard', 'soft', 'customer'] as const

export type Decline = {
  readonly kind: (typeof declineKinds)[number]
  readonly code: string
}

type Kind = Decline['kind']

/** The gateway's advice, where it gives one, wins. Source: Stripe, "Decline codes" and "Advice codes". */
const byAdvice: Readonly<Record<string, Kind>> = {
  do_not_try_again: 'hard',
  confirm_card_data: 'customer',
  try_again_later: 'soft',
}

const hard = [
  ...['lost_card', 'stolen_card', 'pickup_card', 'restricted_card', 'fraudulent', 'merchant_blacklist'],
  ...['invalid_account', 'revocation_of_authorization', 'revocation_of_all_authorizations', 'stop_payment_order'],
  ...['security_violation', 'pin_try_exceeded', 'transaction_not_allowed', 'card_not_supported'],
  ...['currency_not_supported', 'incorrect_number'],
]
const customer = [
  ...['authentication_required', 'expired_card', 'incorrect_cvc', 'invalid_expiry_month', 'invalid_expiry_year'],
  ...['incorrect_zip', 'payment_intent_authentication_failure'],
]

/** What is not known may pass: soft. */
export function declineOf(code: string, advice: string | null): Decline {
  const byCode: Kind = hard.includes(code) ? 'hard' : customer.includes(code) ? 'customer' : 'soft'
  return { kind: (advice === null ? undefined : byAdvice[advice]) ?? byCode, code }
}
