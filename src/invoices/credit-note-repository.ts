import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { CreditNote } from './domain/credit-note.ts'
import { pendingNumberOf } from './number-repository.ts'
import { creditNotes } from './tables.ts'

type Row = typeof creditNotes.$inferSelect

const newRows = insertsInto(creditNotes, 'account', { late: ['number'] })
const changedRows = updatesOf(creditNotes, 'account', ['status', 'voidedAt'])

export const creditNoteRows = {
  created: (notes: readonly CreditNote[]) =>
    newRows(notes.map((note) => ({ ...toRow(note), late: pendingNumberOf(note) }))),
  changed: (notes: readonly CreditNote[]) => changedRows(notes.map(toRow)),
}

function toRow({ lines, ...note }: CreditNote): Row {
  return {
    ...note,
    lines: lines.map(({ lineId, amount, tax, taxes }) => ({
      lineId,
      amount: String(amount),
      tax: String(tax),
      taxes: taxes.map((one) => ({ ...one, amount: String(one.amount) })),
    })),
  }
}

export function creditNoteFrom({ lines, ...row }: Row): CreditNote {
  return {
    ...row,
    lines: lines.map(({ lineId, amount, tax, taxes }) => ({
      lineId,
      amount: BigInt(amount),
      tax: BigInt(tax),
      taxes: taxes.map((one) => ({ ...one, amount: BigInt(one.amount) })),
    })),
  }
}

/** The notes on some invoices; `chosen` is a subquery of (organization_id, invoice id). */
export function creditNotesOn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(creditNotes)
    .where(sql`(${creditNotes.organizationId}, ${creditNotes.invoiceId}) in ${chosen}`)
}

export function creditNoteById(database: Database, organizationId: Id<'organization'>, id: Id<'credit_note'>) {
  return database.orm
    .select()
    .from(creditNotes)
    .where(and(eq(creditNotes.organizationId, organizationId), eq(creditNotes.id, id)))
}

export type CreditNoteFilter = {
  readonly account?: Id<'account'> | undefined
  readonly invoice?: Id<'invoice'> | undefined
}

export function creditNotePage(
  database: Database,
  organizationId: Id<'organization'>,
  { account, invoice }: CreditNoteFilter,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(creditNotes)
    .where(
      and(
        eq(creditNotes.organizationId, organizationId),
        account === undefined ? undefined : eq(creditNotes.accountId, account),
        invoice === undefined ? undefined : eq(creditNotes.invoiceId, invoice),
        page.cursor === undefined ? undefined : lt(creditNotes.id, page.cursor as Id<'credit_note'>),
      ),
    )
    .orderBy(desc(creditNotes.id))
    .limit(page.limit + 1)
}
