import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { intervalUnits } from '../kernel/period.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { currencySchema, metadataSchema, timeOrNull, timeSchema, unitAmountSchema } from '../platform/http/wire.ts'
import { chargeSchema, chargeToWire, intervalCountSchema } from './charge-schemas.ts'
import { warningsOf } from './domain/catalogue.ts'
import { type Minimum, type Plan, type PlanVersion, type Price, planKinds } from './domain/plan.ts'

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

/** A price per currency and interval, each once. None for a plan that charges for usage alone. */
const pricesSchema = z
  .array(priceSchema)
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

const chargesSchema = z.array(chargeSchema).max(200)

const minimumSchema = z
  .array(z.strictObject({ currency: currencySchema, amount: unitAmountSchema }).openapi('Minimum'))
  .max(200)
  .nullable()
  .openapi({ description: 'The least that price and usage of a metering period come to, before discounts.' })

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
    kind: z.enum(planKinds).default('plan').openapi({ description: 'An add-on is only sold as an item of a plan.' }),
    code: codeSchema,
    name: nameSchema,
    trial_days: trialDaysSchema.default(0),
    prices: pricesSchema.default([]),
    minimum: minimumSchema.default(null),
    charges: chargesSchema.default([]),
    metadata: metadataSchema.default({}),
  })
  .openapi('NewPlan')

export const planPatchSchema = z
  .strictObject({
    name: nameSchema,
    trial_days: trialDaysSchema,
    prices: pricesSchema,
    minimum: minimumSchema,
    charges: chargesSchema,
    metadata: metadataSchema,
  })
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

const termsWire = {
  trial_days: z.number().int(),
  prices: z.array(priceWireSchema),
  minimum: z.array(z.object({ currency: z.string(), amount: z.string() })).nullable(),
  charges: z.array(chargeSchema),
}

export const planVersionSchema = z
  .object({
    id: z.string(),
    number: z.number().int(),
    name: z.string(),
    ...termsWire,
    created_at: timeSchema,
  })
  .openapi('PlanVersion')

export const planSchema = z
  .object({
    id: z.string(),
    kind: z.enum(planKinds),
    code: z.string(),
    name: z.string(),
    version: z.number().int().openapi({ description: 'The number of the version on sale.' }),
    ...termsWire,
    warnings: z.array(z.object({ pointer: z.string(), detail: z.string() })).openapi({
      description: 'What can be sold as it is but may surprise, such as a total that falls with more use.',
    }),
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

/** No minimum and an empty list of them are one: null on the wire. */
function minimumToWire(minimums: readonly Minimum[]): z.output<typeof termsWire.minimum> {
  return minimums.length === 0 ? null : minimums.map(({ currency, amount }) => ({ currency, amount }))
}

function termsToWire({ trialDays, prices, minimums, charges }: PlanVersion) {
  return {
    trial_days: trialDays,
    prices: prices.map(priceToWire),
    minimum: minimumToWire(minimums),
    charges: charges.map(chargeToWire),
  }
}

function priceToWire({ currency, interval, unitAmount }: Price): z.output<typeof priceWireSchema> {
  return { currency, interval: interval.unit, interval_count: interval.count, unit_amount: unitAmount }
}

export function planToWire(plan: Plan): z.output<typeof planSchema> {
  return {
    id: encodeId('plan', plan.id),
    kind: plan.kind,
    code: plan.code,
    name: plan.name,
    version: plan.current.number,
    ...termsToWire(plan.current),
    warnings: [...warningsOf(plan.current)],
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
    ...termsToWire(version),
    created_at: toIso(version.createdAt),
  }
}
