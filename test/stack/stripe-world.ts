import Stripe from 'stripe'
import { afterAll, afterEach, expect } from 'vitest'
import { type StripeEmulator, startStripeEmulator } from '../../dev/stripe/server.ts'

export const key = 'sk_test_emulator'
/** Each test file that imports this has an emulator of its own. */
export const emulator = await startStripeEmulator()
export const stripe = clientOf(emulator, key)

afterAll(() => emulator.stop())

// The emulator checks each of its answers against the document; no test may have seen it contradict itself.
afterEach(async () => {
  expect(await control('GET', 'bugs')).toEqual([])
  await control('DELETE', 'faults')
})

export function clientOf({ port }: StripeEmulator, secretKey: string, timeout = 5_000): Stripe {
  return new Stripe(secretKey, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout,
    httpClient: Stripe.createFetchHttpClient(),
    telemetry: false,
  })
}

export async function control(method: string, route: string, body?: unknown, secretKey = key): Promise<unknown> {
  const response = await fetch(`${emulator.url}/_control/${route}`, {
    method,
    headers: { authorization: `Bearer ${secretKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

export async function customerWith(token: string): Promise<{ customer: string; payment_method: string }> {
  const customer = await stripe.customers.create({ email: 'ada@example.com', metadata: { account: 'acc_1' } })
  const method = await stripe.paymentMethods.attach(token, { customer: customer.id })
  return { customer: customer.id, payment_method: method.id }
}

/** A PaymentIntent as the platform makes it: created without confirm, confirmed off-session afterwards. */
export async function payable(token: string, amount = 1999): Promise<{ id: string; payment_method: string }> {
  const { customer, payment_method } = await customerWith(token)
  const intent = await stripe.paymentIntents.create({
    amount,
    currency: 'usd',
    customer,
    metadata: { invoice: 'inv_1' },
    allowed_payment_method_types: ['card', 'us_bank_account'],
  })
  expect(intent.status).toBe('requires_payment_method')
  return { id: intent.id, payment_method }
}

export function confirmed(intent: { id: string; payment_method: string }, idempotencyKey?: string, client = stripe) {
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }
  const { payment_method } = intent
  return client.paymentIntents.confirm(intent.id, { payment_method, off_session: true }, options)
}

export async function refusal(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Stripe.errors.StripeError) return error
  throw new Error(`expected a Stripe error, got ${String(error)}`)
}
