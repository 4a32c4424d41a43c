import { sql } from 'drizzle-orm'
import type { CreditApplication } from '../credits/domain/application.ts'
import { applicationFrom, applicationsOn } from '../credits/repository.ts'
import type { Invoice } from '../invoices/domain/invoice.ts'
import type { Derivation } from '../invoices/domain/workings.ts'
import { derivationFrom, derivationReads } from '../invoices/explain-repository.ts'
import { invoiceById, invoiceFrom, linesOf } from '../invoices/repository.ts'
import type { Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { oneSnapshot } from '../platform/db/client.ts'

export type Derived = {
  readonly invoice: Invoice
  readonly derivation: Derivation
  readonly applications: readonly CreditApplication[]
}

/** An invoice with all that it was made of, in one trip. */
export async function findDerived(
  database: Database,
  organizationId: Id<'organization'>,
  id: Id<'invoice'>,
): Promise<Derived | null> {
  const [, [row], lines, applications, versions, credited] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    invoiceById(database, organizationId, id),
    linesOf(database, organizationId, [id]),
    applicationsOn(database, sql`(select ${organizationId}::uuid, ${id}::uuid)`),
    ...derivationReads(database, organizationId, [id]),
  ])
  if (row === undefined) return null
  return {
    invoice: invoiceFrom(row, lines),
    derivation: derivationFrom(versions, credited),
    applications: applications.map(applicationFrom),
  }
}
