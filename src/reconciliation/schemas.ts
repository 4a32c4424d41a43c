import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, idSchema, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { type Difference, decisions, differenceKinds, differenceStatuses, resolutions } from './domain/difference.ts'
import type { Reconciled } from './domain/run.ts'
import type { standingPage } from './standing-repository.ts'

const ownerSchema = z.string().trim().min(1, 'must not be empty').max(200)

export const differenceQuerySchema = z.strictObject({
  ...pageQuery,
  status: z.enum(differenceStatuses).optional(),
  kind: z.enum(differenceKinds).optional(),
  gateway_account: idSchema('gateway_account').optional(),
  owner: ownerSchema.optional(),
})

export const differenceSchema = z
  .object({
    id: z.string(),
    gateway_account: z.string(),
    kind: z.enum(differenceKinds).openapi({
      description:
        'unknown_here: money moved there that nothing here knows of. missing_there: it succeeded here, and did not move there. amount, currency: both know it otherwise. not_settled_here: it moved there, and failed or is pending here. without_document: given back at the gateway without a credit note. unanswered: no answer for a day. not_applied: an event of the gateway that could not be applied for three days.',
    }),
    status: z.enum(differenceStatuses),
    gateway_object: z.string().openapi({
      description: 'The gateway’s id of what it is about: a balance transaction, a payment, a refund or an event.',
    }),
    object: z.string().nullable().openapi({ description: 'Ours; null where there is none.' }),
    expected: orNull(amountSchema).openapi({ description: 'What is said here; null: nothing.' }),
    actual: orNull(amountSchema).openapi({ description: 'What the gateway says; null: nothing.' }),
    currency: z.string().nullable(),
    detail: z.string(),
    found_at: timeSchema,
    owner: z.string().nullable().openapi({ description: 'Who looks into it.' }),
    resolution: z.enum(resolutions).nullable(),
    note: z.string().nullable(),
    closed_at: timeSchema.nullable(),
  })
  .openapi('ReconciliationDifference')

export function differenceToWire(difference: Difference): z.output<typeof differenceSchema> {
  const { expected, actual } = difference
  return {
    id: encodeId('difference', difference.id),
    gateway_account: encodeId('gateway_account', difference.gatewayAccountId),
    kind: difference.kind,
    status: difference.status,
    gateway_object: difference.gatewayObject,
    object: difference.object,
    expected: expected === null ? null : Number(expected),
    actual: actual === null ? null : Number(actual),
    currency: difference.currency,
    detail: difference.detail,
    found_at: toIso(difference.foundAt),
    owner: difference.owner,
    resolution: difference.resolution,
    note: difference.note,
    closed_at: timeOrNull(difference.closedAt),
  }
}

export const differencePatchSchema = z
  .strictObject({ owner: ownerSchema.nullable().openapi({ description: 'Null: nobody.', example: 'jane' }) })
  .openapi('ReconciliationDifferencePatch')

export const closeDifferenceSchema = z
  .strictObject({
    resolution: z.enum(decisions).openapi({
      description:
        'corrected: it does not differ any more; where it does, it is found again. accepted, not_ours: it stays as it is, and is not found again.',
    }),
    note: z.string().trim().min(1, 'must not be empty').max(2000).nullable().default(null),
  })
  .openapi('CloseReconciliationDifference')

const countSchema = z.number().int()

export const standingSchema = z
  .object({
    gateway_account: z.string(),
    name: z.string(),
    reconciled_to: timeSchema.nullable().openapi({ description: 'Until then every entry of its books was compared.' }),
    events_read_to: timeSchema.nullable().openapi({ description: 'Until then its events were listed.' }),
    open_differences: z.partialRecord(z.enum(differenceKinds), countSchema),
    unanswered: countSchema.openapi({ description: 'Attempts and refunds that have had no answer for ten minutes.' }),
    events_waiting: countSchema.openapi({ description: 'Events that were not applied yet.' }),
  })
  .openapi('ReconciliationStanding')

export function standingToWire(row: Awaited<ReturnType<typeof standingPage>>[number]): z.output<typeof standingSchema> {
  return {
    gateway_account: encodeId('gateway_account', row.id),
    name: row.name,
    reconciled_to: timeOrNull(row.reconciledTo),
    events_read_to: timeOrNull(row.eventsReadTo),
    open_differences: row.open,
    unanswered: row.unanswered,
    events_waiting: row.waitingEvents,
  }
}

export const newRunSchema = z
  .strictObject({ gateway_account: idSchema('gateway_account') })
  .openapi('NewReconciliationRun')

export const runSchema = z
  .object({
    entries: countSchema.openapi({ description: 'Movements of money that were read of the gateway’s books.' }),
    matched: countSchema.openapi({ description: 'Of these, those that are as is said here.' }),
    not_ours: countSchema.openapi({ description: 'Of these, those that name nothing of ours.' }),
    found: countSchema.openapi({ description: 'New differences.' }),
    vanished: countSchema.openapi({ description: 'Differences that are no more, and were closed.' }),
  })
  .openapi('ReconciliationRun')

export function runToWire({ notOurs, ...counts }: Reconciled): z.output<typeof runSchema> {
  return { ...counts, not_ours: notOurs }
}
