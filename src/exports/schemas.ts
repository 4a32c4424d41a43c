import { z } from '@hono/zod-openapi'
import { currencySchema, idSchema, instantSchema } from '../platform/http/wire.ts'

const filters = {
  account: idSchema('account').optional(),
  currency: currencySchema.optional(),
  from: instantSchema.optional().openapi({ description: 'Made or issued then or later.' }),
  to: instantSchema.optional().openapi({ description: 'Made or issued before then.' }),
}

/** For what has no status. */
export const plainQuery = inOrder(z.strictObject(filters))

export function exportQuery(statuses: readonly string[]) {
  return inOrder(z.strictObject({ ...filters, status: z.enum(statuses).optional() }))
}

/** Invoices can be written a line each. */
export function invoiceSheetQuery(statuses: readonly string[]) {
  const lines = z.enum(['true', 'false']).default('false')
  return inOrder(
    z.strictObject({
      ...filters,
      status: z.enum(statuses).optional(),
      lines: lines.openapi({ description: 'Whether each row is a line of an invoice. Default: an invoice.' }),
    }),
  )
}

type Times = { readonly from?: number | undefined; readonly to?: number | undefined }

function inOrder<T extends z.ZodType<Times>>(schema: T): T {
  return schema.superRefine(({ from, to }, context) => {
    if (from === undefined || to === undefined || from < to) return
    context.addIssue({ code: 'custom', message: 'must be later than `from`', path: ['to'] })
  })
}
