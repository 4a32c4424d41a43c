import Stripe from 'stripe'
import { logError } from '../platform/log.ts'
import { declineOf } from './domain/decline.ts'
import type { ChargeOutcome } from './domain/outcome.ts'

/** Which error proves what. Whatever proves nothing is `unknown`: the same key is sent again, never a new one. */
export function outcomeOfError(error: unknown): ChargeOutcome {
  if (!(error instanceof Stripe.errors.StripeError)) return { kind: 'unknown' }
  if (error.statusCode === 429 || error.code === 'lock_timeout') return { kind: 'throttled' }
  if (error instanceof Stripe.errors.StripeCardError) {
    if (error.code === 'authentication_required' || error.decline_code === 'authentication_required') {
      return { kind: 'authentication_required' }
    }
    return {
      kind: 'declined',
      decline: declineOf(error.decline_code || error.code || 'unknown', error.advice_code || null),
    }
  }
  if (error.statusCode === 401 || error.statusCode === 403) {
    logError('the gateway does not accept our key; its payments wait', error)
    return { kind: 'throttled' }
  }
  const refused = error.statusCode === 400 || error.statusCode === 404
  return refused ? { kind: 'rejected' } : { kind: 'unknown' }
}

export function isUnexpectedState(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === 'payment_intent_unexpected_state'
}

export function isServerError(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500
}

/** What the gateway says against a method; null where it said nothing. */
export function refusalOf(error: unknown): { readonly code: string; readonly message: string } | null {
  if (!(error instanceof Stripe.errors.StripeError)) return null
  const { statusCode = 0, code, decline_code, message } = error
  return statusCode >= 400 && statusCode < 500 && statusCode !== 409 && statusCode !== 429
    ? { code: decline_code || code || 'refused', message }
    : null
}
