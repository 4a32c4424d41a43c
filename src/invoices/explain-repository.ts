import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { versionFrom, versionsIn } from '../plans/repository.ts'
import type { Database } from '../platform/db/client.ts'
import type { Derivation } from './domain/workings.ts'
import { type LineRow, lineFrom } from './line-repository.ts'
import { invoiceLines } from './tables.ts'

type Organization = Id<'organization'>
type VersionRow = Awaited<ReturnType<typeof versionsIn>>[number]

/** What some invoices are derived from: the versions that priced their lines, and the lines that their credits give back. */
export function derivationReads(database: Database, organizationId: Organization, ids: readonly Id<'invoice'>[]) {
  const lines = sql`invoice_lines l where l.organization_id = ${organizationId} and ${inArray(sql`l.invoice_id`, [...ids])}`
  return [
    versionsIn(database, sql`(select l.organization_id, l.plan_version_id from ${lines})`),
    database.orm
      .select()
      .from(invoiceLines)
      .where(
        and(
          eq(invoiceLines.organizationId, organizationId),
          sql`${invoiceLines.id} in (select l.credits_line_id from ${lines} and l.credits_line_id is not null)`,
        ),
      )
      .orderBy(asc(invoiceLines.id)),
  ] as const
}

export function derivationFrom(versions: readonly VersionRow[], credited: readonly LineRow[]): Derivation {
  return {
    versions: new Map(versions.map((row) => [row.id, versionFrom(row)])),
    credited: new Map(credited.map((row) => [row.id, lineFrom(row)])),
  }
}
