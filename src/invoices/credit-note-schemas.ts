import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, freeText, idSchema, optionalId, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { type CreditAsked, type CreditNote, creditNoteStatuses } from './domain/credit-note.ts'
import { lineTaxSchema, lineTaxToWire } from './schemas.ts'

/** As many as a subscription's period and a hand-written invoice have. */
const MAX_LINES = 250

const partSchema = z.number().int('must be a whole number of minor units').min(0, 'must not be negative').default(0)

const newLineSchema = z
  .strictObject({
    line: idSchema('line'),
    amount: z
      .number()
      .int('must be a whole number of minor units')
      .min(1, 'must be at least 1 minor unit')
      .openapi({ description: 'Net of tax, which is credited in proportion.' }),
  })
  .openapi('NewCreditNoteLine')

export const newCreditNoteSchema = z
  .strictObject({
    invoice: idSchema('invoice'),
    reason: freeText(500).openapi({ example: 'Two seats too many' }),
    lines: z
      .array(newLineSchema)
      .min(1, 'must have at least one line; without the member it is all of them')
      .max(MAX_LINES)
      .superRefine((lines, context) => {
        for (const [index, { line }] of lines.entries()) {
          const first = lines.findIndex((other) => other.line === line)
          if (first === index) continue
          const message = `repeats line ${first}: say its amount once`
          context.addIssue({ code: 'custom', message, path: [index] })
        }
      })
      .optional()
      .openapi({ description: 'Default: all that is left of every line.' }),
    refund: partSchema.openapi({
      description: 'It reduces the invoice’s balance first; so much of the rest goes back to the card.',
    }),
    credit: partSchema.openapi({
      description: 'So much of the rest to the credit balance; all of it where the rest is not divided.',
    }),
    out_of_band: partSchema.openapi({ description: 'So much of the rest was given back by other means.' }),
  })
  .openapi('NewCreditNote')

export function askedFromWire(body: z.output<typeof newCreditNoteSchema>): CreditAsked {
  const { reason, lines, refund, credit, out_of_band } = body
  return {
    reason,
    lines: lines?.map(({ line, amount }) => ({ lineId: line, amount: BigInt(amount) })) ?? null,
    refund: BigInt(refund),
    credit: BigInt(credit),
    outOfBand: BigInt(out_of_band),
  }
}

export const creditNoteQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  invoice: idSchema('invoice').optional(),
})

const creditNoteLineSchema = z
  .object({
    line: z.string(),
    amount: amountSchema.openapi({ description: 'Net of tax.' }),
    tax: amountSchema,
    taxes: z.array(lineTaxSchema),
  })
  .openapi('CreditNoteLine')

export const creditNoteSchema = z
  .object({
    id: z.string(),
    number: z.string().openapi({ example: 'JANE-CN-0001' }),
    status: z.enum(creditNoteStatuses),
    account: z.string(),
    invoice: z.string(),
    source_invoice: z
      .string()
      .nullable()
      .openapi({ description: 'The negative invoice whose surplus it carries over; null where somebody made it.' }),
    currency: z.string(),
    reason: z.string(),
    lines: z.array(creditNoteLineSchema),
    tax: amountSchema,
    total: amountSchema.openapi({ description: 'With tax: reduced + refund + credit + out_of_band.' }),
    reduced: amountSchema.openapi({ description: 'What the invoice’s balance is lower by.' }),
    refund: amountSchema,
    credit: amountSchema,
    out_of_band: amountSchema,
    issued_at: timeSchema,
    voided_at: timeSchema.nullable(),
  })
  .openapi('CreditNote')

export function creditNoteToWire(note: CreditNote): z.output<typeof creditNoteSchema> {
  return {
    id: encodeId('credit_note', note.id),
    number: note.number,
    status: note.status,
    account: encodeId('account', note.accountId),
    invoice: encodeId('invoice', note.invoiceId),
    source_invoice: optionalId('invoice', note.sourceInvoiceId),
    currency: note.currency,
    reason: note.reason,
    lines: note.lines.map(({ lineId, amount, tax, taxes }) => ({
      line: encodeId('line', lineId),
      amount: Number(amount),
      tax: Number(tax),
      taxes: taxes.map(lineTaxToWire),
    })),
    tax: Number(note.tax),
    total: Number(note.total),
    reduced: Number(note.reduced),
    refund: Number(note.refunded),
    credit: Number(note.credited),
    out_of_band: Number(note.outOfBand),
    issued_at: toIso(note.issuedAt),
    voided_at: timeOrNull(note.voidedAt),
  }
}
