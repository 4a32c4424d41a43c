import { and, asc, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import {
  balanceOf,
  type Collection,
  type DraftInvoice,
  type FinalInvoice,
  type Invoice,
  idle,
  isFinal,
  type keptStatuses,
} from './domain/invoice.ts'
import {
  claimFragments,
  deletedFragments,
  type LineRow,
  lineFrom,
  newLines,
  replacedLines,
  taxesFrom,
  taxesToRow,
} from './line-repository.ts'
import { pendingNumberOf } from './number-repository.ts'
import { invoiceLines, invoices } from './tables.ts'

type Row = typeof invoices.$inferSelect
type Stored = DraftInvoice | FinalInvoice

const late = { late: ['number'] }
const newRows = insertsInto(invoices, 'account', late)
/** All of a draft may change, until it is final. */
const draftRows = updatesOf(
  invoices,
  'account',
  [
    ...(['status', 'awaits', 'finalizeAt', 'number', 'finalizedAt', 'dueAt', 'billTo', 'memo', 'termsDays'] as const),
    ...(['periodStart', 'periodEnd', 'subtotal', 'discount', 'tax', 'taxes', 'total'] as const),
    ...(['paid', 'creditsApplied', 'creditNotes', 'writtenOff', 'balance'] as const),
    ...(['collection', 'failedAt', 'nextAttemptAt', 'heldDays'] as const),
  ],
  late,
)
/** Money or status moved; nothing else of a final invoice can. */
const settledRows = updatesOf(invoices, 'account', [
  ...(['status', 'paid', 'creditsApplied', 'creditNotes', 'writtenOff', 'balance', 'voidedAt', 'voidReason'] as const),
  ...(['collection', 'failedAt', 'nextAttemptAt', 'heldDays'] as const),
])

type Change = { readonly before: Invoice | null; readonly after: Invoice }

/** What a commit writes of the invoices it makes, changes, settles and deletes, with their lines and claims. */
export function invoiceFragments(changes: readonly Change[]): readonly Fragment[] {
  const made = changes.flatMap(({ before, after }) => (before === null && after.status !== 'deleted' ? [after] : []))
  const remade = changes.flatMap(({ before, after }) =>
    before?.status === 'draft' && after.status !== 'deleted' ? [after] : [],
  )
  const settled = changes.flatMap(({ before, after }) =>
    before !== null && isFinal(before) && isFinal(after) ? [after] : [],
  )
  const deleted = changes.flatMap(({ after }) => (after.status === 'deleted' ? [after] : []))
  const drafted = { ...draftRows(remade.map(toLateRow)), name: 'changed_drafts' }
  return [
    newRows(made.map(toLateRow)),
    newLines(made),
    drafted,
    ...replacedLines(remade),
    { ...settledRows(settled.map(toRow)), name: 'changed_settlements' },
    ...deletedFragments(deleted),
    ...claimFragments(changes),
  ].filter(({ rows }) => rows.length > 0)
}

function toLateRow(invoice: Stored) {
  return { ...toRow(invoice), late: pendingNumberOf(invoice) }
}

function toRow(invoice: Stored): Row {
  const { period, lines: _, taxes, ...rest } = invoice
  const settlement = rest.status === 'draft' ? noSettlement : rest.settlement
  const final = rest.status === 'draft' ? notFinal : { ...rest, awaits: null, finalizeAt: null }
  const voided = rest.status === 'draft' ? null : rest.voided
  return {
    ...rest,
    ...pick(final),
    ...settlement,
    ...collectionToRow(rest.status === 'draft' ? idle : rest.collection),
    awaits: rest.status === 'draft' ? rest.awaits : null,
    finalizeAt: rest.status === 'draft' ? rest.finalizeAt : null,
    voidedAt: voided?.at ?? null,
    voidReason: voided?.reason ?? null,
    periodStart: period.start,
    periodEnd: period.end,
    taxes: taxesToRow(taxes),
    balance: balanceOf(invoice),
  }
}

function pick({ number, finalizedAt, dueAt, billTo }: Pick<Row, 'number' | 'finalizedAt' | 'dueAt' | 'billTo'>) {
  return { number, finalizedAt, dueAt, billTo }
}

function collectionToRow({ state, ...rest }: Collection) {
  return { collection: state, ...rest }
}

const noSettlement = { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n }
const notFinal = { number: null, finalizedAt: null, dueAt: null, billTo: null }

export function invoiceFrom(row: Row, lines: readonly LineRow[]): Stored {
  const { periodStart, periodEnd, taxes, paid, creditsApplied, creditNotes, writtenOff, balance: _, ...rest } = row
  const { number, finalizedAt, dueAt, billTo, status, awaits, finalizeAt, voidedAt, voidReason, ...other } = rest
  const { collection: state, failedAt, nextAttemptAt, heldDays, ...body } = other
  const common = {
    ...body,
    period: { start: periodStart, end: periodEnd },
    taxes: taxesFrom(taxes),
    lines: lines.map(lineFrom),
  }
  if (status === 'draft') {
    invariant(awaits !== null, `draft ${row.id} must wait for something`)
    return { ...common, status, awaits, finalizeAt }
  }
  invariant(number !== null && finalizedAt && dueAt && billTo, `final invoice ${row.id} must be whole`)
  return {
    ...{ ...common, status, number, finalizedAt, dueAt, billTo },
    settlement: { paid, creditsApplied, creditNotes, writtenOff },
    collection: { state, failedAt, nextAttemptAt, heldDays },
    voided: voidedAt === null ? null : { at: voidedAt, reason: voidReason ?? '' },
  }
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
  readonly status?: (typeof keptStatuses)[number] | undefined
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
export function invoicesFrom(rows: readonly Row[], lines: readonly LineRow[]): readonly Stored[] {
  const byInvoice = Map.groupBy(lines, ({ invoiceId }) => invoiceId)
  return rows.map((row) => invoiceFrom(row, byInvoice.get(row.id) ?? []))
}
