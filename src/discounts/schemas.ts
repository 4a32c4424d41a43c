import { z } from '@hono/zod-openapi'
import { decimal, decimalText, parseDecimal } from '../kernel/decimal.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import {
  amountSchema,
  currencySchema,
  instantOrNullSchema,
  metadataSchema,
  optionalId,
  timeOrNull,
  timeSchema,
} from '../platform/http/wire.ts'
import { type Coupon, type CouponTerms, durations, MAX_PERIODS } from './domain/coupon.ts'
import type { Discount } from './domain/discount.ts'
import { discountScopes, type LineDiscount } from './domain/discount-lines.ts'

/** As large as a unit price: more is a mistake. */
const MAX_AMOUNT_OFF = 10 ** 15
const MAX_REDEMPTIONS = 1_000_000_000
/** Plans a coupon can be limited to. */
const MAX_PLANS = 100

const codeSchema = z
  .string()
  .regex(
    /^(?!coup_)[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'must be letters, digits, - and _, 64 at most, not beginning with coup_',
  )
  .openapi({ example: 'WELCOME' })
const nameSchema = z.string().trim().min(1).max(200).openapi({ example: 'Half price for three months' })

const percentSchema = z
  .string()
  .refine((text) => {
    const parsed = parseDecimal(text)
    return parsed.ok && parsed.value.gt(0) && parsed.value.lte(100)
  }, 'must be a decimal string above "0", to "100"')
  .openapi({ example: '50' })

export const newCouponSchema = z
  .strictObject({
    code: codeSchema,
    name: nameSchema.optional().openapi({ description: 'On invoices; the code unless given.' }),
    percent_off: percentSchema.nullable().default(null),
    amount_off: z.number().int().min(1).max(MAX_AMOUNT_OFF).nullable().default(null).openapi({
      description: 'Minor units of `currency`; shared by the lines it discounts, each period anew.',
    }),
    currency: currencySchema.nullable().default(null),
    duration: z
      .enum(durations)
      .default('once')
      .openapi({ description: 'once: the next billing period · periods: so many · forever: all.' }),
    periods: z.number().int().min(1).max(MAX_PERIODS).nullable().default(null),
    plans: z
      .array(z.string().max(100))
      .min(1, 'must name at least one plan; null is all')
      .max(MAX_PLANS)
      .nullable()
      .default(null)
      .openapi({ description: 'Codes of the plans whose lines it discounts; null: all lines.', example: ['pro'] }),
    redeem_by: instantOrNullSchema.default(null).openapi({ description: 'It can be attached before this instant.' }),
    max_redemptions: z.number().int().min(1).max(MAX_REDEMPTIONS).nullable().default(null),
    metadata: metadataSchema.default({}),
  })
  .superRefine((coupon, context) => {
    for (const [path, message] of contradictions(coupon)) context.addIssue({ code: 'custom', message, path: [path] })
  })
  .openapi('NewCoupon')

type Given = Readonly<Record<'percent_off' | 'amount_off' | 'currency' | 'duration' | 'periods', unknown>>

function contradictions({ percent_off, amount_off, currency, duration, periods }: Given): readonly [string, string][] {
  const found: [string, string][] = []
  if (percent_off === null && amount_off === null) found.push(['percent_off', 'give either this or `amount_off`'])
  if (percent_off !== null && amount_off !== null) found.push(['amount_off', 'give either this or `percent_off`'])
  if (amount_off !== null && currency === null) found.push(['currency', 'is required with `amount_off`'])
  if (amount_off === null && currency !== null) found.push(['currency', 'is for `amount_off` only'])
  if (duration === 'periods' && periods === null) found.push(['periods', 'is required with the duration `periods`'])
  if (duration !== 'periods' && periods !== null) found.push(['periods', 'is for the duration `periods` only'])
  return found
}

export const couponPatchSchema = z
  .strictObject({ name: nameSchema, metadata: metadataSchema })
  .partial()
  .openapi('CouponPatch')

export const couponQuerySchema = z.strictObject({
  ...pageQuery,
  archived: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'Whether to list archived coupons too.' }),
})

const termsSchema = z.object({
  percent_off: z.string().nullable(),
  amount_off: amountSchema.nullable(),
  currency: z.string().nullable(),
})

export const couponSchema = z
  .object({
    id: z.string(),
    code: z.string(),
    name: z.string(),
    ...termsSchema.shape,
    duration: z.enum(durations),
    periods: z.number().int().nullable(),
    plans: z.array(z.string()).nullable(),
    redeem_by: timeSchema.nullable(),
    max_redemptions: z.number().int().nullable(),
    redemptions: z.number().int(),
    metadata: metadataSchema,
    archived_at: timeSchema.nullable(),
    created_at: timeSchema,
  })
  .openapi('Coupon')

export function termsFromWire({ percent_off, amount_off, currency }: z.output<typeof newCouponSchema>): CouponTerms {
  return amount_off !== null && currency !== null
    ? { type: 'amount', amount: BigInt(amount_off), currency }
    : { type: 'percent', percent: decimalText(decimal(percent_off ?? '')) }
}

export function durationFromWire({ duration, periods }: z.output<typeof newCouponSchema>): Coupon['duration'] {
  return duration === 'periods' ? { type: duration, count: periods ?? 0 } : { type: duration }
}

function termsToWire(terms: CouponTerms): z.output<typeof termsSchema> {
  return terms.type === 'percent'
    ? { percent_off: terms.percent, amount_off: null, currency: null }
    : { percent_off: null, amount_off: Number(terms.amount), currency: terms.currency }
}

export function couponToWire(coupon: Coupon): z.output<typeof couponSchema> {
  return {
    id: encodeId('coupon', coupon.id),
    code: coupon.code,
    name: coupon.name,
    ...termsToWire(coupon.terms),
    duration: coupon.duration.type,
    periods: coupon.duration.type === 'periods' ? coupon.duration.count : null,
    plans: coupon.plans?.map(({ code }) => code) ?? null,
    redeem_by: timeOrNull(coupon.redeemBy),
    max_redemptions: coupon.maxRedemptions,
    redemptions: coupon.redemptions,
    metadata: coupon.metadata,
    archived_at: timeOrNull(coupon.archivedAt),
    created_at: toIso(coupon.createdAt),
  }
}

/** What attaches a coupon: to an account or a subscription, which the route names. */
export const newDiscountSchema = z
  .strictObject({ coupon: codeSchema.openapi({ description: 'The code of the coupon.' }) })
  .openapi('NewDiscount')

export const discountSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    subscription: z.string().nullable(),
    coupon: z.string().openapi({ description: 'The code of the coupon.' }),
    name: z.string(),
    ...termsSchema.shape,
    plans: z.array(z.string()).nullable().openapi({ description: 'Ids of the plans whose lines it discounts.' }),
    periods_left: z.number().int().nullable().openapi({ description: 'Null: without end.' }),
    attached_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .openapi('Discount')

export function discountToWire(discount: Discount): z.output<typeof discountSchema> {
  return {
    id: encodeId('discount', discount.id),
    account: encodeId('account', discount.accountId),
    subscription: optionalId('subscription', discount.subscriptionId),
    coupon: discount.couponCode,
    name: discount.name,
    ...termsToWire(discount.terms),
    plans: discount.planIds?.map((id) => encodeId('plan', id)) ?? null,
    periods_left: discount.remaining,
    attached_at: toIso(discount.attachedAt),
    ended_at: timeOrNull(discount.endedAt),
  }
}

/** What an invoice's line shows of what was taken off it. */
export const lineDiscountSchema = z
  .object({
    discount: z.string(),
    coupon: z.string(),
    scope: z.enum(discountScopes),
    percent_off: z.string().nullable(),
    amount: amountSchema.openapi({ description: 'Taken off the line, in minor units.' }),
  })
  .openapi('LineDiscount')

export function lineDiscountToWire(discount: LineDiscount): z.output<typeof lineDiscountSchema> {
  return {
    discount: encodeId('discount', discount.discountId),
    coupon: discount.couponCode,
    scope: discount.scope,
    percent_off: discount.percent,
    amount: Number(discount.amount),
  }
}
