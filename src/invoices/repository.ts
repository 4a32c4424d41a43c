import { and, asc, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { isPendingNumber } from './domain/finalise.ts'
import {
  balanceOf,
  type FinalInvoice,
  type Invoice,
  type InvoiceStatus,
  type Line,
  type TaxAmount,
} from './domain/invoice.ts'
import { billed, invoiceLines, invoices, type StoredTax } from './tables.ts'

type Row = typeof invoices.$inferSelect
type LineRow = typeof invoiceLines.$inferSelect

const late = { late: ['number'] }
const newRows = insertsInto(invoices, 'account', late)
const newLines = insertsInto(invoiceLines, 'account')
const newClaims = insertsInto(billed, 'account')
const settledRows = updatesOf(invoices, 'account', [
  'status',
  'paid',
  'creditsApplied',
  'creditNotes',
  'writtenOff',
  'balance',
])
const finalisedRows = updatesOf(
  invoices,
  'account',
  [
    ...(['status', 'number', 'finalizedAt', 'dueAt', 'billTo', 'tax', 'taxes', 'total'] as const),
    ...(['paid', 'creditsApplied', 'creditNotes', 'writtenOff', 'balance'] as const),
  ],
  late,
)

/** New invoices with their lines and the claims of what they bill. */
export function createdInvoices(created: readonly Invoice[]): readonly Fragment[] {
  return [
    ...seriesFragments(created.filter((invoice) => invoice.status !== 'draft')),
    newRows(created.map((invoice) => ({ ...toRow(invoice), late: pendingNumberOf(invoice) }))),
    newLines(created.flatMap(lineRows)),
    newClaims(
      created.flatMap(({ organizationId, accountId, id, lines }) =>
        lines.map(({ subscriptionId, billingKey }) => ({
          organizationId,
          accountId,
          subscriptionId,
          billingKey,
          invoiceId: id,
        })),
      ),
    ),
  ]
}

/** Drafts that became final: their lines got their tax. */
export function finalisedInvoices(finalised: readonly FinalInvoice[]): readonly Fragment[] {
  return [
    ...seriesFragments(finalised),
    finalisedRows(finalised.map((invoice) => ({ ...toRow(invoice), late: pendingNumberOf(invoice) }))),
    {
      name: 'taxed_lines',
      rows: finalised.flatMap(({ organizationId, accountId, id, lines }) =>
        lines.map((line, position) => ({
          organization_id: organizationId,
          account_id: accountId,
          invoice_id: id,
          position,
          tax: line.tax.toString(),
        })),
      ),
      statement: (parameter) =>
        `update invoice_lines t set tax = r.tax from json_to_recordset(${parameter}::json)
           as r(organization_id uuid, account_id uuid, invoice_id uuid, position smallint, tax bigint)
         join winners w on w.id = r.account_id
         where t.organization_id = r.organization_id and t.invoice_id = r.invoice_id and t.position = r.position`,
    },
  ]
}

/** Money or status moved; nothing else of a final invoice can. */
export function settledInvoices(settled: readonly FinalInvoice[]): Fragment {
  return { ...settledRows(settled.map(toRow)), name: 'changed_settlements' }
}

/**
 * Numbers of the organization's series are given by the commit's own statement, to the winners only and in their order,
 * so that the series has neither gap nor repeat: `late` maps each placeholder to its number.
 */
function seriesFragments(finals: readonly Invoice[]): readonly Fragment[] {
  const rows = finals.flatMap((invoice, position) => {
    const placeholder = pendingNumberOf(invoice)
    if (placeholder === undefined) return []
    return [{ organization_id: invoice.organizationId, account_id: invoice.accountId, placeholder, position }]
  })
  const source = (parameter: string) =>
    `json_to_recordset(${parameter}::json) as r(organization_id uuid, account_id uuid, placeholder text, position integer)
     join winners w on w.id = r.account_id`
  return [
    {
      // Two pages of several organizations take the counters in the same order.
      name: 'locked_series',
      rows,
      statement: (parameter) =>
        `select s.organization_id from invoice_series s where s.organization_id in (select r.organization_id from ${source(parameter)})
         order by s.organization_id for update`,
    },
    {
      name: 'series',
      rows,
      statement: (parameter) =>
        `update invoice_series s set next_number = s.next_number + c.taken
         from (select r.organization_id, count(*) as taken from ${source(parameter)} group by 1) c
         join locked_series l on l.organization_id = c.organization_id
         where s.organization_id = c.organization_id
         returning s.organization_id, s.prefix, s.next_number - c.taken as first`,
    },
    {
      name: 'late',
      rows,
      statement: (parameter) =>
        `select placeholder, prefix || '-' || lpad(number::text, greatest(6, length(number::text)), '0') as value from (
           select r.placeholder, s.prefix,
             s.first + row_number() over (partition by r.organization_id order by r.position) - 1 as number
           from ${source(parameter)} join series s on s.organization_id = r.organization_id) numbered`,
    },
  ]
}

/** What stands for the number until the statement gives it; undefined where it is given already, or not yet. */
export function pendingNumberOf(invoice: Invoice): string | undefined {
  return invoice.status !== 'draft' && isPendingNumber(invoice.number) ? invoice.number : undefined
}

function toRow(invoice: Invoice): Row {
  const { period, lines, taxes, ...rest } = invoice
  const settlement = 'settlement' in rest ? rest.settlement : noSettlement
  const final =
    rest.status === 'draft'
      ? notFinal
      : { number: rest.number, finalizedAt: rest.finalizedAt, dueAt: rest.dueAt, billTo: rest.billTo }
  return {
    ...rest,
    ...final,
    ...settlement,
    periodStart: period.start,
    periodEnd: period.end,
    taxes: taxes.map((tax): StoredTax => ({ ...tax, taxable: String(tax.taxable), amount: String(tax.amount) })),
    balance: balanceOf(invoice),
  }
}

const noSettlement = { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n }
const notFinal = { number: null, finalizedAt: null, dueAt: null, billTo: null }

function lineRows({ organizationId, accountId, id, lines }: Invoice): readonly LineRow[] {
  return lines.map(({ period, ...line }, position) => ({
    ...line,
    ...{ organizationId, accountId, position },
    invoiceId: id,
    periodStart: period.start,
    periodEnd: period.end,
  }))
}

export function invoiceFrom(row: Row, lines: readonly LineRow[]): Invoice {
  const { periodStart, periodEnd, taxes, paid, creditsApplied, creditNotes, writtenOff, balance, ...rest } = row
  const { number, finalizedAt, dueAt, billTo, status, ...body } = rest
  const common = {
    ...body,
    period: { start: periodStart, end: periodEnd },
    taxes: taxes.map((tax): TaxAmount => ({ ...tax, taxable: BigInt(tax.taxable), amount: BigInt(tax.amount) })),
    lines: lines.map(lineFrom),
  }
  if (status === 'draft') return { ...common, status }
  invariant(number !== null && finalizedAt && dueAt && billTo, `final invoice ${row.id} must be whole`)
  return {
    ...common,
    status,
    number,
    finalizedAt,
    dueAt,
    billTo,
    settlement: { paid, creditsApplied, creditNotes, writtenOff },
  }
}

function lineFrom({ periodStart, periodEnd, organizationId, accountId, invoiceId, position, ...line }: LineRow): Line {
  return { ...line, period: { start: periodStart, end: periodEnd } }
}

export function invoiceById(database: Database, organizationId: Id<'organization'>, id: Id<'invoice'>) {
  return database.orm
    .select()
    .from(invoices)
    .where(and(eq(invoices.organizationId, organizationId), eq(invoices.id, id)))
}

export function linesOf(database: Database, organizationId: Id<'organization'>, ids: readonly Id<'invoice'>[]) {
  return database.orm
    .select()
    .from(invoiceLines)
    .where(and(eq(invoiceLines.organizationId, organizationId), inArray(invoiceLines.invoiceId, [...ids])))
    .orderBy(asc(invoiceLines.invoiceId), asc(invoiceLines.position))
}

/** Invoices by (organization_id, id); `chosen` is a subquery of them. */
export function invoicesIn(database: Database, chosen: SQL) {
  return database.orm.select().from(invoices).where(sql`(${invoices.organizationId}, ${invoices.id}) in ${chosen}`)
}

export function linesIn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(invoiceLines)
    .where(sql`(${invoiceLines.organizationId}, ${invoiceLines.invoiceId}) in ${chosen}`)
    .orderBy(asc(invoiceLines.position))
}

export type InvoiceFilter = {
  readonly account?: Id<'account'> | undefined
  readonly subscription?: Id<'subscription'> | undefined
  readonly status?: InvoiceStatus | undefined
  readonly number?: string | undefined
}

/** The invoices of a page and their lines, in one trip. */
export function invoicePage(
  database: Database,
  organizationId: Id<'organization'>,
  filter: InvoiceFilter,
  page: PageQuery,
) {
  const chosen = database.orm
    .select({ id: invoices.id })
    .from(invoices)
    .where(
      and(
        eq(invoices.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(invoices.accountId, filter.account),
        filter.subscription === undefined ? undefined : eq(invoices.subscriptionId, filter.subscription),
        filter.status === undefined ? undefined : eq(invoices.status, filter.status),
        filter.number === undefined ? undefined : eq(invoices.number, filter.number),
        page.cursor === undefined ? undefined : lt(invoices.id, page.cursor as Id<'invoice'>),
      ),
    )
    .orderBy(desc(invoices.id))
    .limit(page.limit + 1)
  const mine = eq(invoices.organizationId, organizationId)
  return database.orm.batch([
    database.orm
      .select()
      .from(invoices)
      .where(and(mine, inArray(invoices.id, chosen)))
      .orderBy(desc(invoices.id)),
    database.orm
      .select()
      .from(invoiceLines)
      .where(and(eq(invoiceLines.organizationId, organizationId), inArray(invoiceLines.invoiceId, chosen)))
      .orderBy(asc(invoiceLines.position)),
  ])
}

/** Rows and the lines of all of them, put together. */
export function invoicesFrom(rows: readonly Row[], lines: readonly LineRow[]): readonly Invoice[] {
  const byInvoice = Map.groupBy(lines, ({ invoiceId }) => invoiceId)
  return rows.map((row) => invoiceFrom(row, byInvoice.get(row.id) ?? []))
}
