import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { FinalInvoice } from '../../invoices/domain/invoice.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Attempt, Payment } from './payment.ts'

/** A payment with its newest attempt. */
export type Charge = { readonly payment: Payment; readonly attempt: Attempt }

export type ChargeRequest = {
  /** The invoice's last payment, if it has one: what was not paid by it is tried again with it. */
  readonly payment: Payment | null
  readonly method: PaymentMethod
  readonly clockId: Id<'test_clock'> | null
  readonly reason: Attempt['reason']
  readonly returnUrl: string | null
  /** Minor units that a gateway can charge. */
  readonly amount: bigint
}

/**
 * A try to take `amount` for an invoice, due at once. It goes on with the payment that is there, so that the gateway's can
 * succeed once only; one that is paid, closed at the gateway, or another gateway's, is followed by a new one.
 */
export function chargeFor(invoice: FinalInvoice, request: ChargeRequest, now: Instant, ids: IdSource): Charge {
  const { method, clockId, reason, returnUrl, amount } = request
  const { organizationId, accountId, currency } = invoice
  const { id: paymentMethodId, gatewayAccountId } = method
  const before = request.payment !== null && canBeTried(request.payment, method) ? request.payment : null
  const payment: Payment = {
    ...{ organizationId, accountId, currency, amount, paymentMethodId, gatewayAccountId },
    id: before?.id ?? ids('payment'),
    invoiceId: invoice.id,
    version: before?.version ?? 1,
    status: 'pending',
    gatewayPayment: before?.gatewayPayment ?? null,
    manual: null,
    outcome: null,
    decline: null,
    createdAt: before?.createdAt ?? now,
  }
  const attempt: Attempt = {
    ...{ organizationId, accountId, clockId, amount, paymentMethodId, gatewayAccountId, reason, returnUrl },
    id: ids('attempt'),
    paymentId: payment.id,
    version: 1,
    dueAt: now,
    outcome: null,
    decline: null,
    endedAt: null,
  }
  return { payment, attempt }
}

function canBeTried({ status, outcome, gatewayAccountId }: Payment, method: PaymentMethod): boolean {
  return status !== 'succeeded' && outcome !== 'canceled' && gatewayAccountId === method.gatewayAccountId
}
