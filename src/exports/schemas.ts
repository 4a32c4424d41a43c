import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { aggregations } from '../plans/domain/metric.ts'
import { metricCodeSchema } from '../plans/metric-schemas.ts'
import { currencySchema, idSchema, instantSchema } from '../platform/http/wire.ts'
import type { DayTotal } from './usage-repository.ts'

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

export const usageExportQuery = inOrder(
  z.strictObject({
    subscription: idSchema('subscription').optional(),
    metric: metricCodeSchema.optional(),
    from: instantSchema.optional().openapi({ description: 'Used then or later.' }),
    to: instantSchema.optional().openapi({ description: 'Used before then.' }),
  }),
)

export const usageTotalSchema = z
  .object({
    subscription: z.string(),
    metric: z.string(),
    aggregation: z.enum(aggregations),
    day: z.string().openapi({ format: 'date', description: 'Of the subscription’s zone.' }),
    timezone: z.string(),
    events: z.number().int().openapi({ description: 'Those that count.' }),
    quantity: z.string().openapi({ description: 'Of this day by itself; a level as the share of it that was held.' }),
  })
  .openapi('UsageTotal')

export function usageTotalToWire(total: DayTotal): z.output<typeof usageTotalSchema> {
  const { subscriptionId, metric, aggregation, day, timezone, events, quantity } = total
  return {
    subscription: encodeId('subscription', subscriptionId),
    metric,
    aggregation,
    day,
    timezone,
    events,
    quantity,
  }
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
