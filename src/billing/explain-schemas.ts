import { z } from '@hono/zod-openapi'
import type { CreditApplication } from '../credits/domain/application.ts'
import { applicationToWire, creditApplicationSchema } from '../credits/schemas.ts'
import { discountScopes } from '../discounts/domain/discount-lines.ts'
import type { Explanation, LineExplanation, Rounding } from '../invoices/domain/explain.ts'
import { balanceOf, type Invoice, isFinal, lineKinds } from '../invoices/domain/invoice.ts'
import type { Difference } from '../invoices/domain/verify.ts'
import { lineTaxSchema, lineTaxToWire } from '../invoices/schemas.ts'
import { encodeId } from '../kernel/id.ts'
import { ratioDecimal, ratioText } from '../kernel/ratio.ts'
import { chargeSchema, chargeToWire } from '../plans/charge-schemas.ts'
import { ratedPartSchema, ratedPartToWire } from '../plans/rated-schemas.ts'
import { amountSchema, orNull } from '../platform/http/wire.ts'

const exactSchema = z
  .object({
    fraction: z.string().openapi({ description: 'Exactly.', example: '2000/3' }),
    decimal: z.string().openapi({ description: 'Up to twelve decimals.', example: '666.666666666667' }),
  })
  .openapi('ExactAmount')

const roundingSchema = z
  .object({
    exact: exactSchema,
    method: z.literal('half_away_from_zero'),
    rounded: amountSchema,
    by: exactSchema.openapi({ description: 'Rounded − exact.' }),
    less: amountSchema.openapi({
      description: 'Taken off after the rounding: what was billed before of the same usage, or what covers a minimum.',
    }),
    capped_to: z.number().int().nullable().openapi({
      description: 'What a credit was cut to, because no more was left of its line; null where it was not.',
    }),
  })
  .openapi('LineRounding')

const stepSchema = z
  .object({
    coupon: z.string(),
    scope: z.enum(discountScopes),
    percent: z.string().nullable(),
    before: amountSchema,
    taken: amountSchema,
    after: amountSchema,
  })
  .openapi('DiscountStep')

const lineExplanationSchema = z
  .object({
    line: z.string(),
    kind: z.enum(lineKinds),
    description: z.string(),
    sentence: z.string().openapi({ example: '5 × 9900 × 15/30 = 24750 → 24750' }),
    plan_version: orNull(z.object({ id: z.string(), number: z.number().int(), plan_name: z.string() })).openapi({
      description: 'What it was priced by; null on a line written by hand.',
    }),
    charge: orNull(chargeSchema).openapi({ description: 'The metered price of usage.' }),
    quantity: z.string(),
    unit_amount: z.string().nullable(),
    tiers: z.array(ratedPartSchema),
    proration: orNull(z.object({ numerator: z.number().int(), denominator: z.number().int() })),
    rounding: orNull(roundingSchema),
    amount: amountSchema,
    discounts: z.array(stepSchema),
    net: amountSchema,
    taxes: z.array(lineTaxSchema),
    tax: amountSchema,
    total: amountSchema,
  })
  .openapi('LineExplanation')

export const explanationSchema = z
  .object({
    invoice: z.string(),
    number: z.string().nullable(),
    currency: z.string(),
    lines: z.array(lineExplanationSchema),
    taxes: z.array(lineTaxSchema.extend({ taxable: amountSchema, sentence: z.string() })),
    credits: z.array(creditApplicationSchema).openapi({ description: 'What paid of it by credit.' }),
    subtotal: amountSchema,
    discount: amountSchema,
    tax: amountSchema,
    total: amountSchema,
    balance: amountSchema,
    sentence: z.string().openapi({ example: '49500 − 4950 + 8465 = 53015' }),
  })
  .openapi('InvoiceExplanation')

export function explanationToWire(
  invoice: Invoice,
  { lines, taxes }: Explanation,
  applications: readonly CreditApplication[],
): z.output<typeof explanationSchema> {
  const { subtotal, discount, tax, total } = invoice
  return {
    invoice: encodeId('invoice', invoice.id),
    number: isFinal(invoice) ? invoice.number : null,
    currency: invoice.currency,
    lines: lines.map(lineToWire),
    taxes: taxes.map(({ tax: one, sentence }) => ({ ...lineTaxToWire(one), taxable: Number(one.taxable), sentence })),
    credits: applications.map(applicationToWire),
    subtotal: Number(subtotal),
    discount: Number(discount),
    tax: Number(tax),
    total: Number(total),
    balance: Number(balanceOf(invoice)),
    sentence: sumText([subtotal, -discount, tax], total),
  }
}

function lineToWire(explained: LineExplanation): z.output<typeof lineExplanationSchema> {
  const { line, version, charge, rounding, discounts, net, taxes, sentence } = explained
  return {
    line: encodeId('line', line.id),
    kind: line.kind,
    description: line.description,
    sentence,
    plan_version: version && {
      ...{ id: encodeId('plan_version', version.id), number: version.number, plan_name: version.planName },
    },
    charge: charge && chargeToWire(charge),
    quantity: line.quantity,
    unit_amount: line.unitAmount,
    tiers: line.usage?.parts.map(ratedPartToWire) ?? [],
    proration: line.proration,
    rounding: rounding && roundingToWire(rounding),
    amount: Number(line.amount),
    discounts: discounts.map(({ couponCode, scope, percent, before, taken, after }) => ({
      ...{ coupon: couponCode, scope, percent },
      ...{ before: Number(before), taken: Number(taken), after: Number(after) },
    })),
    net: Number(net),
    taxes: taxes.map(lineTaxToWire),
    tax: Number(line.tax),
    total: Number(net + line.tax),
  }
}

function roundingToWire({ exact, rounded, by, less, cappedTo }: Rounding): z.output<typeof roundingSchema> {
  const exactly = (value: typeof exact) => ({ fraction: ratioText(value), decimal: ratioDecimal(value).text })
  return {
    exact: exactly(exact),
    method: 'half_away_from_zero',
    rounded: Number(rounded),
    by: exactly(by),
    less: Number(less),
    capped_to: cappedTo === null ? null : Number(cappedTo),
  }
}

/** `49500 − 4950 + 8465 = 53015` */
function sumText(parts: readonly bigint[], total: bigint): string {
  const text = (value: bigint) => String(value).replace('-', '−')
  return parts
    .reduce(
      (sum, part, index) =>
        index === 0
          ? text(part)
          : part === 0n
            ? sum
            : `${sum} ${part < 0n ? '−' : '+'} ${text(part < 0n ? -part : part)}`,
      '',
    )
    .concat(` = ${text(total)}`)
}

export const verificationSchema = z
  .object({
    identical: z.boolean(),
    differences: z.array(z.object({ pointer: z.string(), stored: z.string(), computed: z.string() })).openapi({
      description: 'JSON pointers into the invoice, with what is stored there and what its inputs come to.',
    }),
  })
  .openapi('InvoiceVerification')

export function verificationToWire(differences: readonly Difference[]): z.output<typeof verificationSchema> {
  return { identical: differences.length === 0, differences: [...differences] }
}
