import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { intervalUnits } from '../kernel/period.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { currencySchema, metadataSchema, timeOrNull, timeSchema, unitAmountSchema } from '../platform/http/wire.ts'
import type { Plan, PlanVersion, Price } from './domain/plan.ts'

/** Weekly for a year, monthly for ten years: what is longer is a contract of its own. */
export const intervalCountSchema = z.number().int().min(1).max(120)

const priceSchema = z
  .strictObject({
    currency: currencySchema,
    interval: z.enum(intervalUnits),
    interval_count: intervalCountSchema.default(1),
    unit_amount: unitAmountSchema.openapi({
      description: 'Minor units for one seat and one interval, as a decimal string.',
    }),
  })
  .openapi('Price')

/** A price per currency and interval, each once. */
const pricesSchema = z
  .array(priceSchema)
  .min(1, 'must have at least one price')
  .max(200)
  .superRefine((prices, context) => {
    const seen = new Map<string, number>()
    for (const [index, { currency, interval, interval_count }] of prices.entries()) {
      const key = `${currency} per ${interval_count} ${interval}`
      const first = seen.get(key)
      if (first === undefined) seen.set(key, index)
      else {
        const message = `repeats the price ${first} (${key}): keep one of them`
        context.addIssue({ code: 'custom', message, path: [index] })
      }
    }
  })

const codeSchema = z
  .string()
  .regex(
    /^(?!plan_)[a-z0-9][a-z0-9_-]{0,63}$/,
    'must be lower-case letters, digits, - and _, 64 at most, not beginning with plan_',
  )
  .openapi({ example: 'pro' })
const nameSchema = z.string().trim().min(1).max(200).openapi({ example: 'Pro' })
const trialDaysSchema = z.number().int().min(0).max(730)

export const newPlanSchema = z
  .strictObject({
    code: codeSchema,
    name: nameSchema,
    trial_days: trialDaysSchema.default(0),
    prices: pricesSchema,
    metadata: metadataSchema.default({}),
  })
  .openapi('NewPlan')

export const planPatchSchema = z
  .strictObject({ name: nameSchema, trial_days: trialDaysSchema, prices: pricesSchema, metadata: metadataSchema })
  .partial()
  .openapi('PlanPatch')

export const archivePlanSchema = z.strictObject({
  replaced_by: codeSchema
    .optional()
    .openapi({ description: 'The plan that the error for new subscribers names instead.' }),
})

export const planQuerySchema = z.strictObject({
  ...pageQuery,
  archived: z.enum(['true', 'false']).default('false').openapi({ description: 'Whether to list archived plans too.' }),
})

const priceWireSchema = z.object({
  currency: z.string(),
  interval: z.enum(intervalUnits),
  interval_count: z.number().int(),
  unit_amount: z.string(),
})

export const planVersionSchema = z
  .object({
    id: z.string(),
    number: z.number().int(),
    name: z.string(),
    trial_days: z.number().int(),
    prices: z.array(priceWireSchema),
    created_at: timeSchema,
  })
  .openapi('PlanVersion')

export const planSchema = z
  .object({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    version: z.number().int().openapi({ description: 'The number of the version on sale.' }),
    trial_days: z.number().int(),
    prices: z.array(priceWireSchema),
    metadata: metadataSchema,
    archived_at: timeSchema.nullable(),
    replaced_by: z.string().nullable(),
    created_at: timeSchema,
  })
  .openapi('Plan')

export function priceFromWire(price: z.output<typeof priceSchema>): Price {
  const { currency, interval, interval_count, unit_amount } = price
  return { currency, interval: { unit: interval, count: interval_count }, unitAmount: unit_amount }
}

function priceToWire({ currency, interval, unitAmount }: Price): z.output<typeof priceWireSchema> {
  return { currency, interval: interval.unit, interval_count: interval.count, unit_amount: unitAmount }
}

export function planToWire(plan: Plan): z.output<typeof planSchema> {
  return {
    id: encodeId('plan', plan.id),
    code: plan.code,
    name: plan.name,
    version: plan.current.number,
    trial_days: plan.current.trialDays,
    prices: plan.current.prices.map(priceToWire),
    metadata: plan.metadata,
    archived_at: timeOrNull(plan.archivedAt),
    replaced_by: plan.replacedBy,
    created_at: toIso(plan.createdAt),
  }
}

export function versionToWire(version: PlanVersion): z.output<typeof planVersionSchema> {
  return {
    id: encodeId('plan_version', version.id),
    number: version.number,
    name: version.planName,
    trial_days: version.trialDays,
    prices: version.prices.map(priceToWire),
    created_at: toIso(version.createdAt),
  }
}
