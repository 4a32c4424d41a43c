import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { verifyInvoice } from '../src/billing/domain/verify-invoice.ts'
import type { Invoice } from '../src/invoices/domain/invoice.ts'
import type { Difference } from '../src/invoices/domain/verify.ts'
import { derivationFrom, derivationReads } from '../src/invoices/explain-repository.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../src/invoices/repository.ts'
import { encodeId, type Id } from '../src/kernel/id.ts'
import type { Organization } from '../src/organizations/domain/organization.ts'
import { fromRow } from '../src/organizations/repository.ts'
import { organizations } from '../src/organizations/tables.ts'
import type { Database } from '../src/platform/db/client.ts'

/** Every final invoice of every organization, computed again from what is stored with it. Reads only. */
export type Verified = {
  readonly invoices: number
  readonly differing: readonly { readonly invoice: Invoice; readonly differences: readonly Difference[] }[]
}

const PAGE_SIZE = 500

export async function verifyHistory(url: string): Promise<Verified> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin transaction isolation level repeatable read, read only')
    // The same queries by another driver: a batch apart, they are all that the repositories ask for.
    const database = { orm: drizzle(client) } as unknown as Database
    const differing: Verified['differing'][number][] = []
    let invoices = 0
    for (const row of await database.orm.select().from(organizations)) {
      for await (const page of pagesOf(database, fromRow(row))) {
        invoices += page.length
        differing.push(...page.filter(({ differences }) => differences.length > 0))
      }
    }
    return { invoices, differing }
  } finally {
    await client.end()
  }
}

async function* pagesOf(database: Database, { id: organizationId, settings }: Organization) {
  let after = '00000000-0000-0000-0000-000000000000' as Id<'invoice'>
  for (;;) {
    const chosen = sql`(select organization_id, id from invoices
      where organization_id = ${organizationId} and finalized_at is not null and id > ${after} order by id limit ${PAGE_SIZE})`
    const read = invoicesFrom(await invoicesIn(database, chosen), await linesIn(database, chosen))
    if (read.length === 0) return
    const ids = read.map(({ id }) => id)
    const [versions, credited] = derivationReads(database, organizationId, ids)
    const derivation = derivationFrom(await versions, await credited)
    yield read.map((invoice) => ({ invoice, differences: verifyInvoice(invoice, derivation, settings) }))
    after = ids.reduce((last, id) => (id > last ? id : last))
  }
}

if (import.meta.main) {
  const url = process.argv[2] ?? process.env.DATABASE_URL
  if (url === undefined) {
    console.error('usage: npm run verify-history -- postgres://…   (npm start prints its own), or set DATABASE_URL')
    process.exit(2)
  }
  const { invoices, differing } = await verifyHistory(url)
  for (const { invoice, differences } of differing) {
    const number = 'number' in invoice ? invoice.number : ''
    for (const { pointer, stored, computed } of differences) {
      console.log(`${encodeId('invoice', invoice.id)} ${number} ${pointer}: stored ${stored}, computed ${computed}`)
    }
  }
  console.log(`${invoices} invoices, ${invoices - differing.length} identical, ${differing.length} different`)
  process.exitCode = differing.length === 0 ? 0 : 1
}
