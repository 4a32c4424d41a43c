import { sql } from 'drizzle-orm'
import { bigint, check, foreignKey, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { accounts } from '../accounts/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { type LedgerAccount, type LedgerTransaction, ledgerAccounts } from './domain/posting.ts'

/** Append-only; a trigger refuses a statement that leaves any transaction out of balance. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'ledger_entry'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    /** The document that moved the money: its id is the transaction's. */
    documentId: uuid('document_id').notNull().$type<LedgerTransaction['document']>(),
    kind: text('kind').notNull().$type<LedgerTransaction['kind']>(),
    ledgerAccount: text('ledger_account').notNull().$type<LedgerAccount>(),
    currency: text('currency').notNull().$type<Currency>(),
    /** Minor units; a debit is positive. */
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    at: instantColumn('at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'ledger_entries_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'ledger_entries_account',
    }),
    index('ledger_entries_by_account').on(table.organizationId, table.accountId),
    check('ledger_entries_amount', sql`${table.amount} <> 0`),
    check(
      'ledger_entries_ledger_account',
      sql.raw(`ledger_account in (${ledgerAccounts.map((name) => `'${name}'`).join(', ')})`),
    ),
  ],
)
