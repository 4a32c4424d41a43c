import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, freeText, idSchema, optionalId, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { declineKinds } from './domain/decline.ts'
import {
  type Attempt,
  attemptReasons,
  manualKinds,
  outcomeKinds,
  type Payment,
  paymentStatuses,
} from './domain/payment.ts'

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

export const paymentQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  invoice: idSchema('invoice').optional(),
  status: z.enum(paymentStatuses).optional(),
})

const declineSchema = z.object({ kind: z.enum(declineKinds), code: z.string() }).openapi('Decline')

const manualSchema = z.object({ kind: z.enum(manualKinds), reference: z.string().nullable() }).openapi('ManualPayment')

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
    payment_method: z
      .string()
      .nullable()
      .openapi({ description: 'Of the last try; null where it was recorded by hand.' }),
    manual: orNull(manualSchema).openapi({ description: 'Money that came in past the gateway.' }),
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
    payment_method: optionalId('payment_method', payment.paymentMethodId),
    manual: payment.manual,
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
    payment_method: z.string(),
    amount: amountSchema,
    reason: z.enum(attemptReasons).openapi({
      description:
        'first: on finalisation · retry: by the schedule · fallback: after another method was declined · new_method: the default changed · customer: on our page · request: by the API.',
    }),
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
    payment_method: encodeId('payment_method', attempt.paymentMethodId),
    amount: Number(attempt.amount),
    reason: attempt.reason,
    due_at: toIso(attempt.dueAt),
    outcome: attempt.outcome,
    decline: attempt.decline,
    ended_at: timeOrNull(attempt.endedAt),
  }
}

const amount = z.number().int().positive().max(Number.MAX_SAFE_INTEGER)

export const payInvoiceSchema = z
  .strictObject({
    amount: amount.optional().openapi({ description: 'Minor units. Default: all that is owed.' }),
    payment_method: idSchema('payment_method').optional().openapi({ description: 'Default: the account’s.' }),
  })
  .openapi('PayInvoice')

export const recordPaymentSchema = z
  .strictObject({
    amount: amount.optional().openapi({
      description: 'Minor units. Default: all that is owed. What is more than that becomes credit.',
    }),
    kind: z.enum(manualKinds).default('bank_transfer'),
    reference: freeText(200).nullable().default(null),
  })
  .openapi('RecordPayment')

export const disputeHoldSchema = z.strictObject({ reason: freeText(500) }).openapi('NewDisputeHold')
