import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, idSchema, optionalId, timeSchema } from '../platform/http/wire.ts'
import { periodSchema, periodToWire } from '../subscriptions/schemas.ts'
import { balanceOf, type Invoice, invoiceReasons, invoiceStatuses, lineKinds } from './domain/invoice.ts'

export const invoiceQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  subscription: idSchema('subscription').optional(),
  status: z.enum(invoiceStatuses).optional(),
  number: z.string().max(64).optional(),
})

const lineSchema = z
  .object({
    id: z.string(),
    kind: z.enum(lineKinds),
    description: z.string(),
    subscription: z.string(),
    plan_version: z.string(),
    quantity: z.string(),
    unit_amount: z.string(),
    amount: amountSchema,
    tax: amountSchema,
    period: periodSchema,
  })
  .openapi('InvoiceLine')

const taxSchema = z
  .object({
    name: z.string(),
    country: z.string().nullable(),
    region: z.string().nullable(),
    percent: z.string().nullable(),
    taxable: amountSchema,
    amount: amountSchema,
  })
  .openapi('InvoiceTax')

const billToSchema = z.object({ name: z.string(), email: z.string(), country: z.string().nullable() }).openapi('BillTo')

export const invoiceSchema = z
  .object({
    id: z.string(),
    number: z.string().nullable().openapi({ example: 'JANE-0001' }),
    status: z.enum(invoiceStatuses),
    reason: z.enum(invoiceReasons),
    account: z.string(),
    subscription: z.string().nullable(),
    currency: z.string(),
    period: periodSchema,
    issued_at: timeSchema,
    finalized_at: timeSchema.nullable(),
    due_at: timeSchema.nullable(),
    bill_to: billToSchema.nullable(),
    lines: z.array(lineSchema),
    subtotal: amountSchema,
    discount: amountSchema,
    tax: amountSchema,
    taxes: z.array(taxSchema),
    tax_status: z.enum(['final', 'pending']),
    total: amountSchema,
    paid: amountSchema,
    credits_applied: amountSchema,
    credit_notes: amountSchema,
    written_off: amountSchema,
    balance: amountSchema,
  })
  .openapi('Invoice')

export function invoiceToWire(invoice: Invoice): z.output<typeof invoiceSchema> {
  const final = invoice.status === 'draft' ? null : invoice
  const settlement = final?.settlement
  return {
    id: encodeId('invoice', invoice.id),
    number: final?.number ?? null,
    status: invoice.status,
    reason: invoice.reason,
    account: encodeId('account', invoice.accountId),
    subscription: optionalId('subscription', invoice.subscriptionId),
    currency: invoice.currency,
    period: periodToWire(invoice.period),
    issued_at: toIso(invoice.issuedAt),
    finalized_at: final ? toIso(final.finalizedAt) : null,
    due_at: final ? toIso(final.dueAt) : null,
    bill_to: final ? { name: final.billTo.name, email: final.billTo.email, country: final.billTo.country } : null,
    lines: invoice.lines.map((line) => ({
      id: encodeId('line', line.id),
      kind: line.kind,
      description: line.description,
      subscription: encodeId('subscription', line.subscriptionId),
      plan_version: encodeId('plan_version', line.planVersionId),
      quantity: line.quantity,
      unit_amount: line.unitAmount,
      amount: Number(line.amount),
      tax: Number(line.tax),
      period: periodToWire(line.period),
    })),
    subtotal: Number(invoice.subtotal),
    discount: Number(invoice.discount),
    tax: Number(invoice.tax),
    taxes: invoice.taxes.map((tax) => ({ ...tax, taxable: Number(tax.taxable), amount: Number(tax.amount) })),
    tax_status: final ? 'final' : 'pending',
    total: Number(invoice.total),
    paid: Number(settlement?.paid ?? 0n),
    credits_applied: Number(settlement?.creditsApplied ?? 0n),
    credit_notes: Number(settlement?.creditNotes ?? 0n),
    written_off: Number(settlement?.writtenOff ?? 0n),
    balance: Number(balanceOf(invoice)),
  }
}
