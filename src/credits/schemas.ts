import { z } from '@hono/zod-openapi'
import { encodeId, type Id, type IdKind } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery, pageSchema } from '../platform/http/pagination.ts'
import {
  amountSchema,
  freeText,
  idSchema,
  instantOrNullSchema,
  metadataSchema,
  timeOrNull,
  timeSchema,
} from '../platform/http/wire.ts'
import type { CreditApplication } from './domain/application.ts'
import { type Credit, creditSources, MAX_CREDIT } from './domain/credit.ts'
import type { creditBalanceOf } from './repository.ts'

const positiveAmount = z
  .number()
  .int('must be a whole number of minor units')
  .min(1, 'must be at least 1 minor unit')
  .max(Number(MAX_CREDIT), `must be at most ${MAX_CREDIT}`)

export const newCreditSchema = z
  .strictObject({
    account: idSchema('account'),
    amount: positiveAmount.openapi({ description: 'Minor units of the account’s currency.', example: 2500 }),
    reason: freeText(500).openapi({
      description: 'Shown to the customer.',
      example: 'Sorry for the outage of 3 March',
    }),
    expires_at: instantOrNullSchema
      .default(null)
      .openapi({ description: 'From then on it is not usable any more. Default: never.' }),
    metadata: metadataSchema.default({}),
  })
  .openapi('NewCredit')

export const applyCreditSchema = z
  .strictObject({
    amount: positiveAmount
      .optional()
      .openapi({ description: 'At most so much, in minor units. Default: as much as the invoice owes.' }),
  })
  .openapi('ApplyCredit')

export const creditQuerySchema = z.strictObject({ ...pageQuery, account: idSchema('account').optional() })

export const creditStatuses = ['available', 'used_up', 'expired', 'voided'] as const

export const creditSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    currency: z.string(),
    status: z.enum(creditStatuses),
    amount: amountSchema.openapi({ description: 'As granted: remaining + applied + expired + voided.' }),
    remaining: amountSchema,
    applied: amountSchema.openapi({ description: 'What pays for invoices, without what voided invoices gave back.' }),
    expired: amountSchema,
    voided: amountSchema,
    reason: z.string(),
    source: z.enum(creditSources),
    source_document: z.string().nullable().openapi({ description: 'Where the money comes from; null for a grant.' }),
    expires_at: timeSchema.nullable(),
    metadata: metadataSchema,
    created_at: timeSchema,
    ended_at: timeSchema.nullable().openapi({ description: 'When what was left was taken back.' }),
  })
  .openapi('Credit')

export function creditToWire(credit: Credit): z.output<typeof creditSchema> {
  const { amount, remaining, expired, voided } = credit
  return {
    id: encodeId('credit', credit.id),
    account: encodeId('account', credit.accountId),
    currency: credit.currency,
    status: statusOf(credit),
    amount: Number(amount),
    remaining: Number(remaining),
    applied: Number(amount - remaining - expired - voided),
    expired: Number(expired),
    voided: Number(voided),
    reason: credit.reason,
    source: credit.source,
    source_document: sourceDocument(credit),
    expires_at: timeOrNull(credit.expiresAt),
    metadata: credit.metadata,
    created_at: toIso(credit.createdAt),
    ended_at: timeOrNull(credit.endedAt),
  }
}

function statusOf({ remaining, end }: Credit): (typeof creditStatuses)[number] {
  return remaining > 0n ? 'available' : (end ?? 'used_up')
}

/** What a credit's `sourceId` is the id of; a grant has none. */
const sourceKinds = {
  grant: 'credit',
  proration: 'invoice',
  credit_note: 'credit_note',
  overpayment: 'payment',
  refund: 'refund',
} as const satisfies Record<Credit['source'], IdKind>

function sourceDocument({ source, sourceId }: Credit): string | null {
  const kind: IdKind = sourceKinds[source]
  return sourceId === null ? null : encodeId(kind, sourceId as Id<typeof kind>)
}

export const creditApplicationSchema = z
  .object({
    id: z.string(),
    credit: z.string(),
    invoice: z.string(),
    amount: amountSchema,
    applied_at: timeSchema,
    released_at: timeSchema.nullable().openapi({ description: 'When the invoice was voided and gave it back.' }),
  })
  .openapi('CreditApplication')

export function applicationToWire(application: CreditApplication): z.output<typeof creditApplicationSchema> {
  return {
    id: encodeId('credit_application', application.id),
    credit: encodeId('credit', application.creditId),
    invoice: encodeId('invoice', application.invoiceId),
    amount: Number(application.amount),
    applied_at: toIso(application.at),
    released_at: timeOrNull(application.releasedAt),
  }
}

export const applicationsSchema = pageSchema(creditApplicationSchema, 'CreditApplication')

export const creditWithApplicationsSchema = creditSchema
  .extend({ applications: applicationsSchema.openapi({ description: 'The newest; the next page is by its cursor.' }) })
  .openapi('CreditWithApplications')

export const creditBalanceSchema = z
  .object({
    account: z.string(),
    at: timeSchema.openapi({ description: 'The account’s time: its test clock’s, or the real one.' }),
    currency: z.string(),
    available: amountSchema.openapi({
      description: 'Pays for the next invoices: granted − applied − expired − voided.',
    }),
    granted: amountSchema,
    applied: amountSchema,
    expired: amountSchema,
    voided: amountSchema,
    next_expiry_at: timeSchema.nullable(),
  })
  .openapi('CreditBalance')

type BalanceRow = Awaited<ReturnType<typeof creditBalanceOf>>[number]

export function balanceToWire(account: Id<'account'>, row: BalanceRow): z.output<typeof creditBalanceSchema> {
  return {
    account: encodeId('account', account),
    at: toIso(row.at),
    currency: row.currency,
    available: Number(row.available),
    granted: Number(row.granted),
    applied: Number(row.applied),
    expired: Number(row.expired),
    voided: Number(row.voided),
    next_expiry_at: timeOrNull(row.nextExpiryAt),
  }
}
