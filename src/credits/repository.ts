import { and, asc, desc, eq, gt, lt, type SQL, sql } from 'drizzle-orm'
import { accounts, testClocks } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { CreditApplication } from './domain/application.ts'
import type { Credit } from './domain/credit.ts'
import { creditApplications, credits } from './tables.ts'

type Organization = Id<'organization'>

const newCredits = insertsInto(credits, 'account')
const changedCredits = updatesOf(credits, 'account', [
  ...(['remaining', 'expired', 'voided', 'expiresAt', 'endedAt', 'end'] as const),
])
const newApplications = insertsInto(creditApplications, 'account')
const changedApplications = updatesOf(creditApplications, 'account', ['releasedAt'])

export const creditRows = {
  created: (rows: readonly Credit[]) => newCredits(rows),
  changed: (rows: readonly Credit[]) => changedCredits(rows),
}

export const applicationRows = {
  created: (rows: readonly CreditApplication[]) => newApplications(rows),
  changed: (rows: readonly CreditApplication[]) => changedApplications(rows),
}

export function creditFrom(row: typeof credits.$inferSelect): Credit {
  return row
}

export function applicationFrom(row: typeof creditApplications.$inferSelect): CreditApplication {
  return row
}

/** The credits of some accounts that have something left; `chosen` is a subquery of (organization_id, account id). */
export function openCreditsOf(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(credits)
    .where(and(sql`(${credits.organizationId}, ${credits.accountId}) in ${chosen}`, gt(credits.remaining, 0n)))
}

/** What pays for some invoices and was not given back; `invoices` is a subquery of (organization_id, invoice id). */
export function applicationsOn(database: Database, invoices: SQL) {
  return database.orm.select().from(creditApplications).where(appliedTo(invoices)).orderBy(asc(creditApplications.id))
}

/** The credits that `applicationsOn` are of, whatever is left of them. */
export function creditsAppliedTo(database: Database, invoices: SQL) {
  const applied = database.orm
    .select({ organizationId: creditApplications.organizationId, id: creditApplications.creditId })
    .from(creditApplications)
    .where(appliedTo(invoices))
  return database.orm.select().from(credits).where(sql`(${credits.organizationId}, ${credits.id}) in ${applied}`)
}

function appliedTo(invoices: SQL) {
  return and(
    sql`(${creditApplications.organizationId}, ${creditApplications.invoiceId}) in ${invoices}`,
    sql`${creditApplications.releasedAt} is null`,
  )
}

export function creditById(database: Database, organizationId: Organization, id: Id<'credit'>) {
  return database.orm
    .select()
    .from(credits)
    .where(and(eq(credits.organizationId, organizationId), eq(credits.id, id)))
}

export type CreditFilter = { readonly account?: Id<'account'> | undefined }

export function creditPage(database: Database, organizationId: Organization, filter: CreditFilter, page: PageQuery) {
  return database.orm
    .select()
    .from(credits)
    .where(
      and(
        eq(credits.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(credits.accountId, filter.account),
        page.cursor === undefined ? undefined : lt(credits.id, page.cursor as Id<'credit'>),
      ),
    )
    .orderBy(desc(credits.id))
    .limit(page.limit + 1)
}

/** Newest first, those that were given back included. */
export function applicationPage(
  database: Database,
  organizationId: Organization,
  creditId: Id<'credit'>,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(creditApplications)
    .where(
      and(
        eq(creditApplications.organizationId, organizationId),
        eq(creditApplications.creditId, creditId),
        page.cursor === undefined ? undefined : lt(creditApplications.id, page.cursor as Id<'credit_application'>),
      ),
    )
    .orderBy(desc(creditApplications.id))
    .limit(page.limit + 1)
}

/**
 * What became of an account's credits by its own time: its test clock's, or `now`. What is past its expiry counts as
 * expired, whether or not the billing run has been there. Sums are minor units as text: Postgres adds bigints to a numeric.
 */
export function creditBalanceOf(database: Database, organizationId: Organization, id: Id<'account'>, now: Instant) {
  const time = sql<Instant>`coalesce(${testClocks.now}, ${toIso(now)}::timestamptz)`.mapWith(testClocks.now)
  const sum = (what: SQL) => sql<string>`coalesce(sum(${what}), 0)::text`
  const lapsed = sql`case when ${credits.expiresAt} <= ${time} then ${credits.remaining} else 0 end`
  return database.orm
    .select({
      currency: accounts.currency,
      at: time,
      available: sum(sql`${credits.remaining} - ${lapsed}`),
      granted: sum(sql`${credits.amount}`),
      applied: sum(sql`${credits.amount} - ${credits.remaining} - ${credits.expired} - ${credits.voided}`),
      expired: sum(sql`${credits.expired} + ${lapsed}`),
      voided: sum(sql`${credits.voided}`),
      nextExpiryAt:
        sql<Instant | null>`min(${credits.expiresAt}) filter (where ${credits.remaining} > 0 and ${credits.expiresAt} > ${time})`.mapWith(
          credits.expiresAt,
        ),
    })
    .from(accounts)
    .leftJoin(
      testClocks,
      and(eq(testClocks.organizationId, accounts.organizationId), eq(testClocks.id, accounts.clockId)),
    )
    .leftJoin(credits, and(eq(credits.organizationId, accounts.organizationId), eq(credits.accountId, accounts.id)))
    .where(and(eq(accounts.organizationId, organizationId), eq(accounts.id, id)))
    .groupBy(accounts.currency, testClocks.now)
}
