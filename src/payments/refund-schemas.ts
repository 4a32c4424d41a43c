import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, freeText, idSchema, optionalId, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import {
  askedResolutions,
  type Refund,
  refundOutcomeKinds,
  refundResolutions,
  refundStatuses,
} from './domain/refund.ts'

export const refundQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  payment: idSchema('payment').optional(),
  status: z.enum(refundStatuses).optional(),
})

export const refundSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    payment: z.string(),
    credit_note: z.string().nullable().openapi({ description: 'The credit note it follows from.' }),
    status: z.enum(refundStatuses).openapi({
      description: 'One that succeeded can still fail, when the bank sends the money back.',
    }),
    amount: amountSchema.openapi({ description: 'What the gateway sends. Minor units of the currency.' }),
    written_off: amountSchema.openapi({ description: 'What of the refund is too little for any gateway to send.' }),
    currency: z.string(),
    reason: z.string().nullable(),
    outcome: z.enum(refundOutcomeKinds).nullable().openapi({ description: 'What the gateway said last.' }),
    failure: z.string().nullable().openapi({ description: 'Why it failed, in the gateway’s word.' }),
    resolution: z.enum(refundResolutions).nullable().openapi({
      description: 'How one that failed was given back after all: POST /v1/refunds/{id}/resolve.',
    }),
    gateway_refund: z.string().nullable(),
    due_at: timeSchema,
    created_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .openapi('Refund')

export function refundToWire(refund: Refund): z.output<typeof refundSchema> {
  return {
    id: encodeId('refund', refund.id),
    account: encodeId('account', refund.accountId),
    payment: encodeId('payment', refund.paymentId),
    credit_note: optionalId('credit_note', refund.creditNoteId),
    status: refund.status,
    amount: Number(refund.amount),
    written_off: Number(refund.writtenOff),
    currency: refund.currency,
    reason: refund.reason,
    outcome: refund.outcome,
    failure: refund.failure,
    resolution: refund.resolution,
    gateway_refund: refund.gatewayRefund,
    due_at: toIso(refund.dueAt),
    created_at: toIso(refund.createdAt),
    ended_at: timeOrNull(refund.endedAt),
  }
}

export const newRefundSchema = z
  .strictObject({
    payment: idSchema('payment'),
    amount: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional().openapi({
      description: 'Minor units. Default: all that is left of the payment.',
    }),
    reason: freeText(500),
  })
  .openapi('NewRefund')

export const resolveRefundSchema = z
  .strictObject({
    resolution: z.enum(askedResolutions).openapi({
      description:
        'refund: it is sent again, by a refund of its own · credit: to the account’s credit · out_of_band: you have paid it by other means.',
    }),
  })
  .openapi('ResolveRefund')
