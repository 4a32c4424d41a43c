import { z } from '@hono/zod-openapi'
import { creditSchema, creditToWire } from '../credits/schemas.ts'
import { creditNoteSchema, creditNoteToWire } from '../invoices/credit-note-schemas.ts'
import { isPendingNumber } from '../invoices/domain/finalise.ts'
import type { Invoice } from '../invoices/domain/invoice.ts'
import { invoiceSchema, invoiceToWire } from '../invoices/schemas.ts'
import { idSchema, orNull } from '../platform/http/wire.ts'
import { imaginedSubscriptionSchema } from '../subscriptions/command-schemas.ts'
import { subscriptionSchema, subscriptionToWire } from '../subscriptions/schemas.ts'
import type { Decision } from './domain/decision.ts'

export const previewRequestSchema = z
  .strictObject({
    subscription: idSchema('subscription').optional(),
    new_subscription: imaginedSubscriptionSchema.optional(),
  })
  .refine(
    (body) => (body.subscription === undefined) !== (body.new_subscription === undefined),
    'must have either `subscription` or `new_subscription`',
  )
  .openapi('PreviewRequest')

export const previewSchema = z
  .object({
    invoices: z.array(invoiceSchema).openapi({ description: 'Those it would make or change, drafts among them.' }),
    credit_notes: z
      .array(creditNoteSchema)
      .openapi({ description: 'What would lower invoices that are not paid yet.' }),
    credits: z.array(creditSchema).openapi({ description: 'Those it would give or use, as they would be then.' }),
    subscription: orNull(subscriptionSchema).openapi({
      description: 'As it would be then; null where it stays as it is.',
    }),
    hash: z.string().nullable().openapi({
      description:
        'Send it as `preview_hash` with the command: it then makes what this preview shows, or nothing. Null where there is no command to send.',
    }),
  })
  .openapi('InvoicePreview')

/** Nothing where there is no decision: nothing falls due any more. */
export function previewToWire(decision: Decision | null, hash: string | null): z.output<typeof previewSchema> {
  const subscription = decision?.subscriptions.at(-1)?.after
  const invoices = decision?.invoices.map(({ after }) => after) ?? []
  return {
    invoices: invoices.filter(({ status }) => status !== 'deleted').map(imaginedToWire),
    credit_notes: decision?.creditNotes.map(({ after }) => creditNoteToWire(after)) ?? [],
    credits: decision?.credits.map(({ after }) => creditToWire(after)) ?? [],
    subscription: subscription === undefined ? null : subscriptionToWire(subscription),
    hash,
  }
}

/** The organization's series gives a number only when it is committed. */
function imaginedToWire(invoice: Invoice): z.output<typeof invoiceSchema> {
  const wire = invoiceToWire(invoice)
  return { ...wire, number: wire.number === null || isPendingNumber(wire.number) ? null : wire.number }
}
