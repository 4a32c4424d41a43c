import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { intervalUnits, type Period } from '../kernel/period.ts'
import { intervalCountSchema } from '../plans/schemas.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import {
  externalKeySchema,
  idSchema,
  instantSchema,
  metadataSchema,
  timeOrNull,
  timeSchema,
} from '../platform/http/wire.ts'
import { MAX_QUANTITY, type Subscription, subscriptionStatuses } from './domain/subscription.ts'

export const newSubscriptionSchema = z
  .strictObject({
    account: idSchema('account'),
    plan: z.string().min(1).max(100).openapi({ description: 'The plan’s code.', example: 'pro' }),
    interval: z
      .enum(intervalUnits)
      .optional()
      .openapi({ description: 'Default: the plan’s only one in the account’s currency.' }),
    interval_count: intervalCountSchema.default(1),
    quantity: z.number().int().min(1).max(MAX_QUANTITY).default(1).openapi({ description: 'Seats.' }),
    start: instantSchema.optional().openapi({
      description: 'Default: now. In the past every period begun since is invoiced at once; in the future it waits.',
    }),
    trial_days: z.number().int().min(0).max(730).optional().openapi({ description: 'Default: the plan’s.' }),
    external_key: externalKeySchema.nullable().default(null),
    metadata: metadataSchema.default({}),
  })
  .openapi('NewSubscription')

export const subscriptionPatchSchema = z
  .strictObject({ external_key: externalKeySchema.nullable(), metadata: metadataSchema })
  .partial()
  .openapi('SubscriptionPatch')

export const cancelSchema = z
  .strictObject({ when: z.enum(['now', 'period_end']).default('period_end') })
  .openapi('CancelSubscription')

export const subscriptionQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  status: z.enum(subscriptionStatuses).optional(),
  external_key: z.string().max(255).optional(),
})

export const periodSchema = z.object({ start: timeSchema, end: timeSchema }).openapi('Period')

/** The members that every answer with a subscription has; `latest_invoice` and the like are added by who composes them. */
export const subscriptionSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    plan: z.string().openapi({ description: 'The plan’s id.' }),
    plan_version: z.string(),
    status: z.enum(subscriptionStatuses),
    quantity: z.number().int(),
    currency: z.string(),
    interval: z.enum(intervalUnits),
    interval_count: z.number().int(),
    timezone: z.string().openapi({ description: 'Frozen at creation: all its dates are reckoned in it.' }),
    start: timeSchema,
    trial_ends_at: timeSchema.nullable(),
    anchor: timeSchema.nullable().openapi({ description: 'What its billing periods are counted from.' }),
    current_period: periodSchema.nullable(),
    cancel_at: timeSchema.nullable(),
    ended_at: timeSchema.nullable(),
    external_key: z.string().nullable(),
    metadata: metadataSchema,
    created_at: timeSchema,
  })
  .openapi('Subscription')

export function subscriptionToWire(subscription: Subscription): z.output<typeof subscriptionSchema> {
  return {
    id: encodeId('subscription', subscription.id),
    account: encodeId('account', subscription.accountId),
    plan: encodeId('plan', subscription.planId),
    plan_version: encodeId('plan_version', subscription.planVersionId),
    status: subscription.status,
    quantity: subscription.quantity,
    currency: subscription.currency,
    interval: subscription.interval.unit,
    interval_count: subscription.interval.count,
    timezone: subscription.timezone,
    start: toIso(subscription.startAt),
    trial_ends_at: timeOrNull(subscription.trialEndsAt),
    anchor: 'anchorAt' in subscription ? timeOrNull(subscription.anchorAt) : null,
    current_period: 'period' in subscription && subscription.period ? periodToWire(subscription.period) : null,
    cancel_at: 'cancelAt' in subscription ? timeOrNull(subscription.cancelAt) : null,
    ended_at: 'endedAt' in subscription ? toIso(subscription.endedAt) : null,
    external_key: subscription.externalKey,
    metadata: subscription.metadata,
    created_at: toIso(subscription.createdAt),
  }
}

export function periodToWire({ start, end }: Period): z.output<typeof periodSchema> {
  return { start: toIso(start), end: toIso(end) }
}
