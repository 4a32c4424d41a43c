import { and, asc, eq, gte, isNotNull, lte, ne } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Period } from '../kernel/period.ts'
import type { Database } from '../platform/db/client.ts'
import { invoices } from './tables.ts'

/** What a simulation is compared with holds no more: ten years of weeks. */
const MAX_COMPARED = 530

/** Final invoices of an account, or of one subscription, that became final in a span, both ends included; oldest first. */
export function finalInvoicesOf(
  database: Database,
  organizationId: Id<'organization'>,
  of: { readonly account: Id<'account'>; readonly subscription: Id<'subscription'> | null },
  { start, end }: Period,
) {
  return database.orm
    .select({ id: invoices.id })
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, organizationId),
        eq(invoices.accountId, of.account),
        of.subscription === null ? undefined : eq(invoices.subscriptionId, of.subscription),
        isNotNull(invoices.finalizedAt),
        ne(invoices.status, 'void'),
        gte(invoices.finalizedAt, start),
        lte(invoices.finalizedAt, end),
      ),
    )
    .orderBy(asc(invoices.finalizedAt), asc(invoices.id))
    .limit(MAX_COMPARED)
}
