import { z } from '@hono/zod-openapi'
import { type Currency, findCurrency } from '../../kernel/currency.ts'
import { MAX_DECIMALS, parseDecimal } from '../../kernel/decimal.ts'
import { decodeId, encodeId, type Id, type IdKind, prefixes } from '../../kernel/id.ts'
import { type Instant, parseInstant, toIso } from '../../kernel/instant.ts'
import { findZone, type Zone } from '../../kernel/zone.ts'

/** The wire's scalars: what comes in is parsed into the kernel's words once, here. */

export function idSchema<K extends IdKind>(kind: K) {
  return z
    .string()
    .transform((text, context): Id<K> => {
      const id = decodeId(kind, text)
      if (id !== null) return id
      context.addIssue({ code: 'custom', message: `is not an id of the form ${prefixes[kind]}_…` })
      return z.NEVER
    })
    .openapi({ type: 'string', example: encodeId(kind, '01945a3e-7c00-7a10-8000-000000000001' as Id<K>) })
}

/** RFC 3339 with a zone offset. */
export const instantSchema = z
  .string()
  .transform((text, context): Instant => {
    const parsed = parseInstant(text)
    if (parsed.ok) return parsed.value
    context.addIssue({
      code: 'custom',
      message: 'must be an RFC 3339 time with an offset, such as 2026-01-31T00:00:00Z',
    })
    return z.NEVER
  })
  .openapi({ type: 'string', format: 'date-time' })

export const instantOrNullSchema = instantSchema.nullable().openapi({ type: ['string', 'null'], format: 'date-time' })

export const currencySchema = z
  .string()
  .transform((text, context): Currency => {
    const currency = findCurrency(text)
    if (currency !== null) return currency
    context.addIssue({ code: 'custom', message: 'must be an active ISO 4217 code in capitals, such as USD' })
    return z.NEVER
  })
  .openapi({ type: 'string', example: 'USD' })

export const zoneSchema = z
  .string()
  .transform((text, context): Zone => {
    const zone = findZone(text)
    if (zone !== null) return zone
    context.addIssue({ code: 'custom', message: 'must be an IANA time zone, such as Europe/Berlin' })
    return z.NEVER
  })
  .openapi({ type: 'string', example: 'America/New_York' })

export const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code of two capitals, such as DE')
  .openapi({ example: 'US' })

/** The largest unit amount: with a million seats it stays within what JSON carries exactly. */
const MAX_UNIT_AMOUNT = 10n ** 15n

/** A price in minor units as a decimal string, up to 12 decimals, not negative. */
export const unitAmountSchema = z
  .string({ error: 'must be a decimal string in minor units, such as "9900" or "0.5"' })
  .superRefine((text, context) => {
    const parsed = parseDecimal(text)
    if (!parsed.ok) {
      const message = `must be a decimal string in minor units with at most ${MAX_DECIMALS} decimals, such as "9900"`
      context.addIssue({ code: 'custom', message })
    } else if (parsed.value.lt(0)) context.addIssue({ code: 'custom', message: 'must not be negative' })
    else if (parsed.value.gt(MAX_UNIT_AMOUNT.toString())) {
      context.addIssue({ code: 'custom', message: `must not exceed ${MAX_UNIT_AMOUNT}` })
    }
  })
  .openapi({ example: '9900' })

/** Keys of the caller's own: at most 50 of 40 characters, values of 500. */
export const metadataSchema = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((value) => Object.keys(value).length <= 50, 'must have at most 50 keys')
  .openapi({ type: 'object', additionalProperties: { type: 'string' }, example: { crm: '42' } })

export const externalKeySchema = z.string().min(1).max(255).openapi({ example: 'u_42' })

/** What people write for people. A card's number has no place in it (PCI DSS, requirement 3). */
export function freeText(most: number) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(most)
    .refine((text) => !hasCardNumber(text), 'must not hold a card number')
}

/** 13 to 19 digits, apart at most by what people put between them, whose last is the check digit of the others (ISO/IEC 7812). */
function hasCardNumber(text: string): boolean {
  const runs = text.matchAll(/\d(?:[\s./\u00a0-]?\d){12,18}/g)
  return [...runs].some(([run]) => isLuhn(run.replaceAll(/\D/g, '')))
}

function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

/** Amounts on the wire are JSON integers; nothing larger than 2^53 − 1 is let into the tables. */
export const amountSchema = z.number().int().openapi({ type: 'integer', description: 'Minor units of the currency.' })

export const timeSchema = z.string().openapi({ type: 'string', format: 'date-time' })

/** In an answer: the document would call a shape that is `nullable` null wherever it is used. */
export function orNull<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.null()])
}

export function timeOrNull(at: Instant | null): string | null {
  return at === null ? null : toIso(at)
}

export function optionalId<K extends IdKind>(kind: K, id: Id<K> | null): string | null {
  return id === null ? null : encodeId(kind, id)
}
