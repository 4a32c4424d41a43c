import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Decline } from './decline.ts'

/**
 * What a gateway can say to a charge. processing: a debit is on its way · authentication_required: the bank asks for the
 * customer, who is not there · authenticating: the customer is at the bank's page · canceled: the gateway's payment is
 * closed without the money · unknown: no answer.
 */
export const outcomeKinds = [
  'succeeded',
  'processing',
  'declined',
  'authentication_required',
  'authenticating',
  'canceled',
  'throttled',
  'rejected',
  'unknown',
] as const
export type OutcomeKind = (typeof outcomeKinds)[number]

export const paymentStatuses = ['pending', 'succeeded', 'failed'] as const
export const manualKinds = ['bank_transfer', 'check', 'cash', 'card', 'other'] as const

/** Money that came in past the gateway, as somebody recorded it. */
export type Manual = { readonly kind: (typeof manualKinds)[number]; readonly reference: string | null }

/**
 * A payable: a part of an invoice that is paid at once. It has one payment at the gateway, which can succeed once only;
 * its tries are attempts. What a payment leaves open is the next payable.
 */
export type Payment = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'payment'>
  readonly accountId: Id<'account'>
  readonly invoiceId: Id<'invoice'>
  readonly version: number
  readonly status: (typeof paymentStatuses)[number]
  /** Minor units: what its last attempt asks for. */
  readonly amount: bigint
  readonly currency: Currency
  /** Of its last attempt; null, like the gateway, where it was recorded by hand. */
  readonly paymentMethodId: Id<'payment_method'> | null
  readonly gatewayAccountId: Id<'gateway_account'> | null
  /** The gateway's id (`pi_…`), stored before the first confirmation. */
  readonly gatewayPayment: string | null
  readonly manual: Manual | null
  readonly outcome: OutcomeKind | null
  readonly decline: Decline | null
  readonly createdAt: Instant
}

/**
 * first: on finalisation · retry: by the schedule · fallback: with another method after a decline · new_method: the
 * default changed · customer: on our page · request: by the API.
 */
export const attemptReasons = ['first', 'retry', 'fallback', 'new_method', 'customer', 'request'] as const

/** One try to confirm it, all of it frozen when it begins. Its id is the gateway's idempotency key. */
export type Attempt = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'attempt'>
  readonly accountId: Id<'account'>
  readonly paymentId: Id<'payment'>
  readonly paymentMethodId: Id<'payment_method'>
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly clockId: Id<'test_clock'> | null
  readonly version: number
  readonly reason: (typeof attemptReasons)[number]
  /** Minor units. */
  readonly amount: bigint
  /** Where the bank's page sends the customer back to; null: the customer is not there. */
  readonly returnUrl: string | null
  /** When it is due, in the account's time. */
  readonly dueAt: Instant
  readonly outcome: OutcomeKind | null
  readonly decline: Decline | null
  /** Null while the outcome is open. */
  readonly endedAt: Instant | null
}
