import Stripe from 'stripe'
import { logError } from '../platform/log.ts'
import { declineOf } from './domain/decline.ts'
import type { ChargeOutcome } from './domain/outcome.ts'
import type { Refusal } from './gateway.ts'

/** Which error proves what. Whatever proves nothing is `unknown`: the same key is sent again, never a new one. */
export function outcomeOfError(error: unknown): ChargeOutcome {
  if (!(error instanceof Stripe.errors.StripeError)) {
    logError('an error of our own leaves a payment unknown', error)
    return { kind: 'unknown' }
  }
  if (error.statusCode === 429 || error.code === 'lock_timeout') return { kind: 'throttled' }
  if (error instanceof Stripe.errors.StripeCardError) return outcomeOfFailure(error)
  if (isKeyRefused(error)) {
    logError('the gateway does not accept our key; its payments wait', error)
    return { kind: 'throttled' }
  }
  // The key was first used with other parameters: what became of that is not known.
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'unknown' }
  const refused = error.statusCode === 400 || error.statusCode === 404
  if (!refused) return { kind: 'unknown' }
  logError('the gateway rejects a payment', error)
  return { kind: 'rejected' }
}

/** Of `last_payment_error` and of a 402: the bank says the same in both. Stripe gives empty texts for missing ones. */
type Failure = { readonly code?: string; readonly decline_code?: string; readonly advice_code?: string }

export function outcomeOfFailure({ code, decline_code, advice_code }: Failure): ChargeOutcome {
  if (code === 'authentication_required' || decline_code === 'authentication_required') {
    return { kind: 'authentication_required' }
  }
  return { kind: 'declined', decline: declineOf(decline_code || code || 'unknown', advice_code || null) }
}

function isKeyRefused(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && (error.statusCode === 401 || error.statusCode === 403)
}

export function isUnexpectedState(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === 'payment_intent_unexpected_state'
}

export function isServerError(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500
}

/** What the gateway says against a method; null where it said nothing of it. */
export function refusalOfMethod(error: unknown): Refusal | null {
  return isKeyRefused(error) ? null : refusalOf(error)
}

/** What the gateway says against a request; null where it said nothing. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Stripe.errors.StripeError)) return null
  const { statusCode = 0, code, decline_code, message } = error
  return statusCode >= 400 && statusCode < 500 && statusCode !== 409 && statusCode !== 429
    ? { code: decline_code || code || 'refused', message }
    : null
}

/** For what may be gone: that it is not there is an answer. */
export function missingAsNull(error: unknown): null {
  if (error instanceof Stripe.errors.StripeError && error.code === 'resource_missing') return null
  throw error
}
