import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { expect } from 'vitest'
import type { World } from './stripe-world.ts'

const run = randomUUID().slice(0, 8)

/** On every customer that the suite makes, and on what belongs to none: Stripe keeps it all. */
export const mark = { perennial_suite: run }

/** A key or reference that no other run has used: Stripe remembers. */
export function once(name: string): string {
  return `${name}_${run}`
}

/** An address that nobody else has, to find its customers by. */
export function someone(): string {
  return `ada+${randomUUID()}@example.com`
}

export type Saved = { readonly customer: string; readonly payment_method: string }

export async function customerWith({ stripe }: World, token: string): Promise<Saved> {
  const customer = await stripe.customers.create({ name: 'Ada', email: 'ada@example.com', metadata: mark })
  const method = await stripe.paymentMethods.attach(token, { customer: customer.id })
  return { customer: customer.id, payment_method: method.id }
}

/** A debit needs its mandate, which a SetupIntent brings. The account is a test account of Stripe's. */
export async function customerWithDebit({ stripe }: World, iban = 'DE89370400440532013000'): Promise<Saved> {
  const person = { name: 'Ada', email: 'ada@example.com' }
  const { id: customer } = await stripe.customers.create({ ...person, metadata: mark })
  const account = { type: 'sepa_debit' as const, sepa_debit: { iban }, billing_details: person }
  const { id: payment_method } = await stripe.paymentMethods.create(account)
  const setup = await stripe.setupIntents.create({
    ...{ customer, payment_method, confirm: true, mandate_data: { customer_acceptance: { type: 'offline' as const } } },
    allowed_payment_method_types: ['sepa_debit'],
  })
  expect(setup.status).toBe('succeeded')
  return { customer, payment_method }
}

export type Payable = { readonly id: string; readonly payment_method: string }

/** A PaymentIntent as the platform makes it: created without confirm, confirmed off-session afterwards. */
export async function payable(world: World, token: string, amount = 1999): Promise<Payable> {
  const { customer, payment_method } = await customerWith(world, token)
  const intent = await world.stripe.paymentIntents.create({
    ...{ amount, currency: 'usd', customer, metadata: { invoice: 'inv_1' } },
    allowed_payment_method_types: [token.startsWith('pm_usBankAccount') ? 'us_bank_account' : 'card'],
  })
  expect(intent.status).toBe('requires_payment_method')
  return { id: intent.id, payment_method }
}

export function confirmed({ stripe }: Pick<World, 'stripe'>, { id, payment_method }: Payable, idempotencyKey?: string) {
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }
  return stripe.paymentIntents.confirm(id, { payment_method, off_session: true }, options)
}

export async function refusal(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Stripe.errors.StripeError) return error
  throw new Error(`expected a Stripe error, got ${String(error)}`)
}
