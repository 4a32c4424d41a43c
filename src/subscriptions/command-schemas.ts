import { z } from '@hono/zod-openapi'
import type { Id } from '../kernel/id.ts'
import { type Instant, parseInstant } from '../kernel/instant.ts'
import { intervalUnits } from '../kernel/period.ts'
import { granularities, invoicings } from '../organizations/domain/organization.ts'
import { intervalCountSchema } from '../plans/charge-schemas.ts'
import {
  externalKeySchema,
  idSchema,
  instantOrNullSchema,
  metadataSchema,
  unitAmountSchema,
} from '../platform/http/wire.ts'
import { MAX_ADD_ONS } from './domain/agreement.ts'
import type { AddOnAsked, ChangeSubscription, CreateSubscription, SubscriptionCommand } from './domain/command.ts'
import { MAX_TRIAL_DAYS } from './domain/decide-trial.ts'
import { billingTimes, creditTargets, MAX_QUANTITY, trialEnds } from './domain/subscription.ts'

/** What the commands on subscriptions take in, and the command each becomes. */

const planSchema = z.string().min(1).max(100).openapi({ description: 'The plan’s code.', example: 'pro' })
const seatsSchema = z.number().int().min(1).max(MAX_QUANTITY).openapi({ description: 'Seats.' })
const ownPriceSchema = unitAmountSchema.nullable().openapi({
  description: 'A price of the subscription’s own per seat, in minor units; null: the plan’s.',
})
const creditSchema = z
  .enum(creditTargets)
  .default('balance')
  .openapi({ description: 'Where what is left over goes: to the credit balance, or back to the card.' })
/** With it a command does what its preview showed, or nothing. */
const previewHashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be the `hash` of a preview')
  .nullable()
  .default(null)
  .openapi({ description: 'The `hash` of a preview: refused where anything changed since.' })

/** Words that mean a time of their own, or an RFC 3339 time. */
function instantOr<const W extends string>(...words: readonly [W, ...W[]]) {
  return z
    .string()
    .transform((text, context): W | Instant => {
      const word = words.find((one) => one === text)
      const parsed = parseInstant(text)
      if (word !== undefined) return word
      if (parsed.ok) return parsed.value
      const known = words.map((one) => `"${one}"`).join(', ')
      context.addIssue({
        code: 'custom',
        message: `must be ${known}, or an RFC 3339 time with an offset, such as 2026-01-31T00:00:00Z`,
      })
      return z.NEVER
    })
    .openapi({ type: 'string', example: words[0] })
}

function addOnSchema<Q extends z.ZodType<number>>(quantity: Q) {
  return z.strictObject({ plan: planSchema, quantity, unit_amount: ownPriceSchema.default(null) })
}

const newAddOnSchema = addOnSchema(seatsSchema.default(1)).openapi('NewAddOn')
/** 0 takes it away. */
const quantityLeftSchema = z.number().int().min(0).max(MAX_QUANTITY).openapi({ description: '0 takes it away.' })
const changedAddOnSchema = addOnSchema(quantityLeftSchema).openapi('ChangedAddOn')

function addOnsOf<T extends z.ZodType<{ readonly plan: string }>>(item: T) {
  return z
    .array(item)
    .max(MAX_ADD_ONS)
    .superRefine((addOns, context) => {
      for (const [index, { plan }] of addOns.entries()) {
        const first = addOns.findIndex((other) => other.plan === plan)
        if (first === index) continue
        const message = `repeats add-on ${first} (${plan}): say its quantity once`
        context.addIssue({ code: 'custom', message, path: [index] })
      }
    })
    .default([])
}

/** Several intervals of which kind must be said too. */
function countsIntervals(
  body: { readonly interval?: unknown; readonly interval_count?: unknown },
  context: z.core.$RefinementCtx,
): void {
  if (body.interval_count === undefined || body.interval !== undefined) return
  const message = 'counts intervals, but there is none: give interval too'
  context.addIssue({ code: 'custom', message, path: ['interval_count'] })
}

/** What is sold and how, without to whom. */
export const newTermsShape = {
  plan: planSchema,
  interval: z
    .enum(intervalUnits)
    .optional()
    .openapi({ description: 'Default: the plan’s only one in the account’s currency.' }),
  interval_count: intervalCountSchema.optional().openapi({ description: 'Default: 1.' }),
  quantity: seatsSchema.default(1),
  unit_amount: ownPriceSchema.default(null),
  add_ons: addOnsOf(newAddOnSchema),
  billing_time: z.enum(billingTimes).default('anniversary').openapi({
    description: 'By the start’s day, or from the Monday, the 1st, the quarter’s or year’s first.',
  }),
  start: instantOrNullSchema.default(null).openapi({
    description: 'Default: now. In the past every period begun since is invoiced at once; in the future it waits.',
  }),
  trial_days: z
    .number()
    .int()
    .min(0)
    .max(MAX_TRIAL_DAYS)
    .nullable()
    .default(null)
    .openapi({ description: 'Default: the plan’s.' }),
  trial_end: z.enum(trialEnds).default('invoice').openapi({
    description: 'What happens at the end of a trial where there is no way to be paid.',
  }),
  bill_from: instantOrNullSchema.default(null).openapi({
    description: 'Billing begins at the first boundary from then on; the anchor stays. For moving from another system.',
  }),
  ends_at: instantOrNullSchema.default(null).openapi({ description: 'A fixed term; default: it renews.' }),
  coupon: z.string().min(1).max(100).nullable().default(null).openapi({ description: 'The code of a coupon.' }),
  external_key: externalKeySchema.nullable().default(null),
  metadata: metadataSchema.default({}),
}

export const newSubscriptionSchema = z
  .strictObject({ account: idSchema('account'), ...newTermsShape, preview_hash: previewHashSchema })
  .superRefine(countsIntervals)
  .openapi('NewSubscription')

/** As it would be sold: for previews, which nothing is held against. */
export const imaginedSubscriptionSchema = z
  .strictObject({ account: idSchema('account'), ...newTermsShape })
  .superRefine(countsIntervals)
  .openapi('ImaginedSubscription')

type NewTerms = z.output<z.ZodObject<typeof newTermsShape>>

export function createFromWire(terms: NewTerms): CreateSubscription {
  return {
    type: 'create_subscription',
    planCode: terms.plan,
    interval: terms.interval ?? null,
    intervalCount: terms.interval_count ?? 1,
    quantity: terms.quantity,
    unitAmount: terms.unit_amount,
    addOns: terms.add_ons.map(addOnFromWire),
    billingTime: terms.billing_time,
    startAt: terms.start,
    trialDays: terms.trial_days,
    trialEnd: terms.trial_end,
    billFrom: terms.bill_from,
    endsAt: terms.ends_at,
    couponCode: terms.coupon,
    externalKey: terms.external_key,
    metadata: terms.metadata,
  }
}

export const subscriptionPatchSchema = z
  .strictObject({ external_key: externalKeySchema.nullable(), metadata: metadataSchema })
  .partial()
  .openapi('SubscriptionPatch')

/** How a change is made, whatever it changes. */
const changeTermsShape = {
  effective: instantOr('now', 'period_end').default('now').openapi({
    description: 'now · period_end · a time: of this period as of then; a later one is stored, and the last one wins.',
  }),
  proration: z.enum(granularities).optional().openapi({ description: 'Default: as in the settings.' }),
  invoice: z.enum(invoicings).optional().openapi({ description: 'Default: as in the settings.' }),
  credit: creditSchema,
  preview_hash: previewHashSchema,
}

export const changeSchema = z
  .strictObject({
    plan: planSchema.optional(),
    plan_version: z
      .literal('latest')
      .optional()
      .openapi({ description: 'The plan’s version on sale, where the plan stays.' }),
    quantity: seatsSchema.optional(),
    interval: z.enum(intervalUnits).optional(),
    interval_count: intervalCountSchema.optional().openapi({ description: 'Default: 1.' }),
    unit_amount: ownPriceSchema.optional(),
    add_ons: addOnsOf(changedAddOnSchema).openapi({ description: 'Those that change; the others stay.' }),
    ...changeTermsShape,
    only_if_paid: z
      .boolean()
      .default(false)
      .openapi({ description: 'Takes effect once its invoice is paid, or not at all.' }),
  })
  .superRefine(countsIntervals)
  .openapi('ChangeSubscription')

export const itemSchema = z.strictObject({ ...changedAddOnSchema.shape, ...changeTermsShape }).openapi('ChangeItem')

export const cancelSchema = z
  .strictObject({
    when: z.enum(['now', 'period_end']).default('period_end'),
    prorate: z
      .boolean()
      .default(false)
      .openapi({ description: 'Whether what was not served is given back; only with `now`.' }),
    credit: creditSchema,
    preview_hash: previewHashSchema,
  })
  .openapi('CancelSubscription')

export const pauseSchema = z
  .strictObject({
    resumes_at: instantOrNullSchema.default(null).openapi({ description: 'Default: until it is resumed.' }),
    preview_hash: previewHashSchema,
  })
  .openapi('PauseSubscription')

export const trialSchema = z
  .strictObject({
    end: instantOr('now').openapi({ description: 'now ends the trial with the first invoice; a time moves its end.' }),
    preview_hash: previewHashSchema,
  })
  .openapi('ChangeTrial')

type Subject = Id<'subscription'>
type Command<T extends SubscriptionCommand['type']> = Extract<SubscriptionCommand, { readonly type: T }>

export function changeFromWire(id: Subject, body: z.output<typeof changeSchema>): ChangeSubscription {
  const { interval, interval_count: count = 1 } = body
  return {
    ...{ type: 'change_subscription', id },
    planCode: body.plan ?? null,
    latestVersion: body.plan_version === 'latest',
    quantity: body.quantity ?? null,
    interval: interval === undefined ? null : { unit: interval, count },
    unitAmount: body.unit_amount,
    addOns: body.add_ons.map(addOnFromWire),
    onlyIfPaid: body.only_if_paid,
    ...changeTermsFromWire(body),
  }
}

/** A change of one add-on. */
export function itemFromWire(id: Subject, body: z.output<typeof itemSchema>): ChangeSubscription {
  return {
    ...{ type: 'change_subscription', id, planCode: null, latestVersion: false, quantity: null, interval: null },
    ...{ unitAmount: undefined, addOns: [addOnFromWire(body)], onlyIfPaid: false },
    ...changeTermsFromWire(body),
  }
}

type ChangeTerms = z.output<z.ZodObject<typeof changeTermsShape>>

function changeTermsFromWire({ effective, proration, invoice, credit }: ChangeTerms) {
  return { effective, granularity: proration ?? null, invoicing: invoice ?? null, credit }
}

export function cancelFromWire(
  id: Subject,
  { when, prorate, credit }: z.output<typeof cancelSchema>,
): Command<'cancel_subscription'> {
  return { type: 'cancel_subscription', id, when, prorate, credit }
}

export function pauseFromWire(
  id: Subject,
  { resumes_at }: z.output<typeof pauseSchema>,
): Command<'pause_subscription'> {
  return { type: 'pause_subscription', id, resumesAt: resumes_at }
}

export function trialFromWire(id: Subject, { end }: z.output<typeof trialSchema>): Command<'change_trial'> {
  return { type: 'change_trial', id, endsAt: end }
}

function addOnFromWire(item: z.output<typeof changedAddOnSchema>): AddOnAsked {
  return { planCode: item.plan, quantity: item.quantity, unitAmount: item.unit_amount }
}
