import { type AnyColumn, and, asc, eq, gt, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import { creditFrom } from '../credits/repository.ts'
import { credits } from '../credits/tables.ts'
import { creditNoteFrom } from '../invoices/credit-note-repository.ts'
import { invoicesFrom } from '../invoices/repository.ts'
import { creditNotes, invoiceLines, invoices } from '../invoices/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { ledgerEntries } from '../ledger/tables.ts'
import { shownPayment } from '../payments/repository.ts'
import { payments } from '../payments/tables.ts'
import { type Database, oneSnapshot } from '../platform/db/client.ts'
import { subscriptionFrom } from '../subscriptions/repository.ts'
import { subscriptions } from '../subscriptions/tables.ts'

/** `from` is inclusive, `to` exclusive. */
export type ExportFilter = {
  readonly account?: Id<'account'> | undefined
  readonly currency?: Currency | undefined
  readonly status?: string | undefined
  /** Of usage. */
  readonly subscription?: Id<'subscription'> | undefined
  readonly metric?: string | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

/** The rows of an organization after the last that was read, by id. */
export type Wanted = {
  readonly organizationId: Id<'organization'>
  readonly filter: ExportFilter
  readonly after: string | null
}

export const PAGE_ROWS = 500
/** An invoice has one line or hundreds: with so many lines a page ends, and an isolate’s memory is far from full. */
const PAGE_LINES = 5_000

/** With their lines, as they were at one moment. */
export async function invoicesAfter(database: Database, wanted: Wanted) {
  const ids = idsOfInvoicePage(wanted)
  const inPage = { invoices: inArray(invoices.id, ids), lines: inArray(invoiceLines.invoiceId, ids) }
  const [, rows, lines] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    database.orm
      .select()
      .from(invoices)
      .where(and(eq(invoices.organizationId, wanted.organizationId), inPage.invoices))
      .orderBy(asc(invoices.id)),
    database.orm
      .select()
      .from(invoiceLines)
      .where(and(eq(invoiceLines.organizationId, wanted.organizationId), inPage.lines))
      .orderBy(asc(invoiceLines.position)),
  ])
  return invoicesFrom(rows, lines)
}

/** The first invoice is always among them, however many lines it has. */
function idsOfInvoicePage(wanted: Wanted): SQL {
  const { organizationId } = wanted
  return sql`(select id from (
    select i.id, sum(n.lines) over (order by i.id) - n.lines as lines_before
    from (select ${invoices.id} from ${invoices}
      where ${conditions(invoices, { at: invoices.issuedAt, status: invoices.status }, wanted)}
      order by ${invoices.id} limit ${PAGE_ROWS}) i
    cross join lateral (select count(*) as lines from invoice_lines l
      where l.organization_id = ${organizationId} and l.invoice_id = i.id) n
  ) counted where lines_before < ${PAGE_LINES})`
}

export async function creditNotesAfter(database: Database, wanted: Wanted) {
  const by = { at: creditNotes.issuedAt, status: creditNotes.status }
  const rows = await database.orm
    .select()
    .from(creditNotes)
    .where(conditions(creditNotes, by, wanted))
    .orderBy(asc(creditNotes.id))
    .limit(PAGE_ROWS)
  return rows.map(creditNoteFrom)
}

/** Rows with what was refunded of each. */
export function paymentsAfter(database: Database, wanted: Wanted) {
  return database.orm
    .select(shownPayment)
    .from(payments)
    .where(conditions(payments, { at: payments.createdAt, status: payments.status }, wanted))
    .orderBy(asc(payments.id))
    .limit(PAGE_ROWS)
}

export async function subscriptionsAfter(database: Database, wanted: Wanted) {
  const by = { at: subscriptions.createdAt, status: subscriptions.status }
  const rows = await database.orm
    .select()
    .from(subscriptions)
    .where(conditions(subscriptions, by, wanted))
    .orderBy(asc(subscriptions.id))
    .limit(PAGE_ROWS)
  return rows.map(subscriptionFrom)
}

/** What `creditToWire` calls a credit’s status. */
const creditStatus = sql`case when ${credits.remaining} > 0 then 'available' else coalesce(${credits.end}, 'used_up') end`

export async function creditsAfter(database: Database, wanted: Wanted) {
  const rows = await database.orm
    .select()
    .from(credits)
    .where(conditions(credits, { at: credits.createdAt, status: creditStatus }, wanted))
    .orderBy(asc(credits.id))
    .limit(PAGE_ROWS)
  return rows.map(creditFrom)
}

/** Entries have no status. */
export function ledgerAfter(database: Database, wanted: Wanted) {
  return database.orm
    .select()
    .from(ledgerEntries)
    .where(conditions(ledgerEntries, { at: ledgerEntries.at, status: sql`null` }, wanted))
    .orderBy(asc(ledgerEntries.id))
    .limit(PAGE_ROWS)
}

type Exported = Readonly<Record<'organizationId' | 'id' | 'accountId' | 'currency', AnyColumn>>

function conditions(
  table: Exported,
  by: { readonly at: AnyColumn; readonly status: AnyColumn | SQL },
  { organizationId, filter: { account, currency, status, from, to }, after }: Wanted,
) {
  return and(
    eq(table.organizationId, organizationId),
    account === undefined ? undefined : eq(table.accountId, account),
    currency === undefined ? undefined : eq(table.currency, currency),
    status === undefined ? undefined : sql`${by.status} = ${status}`,
    from === undefined ? undefined : gte(by.at, from),
    to === undefined ? undefined : lt(by.at, to),
    after === null ? undefined : gt(table.id, after),
  )
}
