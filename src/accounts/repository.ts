import { and, count, desc, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
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
  ...(['overdueStatus', 'overdueStep', 'overdueSince', 'disputeHold', 'openDisputes'] as const),
])
/** The billing run changes these two only: fewer bytes a page. */
const billedRows = updatesOf(accounts, 'account', ['invoiceSequence', 'creditNoteSequence', 'nextBillingAt'])
const newMethodRows = insertsInto(paymentMethods, 'account')
const changedMethodRows = updatesOf(paymentMethods, 'account', [
  ...(['brand', 'last4', 'expiryMonth', 'expiryYear', 'renewedAfter', 'removedAt'] as const),
])

export const accountRows = {
  created: (rows: readonly Account[]): Fragment => newRows(rows.map(toRow)),
  changed: (rows: readonly Account[]): Fragment => changedRows(rows.map(toRow)),
  /** Of those of a page that more than billing changed; beside the others, whose fragment has the plain name. */
  moved: (rows: readonly Account[]): Fragment => ({ ...changedRows(rows.map(toRow)), name: 'changed_standings' }),
  billed: (rows: readonly Account[]): Fragment => billedRows(rows.map(toRow)),
  methodsCreated: (rows: readonly PaymentMethod[]): Fragment => newMethodRows(rows),
  methodsChanged: (rows: readonly PaymentMethod[]): Fragment => changedMethodRows(rows),
}

export function accountFrom({
  overdueStatus: status,
  overdueStep: step,
  overdueSince: since,
  ...account
}: typeof accounts.$inferSelect): Account {
  return { ...account, overdue: { status, step, since } }
}

function toRow({ overdue, ...account }: Account): typeof accounts.$inferInsert {
  return { ...account, overdueStatus: overdue.status, overdueStep: overdue.step, overdueSince: overdue.since }
}

export function methodFrom(row: typeof paymentMethods.$inferSelect): PaymentMethod {
  return row
}

/** The reads that a snapshot of some accounts is made of; `chosen` is a subquery of (organization_id, account id). */
export function accountsIn(database: Database, chosen: SQL) {
  return database.orm.select().from(accounts).where(sql`(${accounts.organizationId}, ${accounts.id}) in ${chosen}`)
}

/** Those that were not removed. */
export function methodsIn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(paymentMethods)
    .where(
      and(
        sql`(${paymentMethods.organizationId}, ${paymentMethods.accountId}) in ${chosen}`,
        isNull(paymentMethods.removedAt),
      ),
    )
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

export function methodById(database: Database, organizationId: Organization, id: Id<'payment_method'>) {
  return database.orm
    .select()
    .from(paymentMethods)
    .where(and(eq(paymentMethods.organizationId, organizationId), eq(paymentMethods.id, id)))
}

/** The account's customer at a gateway, also where all of its methods were removed. */
export function customerAt(
  database: Database,
  organizationId: Organization,
  account: Id<'account'>,
  gatewayAccount: Id<'gateway_account'>,
) {
  return database.orm
    .select({ customer: paymentMethods.gatewayCustomer })
    .from(paymentMethods)
    .where(
      and(
        eq(paymentMethods.organizationId, organizationId),
        eq(paymentMethods.accountId, account),
        eq(paymentMethods.gatewayAccountId, gatewayAccount),
      ),
    )
    .orderBy(desc(paymentMethods.id))
    .limit(1)
}

/** The method that a gateway speaks of, unless it was removed. */
export async function methodAtGateway(
  database: Database,
  at: {
    readonly organizationId: Organization
    readonly gatewayAccountId: Id<'gateway_account'>
    readonly gatewayMethod: string
  },
): Promise<PaymentMethod | null> {
  const [row] = await database.orm
    .select()
    .from(paymentMethods)
    .where(
      and(
        eq(paymentMethods.organizationId, at.organizationId),
        eq(paymentMethods.gatewayAccountId, at.gatewayAccountId),
        eq(paymentMethods.gatewayMethod, at.gatewayMethod),
        isNull(paymentMethods.removedAt),
      ),
    )
    .limit(1)
  return row === undefined ? null : methodFrom(row)
}

export type AccountFilter = {
  readonly email?: string | undefined
  readonly external_key?: string | undefined
  readonly overdue_status?: Account['overdue']['status'] | undefined
}

export function accountPage(database: Database, organizationId: Organization, filter: AccountFilter, page: PageQuery) {
  return database.orm
    .select()
    .from(accounts)
    .where(
      and(
        eq(accounts.organizationId, organizationId),
        filter.email === undefined ? undefined : eq(sql`lower(${accounts.email})`, filter.email.toLowerCase()),
        filter.external_key === undefined ? undefined : eq(accounts.externalKey, filter.external_key),
        filter.overdue_status === undefined ? undefined : eq(accounts.overdueStatus, filter.overdue_status),
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
