import { z } from '@hono/zod-openapi'
import { MAX_DECIMALS } from '../kernel/decimal.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { metadataSchema, timeSchema } from '../platform/http/wire.ts'
import { aggregations, type Metric } from './domain/metric.ts'

export const metricCodeSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be lower-case letters, digits, -, _ and ., 64 at most')
  .openapi({ example: 'api_calls' })
const nameSchema = z.string().trim().min(1).max(200).openapi({ example: 'API calls' })
const aggregationSchema = z.enum(aggregations)

export const newMetricSchema = z
  .strictObject({
    code: metricCodeSchema,
    name: nameSchema,
    aggregation: aggregationSchema,
    field: z.string().min(1).max(40).nullable().optional().openapi({
      description:
        'The property of an event that is aggregated. By default `quantity`, the event’s own; a count has none.',
      example: 'quantity',
    }),
    decimals: z.number().int().min(0).max(MAX_DECIMALS).default(MAX_DECIMALS).openapi({
      description: 'So many decimals the quantity of an event may have; one with more is refused.',
    }),
    allow_negative: z.boolean().optional().openapi({
      description:
        'Whether the quantity of an event may be below zero. By default for a weighted sum only, whose level also falls.',
    }),
    metadata: metadataSchema.default({}),
  })
  .superRefine(({ aggregation, field }, context) => {
    if (aggregation !== 'count' || field === undefined || field === null) return
    const message = 'must be left out: a count counts events, whatever they hold'
    context.addIssue({ code: 'custom', message, path: ['field'] })
  })
  .openapi('NewMetric')

export const metricPatchSchema = z
  .strictObject({ name: nameSchema, metadata: metadataSchema })
  .partial()
  .openapi('MetricPatch')

export const metricSchema = z
  .object({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    aggregation: aggregationSchema,
    field: z.string().nullable(),
    decimals: z.number().int(),
    allow_negative: z.boolean(),
    metadata: metadataSchema,
    created_at: timeSchema,
  })
  .openapi('Metric')

export function metricToWire(metric: Metric): z.output<typeof metricSchema> {
  const { id, code, name, aggregation, field, decimals, allowNegative, metadata, createdAt } = metric
  return {
    ...{ id: encodeId('metric', id), code, name, aggregation, field, decimals, allow_negative: allowNegative },
    ...{ metadata, created_at: toIso(createdAt) },
  }
}
