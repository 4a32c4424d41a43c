import { invalidRequest } from './errors.ts'
import type { AutomaticPaymentMethods, NextAction } from './objects.ts'

/** With a return_url the customer is sent to the emulator's page, standing for the bank's; else Stripe.js would ask. */
export function nextAction(baseUrl: string, clientSecret: string, returnUrl: string | undefined): NextAction {
  if (returnUrl === undefined) return { type: 'use_stripe_sdk', use_stripe_sdk: {} }
  const url = `${baseUrl}/_authenticate/${clientSecret}?return_url=${encodeURIComponent(returnUrl)}`
  return { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } }
}

/** Automatic methods may redirect, so confirming asks where to come back to, even for a card that never redirects. */
export function requireReturnUrl(automatic: AutomaticPaymentMethods | null, returnUrl: string | undefined): void {
  if (!automatic?.enabled || automatic.allow_redirects === 'never' || returnUrl !== undefined) return
  throw invalidRequest(
    'This intent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you do not want to, set `automatic_payment_methods[allow_redirects]` to `never` or name the `allowed_payment_method_types`.',
    { param: 'return_url' },
  )
}

/** On unless the caller names types: the default since API version 2023-08-16. */
export function automaticMethods(
  types: readonly string[] | undefined,
  given: { allow_redirects?: string; enabled: boolean } | undefined,
): AutomaticPaymentMethods | null {
  if (given) return { allow_redirects: given.allow_redirects === 'never' ? 'never' : 'always', enabled: given.enabled }
  return types ? null : { allow_redirects: 'always', enabled: true }
}
