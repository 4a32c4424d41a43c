import { z } from '@hono/zod-openapi'
import { MAX_DECIMALS } from '../kernel/decimal.ts'
import type { Result } from '../kernel/result.ts'
import { idSchema, timeSchema } from '../platform/http/wire.ts'
import { latenesses, usageRefusals } from './domain/event.ts'
import { MAX_DIGITS } from './domain/judge.ts'
import { type Outcome, unjudged } from './ingest.ts'
import { MAX_EVENTS } from './read-body.ts'
import {
  MAX_ID,
  MAX_KEY,
  MAX_METRIC,
  MAX_PROPERTIES,
  MAX_VALUE,
  NO_PROPERTIES,
  NO_QUANTITY,
  readProperties,
  readQuantity,
  type Wrong,
} from './read-event.ts'

/** What comes in is documented here and read by `readBody`, which a thousand events a request do not keep waiting. */

const eventIdSchema = z.string().min(1).max(MAX_ID).openapi({
  description:
    'Your own, such as a UUID. With the subscription it says which event this is: sent again it is a duplicate.',
  example: 'evt-1',
})
const subscriptionSchema = idSchema('subscription')
const metricSchema = z
  .string()
  .min(1)
  .max(MAX_METRIC)
  .openapi({ description: 'The code of a metric.', example: 'api_calls' })

export const quantitySchema = z
  .union([z.string(), z.number()], { error: NO_QUANTITY })
  .transform((given, context) => readBy(readQuantity, given, context))
  .openapi({
    type: ['string', 'number'],
    description: `A decimal string, or a number that JSON carries exactly: to 15 digits, ${MAX_DECIMALS} decimals, no exponent. What is counted of an event, this or a property, has at most ${MAX_DIGITS} digits before the point.`,
    example: '3',
  })

export const propertiesSchema = z
  .record(z.string(), z.unknown(), { error: NO_PROPERTIES })
  .transform((given, context) => readBy(readProperties, given, context))
  .openapi({
    type: 'object',
    description: `What charges filter by and metrics count: at most ${MAX_PROPERTIES} keys of ${MAX_KEY} characters, values of ${MAX_VALUE}. Numbers and booleans become text.`,
    additionalProperties: { type: ['string', 'number', 'boolean'] },
    example: { region: 'eu' },
  })

function readBy<T>(read: (given: unknown) => Result<T, Wrong>, given: unknown, context: z.RefinementCtx): T {
  const result = read(given)
  if (result.ok) return result.value
  const wrong = typeof result.error === 'string' ? [{ detail: result.error, path: [] }] : result.error
  for (const { detail, ...where } of wrong) {
    context.addIssue({ code: 'custom', message: detail, path: 'key' in where ? [where.key] : [] })
  }
  return z.NEVER
}

const newUsageEventSchema = z
  .strictObject({
    id: eventIdSchema,
    subscription: subscriptionSchema,
    metric: metricSchema,
    quantity: quantitySchema.default('1').openapi({ default: '1' }),
    timestamp: timeSchema.optional().openapi({
      description:
        'When it was used: from 35 days back to 5 minutes ahead. Now unless given, by the clock of its account.',
    }),
    properties: propertiesSchema.default({}).openapi({ default: {} }),
  })
  .openapi('NewUsageEvent')

export const newUsageEventsSchema = z
  .union([
    newUsageEventSchema,
    z.strictObject({ events: z.array(newUsageEventSchema).min(1).max(MAX_EVENTS) }).openapi('NewUsageEvents'),
  ])
  .openapi({ description: 'One event, or many.' })

export const cloudEventSchema = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: eventIdSchema,
    source: z.string().optional(),
    subject: z.string().openapi({ description: 'The subscription, sub_…' }),
    type: metricSchema,
    time: timeSchema.optional(),
    data: z
      .looseObject({ quantity: quantitySchema.optional(), properties: propertiesSchema.optional() })
      .optional()
      .openapi({
        description: 'Its properties are in `properties`; without that member all of its other scalars are properties.',
      }),
  })
  .openapi('UsageCloudEvent')

const refusedEventSchema = z
  .object({
    index: z.number().int().openapi({ description: 'Its place in the request, from 0.' }),
    id: z.string().nullable(),
    code: z.enum([...usageRefusals, ...unjudged]),
    detail: z.string(),
    hint: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .openapi({ description: 'The members at fault, as JSON pointers into the request.' }),
    retry: z.boolean().openapi({ description: 'Nothing is wrong with it: send it again later.' }),
  })
  .openapi('RefusedUsageEvent')

export const ingestedSchema = z
  .object({
    accepted: z.number().int(),
    duplicates: z
      .number()
      .int()
      .openapi({ description: 'Known by their ids: they changed nothing, which is a success.' }),
    rejected: z.array(refusedEventSchema),
    results: z
      .array(
        z.object({
          id: z.string().nullable(),
          status: z.enum(['accepted', 'duplicate', 'rejected']),
          late: z.enum(latenesses).optional().openapi({
            description:
              'supplemental: its period was invoiced, another invoice will bill it · unbilled: too late for that too; it is kept and not billed.',
          }),
        }),
      )
      .openapi({ description: 'One for each event, in the order of the request.' }),
  })
  .openapi('IngestedUsage')

export function ingestedToWire(outcomes: readonly Outcome[]): z.output<typeof ingestedSchema> {
  const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length
  return {
    accepted: count('accepted'),
    duplicates: count('duplicate'),
    rejected: outcomes.flatMap((outcome, index) => {
      if (outcome.status !== 'rejected') return []
      const { id, code, detail, hint, faults, retry } = outcome
      return [{ index, id, code, detail, hint, errors: [...faults], retry }]
    }),
    results: outcomes.map((outcome) => {
      const { id, status } = outcome
      return status === 'accepted' && outcome.late !== null ? { id, status, late: outcome.late } : { id, status }
    }),
  }
}
