import { z } from '@hono/zod-openapi'
import { parseDecimal } from '../kernel/decimal.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { countrySchema, currencySchema, orNull, timeSchema } from '../platform/http/wire.ts'
import { isOrigin, keyKinds, scopes } from './domain/api-key.ts'
import {
  granularities,
  invoicings,
  numberings,
  type Organization,
  organizationModes,
  type Settings,
  smallBalances,
  taxEngines,
  terminalActions,
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

/** A day: by then whatever is going to arrive in order has arrived. */
const MAX_GRACE_MINUTES = 24 * 60

const usage = z.strictObject({
  grace_minutes: z.number().int().min(0).max(MAX_GRACE_MINUTES).openapi({
    description:
      'So long after its end a metering period takes what was used in it, and its invoice is a draft. What arrives later, to 7 days, comes in a supplemental invoice.',
  }),
})

const terms = z.strictObject({
  days: z.number().int().min(0).max(365).openapi({
    description: 'Local days until an invoice is due, of new accounts that pay by invoice and say nothing else.',
  }),
})

const days = z.number().int().min(1).max(365)
/** With the first try it stays below what card schemes allow in a month. */
const MAX_RETRIES = 10

const retries = z.strictObject({
  days: z
    .array(days)
    .max(MAX_RETRIES)
    .refine(isAscending, 'must ascend')
    .openapi({
      description: 'Local days after the first failure on which a payment is tried again. None: it is tried once.',
      example: [3, 5, 7, 10],
    }),
  fallbacks: z
    .boolean()
    .openapi({ description: 'Where the default method is declined, the account’s others are tried, newest first.' }),
  small_balances: z.enum(smallBalances).openapi({
    description:
      'What becomes of a balance that is less than the gateway charges: written off, or left open, unpaid and not overdue.',
  }),
})

const dunning = z
  .strictObject({
    reminder_days: days,
    warning_days: days,
    blocked_days: days,
    terminal_days: days.openapi({ description: 'Local days after an account was blocked.' }),
    terminal_action: z.enum(terminalActions).openapi({
      description:
        'cancel: its subscriptions are cancelled · leave: nothing · uncollectible: they are cancelled, and what it owes is written off.',
    }),
  })
  .refine(
    ({ reminder_days, warning_days, blocked_days }) => isAscending([reminder_days, warning_days, blocked_days]),
    'the days of reminder, warning and blocking must ascend',
  )
  .openapi({ description: 'Local days past due.' })

function isAscending(some: readonly number[]): boolean {
  return some.every((day, index) => index === 0 || day > (some[index - 1] ?? 0))
}

export const settingsPatchSchema = z
  .strictObject({
    default_currency: currencySchema,
    numbering,
    tax,
    proration,
    invoicing,
    usage,
    terms,
    retries,
    dunning,
  })
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
    usage,
    terms,
    retries,
    dunning,
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
    usage: { grace_minutes: settings.usage.graceMinutes },
    terms: settings.terms,
    retries: {
      days: [...settings.retries.days],
      fallbacks: settings.retries.fallbacks,
      small_balances: settings.retries.smallBalances,
    },
    dunning: {
      reminder_days: settings.dunning.reminderDays,
      warning_days: settings.dunning.warningDays,
      blocked_days: settings.dunning.blockedDays,
      terminal_days: settings.dunning.terminalDays,
      terminal_action: settings.dunning.terminalAction,
    },
    tax: { engine: settings.tax.engine, rates: settings.tax.rates.map((rate) => ({ ...rate })) },
  }
}

/** Members that are left out stay as they are. */
export function settingsAfter(before: Settings, patch: z.output<typeof settingsPatchSchema>): Settings {
  const { proration, usage, retries, dunning } = patch
  return {
    defaultCurrency: patch.default_currency ?? before.defaultCurrency,
    numbering: patch.numbering ?? before.numbering,
    tax: patch.tax ?? before.tax,
    proration: proration ? { granularity: proration.granularity, invoicing: proration.invoice } : before.proration,
    invoicing: patch.invoicing ?? before.invoicing,
    usage: usage ? { graceMinutes: usage.grace_minutes } : before.usage,
    terms: patch.terms ?? before.terms,
    retries: retries
      ? { days: retries.days, fallbacks: retries.fallbacks, smallBalances: retries.small_balances }
      : before.retries,
    dunning: dunning
      ? {
          reminderDays: dunning.reminder_days,
          warningDays: dunning.warning_days,
          blockedDays: dunning.blocked_days,
          terminalDays: dunning.terminal_days,
          terminalAction: dunning.terminal_action,
        }
      : before.dunning,
  }
}

/** Pages of so many origins share a key. */
const MAX_ORIGINS = 20

const origin = z
  .string()
  .max(300)
  .refine(isOrigin, 'must be an origin in lower case without a path, such as https://app.example, or "*"')
  .openapi({ example: 'https://app.example' })

export const newApiKeySchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    kind: z.enum(keyKinds).default('secret').openapi({
      description:
        'secret: for your server, by its scopes · publishable: for web pages; it only writes usage events, by POST /v1/usage/beacon.',
    }),
    scopes: z.array(z.enum(scopes)).min(1).optional().openapi({
      description: 'What a secret key may do; `read` and `write` by default.',
    }),
    origins: z.array(origin).min(1).max(MAX_ORIGINS).optional().openapi({
      description: 'The pages a publishable key is for. "*": all pages, and programs that send no origin.',
    }),
  })
  .superRefine(({ kind, scopes, origins }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', message, path: [path] })
    if (kind === 'secret' && origins !== undefined) wrong('origins', 'is for publishable keys only')
    if (kind === 'publishable' && scopes !== undefined) wrong('scopes', 'must be left out: it writes usage events only')
    if (kind === 'publishable' && origins === undefined) wrong('origins', 'is required of a publishable key')
  })
  .openapi('NewApiKey')

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(keyKinds),
    scopes: z.array(z.enum([...scopes, 'usage'])),
    origins: orNull(z.array(z.string())).openapi({ description: 'The pages a publishable key is for.' }),
    ending: z.string(),
    created_at: timeSchema,
    key: z.string().optional().openapi({ description: 'The key itself; shown once, when it is made.' }),
  })
  .openapi('ApiKey')

export function apiKeyToWire(row: ApiKeyRow): z.output<typeof apiKeySchema> {
  const { id, name, scopes, origins, ending, createdAt } = row
  const kind = origins === null ? 'secret' : 'publishable'
  return { id: encodeId('api_key', id), name, kind, scopes, origins, ending, created_at: toIso(createdAt) }
}
