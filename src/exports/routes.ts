import { z } from '@hono/zod-openapi'
import { creditSchema, creditStatuses, creditToWire } from '../credits/schemas.ts'
import { creditNoteSchema, creditNoteToWire } from '../invoices/credit-note-schemas.ts'
import { creditNoteStatuses } from '../invoices/domain/credit-note.ts'
import { keptStatuses } from '../invoices/domain/invoice.ts'
import { invoiceSchema, invoiceToWire } from '../invoices/schemas.ts'
import { toIso } from '../kernel/instant.ts'
import { entryToWire, ledgerEntrySchema } from '../ledger/schemas.ts'
import { paymentStatuses } from '../payments/domain/payment.ts'
import { paymentFrom } from '../payments/repository.ts'
import { paymentSchema, paymentToWire } from '../payments/schemas.ts'
import { realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers } from '../platform/http/responses.ts'
import { subscriptionStatuses } from '../subscriptions/domain/subscription.ts'
import { subscriptionSchema, subscriptionToWire } from '../subscriptions/schemas.ts'
import { allFlushed, flushed } from '../usage/barrier.ts'
import { usageEventSchema, usageEventToWire } from '../usage/event-schemas.ts'
import {
  creditColumns,
  creditNoteColumns,
  invoiceColumns,
  invoiceLineColumns,
  ledgerColumns,
  paymentColumns,
  subscriptionColumns,
  usageColumns,
  usageTotalColumns,
} from './csv-schemas.ts'
import { type Columns, csvHeader, csvRow } from './domain/csv.ts'
import {
  creditNotesAfter,
  creditsAfter,
  type ExportFilter,
  invoicesAfter,
  ledgerAfter,
  paymentsAfter,
  subscriptionsAfter,
  type Wanted,
} from './repository.ts'
import {
  exportQuery,
  invoiceSheetQuery,
  plainQuery,
  usageExportQuery,
  usageTotalSchema,
  usageTotalToWire,
} from './schemas.ts'
import { type Format, pagesOf, streamOf } from './stream.ts'
import { usageEventsAfter, usageTotalsAfter } from './usage-repository.ts'

export const exportRoutes = router()

type Exported<R, W> = {
  /** The file's name, in the words of the path. */
  readonly name: string
  readonly query: typeof plainQuery | ReturnType<typeof exportQuery> | typeof usageExportQuery
  readonly schema: z.ZodType<W>
  readonly columns: Columns<W>
  readonly read: (database: Database, wanted: Wanted) => Promise<readonly R[]>
  readonly toWire: (row: R) => W
  /** What it is in the order of; by id unless said otherwise. */
  readonly order?: string
  /** What must be done first, so that all there is can be read. */
  readonly prepare?: (env: Env, filter: ExportFilter) => Promise<void>
}

/** Where it is called otherwise than in the path. */
const words: Readonly<Record<string, string>> = {
  ledger: 'ledger entries',
  usage: 'usage events',
  usage_totals: 'usage by day',
}

const invoices = {
  name: 'invoices',
  query: exportQuery(keptStatuses),
  schema: invoiceSchema,
  columns: invoiceColumns,
  read: invoicesAfter,
  toWire: invoiceToWire,
} as const

type Order = Pick<Exported<never, never>, 'order'>

const about = ({ order = 'by ascending id' }: Order) =>
  `Streamed, ${order}. What is made meanwhile is in it or not; everything else is in it once. A file that breaks off is not whole: its connection ends with an error.`
const aboutSheet = (of: Order) =>
  `${about(of)} RFC 4180 in UTF-8 with a header; amounts are integers in minor units, times RFC 3339. A text that a spreadsheet would take for a formula has an apostrophe before it.`

route(
  exportRoutes,
  {
    method: 'get',
    path: '/exports/invoices.csv',
    tags: ['Exports'],
    summary: 'Export invoices, or their lines, as CSV',
    description: aboutSheet({}),
    request: { query: invoiceSheetQuery(keptStatuses) },
    responses: answers(200, z.string(), 'A row an invoice, or a line', 'text/csv'),
  },
  async (c) => {
    const { lines, ...filter } = c.req.valid('query')
    return download(c, invoices, filter, lines === 'true' ? lineSheet : sheetOf(invoices))
  },
)
mountJson(invoices)
mount({
  name: 'credit_notes',
  query: exportQuery(creditNoteStatuses),
  schema: creditNoteSchema,
  columns: creditNoteColumns,
  read: creditNotesAfter,
  toWire: creditNoteToWire,
})
mount({
  name: 'payments',
  query: exportQuery(paymentStatuses),
  schema: paymentSchema,
  columns: paymentColumns,
  read: paymentsAfter,
  toWire: ({ refunded, ...row }) => paymentToWire(paymentFrom(row), refunded),
})
mount({
  name: 'subscriptions',
  query: exportQuery(subscriptionStatuses),
  schema: subscriptionSchema,
  columns: subscriptionColumns,
  read: subscriptionsAfter,
  toWire: subscriptionToWire,
})
mount({
  name: 'credits',
  query: exportQuery(creditStatuses),
  schema: creditSchema,
  columns: creditColumns,
  read: creditsAfter,
  toWire: creditToWire,
})
mount({
  name: 'ledger',
  query: plainQuery,
  schema: ledgerEntrySchema,
  columns: ledgerColumns,
  read: ledgerAfter,
  toWire: entryToWire,
})

/** What was accepted before is in the file. */
const prepare = (env: Env, { subscription }: ExportFilter) =>
  subscription === undefined ? allFlushed(env) : flushed(env, subscription)

mount({
  name: 'usage',
  query: usageExportQuery,
  schema: usageEventSchema,
  columns: usageColumns,
  read: usageEventsAfter,
  toWire: usageEventToWire,
  ...{ order: 'by subscription, time and id', prepare },
})
mount({
  name: 'usage_totals',
  query: usageExportQuery,
  schema: usageTotalSchema,
  columns: usageTotalColumns,
  read: usageTotalsAfter,
  toWire: usageTotalToWire,
  ...{ order: 'by subscription, day and metric', prepare },
})

exportRoutes.all('/exports/:file', async (c, next) => {
  if (c.req.method !== 'GET') return next()
  throw new Problem('route_not_found', {
    detail: `There is no export ${c.req.param('file')}.`,
    hint: 'There are invoices, credit_notes, payments, subscriptions, credits, ledger, usage and usage_totals, each as .csv and as .ndjson: GET /v1/exports/invoices.csv',
  })
})

function mount<R extends { readonly id: string }, W>(exported: Exported<R, W>): void {
  route(
    exportRoutes,
    {
      method: 'get',
      path: `/exports/${exported.name}.csv`,
      tags: ['Exports'],
      summary: `Export ${wordsOf(exported)} as CSV`,
      description: aboutSheet(exported),
      request: { query: exported.query },
      responses: answers(200, z.string(), 'A row each', 'text/csv'),
    },
    async (c) => download(c, exported, c.req.valid('query'), sheetOf(exported)),
  )
  mountJson(exported)
}

function mountJson<R extends { readonly id: string }, W>(exported: Exported<R, W>): void {
  route(
    exportRoutes,
    {
      method: 'get',
      path: `/exports/${exported.name}.ndjson`,
      tags: ['Exports'],
      summary: `Export ${wordsOf(exported)} as NDJSON`,
      description: about(exported),
      request: { query: exported.query },
      responses: answers(200, exported.schema, 'One such object a line, as the API shows it', 'application/x-ndjson'),
    },
    async (c) => download(c, exported, c.req.valid('query'), jsonOf(exported)),
  )
}

function wordsOf({ name }: { readonly name: string }): string {
  return words[name] ?? name.replaceAll('_', ' ')
}

type File<R> = Format<R> & { readonly extension: 'csv' | 'ndjson' }

const contentTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
} as const satisfies Record<File<never>['extension'], string>

function sheetOf<R, W>({ columns, toWire }: Pick<Exported<R, W>, 'columns' | 'toWire'>): File<R> {
  return { extension: 'csv', head: csvHeader(columns), write: (row) => csvRow(columns, toWire(row)) }
}

const lineSheet: File<Parameters<typeof invoiceToWire>[0]> = {
  extension: 'csv',
  head: csvHeader(invoiceLineColumns),
  write: (row) => {
    const invoice = invoiceToWire(row)
    return invoice.lines.map((line) => csvRow(invoiceLineColumns, { invoice, line })).join('')
  },
}

function jsonOf<R, W>({ toWire }: Pick<Exported<R, W>, 'toWire'>): File<R> {
  return { extension: 'ndjson', head: '', write: (row) => `${JSON.stringify(toWire(row))}\n` }
}

async function download<R extends { readonly id: string }>(
  c: AppContext,
  { name, read, prepare }: Pick<Exported<R, never>, 'name' | 'read' | 'prepare'>,
  filter: ExportFilter,
  file: File<R>,
): Promise<Response> {
  const database = c.get('database')
  const { organizationId } = c.get('caller')
  await prepare?.(c.env, filter)
  const pages = pagesOf<R>((after) => read(database, { organizationId, filter, after }))
  const stream = await streamOf(pages, file, { request_id: c.get('requestId') })
  return c.body(stream, 200, {
    'Content-Type': contentTypes[file.extension],
    'Content-Disposition': `attachment; filename=${name}-${toIso(realNow()).slice(0, 10)}.${file.extension}`,
    'Cache-Control': 'no-store',
  })
}
