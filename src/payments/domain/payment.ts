import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { FinalInvoice } from '../../invoices/domain/invoice.ts'
import { balanceOf } from '../../invoices/domain/invoice.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Decline } from './decline.ts'
import { chargeable } from './gateway-amount.ts'

/** What a gateway can say to a charge; `unknown` is no answer. */
export const outcomeKinds = [
  'succeeded',
  'processing',
  'declined',
  'authentication_required',
  'throttled',
  'rejected',
  'unknown',
] as const
export type OutcomeKind = (typeof outcomeKinds)[number]

export const paymentStatuses = ['pending', 'succeeded', 'failed'] as const

/** One payable: an invoice's amount due. It has one payment at the gateway, which can succeed once only. */
export type Payment = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'payment'>
  readonly accountId: Id<'account'>
  readonly invoiceId: Id<'invoice'>
  readonly version: number
  readonly status: (typeof paymentStatuses)[number]
  /** Minor units. */
  readonly amount: bigint
  readonly currency: Currency
  readonly paymentMethodId: Id<'payment_method'>
  readonly gatewayAccountId: Id<'gateway_account'>
  /** The gateway's id (`pi_…`), stored before the first confirmation. */
  readonly gatewayPayment: string | null
  readonly outcome: OutcomeKind | null
  readonly decline: Decline | null
  readonly createdAt: Instant
}

/** One try to confirm it. Its id is the gateway's idempotency key. */
export type Attempt = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'attempt'>
  readonly accountId: Id<'account'>
  readonly paymentId: Id<'payment'>
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly clockId: Id<'test_clock'> | null
  readonly version: number
  /** When it is due, in the account's time. */
  readonly dueAt: Instant
  readonly outcome: OutcomeKind | null
  readonly decline: Decline | null
  /** Null while the outcome is open. */
  readonly endedAt: Instant | null
}

/** An open charge with the invoice it is for. */
export type ChargeOf = { readonly charge: Charge; readonly invoice: FinalInvoice }

export type Charge = { readonly payment: Payment; readonly attempt: Attempt }

/** What an open invoice asks of the account's default method, due at once. The balance must be chargeable. */
export function chargeFor(
  invoice: FinalInvoice,
  { method, clockId }: { readonly method: PaymentMethod; readonly clockId: Id<'test_clock'> | null },
  now: Instant,
  ids: IdSource,
): Charge {
  const { organizationId, accountId, currency } = invoice
  const payment: Payment = {
    ...{ organizationId, accountId, currency },
    id: ids('payment'),
    invoiceId: invoice.id,
    version: 1,
    status: 'pending',
    amount: chargeable(balanceOf(invoice), currency),
    paymentMethodId: method.id,
    gatewayAccountId: method.gatewayAccountId,
    gatewayPayment: null,
    outcome: null,
    decline: null,
    createdAt: now,
  }
  const attempt: Attempt = {
    ...{ organizationId, accountId, clockId },
    id: ids('attempt'),
    paymentId: payment.id,
    gatewayAccountId: method.gatewayAccountId,
    version: 1,
    dueAt: now,
    outcome: null,
    decline: null,
    endedAt: null,
  }
  return { payment, attempt }
}
