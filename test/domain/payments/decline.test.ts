import { describe, expect, test } from 'vitest'
import { declineOf } from '../../../src/payments/domain/decline.ts'

describe('a decline is', () => {
  const hard =
    'lost_card stolen_card pickup_card restricted_card fraudulent merchant_blacklist invalid_account stop_payment_order security_violation pin_try_exceeded transaction_not_allowed card_not_supported currency_not_supported incorrect_number revocation_of_authorization revocation_of_all_authorizations'
  const customer =
    'authentication_required expired_card incorrect_cvc invalid_expiry_month invalid_expiry_year incorrect_zip'
  const soft =
    'insufficient_funds generic_decline do_not_honor call_issuer card_velocity_exceeded issuer_not_available processing_error anything_else'
  test.each([
    ['hard', hard],
    ['customer', customer],
    ['soft', soft],
  ])('%s by its code: %s', (kind, codes) => {
    for (const code of codes.split(' ')) expect(declineOf(code, null)).toEqual({ kind, code })
  })

  test.each([
    ['do_not_try_again', 'hard'],
    ['confirm_card_data', 'customer'],
    ['try_again_later', 'soft'],
  ])('what the advice %s says, whatever the code: %s', (advice, kind) => {
    for (const code of ['lost_card', 'expired_card', 'insufficient_funds'])
      expect(declineOf(code, advice)).toEqual({ kind, code })
  })

  test('by its code where the advice is none that we know', () => {
    expect(declineOf('lost_card', 'brand_new_advice')).toEqual({ kind: 'hard', code: 'lost_card' })
  })
})
