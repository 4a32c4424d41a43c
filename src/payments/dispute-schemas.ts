import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, idSchema, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { type Dispute, disputeStatuses } from './domain/dispute.ts'

export const disputeQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  payment: idSchema('payment').optional(),
  status: z.enum(disputeStatuses).optional(),
})

export const disputeSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    payment: z.string(),
    status: z.enum(disputeStatuses).openapi({
      description:
        'inquiry: the bank only asks · open: the money is withheld · won: it came back · lost: it is gone · closed: an inquiry that came to nothing.',
    }),
    amount: amountSchema,
    currency: z.string(),
    reason: z.string().openapi({ example: 'fraudulent' }),
    evidence_due_at: timeSchema.nullable(),
    gateway_dispute: z.string(),
    created_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .openapi('Dispute')

export function disputeToWire(dispute: Dispute): z.output<typeof disputeSchema> {
  return {
    id: encodeId('dispute', dispute.id),
    account: encodeId('account', dispute.accountId),
    payment: encodeId('payment', dispute.paymentId),
    status: dispute.status,
    amount: Number(dispute.amount),
    currency: dispute.currency,
    reason: dispute.reason,
    evidence_due_at: timeOrNull(dispute.evidenceDueAt),
    gateway_dispute: dispute.gatewayDispute,
    created_at: toIso(dispute.createdAt),
    ended_at: timeOrNull(dispute.endedAt),
  }
}
