import { and, desc, eq, lt, sql } from 'drizzle-orm'
import type { Id, IdSource } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { LedgerTransaction } from './domain/posting.ts'
import { ledgerEntries } from './tables.ts'

const newEntries = insertsInto(ledgerEntries, 'account')

export function ledgerFragment(transactions: readonly LedgerTransaction[], ids: IdSource): Fragment {
  return newEntries(
    transactions.flatMap(({ organizationId, accountId, document, kind, currency, at, postings }) =>
      postings.map(({ ledgerAccount, amount }) => ({
        ...{ organizationId, accountId, kind, currency, at, ledgerAccount, amount },
        id: ids('ledger_entry'),
        documentId: document,
      })),
    ),
  )
}

export function ledgerPage(
  database: Database,
  organizationId: Id<'organization'>,
  accountId: Id<'account'>,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(ledgerEntries)
    .where(
      and(
        eq(ledgerEntries.organizationId, organizationId),
        eq(ledgerEntries.accountId, accountId),
        page.cursor === undefined ? undefined : lt(ledgerEntries.id, page.cursor as Id<'ledger_entry'>),
      ),
    )
    .orderBy(desc(ledgerEntries.id))
    .limit(page.limit + 1)
}

/** Debits and credits of every ledger account, per currency. */
export function trialBalanceOf(database: Database, organizationId: Id<'organization'>) {
  return database.orm
    .select({
      currency: ledgerEntries.currency,
      ledgerAccount: ledgerEntries.ledgerAccount,
      debits: sql<string>`coalesce(sum(${ledgerEntries.amount}) filter (where ${ledgerEntries.amount} > 0), 0)::text`,
      credits: sql<string>`coalesce(-sum(${ledgerEntries.amount}) filter (where ${ledgerEntries.amount} < 0), 0)::text`,
    })
    .from(ledgerEntries)
    .where(eq(ledgerEntries.organizationId, organizationId))
    .groupBy(ledgerEntries.currency, ledgerEntries.ledgerAccount)
    .orderBy(ledgerEntries.currency, ledgerEntries.ledgerAccount)
}
