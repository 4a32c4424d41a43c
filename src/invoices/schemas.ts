import { z } from '@hono/zod-openapi'
import { discountScopes, type LineDiscount } from '../discounts/domain/discount-lines.ts'
import { lineDiscountSchema, lineDiscountToWire } from '../discounts/schemas.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { ratedPartSchema, ratedPartToWire } from '../plans/rated-schemas.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { amountSchema, idSchema, optionalId, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { periodSchema, periodToWire } from '../subscriptions/schemas.ts'
import {
  balanceOf,
  collectionStates,
  draftAwaits,
  type Invoice,
  invoiceReasons,
  invoiceStatuses,
  isFinal,
  type Line,
  type LineTax,
  lineKinds,
} from './domain/invoice.ts'

export const invoiceQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  subscription: idSchema('subscription').optional(),
  status: z.enum(invoiceStatuses).exclude(['deleted']).optional(),
  number: z.string().max(64).optional(),
})

export const lineTaxSchema = z
  .object({
    name: z.string(),
    country: z.string().nullable(),
    region: z.string().nullable(),
    percent: z.string().nullable(),
    amount: amountSchema,
  })
  .openapi('LineTax')

const taxSchema = lineTaxSchema.extend({ taxable: amountSchema }).openapi('InvoiceTax')

const lineSchema = z
  .object({
    id: z.string(),
    kind: z.enum(lineKinds),
    description: z.string(),
    subscription: z.string().nullable().openapi({ description: 'Null on a line written by hand.' }),
    plan_version: z.string().nullable(),
    metric: z.string().nullable().openapi({ description: 'What was used; null but for usage.' }),
    quantity: z.string(),
    unit_amount: z.string().nullable().openapi({ description: 'Null where `tiers` say it.' }),
    tiers: z.array(ratedPartSchema),
    proration: z
      .object({ numerator: z.number().int(), denominator: z.number().int() })
      .nullable()
      .openapi({ description: 'The part of the whole that is charged or credited; null: all of it.' }),
    amount: amountSchema,
    discounts: z.array(lineDiscountSchema),
    discount: amountSchema,
    tax: amountSchema,
    taxes: z.array(lineTaxSchema),
    period: periodSchema,
    credits_line: z.string().nullable().openapi({ description: 'The line that a proration credit gives back.' }),
  })
  .openapi('InvoiceLine')

const billToSchema = z.object({ name: z.string(), email: z.string(), country: z.string().nullable() }).openapi('BillTo')

export const invoiceSchema = z
  .object({
    id: z.string(),
    number: z.string().nullable().openapi({ example: 'JANE-0001' }),
    status: z.enum(invoiceStatuses),
    awaits: z.enum(draftAwaits).nullable().openapi({ description: 'What a draft waits for; null once it is final.' }),
    finalize_at: timeSchema
      .nullable()
      .openapi({ description: 'When a draft becomes final by itself; null: when it is finalised.' }),
    reason: z.enum(invoiceReasons),
    corrects: z.string().nullable().openapi({ description: 'The voided invoice it stands for.' }),
    account: z.string(),
    subscription: z.string().nullable(),
    currency: z.string(),
    period: periodSchema,
    issued_at: timeSchema,
    finalized_at: timeSchema.nullable(),
    due_at: timeSchema.nullable(),
    payment_terms_days: z.number().int().nullable().openapi({ description: 'Null: as the account’s terms say.' }),
    memo: z.string().nullable(),
    bill_to: orNull(billToSchema),
    lines: z.array(lineSchema),
    subtotal: amountSchema,
    discounts: z.array(lineDiscountSchema).openapi({ description: 'What each coupon took off, over all lines.' }),
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
    collection: orNull(
      z.object({
        state: z.enum(collectionStates),
        failed_at: timeSchema.nullable(),
        next_attempt_at: timeSchema.nullable(),
      }),
    ).openapi({
      description:
        'How far it has come in being charged. suspended: only a new method or the customer can go on · exhausted: every retry was made. Null for a draft.',
    }),
    voided_at: timeSchema.nullable(),
    void_reason: z.string().nullable(),
  })
  .openapi('Invoice')

export function invoiceToWire(invoice: Invoice): z.output<typeof invoiceSchema> {
  const final = isFinal(invoice) ? invoice : null
  const draft = invoice.status === 'draft' ? invoice : null
  const settlement = final?.settlement
  return {
    id: encodeId('invoice', invoice.id),
    number: final?.number ?? null,
    status: invoice.status,
    awaits: draft?.awaits ?? null,
    finalize_at: timeOrNull(draft?.finalizeAt ?? null),
    reason: invoice.reason,
    corrects: optionalId('invoice', invoice.corrects),
    account: encodeId('account', invoice.accountId),
    subscription: optionalId('subscription', invoice.subscriptionId),
    currency: invoice.currency,
    period: periodToWire(invoice.period),
    issued_at: toIso(invoice.issuedAt),
    finalized_at: final ? toIso(final.finalizedAt) : null,
    due_at: final ? toIso(final.dueAt) : null,
    payment_terms_days: invoice.termsDays,
    memo: invoice.memo,
    bill_to: final ? { name: final.billTo.name, email: final.billTo.email, country: final.billTo.country } : null,
    lines: invoice.lines.map(lineToWire),
    subtotal: Number(invoice.subtotal),
    discounts: discountsOf(invoice.lines).map(lineDiscountToWire),
    discount: Number(invoice.discount),
    tax: Number(invoice.tax),
    taxes: invoice.taxes.map((tax) => ({ ...lineTaxToWire(tax), taxable: Number(tax.taxable) })),
    tax_status: final ? 'final' : 'pending',
    total: Number(invoice.total),
    paid: Number(settlement?.paid ?? 0n),
    credits_applied: Number(settlement?.creditsApplied ?? 0n),
    credit_notes: Number(settlement?.creditNotes ?? 0n),
    written_off: Number(settlement?.writtenOff ?? 0n),
    balance: Number(balanceOf(invoice)),
    collection: final && {
      state: final.collection.state,
      failed_at: timeOrNull(final.collection.failedAt),
      next_attempt_at: timeOrNull(final.collection.nextAttemptAt),
    },
    voided_at: timeOrNull(final?.voided?.at ?? null),
    void_reason: final?.voided?.reason ?? null,
  }
}

function lineToWire(line: Line): z.output<typeof lineSchema> {
  return {
    id: encodeId('line', line.id),
    kind: line.kind,
    description: line.description,
    subscription: optionalId('subscription', line.subscriptionId),
    plan_version: optionalId('plan_version', line.planVersionId),
    metric: line.usage?.metric ?? null,
    quantity: line.quantity,
    unit_amount: line.unitAmount,
    tiers: line.usage?.parts.map(ratedPartToWire) ?? [],
    proration: line.proration,
    amount: Number(line.amount),
    discounts: line.discounts.map(lineDiscountToWire),
    discount: Number(line.discount),
    tax: Number(line.tax),
    taxes: line.taxes.map(lineTaxToWire),
    period: periodToWire(line.period),
    credits_line: optionalId('line', line.creditsLineId),
  }
}

export function lineTaxToWire({ name, country, region, percent, amount }: LineTax): z.output<typeof lineTaxSchema> {
  return { name, country, region, percent, amount: Number(amount) }
}

/** What each discount took off, in the order of application. */
function discountsOf(lines: readonly Line[]): readonly LineDiscount[] {
  const sums = new Map<LineDiscount['discountId'], LineDiscount>()
  for (const { discounts } of lines) {
    for (const discount of discounts) {
      const amount = (sums.get(discount.discountId)?.amount ?? 0n) + discount.amount
      sums.set(discount.discountId, { ...discount, amount })
    }
  }
  return [...sums.values()].toSorted((left, right) => rankOf(left) - rankOf(right))
}

function rankOf({ scope }: LineDiscount): number {
  return discountScopes.indexOf(scope)
}
