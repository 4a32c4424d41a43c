import { and, count, desc, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Account } from './domain/account.ts'
import type { PaymentMethod } from './domain/payment-method.ts'
import { accounts, paymentMethods, testClocks } from './tables.ts'

type Organization = Id<'organization'>

const newRows = insertsInto(accounts, 'account')
const changedRows = updatesOf(accounts, 'account', [
  ...(['email', 'name', 'timezone', 'country', 'locationSource', 'address', 'taxExempt', 'externalKey'] as const),
  ...([
    'collection',
    'paymentTermsDays',
    'metadata',
    'invoiceSequence',
    'creditNoteSequence',
    'nextBillingAt',
    'defaultPaymentMethodId',
  ] as const),
])
/** The billing run changes these two only: fewer bytes a page. */
const billedRows = updatesOf(accounts, 'account', ['invoiceSequence', 'creditNoteSequence', 'nextBillingAt'])
const newMethodRows = insertsInto(paymentMethods, 'account')
const removedMethodRows = updatesOf(paymentMethods, 'account', ['removedAt'])

export const accountRows = {
  created: (rows: readonly Account[]): Fragment => newRows(rows),
  changed: (rows: readonly Account[]): Fragment => changedRows(rows),
  billed: (rows: readonly Account[]): Fragment => billedRows(rows),
  methodsCreated: (rows: readonly PaymentMethod[]): Fragment => newMethodRows(rows),
  methodsRemoved: (rows: readonly (PaymentMethod & { readonly removedAt: Instant })[]): Fragment =>
    removedMethodRows(rows),
}

export function accountFrom(row: typeof accounts.$inferSelect): Account {
  return row
}

export function methodFrom({ removedAt, ...method }: typeof paymentMethods.$inferSelect): PaymentMethod {
  return method
}

/** The reads that a snapshot of some accounts is made of; `chosen` is a subquery of (organization_id, account id). */
export function accountsIn(database: Database, chosen: SQL) {
  return database.orm.select().from(accounts).where(sql`(${accounts.organizationId}, ${accounts.id}) in ${chosen}`)
}

export function defaultMethodsIn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(paymentMethods)
    .where(sql`(${paymentMethods.organizationId}, ${paymentMethods.id}) in (
        select a.organization_id, a.default_payment_method_id from accounts a where (a.organization_id, a.id) in ${chosen})`)
}

export function accountById(database: Database, organizationId: Organization, id: Id<'account'>) {
  return database.orm
    .select()
    .from(accounts)
    .where(and(eq(accounts.organizationId, organizationId), eq(accounts.id, id)))
}

/** Those that were not removed, newest first. */
export function methodsOf(database: Database, organizationId: Organization, ids: readonly Id<'account'>[]) {
  return database.orm
    .select()
    .from(paymentMethods)
    .where(
      and(
        eq(paymentMethods.organizationId, organizationId),
        inArray(paymentMethods.accountId, [...ids]),
        isNull(paymentMethods.removedAt),
      ),
    )
    .orderBy(desc(paymentMethods.id))
}

export type AccountFilter = { readonly email?: string | undefined; readonly external_key?: string | undefined }

export function accountPage(database: Database, organizationId: Organization, filter: AccountFilter, page: PageQuery) {
  return database.orm
    .select()
    .from(accounts)
    .where(
      and(
        eq(accounts.organizationId, organizationId),
        filter.email === undefined ? undefined : eq(sql`lower(${accounts.email})`, filter.email.toLowerCase()),
        filter.external_key === undefined ? undefined : eq(accounts.externalKey, filter.external_key),
        page.cursor === undefined ? undefined : lt(accounts.id, page.cursor as Id<'account'>),
      ),
    )
    .orderBy(desc(accounts.id))
    .limit(page.limit + 1)
}

/** The clock an account lives on, if any. */
export function clockOf(database: Database, organizationId: Organization, id: Id<'account'>) {
  return database.orm
    .select({ id: testClocks.id, target: testClocks.target })
    .from(testClocks)
    .innerJoin(
      accounts,
      and(eq(accounts.organizationId, testClocks.organizationId), eq(accounts.clockId, testClocks.id)),
    )
    .where(and(eq(accounts.organizationId, organizationId), eq(accounts.id, id)))
}

/** The clock with the number of accounts that live on it. */
export async function findClock(database: Database, organizationId: Organization, id: Id<'test_clock'>) {
  const [rows, [on]] = await database.orm.batch([
    database.orm
      .select()
      .from(testClocks)
      .where(and(eq(testClocks.organizationId, organizationId), eq(testClocks.id, id))),
    database.orm.select({ accounts: count() }).from(accounts).where(eq(accounts.clockId, id)),
  ])
  const [clock] = rows
  return clock === undefined ? null : { ...clock, accounts: on?.accounts ?? 0 }
}
