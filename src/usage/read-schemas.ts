import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { intervalUnits, type Period } from '../kernel/period.ts'
import { capPolicies } from '../plans/domain/charge.ts'
import { aggregations } from '../plans/domain/metric.ts'
import { metricCodeSchema } from '../plans/metric-schemas.ts'
import { ratedPartSchema, ratedPartToWire } from '../plans/rated-schemas.ts'
import { amountSchema, idSchema, instantSchema, orNull, timeSchema } from '../platform/http/wire.ts'
import { lineAmount } from '../subscriptions/domain/billable.ts'
import { freeReasons, type UsageBillable } from '../subscriptions/domain/running-usage.ts'
import { periodOf, subscriptionStatuses } from '../subscriptions/domain/subscription.ts'
import { periodSchema, periodToWire } from '../subscriptions/schemas.ts'
import type { CurrentUsage } from './current-usage.ts'
import { bucketSizes } from './domain/buckets.ts'
import type { ChargeSoFar, MetricSoFar } from './domain/so-far.ts'
import type { Series } from './series-repository.ts'

export const usageParam = z.object({ id: idSchema('subscription') })

export const usageQuerySchema = z.strictObject({
  metric: metricCodeSchema.optional().openapi({ description: 'Only what is about this metric.' }),
  from: instantSchema
    .optional()
    .openapi({ description: 'Of `metrics` and `series`, inclusive. Default: the start of the present period.' }),
  to: instantSchema.optional().openapi({ description: 'Exclusive. Default: the end of the present period.' }),
  window: z
    .enum(bucketSizes)
    .optional()
    .openapi({ description: 'Tells `series` by hours, days, weeks or months of the subscription’s zone.' }),
  group_by: z.string().min(1).max(40).optional().openapi({
    description: 'Tells `series` by the values of this property: the twenty with the most events.',
    example: 'region',
  }),
})

export const streamQuerySchema = usageQuerySchema.pick({ metric: true })

const capSchema = z
  .object({
    limit: z.string(),
    over: z.enum(capPolicies),
    used: z.string().openapi({ description: 'A level counts as if it stayed to the end of the period.' }),
    remaining: z.string(),
    resets_at: timeSchema,
  })
  .openapi('UsageCap')

const usageLineSchema = z
  .object({
    plan_version: z.string(),
    period: periodSchema,
    quantity: z.string(),
    tiers: z.array(ratedPartSchema),
    amount: amountSchema,
  })
  .openapi('UsageLine')

const chargeUsageSchema = z
  .object({
    metric: z.string(),
    filters: z.record(z.string(), z.string()),
    plan: z.string(),
    plan_name: z.string(),
    interval: z.enum(intervalUnits),
    interval_count: z.number().int(),
    period: periodSchema.openapi({ description: 'The metering period that runs.' }),
    quantity: z.string(),
    cost: amountSchema,
    lines: z.array(usageLineSchema).openapi({
      description: 'As the invoice would have them: one for each price that held in the period.',
    }),
    cap: orNull(capSchema),
  })
  .openapi('ChargeUsage')

const metricUsageSchema = z
  .object({
    metric: z.string(),
    name: z.string(),
    aggregation: z.enum(aggregations),
    period: periodSchema,
    quantity: z.string(),
  })
  .openapi('MetricUsage')

const seriesSchema = z
  .object({
    metric: z.string(),
    group: z.string().nullable().openapi({ description: 'The value of the property; null: of events without it.' }),
    points: z.array(z.object({ start: timeSchema, end: timeSchema, quantity: z.string() })),
  })
  .openapi('UsageSeries')

export const usageSchema = z
  .object({
    subscription: z.string(),
    status: z.enum(subscriptionStatuses),
    as_of: timeSchema,
    timezone: z.string(),
    currency: z.string(),
    current_period: orNull(periodSchema),
    free: z.enum(freeReasons).nullable().openapi({ description: 'Why it costs nothing; null where it costs.' }),
    cost: amountSchema.openapi({ description: 'Of all charges so far, before minimums, discounts and taxes.' }),
    charges: z.array(chargeUsageSchema),
    metrics: z.array(metricUsageSchema).openapi({ description: 'Of every metric that was used, charged for or not.' }),
    series: z.array(seriesSchema).openapi({ description: 'With `window` or `group_by`.' }),
  })
  .openapi('SubscriptionUsage')

type Told = { readonly buckets: readonly Period[]; readonly series: readonly Series[] }

export function usageToWire({ subject, soFar }: CurrentUsage, { buckets, series }: Told): z.output<typeof usageSchema> {
  const { subscription } = subject
  const period = periodOf(subscription)
  return {
    subscription: encodeId('subscription', subscription.id),
    status: subscription.status,
    as_of: toIso(soFar.at),
    timezone: subscription.timezone,
    currency: subscription.currency,
    current_period: period && periodToWire(period),
    free: soFar.free,
    cost: Number(soFar.cost),
    charges: soFar.charges.map(chargeToWire),
    metrics: soFar.metrics.map(metricToWire),
    series: series.map(({ metric, group, quantities }) => ({
      ...{ metric, group },
      points: buckets.map((bucket, n) => ({ ...periodToWire(bucket), quantity: quantities[n] ?? '0' })),
    })),
  }
}

function chargeToWire(soFar: ChargeSoFar): z.output<typeof chargeUsageSchema> {
  const { charge, version, interval, period, quantity, cost, lines, cap } = soFar
  return {
    ...{ metric: charge.metric, filters: charge.filters, plan: encodeId('plan', version.planId) },
    ...{ plan_name: version.planName, interval: interval.unit, interval_count: interval.count },
    ...{ period: periodToWire(period), quantity, cost: Number(cost), lines: lines.map(lineToWire) },
    cap: cap && {
      ...{ limit: cap.limit, over: cap.over, used: cap.used, remaining: cap.remaining },
      resets_at: toIso(cap.resetsAt),
    },
  }
}

function lineToWire(line: UsageBillable): z.output<typeof usageLineSchema> {
  return {
    plan_version: encodeId('plan_version', line.planVersionId),
    period: periodToWire(line.period),
    quantity: line.quantity,
    tiers: line.parts.map(ratedPartToWire),
    amount: Number(lineAmount(line)),
  }
}

function metricToWire({ metric, period, quantity }: MetricSoFar): z.output<typeof metricUsageSchema> {
  const { code, name, aggregation } = metric
  return { metric: code, name, aggregation, period: periodToWire(period), quantity }
}
