import type { Fragment } from '../platform/db/fragment.ts'
import { insertsInto } from '../platform/db/fragment.ts'
import type { DeletedInvoice, DraftInvoice, FinalInvoice, Invoice, Line, TaxAmount } from './domain/invoice.ts'
import { billed, invoiceLines, type LineDetail, type Stored } from './tables.ts'

export type LineRow = typeof invoiceLines.$inferSelect

const lineInserts = insertsInto(invoiceLines, 'account')
const claimInserts = insertsInto(billed, 'account')

/** Lines that an invoice had before it was made anew lie in other positions; there are never so many in one version. */
const POSITIONS_A_VERSION = 10_000

export function newLines(invoices: readonly (DraftInvoice | FinalInvoice)[]): Fragment {
  return lineInserts(invoices.flatMap(lineRows))
}

/** All the lines of drafts that are made anew or become final. */
export function replacedLines(invoices: readonly (DraftInvoice | FinalInvoice)[]): readonly Fragment[] {
  return [
    deletes('replaced_lines', 'invoice_lines t', 't.invoice_id = r.id', invoices),
    { ...newLines(invoices), name: 'replacing_lines' },
  ]
}

/** Drafts that are no more; the version they were read at guards them. */
export function deletedFragments(invoices: readonly DeletedInvoice[]): readonly Fragment[] {
  return [
    deletes('deleted_lines', 'invoice_lines t', 't.invoice_id = r.id', invoices),
    deletes('deleted_claims', 'billed t', 't.invoice_id = r.id', invoices),
    deletes('changed_deleted', 'invoices t', 't.id = r.id and t.version = r.version - 1', invoices),
  ]
}

function deletes(name: string, table: string, which: string, invoices: readonly Invoice[]): Fragment {
  return {
    name,
    rows: invoices.map(({ organizationId, accountId, id, version }) => ({
      ...{ organization_id: organizationId, account_id: accountId, id, version },
    })),
    statement: (parameter) =>
      `delete from ${table} using json_to_recordset(${parameter}::json)
         as r(organization_id uuid, account_id uuid, id uuid, version integer) join winners w on w.id = r.account_id
       where t.organization_id = r.organization_id and ${which} returning 1`,
  }
}

type Change = { readonly before: Invoice | null; readonly after: Invoice }

/** What invoices bill is claimed as they are made, and given back when they are voided. */
export function claimFragments(changes: readonly Change[]): readonly Fragment[] {
  const claimed = changes.flatMap(({ before, after }) => {
    const known = new Set(before === null ? [] : claimsOf(before).map(keyOf))
    return after.status === 'void' || after.status === 'deleted'
      ? []
      : claimsOf(after).filter((claim) => !known.has(keyOf(claim)))
  })
  const voided = changes.flatMap(({ before, after }) =>
    after.status === 'void' && before?.status !== 'void' ? [after] : [],
  )
  return [
    claimInserts(claimed),
    {
      name: 'released_claims',
      rows: voided.map(({ organizationId, accountId, id, voided: at }) => ({
        ...{ organization_id: organizationId, account_id: accountId, id },
        released_at: at && new Date(at.at).toISOString(),
      })),
      statement: (parameter) =>
        `update billed t set released_at = r.released_at from json_to_recordset(${parameter}::json)
           as r(organization_id uuid, account_id uuid, id uuid, released_at timestamptz) join winners w on w.id = r.account_id
         where t.organization_id = r.organization_id and t.invoice_id = r.id`,
    },
  ]
}

type Claim = typeof billed.$inferInsert

/** Each key once, for as long as its lines run. The draft of a day's changes claims nothing before it is final. */
function claimsOf({ organizationId, accountId, id, lines, status, reason }: Invoice): readonly Claim[] {
  if (status === 'draft' && reason === 'proration') return []
  const claims = new Map<string, Claim>()
  for (const { subscriptionId, billingKey, period } of lines) {
    if (subscriptionId === null || billingKey === null) continue
    const about = { organizationId, accountId, invoiceId: id, subscriptionId, billingKey, releasedAt: null }
    const known = claims.get(keyOf(about))?.periodEnd
    claims.set(keyOf(about), { ...about, periodEnd: known && known > period.end ? known : period.end })
  }
  return [...claims.values()]
}

function keyOf({ subscriptionId, billingKey }: Claim): string {
  return `${subscriptionId} ${billingKey}`
}

function lineRows({ organizationId, accountId, id, lines, version }: DraftInvoice | FinalInvoice): readonly LineRow[] {
  return lines.map(({ period, proration, usage, covered, discounts, taxes, ...line }, index) => ({
    ...line,
    ...{ organizationId, accountId, invoiceId: id },
    position: (version - 1) * POSITIONS_A_VERSION + index,
    detail: detailOf({ proration, usage, covered, discounts, taxes }),
    periodStart: period.start,
    periodEnd: period.end,
  }))
}

type Details = Pick<Line, 'proration' | 'usage' | 'covered' | 'discounts' | 'taxes'>

function detailOf({ proration, usage, covered, discounts, taxes }: Details): LineDetail | null {
  const detail: LineDetail = {
    ...(proration !== null && { proration }),
    ...(usage !== null && { usage: { ...usage, earlier: String(usage.earlier) } }),
    ...(covered !== null && { covered: String(covered) }),
    ...(discounts.length > 0 && { discounts: discounts.map((one) => ({ ...one, amount: String(one.amount) })) }),
    ...(taxes.length > 0 && { taxes: taxes.map((one) => ({ ...one, amount: String(one.amount) })) }),
  }
  return Object.keys(detail).length === 0 ? null : detail
}

export function lineFrom(row: LineRow): Line {
  const { periodStart, periodEnd, organizationId: _, accountId: __, invoiceId: ___, position: ____, ...rest } = row
  const { detail, ...line } = rest
  const { proration = null, usage = null, covered = null, discounts = [], taxes = [] } = detail ?? {}
  return {
    ...line,
    proration,
    usage: usage && { ...usage, earlier: BigInt(usage.earlier) },
    covered: covered === null ? null : BigInt(covered),
    discounts: discounts.map((one) => ({ ...one, amount: BigInt(one.amount) })),
    taxes: taxes.map((one) => ({ ...one, amount: BigInt(one.amount) })),
    period: { start: periodStart, end: periodEnd },
  }
}

export function taxesToRow(taxes: readonly TaxAmount[]): Stored<readonly TaxAmount[]> {
  return taxes.map((tax) => ({ ...tax, taxable: String(tax.taxable), amount: String(tax.amount) }))
}

export function taxesFrom(taxes: Stored<readonly TaxAmount[]>): readonly TaxAmount[] {
  return taxes.map((tax) => ({ ...tax, taxable: BigInt(tax.taxable), amount: BigInt(tax.amount) }))
}
