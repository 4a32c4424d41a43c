import { z } from '@hono/zod-openapi'
import { parseDecimal } from '../kernel/decimal.ts'
import { unitsSchema } from '../plans/charge-schemas.ts'
import { countrySchema, freeText, idSchema, unitAmountSchema } from '../platform/http/wire.ts'
import type { DraftPatch, NewLine } from './domain/one-off.ts'

/** What the commands on invoices take in. */

/** As many as a person writes, and a page holds. */
const MAX_LINES = 250

const newLineSchema = z
  .strictObject({
    description: freeText(500).openapi({ example: 'Set-up, two hours' }),
    quantity: unitsSchema.refine(isNotZero, 'must not be zero').default('1'),
    unit_amount: unitAmountSchema.openapi({ description: 'Minor units for one, as a decimal string.' }),
  })
  .openapi('NewInvoiceLine')

function isNotZero(text: string): boolean {
  const parsed = parseDecimal(text)
  return !parsed.ok || !parsed.value.eq(0)
}

const linesSchema = z.array(newLineSchema).min(1, 'must have at least one line').max(MAX_LINES)
const memoSchema = freeText(2000).nullable().openapi({ description: 'Shown to the customer; null is none.' })
const termsSchema = z
  .number()
  .int()
  .min(0)
  .max(365)
  .nullable()
  .openapi({ description: 'Local days from finalisation until it is due. Default: as the account’s terms say.' })

export const newInvoiceSchema = z
  .strictObject({
    account: idSchema('account'),
    lines: linesSchema,
    memo: memoSchema.default(null),
    payment_terms_days: termsSchema.default(null),
    finalize: z.boolean().default(true).openapi({ description: 'false: a draft, until it is finalised.' }),
  })
  .openapi('NewInvoice')

export const invoicePatchSchema = z
  .strictObject({ lines: linesSchema, memo: memoSchema, payment_terms_days: termsSchema })
  .partial()
  .openapi('InvoicePatch')

export function patchFromWire({ lines, memo, payment_terms_days }: z.output<typeof invoicePatchSchema>): DraftPatch {
  return { lines: lines?.map(lineFromWire), memo, termsDays: payment_terms_days }
}

export function lineFromWire({ description, quantity, unit_amount }: z.output<typeof newLineSchema>): NewLine {
  return { description, quantity, unitAmount: unit_amount }
}

const suppliedTaxSchema = z.strictObject({
  name: z.string().min(1).max(100),
  country: countrySchema.nullable().default(null),
  region: z.string().min(1).max(100).nullable().default(null),
  percent: z.string().max(20).nullable().default(null),
  amount: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER / 4),
})

export const finalizeSchema = z
  .strictObject({
    taxes: z.array(suppliedTaxSchema).max(50).optional().openapi({
      description:
        'On the whole invoice, as computed elsewhere; [] is none. A draft that awaits its tax must be told; for another the default is as the settings say.',
    }),
  })
  .openapi('FinalizeInvoice')

export function taxesFromWire(taxes: z.output<typeof finalizeSchema>['taxes']) {
  return taxes?.map(({ amount, ...tax }) => ({ ...tax, amount: BigInt(amount) })) ?? null
}

export const voidInvoiceSchema = z
  .strictObject({
    reason: freeText(500).openapi({ example: 'Wrong number of seats' }),
    regenerate: z.boolean().optional().openapi({
      description: 'Whether a correction takes its place at once. Default: for what bills a subscription’s period.',
    }),
  })
  .openapi('VoidInvoice')
