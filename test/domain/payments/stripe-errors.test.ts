import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { outcomeOf } from '../../../src/payments/stripe.ts'
import { outcomeOfError } from '../../../src/payments/stripe-errors.ts'

const { errors } = Stripe
type Raw = Stripe.StripeRawError

const refused = (raw: Partial<Raw>) => new errors.StripeInvalidRequestError({ type: 'invalid_request_error', ...raw })

/** How an intent stands whose last try the bank refused. */
function waiting(failure: { code: string; decline_code?: string; advice_code?: string } | null) {
  return { status: 'requires_payment_method', last_payment_error: failure } as unknown as Stripe.PaymentIntent
}

describe('FR-059 what an error of Stripe proves', () => {
  test.each([
    ['no error of theirs', new Error('fetch failed'), 'unknown'],
    ['no connection', new errors.StripeConnectionError({ message: 'reset' }), 'unknown'],
    ['a server error', new errors.StripeAPIError({ statusCode: 500 }), 'unknown'],
    ['an answer cut short', new errors.StripeAPIError({ statusCode: 200 }), 'unknown'],
    ['too many requests', new errors.StripeRateLimitError({ statusCode: 429 }), 'throttled'],
    ['an object that is locked', refused({ statusCode: 400, code: 'lock_timeout' }), 'throttled'],
    ['a key that is not accepted', new errors.StripeAuthenticationError({ statusCode: 401 }), 'throttled'],
    ['a key that may not', new errors.StripePermissionError({ statusCode: 403 }), 'throttled'],
    ['a request that is wrong', refused({ statusCode: 400 }), 'rejected'],
    ['nothing there', refused({ statusCode: 404, code: 'resource_missing' }), 'rejected'],
    ['a request under way', new errors.StripeIdempotencyError({ statusCode: 409 }), 'unknown'],
    ['a key of another request', new errors.StripeIdempotencyError({ statusCode: 400 }), 'unknown'],
  ])('%s: %o is %s', (_, error, kind) => {
    expect(outcomeOfError(error)).toEqual({ kind })
  })

  test.each([
    [{ code: 'authentication_required' }, { kind: 'authentication_required' }],
    [{ code: 'card_declined', decline_code: 'authentication_required' }, { kind: 'authentication_required' }],
    [
      { code: 'card_declined', decline_code: 'stolen_card' },
      { kind: 'declined', decline: { kind: 'hard', code: 'stolen_card' } },
    ],
    [{ code: 'expired_card' }, { kind: 'declined', decline: { kind: 'customer', code: 'expired_card' } }],
    [
      { code: 'card_declined', decline_code: 'do_not_honor', advice_code: 'do_not_try_again' },
      { kind: 'declined', decline: { kind: 'hard', code: 'do_not_honor' } },
    ],
  ])('the bank’s no means the same at once and later: %o', (failure, outcome) => {
    expect(outcomeOfError(new errors.StripeCardError({ statusCode: 402, ...failure }))).toEqual(outcome)
    expect(outcomeOf(waiting(failure))).toEqual(outcome)
  })

  test('a payment that nobody tried says nothing', () => {
    expect(outcomeOf(waiting(null))).toEqual({ kind: 'unconfirmed' })
  })
})
