import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import { intervalUnits, type Period } from '../kernel/period.ts'
import { granularities, invoicings } from '../organizations/domain/organization.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { idSchema, metadataSchema, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { type Item, itemsOf } from './domain/agreement.ts'
import {
  accesses,
  billingTimes,
  creditTargets,
  periodOf,
  type ScheduledChange,
  type Subscription,
  subscriptionStatuses,
  trialEnds,
} from './domain/subscription.ts'

export const subscriptionQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  status: z.enum(subscriptionStatuses).optional(),
  external_key: z.string().max(255).optional(),
})

export const periodSchema = z.object({ start: timeSchema, end: timeSchema }).openapi('Period')

const itemSchema = z
  .object({
    plan: z.string(),
    plan_version: z.string(),
    quantity: z.number().int(),
    unit_amount: z
      .string()
      .nullable()
      .openapi({ description: 'A price of the subscription’s own for it; null: the version’s.' }),
  })
  .openapi('SubscriptionItem')

/** Only what it changes is there: the rest is as it is by then. */
export const scheduledChangeSchema = z
  .object({
    effective: z.union([z.literal('period_end'), timeSchema]),
    plan: z.string().optional(),
    plan_version: z.string().optional(),
    quantity: z.number().int().optional(),
    unit_amount: z.string().nullable().optional(),
    interval: z.enum(intervalUnits).optional(),
    interval_count: z.number().int().optional(),
    add_ons: z.array(itemSchema).optional().openapi({ description: 'All that there will be.' }),
    proration: z.enum(granularities),
    invoice: z.enum(invoicings),
    credit: z.enum(creditTargets),
    made_at: timeSchema,
  })
  .openapi('ScheduledChange')

const pauseSchema = z
  .object({
    paused_at: timeSchema,
    resumes_at: timeSchema.nullable().openapi({ description: 'When it resumes by itself; null: when it is told to.' }),
  })
  .openapi('Pause')

const pendingChangeSchema = z
  .object({
    invoice: z.string().openapi({ description: 'Once it is paid, the change takes effect.' }),
    expires_at: timeSchema.openapi({ description: 'Given up then.' }),
  })
  .openapi('PendingChange')

/** The members that every answer with a subscription has; `latest_invoice` and the like are added by who composes them. */
export const subscriptionSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    plan: z.string().openapi({ description: 'The plan’s id.' }),
    plan_version: z.string(),
    status: z.enum(subscriptionStatuses),
    quantity: z.number().int(),
    items: z.array(itemSchema).openapi({ description: 'The plan first, then its add-ons.' }),
    currency: z.string(),
    interval: z.enum(intervalUnits),
    interval_count: z.number().int(),
    billing_time: z.enum(billingTimes),
    timezone: z.string().openapi({ description: 'Frozen at creation: all its dates are reckoned in it.' }),
    start: timeSchema,
    trial_ends_at: timeSchema.nullable(),
    trial_end: z.enum(trialEnds),
    bill_from: timeSchema.nullable(),
    ends_at: timeSchema.nullable(),
    anchor: timeSchema.nullable().openapi({ description: 'What its billing periods are counted from.' }),
    current_period: orNull(periodSchema),
    cancel_at: timeSchema.nullable(),
    pause: orNull(pauseSchema),
    scheduled_change: orNull(scheduledChangeSchema),
    pending_change: orNull(pendingChangeSchema),
    ended_at: timeSchema.nullable(),
    access: z.enum(accesses).openapi({
      description:
        'What your application should let the customer do. grace: a payment failed or is missing · blocked: stop access.',
    }),
    external_key: z.string().nullable(),
    metadata: metadataSchema,
    created_at: timeSchema,
  })
  .openapi('Subscription')

export function subscriptionToWire(subscription: Subscription): z.output<typeof subscriptionSchema> {
  const period = periodOf(subscription)
  const standing = subscription.status === 'paused' ? subscription.billing : subscription
  const pendingChange = subscription.status === 'active' ? subscription.pendingChange : null
  return {
    id: encodeId('subscription', subscription.id),
    account: encodeId('account', subscription.accountId),
    plan: encodeId('plan', subscription.planId),
    plan_version: encodeId('plan_version', subscription.planVersionId),
    status: subscription.status,
    quantity: subscription.quantity,
    items: itemsOf(subscription).map(itemToWire),
    currency: subscription.currency,
    interval: subscription.interval.unit,
    interval_count: subscription.interval.count,
    billing_time: subscription.billingTime,
    timezone: subscription.timezone,
    start: toIso(subscription.startAt),
    trial_ends_at: timeOrNull(subscription.trialEndsAt),
    trial_end: subscription.trialEnd,
    bill_from: timeOrNull(subscription.billFrom),
    ends_at: timeOrNull(subscription.endsAt),
    anchor: standing !== null && 'anchorAt' in standing ? timeOrNull(standing.anchorAt) : null,
    current_period: period === null ? null : periodToWire(period),
    cancel_at: standing !== null && 'cancelAt' in standing ? timeOrNull(standing.cancelAt) : null,
    pause: subscription.status === 'paused' ? pauseToWire(subscription) : null,
    scheduled_change: subscription.scheduledChange && scheduledChangeToWire(subscription.scheduledChange),
    pending_change: pendingChange && {
      invoice: encodeId('invoice', pendingChange.invoiceId),
      expires_at: toIso(pendingChange.expiresAt),
    },
    ended_at: 'endedAt' in subscription ? toIso(subscription.endedAt) : null,
    access: subscription.access,
    external_key: subscription.externalKey,
    metadata: subscription.metadata,
    created_at: toIso(subscription.createdAt),
  }
}

function itemToWire({ planId, planVersionId, quantity, unitAmount }: Item): z.output<typeof itemSchema> {
  return {
    plan: encodeId('plan', planId),
    plan_version: encodeId('plan_version', planVersionId),
    quantity,
    unit_amount: unitAmount,
  }
}

type Paused = { readonly pausedAt: Instant; readonly resumesAt: Instant | null }

function pauseToWire({ pausedAt, resumesAt }: Paused): z.output<typeof pauseSchema> {
  return { paused_at: toIso(pausedAt), resumes_at: timeOrNull(resumesAt) }
}

export function scheduledChangeToWire(change: ScheduledChange): z.output<typeof scheduledChangeSchema> {
  const { planId, planVersionId, quantity, unitAmount, interval, addOns } = change.to
  return {
    effective: change.at === 'period_end' ? change.at : toIso(change.at),
    ...(planId !== undefined && { plan: encodeId('plan', planId) }),
    ...(planVersionId !== undefined && { plan_version: encodeId('plan_version', planVersionId) }),
    ...(quantity !== undefined && { quantity }),
    ...(unitAmount !== undefined && { unit_amount: unitAmount }),
    ...(interval !== undefined && { interval: interval.unit, interval_count: interval.count }),
    ...(addOns !== undefined && { add_ons: addOns.map(itemToWire) }),
    proration: change.granularity,
    invoice: change.invoicing,
    credit: change.credit,
    made_at: toIso(change.madeAt),
  }
}

export function periodToWire({ start, end }: Period): z.output<typeof periodSchema> {
  return { start: toIso(start), end: toIso(end) }
}
