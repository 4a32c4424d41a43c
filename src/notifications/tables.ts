import { sql } from 'drizzle-orm'
import { check, foreignKey, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { accounts } from '../accounts/tables.ts'
import { invoices } from '../invoices/tables.ts'
import type { Id } from '../kernel/id.ts'
import { payments } from '../payments/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { type Notice, noticeKinds } from './domain/notice.ts'

/** What customers are told, written with what it tells of: whoever sends mail reads it from here. */
export const notifications = pgTable(
  'notifications',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'notification'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    kind: text('kind').notNull().$type<Notice['kind']>(),
    invoiceId: uuid('invoice_id').$type<Id<'invoice'>>(),
    paymentId: uuid('payment_id').$type<Id<'payment'>>(),
    facts: jsonb('facts').notNull().$type<Notice['facts']>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'notifications_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'notifications_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.invoiceId],
      foreignColumns: [invoices.organizationId, invoices.id],
      name: 'notifications_invoice',
    }),
    foreignKey({
      columns: [table.organizationId, table.paymentId],
      foreignColumns: [payments.organizationId, payments.id],
      name: 'notifications_payment',
    }),
    index('notifications_by_invoice').on(table.organizationId, table.invoiceId),
    index('notifications_by_account').on(table.organizationId, table.accountId),
    check('notifications_kind', sql.raw(`kind in (${noticeKinds.map((kind) => `'${kind}'`).join(', ')})`)),
  ],
)
