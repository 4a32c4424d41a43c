import { sql } from 'drizzle-orm'
import type { Invoice } from '../invoices/domain/invoice.ts'
import { finalInvoicesOf } from '../invoices/history-repository.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../invoices/repository.ts'
import type { Id } from '../kernel/id.ts'
import type { Period } from '../kernel/period.ts'
import type { Metric } from '../plans/domain/metric.ts'
import { metricFrom, metricsBy } from '../plans/metric-repository.ts'
import type { Database } from '../platform/db/client.ts'

export async function metricsNamed(
  database: Database,
  organizationId: Id<'organization'>,
  codes: readonly string[],
): Promise<ReadonlyMap<string, Metric>> {
  if (codes.length === 0) return new Map()
  const rows = await metricsBy(database, organizationId, codes)
  return new Map(rows.map((row) => [row.code, metricFrom(row)]))
}

/** What was really invoiced in a span, oldest first. */
export async function invoicedIn(
  database: Database,
  organizationId: Id<'organization'>,
  of: { readonly account: Id<'account'>; readonly subscription: Id<'subscription'> | null },
  span: Period,
): Promise<readonly Invoice[]> {
  const found = finalInvoicesOf(database, organizationId, of, span)
  const chosen = sql`(select ${organizationId}::uuid, f.id from ${found.as('f')})`
  const [order, rows, lines] = await database.orm.batch([
    found,
    invoicesIn(database, chosen),
    linesIn(database, chosen),
  ])
  const byId = new Map(invoicesFrom(rows, lines).map((invoice) => [invoice.id, invoice]))
  return order.flatMap(({ id }) => byId.get(id) ?? [])
}
