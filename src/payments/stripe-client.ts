import Stripe from 'stripe'

/** A customer waits for the answer. */
const TIMEOUT_MS = 10_000

/** `baseUrl` is empty for Stripe itself. A retry hides an outcome: where one counts there are none. */
export function stripeClient(secretKey: string, baseUrl: string, retries: number): Stripe {
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: retries,
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...addressOf(baseUrl),
  })
}

function addressOf(baseUrl: string) {
  if (baseUrl === '') return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  return { host: hostname, port, protocol: protocol === 'http:' ? ('http' as const) : ('https' as const) }
}
