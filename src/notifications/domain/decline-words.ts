/**
 * What a customer is told of a gateway's code. A card that was reported lost, stolen or fraudulent is told as a plain
 * decline: whoever reads it may be who must not know. So the codes of Stripe's "Decline codes" that may be told stand
 * here, and every other one is plain.
 */
export function declineWords(code: string): string {
  return words.get(code) ?? plain
}

const plain = 'Your bank declined the payment; it can tell you more.'

const words: ReadonlyMap<string, string> = new Map([
  ['insufficient_funds', 'There was not enough money available at that moment.'],
  ['card_velocity_exceeded', 'The card has reached its limit for now.'],
  ['expired_card', 'The card has expired.'],
  ['incorrect_cvc', 'The security code did not match.'],
  ['invalid_cvc', 'The security code did not match.'],
  ['incorrect_number', 'The card number did not match.'],
  ['invalid_number', 'The card number did not match.'],
  ['invalid_expiry_month', 'The expiry date did not match.'],
  ['invalid_expiry_year', 'The expiry date did not match.'],
  ['incorrect_zip', 'The postcode did not match.'],
  ['authentication_required', 'Your bank asks you to confirm the payment.'],
  ['card_not_supported', 'The card cannot be used for this kind of payment.'],
  ['currency_not_supported', 'The card cannot be charged in this currency.'],
  ['issuer_not_available', 'Your bank could not be reached.'],
  ['processing_error', 'Something went wrong on the way to your bank.'],
])
