import { z } from '@hono/zod-openapi'
import { toIso } from '../kernel/instant.ts'
import { aggregations } from '../plans/domain/metric.ts'
import { metricCodeSchema } from '../plans/metric-schemas.ts'
import { instantSchema, timeSchema, zoneSchema } from '../platform/http/wire.ts'
import type { TrendPoint } from './domain/trend.ts'
import { MOST_GROUPS, MOST_TRENDS, type UsageTrend } from './usage-repository.ts'

export const trendSizes = ['day', 'week', 'month'] as const

export const usageTrendQuery = z.strictObject({
  metric: metricCodeSchema.optional(),
  interval: z.enum(trendSizes).default('month'),
  from: instantSchema
    .optional()
    .openapi({ description: 'Default: the last twelve intervals before `to`, of days thirty.' }),
  to: instantSchema.optional().openapi({ description: 'Exclusive. Default: now.' }),
  timezone: zoneSchema.optional().openapi({ description: 'Whose calendar it is. Default: UTC.' }),
  group_by: z.enum(['plan']).optional().openapi({ description: 'By the plans that the subscriptions have now.' }),
  segment: z.string().min(1).max(40).optional().openapi({
    description: 'By the values of this key of the accounts’ metadata.',
    example: 'industry',
  }),
})

const pointSchema = z.object({
  start: timeSchema,
  end: timeSchema,
  quantity: z.string(),
  complete: z.boolean().openapi({ description: 'It is over.' }),
  growth: z.string().nullable().openapi({
    description:
      'Against the one before: "0.25" is a quarter more, to four decimals. Null where that was nothing, or this is not over.',
    example: '0.25',
  }),
})

const trendSchema = z
  .object({
    metric: z.string(),
    aggregation: z.enum(aggregations),
    plan: z.string().nullable().openapi({ description: 'The code of a plan; null where it is not grouped by plan.' }),
    segment: z.string().nullable().openapi({ description: 'Null also for accounts without that key.' }),
    points: z.array(pointSchema),
  })
  .openapi('UsageTrend')

export const usageTrendsSchema = z
  .object({
    interval: z.enum(trendSizes),
    timezone: z.string(),
    data: z.array(trendSchema).openapi({
      description: `Of each metric the ${MOST_GROUPS} groups with the most, ${MOST_TRENDS} in all.`,
    }),
  })
  .openapi('UsageTrends')

export function trendToWire(
  { metric, aggregation, plan, segment }: UsageTrend,
  points: readonly TrendPoint[],
): z.output<typeof trendSchema> {
  return {
    ...{ metric, aggregation, plan, segment },
    points: points.map(({ start, end, quantity, isComplete, growth }) => ({
      ...{ start: toIso(start), end: toIso(end), quantity, complete: isComplete, growth },
    })),
  }
}
