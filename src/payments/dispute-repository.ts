import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Dispute } from './domain/dispute.ts'
import { disputes } from './tables.ts'

export const disputeRows = {
  created: insertsInto(disputes, 'account'),
  changed: updatesOf(disputes, 'account', ['status', 'amount', 'reason', 'evidenceDueAt', 'endedAt']),
}

export function disputeFrom(row: typeof disputes.$inferSelect): Dispute {
  return row
}

/** Every dispute of some invoices' payments; `invoices` is a subquery of (organization_id, id). */
export function disputesIn(database: Database, invoices: SQL) {
  return database.orm
    .select()
    .from(disputes)
    .where(
      sql`(${disputes.organizationId}, ${disputes.paymentId}) in (
        select p.organization_id, p.id from payments p where (p.organization_id, p.invoice_id) in ${invoices})`,
    )
}

export type DisputeFilter = {
  readonly account?: Id<'account'> | undefined
  readonly payment?: Id<'payment'> | undefined
  readonly status?: Dispute['status'] | undefined
}

export function disputePage(
  database: Database,
  organizationId: Id<'organization'>,
  filter: DisputeFilter,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(disputes)
    .where(
      and(
        eq(disputes.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(disputes.accountId, filter.account),
        filter.payment === undefined ? undefined : eq(disputes.paymentId, filter.payment),
        filter.status === undefined ? undefined : eq(disputes.status, filter.status),
        page.cursor === undefined ? undefined : lt(disputes.id, page.cursor as Id<'dispute'>),
      ),
    )
    .orderBy(desc(disputes.id))
    .limit(page.limit + 1)
}

export function disputeById(database: Database, organizationId: Id<'organization'>, id: Id<'dispute'>) {
  return database.orm
    .select()
    .from(disputes)
    .where(and(eq(disputes.organizationId, organizationId), eq(disputes.id, id)))
}
