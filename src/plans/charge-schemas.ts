import { z } from '@hono/zod-openapi'
import { MAX_DECIMALS, parseDecimal } from '../kernel/decimal.ts'
import { intervalUnits } from '../kernel/period.ts'
import { currencySchema, unitAmountSchema } from '../platform/http/wire.ts'
import { type Charge, capPolicies, type ModelType, modelTypes, type PriceModel, type Tier } from './domain/charge.ts'
import { modelFaults } from './domain/model-faults.ts'
import { metricCodeSchema } from './metric-schemas.ts'

/** Weekly for a year, monthly for ten years: what is longer is a contract of its own. */
export const intervalCountSchema = z.number().int().min(1).max(120)

/** As many units as a price has minor units: their product is checked on the line. */
const MAX_UNITS = 10n ** 15n

/** A quantity that is not negative, as a decimal string. */
export const unitsSchema = z
  .string({ error: 'must be a decimal string, such as "1000" or "0.5"' })
  .superRefine((text, context) => {
    const parsed = parseDecimal(text)
    if (!parsed.ok) {
      const message = `must be a decimal string with at most ${MAX_DECIMALS} decimals, such as "1000"`
      context.addIssue({ code: 'custom', message })
    } else if (parsed.value.lt(0)) context.addIssue({ code: 'custom', message: 'must not be negative' })
    else if (parsed.value.gt(MAX_UNITS.toString())) {
      context.addIssue({ code: 'custom', message: `must not exceed ${MAX_UNITS}` })
    }
  })
  .openapi({ example: '1000' })

const tierSchema = z
  .strictObject({
    up_to: unitsSchema.nullable().openapi({ description: 'Inclusive; null for the last tier, which is open.' }),
    unit_amount: unitAmountSchema.default('0'),
    flat_amount: unitAmountSchema.default('0').openapi({ description: 'Due once the tier is entered.' }),
  })
  .openapi('Tier')
const tiersSchema = z.array(tierSchema).max(100)

/** Filters tell apart what one metric counts, such as a region. */
const filtersSchema = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((value) => Object.keys(value).length <= 20, 'must have at most 20 filters')
  .openapi({ type: 'object', additionalProperties: { type: 'string' }, example: { region: 'eu' } })

const capSchema = z
  .strictObject({ limit: unitsSchema, over: z.enum(capPolicies) })
  .openapi({ description: 'What a metering period may hold: usage beyond it is refused, or billed and reported.' })

const common = {
  metric: metricCodeSchema,
  currency: currencySchema,
  interval: z.enum(intervalUnits).nullable().default(null).openapi({
    description: 'How often usage is billed. By default monthly under longer prices, else with the price.',
  }),
  interval_count: intervalCountSchema.default(1),
  filters: filtersSchema.default({}),
  minimum: unitAmountSchema.nullable().default(null).openapi({ description: 'The least a metering period comes to.' }),
  cap: capSchema.nullable().default(null),
}

/** The members of each model, as they come in. */
const models = {
  standard: { unit_amount: unitAmountSchema },
  graduated: { tiers: tiersSchema },
  volume: { tiers: tiersSchema },
  package: {
    package_size: unitsSchema,
    unit_amount: unitAmountSchema.openapi({ description: 'For each package begun.' }),
    free_units: unitsSchema.default('0'),
  },
  percentage: {
    rate: unitsSchema.openapi({ example: '2.5', description: 'Percent of each event’s amount.' }),
    fixed_amount: unitAmountSchema.default('0').openapi({ description: 'For each event.' }),
    free_events: z.number().int().min(0).max(1_000_000_000).default(0),
    per_event_min: unitAmountSchema.nullable().default(null),
    per_event_max: unitAmountSchema.nullable().default(null),
  },
} as const satisfies Record<ModelType, z.ZodRawShape>

function chargeOf<T extends ModelType>(model: T) {
  return z.strictObject({ ...common, model: z.literal(model), ...models[model] })
}

/** A charge is checked by itself here, and among the others by `faultsOf`, so that one fault does not hide another. */
export const chargeSchema = z
  .discriminatedUnion(
    'model',
    [chargeOf('standard'), chargeOf('graduated'), chargeOf('volume'), chargeOf('package'), chargeOf('percentage')],
    { error: `must be a charge whose model is one of ${modelTypes.join(', ')}` },
  )
  .superRefine((charge, context) => {
    // Only of members that could be read: a refined string that is no decimal still gets here.
    const found = context.issues.length === 0 ? modelFaults(modelFromWire(charge)) : []
    for (const { pointer, detail, hint } of found) {
      context.addIssue({ code: 'custom', message: `${detail}: ${hint}`, path: pathOf(pointer) })
    }
    if (charge.interval === null && charge.interval_count !== 1) {
      const message = 'counts intervals, but there is none: give interval too'
      context.addIssue({ code: 'custom', message, path: ['interval_count'] })
    }
  })
  .openapi('Charge')

type WireCharge = z.output<typeof chargeSchema>

export function chargeFromWire(wire: WireCharge): Charge {
  const { metric, currency, interval, interval_count, filters, minimum, cap } = wire
  return {
    ...{ metric, currency, filters, minimum, cap },
    interval: interval === null ? null : { unit: interval, count: interval_count },
    model: modelFromWire(wire),
  }
}

export function chargeToWire({ metric, currency, interval, filters, model, minimum, cap }: Charge): WireCharge {
  const about = { metric, currency, interval: interval?.unit ?? null, interval_count: interval?.count ?? 1 }
  return { ...about, ...modelToWire(model), filters, minimum, cap }
}

function modelFromWire(wire: WireCharge): PriceModel {
  switch (wire.model) {
    case 'standard':
      return { type: wire.model, unitAmount: wire.unit_amount }
    case 'graduated':
    case 'volume':
      return { type: wire.model, tiers: wire.tiers.map(tierFromWire) }
    case 'package': {
      const { model: type, package_size: packageSize, unit_amount: unitAmount, free_units: freeUnits } = wire
      return { type, packageSize, unitAmount, freeUnits }
    }
    case 'percentage': {
      const { model: type, rate, fixed_amount: fixedAmount, free_events: freeEvents } = wire
      return { type, rate, fixedAmount, freeEvents, perEventMin: wire.per_event_min, perEventMax: wire.per_event_max }
    }
  }
}

function modelToWire(model: PriceModel) {
  switch (model.type) {
    case 'standard':
      return { model: model.type, unit_amount: model.unitAmount }
    case 'graduated':
    case 'volume':
      return { model: model.type, tiers: model.tiers.map(tierToWire) }
    case 'package': {
      const { type, packageSize, unitAmount, freeUnits } = model
      return { model: type, package_size: packageSize, unit_amount: unitAmount, free_units: freeUnits }
    }
    case 'percentage': {
      const { type, rate, fixedAmount, freeEvents, perEventMin, perEventMax } = model
      return {
        ...{ model: type, rate, fixed_amount: fixedAmount, free_events: freeEvents },
        ...{ per_event_min: perEventMin, per_event_max: perEventMax },
      }
    }
  }
}

type WireTier = z.output<typeof tierSchema>

function tierFromWire({ up_to, unit_amount, flat_amount }: WireTier): Tier {
  return { upTo: up_to, unitAmount: unit_amount, flatAmount: flat_amount }
}

function tierToWire({ upTo, unitAmount, flatAmount }: Tier): WireTier {
  return { up_to: upTo, unit_amount: unitAmount, flat_amount: flatAmount }
}

/** The pointers of the domain are plain names and numbers. */
function pathOf(pointer: string): PropertyKey[] {
  return pointer.split('/').slice(1)
}
