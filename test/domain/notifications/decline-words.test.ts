import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { declineWords } from '../../../src/notifications/domain/decline-words.ts'
import { textOf } from '../../../src/notifications/domain/letter.ts'
import { type NoticeFacts, noticeKinds } from '../../../src/notifications/domain/notice.ts'
import { at } from '../../support/given.ts'
import { facts, told } from './given.ts'

/** Stripe's "Decline codes", and what an object has without being asked. */
const codes = [
  ...['lost_card', 'stolen_card', 'pickup_card', 'restricted_card', 'fraudulent', 'merchant_blacklist'],
  ...['invalid_account', 'revocation_of_authorization', 'stop_payment_order', 'security_violation', 'generic_decline'],
  ...['pin_try_exceeded', 'transaction_not_allowed', 'card_not_supported', 'currency_not_supported', 'expired_card'],
  ...['incorrect_number', 'incorrect_cvc', 'invalid_expiry_year', 'incorrect_zip', 'insufficient_funds'],
  ...['do_not_honor', 'call_issuer', 'card_velocity_exceeded', 'issuer_not_available', 'processing_error'],
  ...['authentication_required', 'constructor', '__proto__', 'toString'],
]

const plain = declineWords('generic_decline')

describe('FR-090 a decline', () => {
  test.each(['lost_card', 'stolen_card', 'fraudulent', 'pickup_card', 'merchant_blacklist', 'security_violation'])(
    '%s is told as a plain one',
    (decline) => {
      expect(told('payment_failed', { decline })).toEqual(told('payment_failed', { decline: 'generic_decline' }))
    },
  )

  test.each(codes)('%s is told as a sentence', (code) => {
    expect(declineWords(code)).toMatch(/^[A-Z][a-z ;]+\.$/)
  })

  test('that the customer can do something about says what it is', () => {
    expect(declineWords('expired_card')).toBe('The card has expired.')
    expect(declineWords('incorrect_cvc')).not.toBe(plain)
    expect(declineWords('what_is_new')).toBe(plain)
  })
})

const someFacts: fc.Arbitrary<Partial<NoticeFacts>> = fc.record({
  amount: fc.bigInt({ min: 0n, max: 10n ** 12n }).map(String),
  invoices: fc.array(fc.constantFrom('JANE-0001', 'JANE-0002', 'INV-000003'), { maxLength: 8 }),
  dueAt: fc.constantFrom(null, at('2026-02-04')),
  nextAttemptAt: fc.constantFrom(null, at('2026-02-06')),
  blockedAt: fc.constantFrom(null, at('2026-02-17')),
  method: fc.constantFrom(null, facts.method),
  decline: fc.oneof(fc.constantFrom(null, ...codes), fc.string()),
})

test('FR-090 no notice speaks of theft, blames or threatens, whatever happened', () => {
  fc.assert(
    fc.property(fc.constantFrom(...noticeKinds), someFacts, (kind, facts) => {
      const words = told(kind, facts)
      const text = `${words.subject}\n${textOf(words)}`
      expect(text).not.toMatch(/stolen|fraud|lost|pick ?up|theft|blacklist|suspicious/i)
      expect(text).not.toMatch(
        /\bmust\b|fail|fault|immediately|at once|final|legal|terminat|suspend|debt|delinquent|!!/i,
      )
      // A code is the gateway's word, not a customer's.
      expect(text).not.toMatch(/[a-z]_[a-z]/)
    }),
  )
})
