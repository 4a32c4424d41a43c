import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, idSchema, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { declineKinds } from './domain/decline.ts'
import { type Attempt, outcomeKinds, type Payment, paymentStatuses } from './domain/payment.ts'
import type { gatewayAccounts } from './tables.ts'

export const newPaymentMethodSchema = z
  .strictObject({
    token: z
      .string()
      .regex(
        /^pm_(?!.*\d{13})[A-Za-z0-9_]{1,250}$/,
        'must be a gateway’s token for a payment method, such as pm_card_visa; never a card number',
      )
      .openapi({ example: 'pm_card_visa' }),
    default: z.boolean().default(true).openapi({ description: 'Whether it is charged from now on.' }),
  })
  .openapi('NewPaymentMethod')

export const newGatewayAccountSchema = z
  .strictObject({
    kind: z.literal('stripe'),
    name: z.string().trim().min(1).max(100),
    secret_key: z
      .string()
      .regex(/^(sk|rk)_(test|live)_\w{1,250}$/, 'must be a Stripe secret key')
      .openapi({ description: 'Sealed before it is stored; never shown again.' }),
  })
  .openapi('NewGatewayAccount')

export const gatewayAccountSchema = z
  .object({ id: z.string(), kind: z.literal('stripe'), name: z.string(), created_at: timeSchema })
  .openapi('GatewayAccount')

export function gatewayAccountToWire(
  row: Pick<typeof gatewayAccounts.$inferSelect, 'id' | 'kind' | 'name' | 'createdAt'>,
): z.output<typeof gatewayAccountSchema> {
  return { id: encodeId('gateway_account', row.id), kind: row.kind, name: row.name, created_at: toIso(row.createdAt) }
}

export const paymentQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  invoice: idSchema('invoice').optional(),
  status: z.enum(paymentStatuses).optional(),
})

const declineSchema = z.object({ kind: z.enum(declineKinds), code: z.string() }).openapi('Decline')

export const paymentSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    invoice: z.string(),
    status: z.enum(paymentStatuses),
    amount: amountSchema,
    refunded: amountSchema.openapi({
      description: 'What of it went back, or is on its way. Minor units of the currency.',
    }),
    currency: z.string(),
    payment_method: z.string(),
    outcome: z.enum(outcomeKinds).nullable().openapi({ description: 'What the gateway said last.' }),
    decline: orNull(declineSchema),
    gateway_payment: z.string().nullable(),
    created_at: timeSchema,
  })
  .openapi('Payment')

/** `refunded` as it was read with the payment; nothing of one that has only now succeeded. */
export function paymentToWire(payment: Payment, refunded = 0n): z.output<typeof paymentSchema> {
  return {
    id: encodeId('payment', payment.id),
    account: encodeId('account', payment.accountId),
    invoice: encodeId('invoice', payment.invoiceId),
    status: payment.status,
    amount: Number(payment.amount),
    refunded: Number(refunded),
    currency: payment.currency,
    payment_method: encodeId('payment_method', payment.paymentMethodId),
    outcome: payment.outcome,
    decline: payment.decline,
    gateway_payment: payment.gatewayPayment,
    created_at: toIso(payment.createdAt),
  }
}

export const attemptSchema = z
  .object({
    id: z.string(),
    payment: z.string(),
    due_at: timeSchema,
    outcome: z.enum(outcomeKinds).nullable(),
    decline: orNull(declineSchema),
    ended_at: timeSchema.nullable(),
  })
  .openapi('PaymentAttempt')

export function attemptToWire(attempt: Attempt): z.output<typeof attemptSchema> {
  return {
    id: encodeId('attempt', attempt.id),
    payment: encodeId('payment', attempt.paymentId),
    due_at: toIso(attempt.dueAt),
    outcome: attempt.outcome,
    decline: attempt.decline,
    ended_at: timeOrNull(attempt.endedAt),
  }
}
