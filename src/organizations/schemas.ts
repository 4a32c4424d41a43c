import { z } from '@hono/zod-openapi'
import { parseDecimal } from '../kernel/decimal.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { countrySchema, currencySchema, timeSchema } from '../platform/http/wire.ts'
import { scopes } from './domain/api-key.ts'
import {
  granularities,
  invoicings,
  numberings,
  type Organization,
  organizationModes,
  taxEngines,
} from './domain/organization.ts'
import type { ApiKeyRow } from './repository.ts'

const percent = z
  .string()
  .refine((text) => {
    const parsed = parseDecimal(text)
    return parsed.ok && parsed.value.gte(0) && parsed.value.lte(100)
  }, 'must be a decimal string from "0" to "100"')
  .openapi({ example: '19' })

const numbering = z.strictObject({
  series: z.enum(numberings),
  prefix: z.string().regex(/^[A-Z0-9]{1,12}$/, 'must be 1 to 12 capitals or digits'),
})

const tax = z.strictObject({
  engine: z.enum(taxEngines),
  rates: z
    .array(
      z.strictObject({
        country: countrySchema,
        region: z.string().min(1).max(100).nullable().default(null),
        name: z.string().min(1).max(100).openapi({ example: 'VAT' }),
        percent,
      }),
    )
    .max(1_000)
    .default([]),
})

const proration = z.strictObject({
  granularity: z
    .enum(granularities)
    .openapi({ description: 'day: by local dates; the day of a change belongs to the new price.' }),
  invoice: z.enum(invoicings).openapi({ description: 'end_of_day: a day’s changes come in one invoice.' }),
})

const invoicing = z.strictObject({
  consolidate: z
    .boolean()
    .openapi({ description: 'An account’s renewals of one local date come in one invoice, final at midnight.' }),
})

export const settingsPatchSchema = z
  .strictObject({ default_currency: currencySchema, numbering, tax, proration, invoicing })
  .partial()
  .openapi('SettingsPatch')

export const settingsSchema = z
  .object({
    organization: z.string(),
    name: z.string(),
    mode: z.enum(organizationModes),
    default_currency: z.string(),
    numbering,
    tax,
    proration,
    invoicing,
  })
  .openapi('Settings')

export function settingsToWire({ id, name, mode, settings }: Organization): z.output<typeof settingsSchema> {
  return {
    organization: encodeId('organization', id),
    name,
    mode,
    default_currency: settings.defaultCurrency,
    numbering: settings.numbering,
    proration: { granularity: settings.proration.granularity, invoice: settings.proration.invoicing },
    invoicing: settings.invoicing,
    tax: { engine: settings.tax.engine, rates: settings.tax.rates.map((rate) => ({ ...rate })) },
  }
}

export const newApiKeySchema = z
  .strictObject({ name: z.string().min(1).max(100), scopes: z.array(z.enum(scopes)).min(1).default(['read', 'write']) })
  .openapi('NewApiKey')

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    ending: z.string(),
    created_at: timeSchema,
    key: z.string().optional().openapi({ description: 'The key itself; shown once, when it is made.' }),
  })
  .openapi('ApiKey')

export function apiKeyToWire(row: ApiKeyRow): z.output<typeof apiKeySchema> {
  const { id, name, scopes, ending, createdAt } = row
  return { id: encodeId('api_key', id), name, scopes, ending, created_at: toIso(createdAt) }
}
