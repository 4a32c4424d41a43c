import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import {
  countrySchema,
  currencySchema,
  externalKeySchema,
  freeText,
  idSchema,
  metadataSchema,
  optionalId,
  orNull,
  timeOrNull,
  timeSchema,
  zoneSchema,
} from '../platform/http/wire.ts'
import {
  type Account,
  type Address,
  collections,
  type DisputeHold,
  locationSources,
  overdueStatuses,
  overdueSteps,
} from './domain/account.ts'
import type { PaymentMethod } from './domain/payment-method.ts'

/** Longer than any address in use; RFC 5321 allows 254. */
const emailSchema = z.email('must be an email address, such as jane@startup.example').max(254)
const nameSchema = freeText(200)
const part = z.string().min(1).max(200).nullable().default(null)

const addressSchema = z
  .strictObject({ line1: part, line2: part, city: part, region: part, postal_code: part })
  .openapi('Address')

const given = {
  email: emailSchema.openapi({ example: 'jane@startup.example' }),
  name: nameSchema.openapi({ example: 'Jane' }),
  timezone: zoneSchema,
  country: countrySchema,
  address: addressSchema.nullable(),
  tax_exempt: z.boolean(),
  external_key: externalKeySchema.nullable(),
  collection: z.enum(collections),
  payment_terms_days: z.number().int().min(0).max(365),
  metadata: metadataSchema,
}

export const newAccountSchema = z
  .strictObject({
    ...given,
    currency: currencySchema.optional().openapi({ description: 'Never changes. Default: the organization’s.' }),
    timezone: zoneSchema
      .optional()
      .openapi({ description: 'Default: where the request comes from, marked as guessed.' }),
    country: countrySchema
      .optional()
      .openapi({ description: 'Default: where the request comes from, marked as guessed.' }),
    address: addressSchema.nullable().default(null),
    tax_exempt: z.boolean().default(false),
    external_key: externalKeySchema.nullable().default(null),
    collection: z.enum(collections).default('automatic'),
    payment_terms_days: given.payment_terms_days
      .optional()
      .openapi({ description: 'Where it pays by invoice. Default: the organization’s terms.' }),
    test_clock: idSchema('test_clock').optional(),
    metadata: metadataSchema.default({}),
  })
  .openapi('NewAccount')

export const accountPatchSchema = z
  .strictObject({ ...given, currency: currencySchema })
  .partial()
  .openapi('AccountPatch')

export const accountQuerySchema = z.strictObject({
  ...pageQuery,
  email: z.string().max(254).optional(),
  external_key: z.string().max(255).optional(),
  overdue_status: z.enum(overdueStatuses).optional(),
})

export const paymentMethodSchema = z
  .object({
    id: z.string(),
    kind: z.string().openapi({ example: 'card' }),
    brand: z.string().nullable().openapi({ example: 'visa' }),
    last4: z.string().nullable().openapi({ example: '4242' }),
    expiry_month: z.number().int().nullable(),
    expiry_year: z.number().int().nullable(),
    default: z.boolean(),
    created_at: timeSchema,
  })
  .openapi('PaymentMethod')

export const accountSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    currency: z.string(),
    timezone: z.string(),
    country: z.string().nullable(),
    location_source: z.enum(locationSources),
    address: addressSchema.nullable(),
    tax_exempt: z.boolean(),
    external_key: z.string().nullable(),
    collection: z.enum(collections),
    payment_terms_days: z.number().int(),
    invoice_prefix: z.string(),
    test_clock: z.string().nullable(),
    overdue: z
      .object({ status: z.enum(overdueStatuses), step: z.enum(overdueSteps), since: timeSchema.nullable() })
      .openapi({
        description:
          'warning and blocked take no new subscriptions. step: how far the customer was reminded; since: when the status began.',
      }),
    dispute_hold: orNull(z.object({ since: timeSchema, reason: z.string() })).openapi({
      description: 'Until it is released, days past due do not count and nothing is retried.',
    }),
    open_disputes: z
      .number()
      .int()
      .openapi({ description: 'Payments that the customer’s bank has taken back for now.' }),
    metadata: metadataSchema,
    payment_methods: z.array(paymentMethodSchema),
    created_at: timeSchema,
  })
  .openapi('Account')

export function methodToWire(method: PaymentMethod, isDefault: boolean): z.output<typeof paymentMethodSchema> {
  return {
    id: encodeId('payment_method', method.id),
    kind: method.kind,
    brand: method.brand,
    last4: method.last4,
    expiry_month: method.expiryMonth,
    expiry_year: method.expiryYear,
    default: isDefault,
    created_at: toIso(method.createdAt),
  }
}

export function accountToWire(account: Account, methods: readonly PaymentMethod[]): z.output<typeof accountSchema> {
  return {
    id: encodeId('account', account.id),
    email: account.email,
    name: account.name,
    currency: account.currency,
    timezone: account.timezone,
    country: account.country,
    location_source: account.locationSource,
    address: addressToWire(account.address),
    tax_exempt: account.taxExempt,
    external_key: account.externalKey,
    collection: account.collection,
    payment_terms_days: account.paymentTermsDays,
    invoice_prefix: account.invoicePrefix,
    test_clock: optionalId('test_clock', account.clockId),
    overdue: { ...account.overdue, since: timeOrNull(account.overdue.since) },
    dispute_hold: holdToWire(account.disputeHold),
    open_disputes: account.openDisputes,
    metadata: account.metadata,
    payment_methods: methods.map((method) => methodToWire(method, method.id === account.defaultPaymentMethodId)),
    created_at: toIso(account.createdAt),
  }
}

function holdToWire(hold: DisputeHold | null) {
  return hold && { since: toIso(hold.since), reason: hold.reason }
}

function addressToWire(address: Address | null): z.output<typeof addressSchema> | null {
  if (address === null) return null
  const { postalCode, ...rest } = address
  return { ...rest, postal_code: postalCode }
}

export function addressFromWire(address: z.output<typeof addressSchema> | null): Address | null {
  if (address === null) return null
  const { postal_code, ...rest } = address
  return { ...rest, postalCode: postal_code }
}
