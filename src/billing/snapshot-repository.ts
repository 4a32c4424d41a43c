import { type SQL, sql } from 'drizzle-orm'
import { accountFrom, accountsIn, methodFrom, methodsIn } from '../accounts/repository.ts'
import { testClocks } from '../accounts/tables.ts'
import { applicationFrom, applicationsOn, creditFrom, creditsAppliedTo, openCreditsOf } from '../credits/repository.ts'
import { activeDiscountsOf, discountFrom, discountsOn } from '../discounts/repository.ts'
import { creditNoteFrom, creditNotesOn } from '../invoices/credit-note-repository.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../invoices/repository.ts'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import { fromRow as organizationFrom } from '../organizations/repository.ts'
import { organizations } from '../organizations/tables.ts'
import { disputeFrom, disputesIn } from '../payments/dispute-repository.ts'
import { refundFrom, refundsIn } from '../payments/refund-repository.ts'
import { attemptFrom, attemptsIn, paymentFrom, paymentsIn } from '../payments/repository.ts'
import { versionFrom, versionsIn } from '../plans/repository.ts'
import type { Database } from '../platform/db/client.ts'
import { oneSnapshot } from '../platform/db/client.ts'
import { noUsage } from '../subscriptions/domain/usage-billable.ts'
import { liveSubscriptionsOf, subscriptionFrom, versionsSold } from '../subscriptions/repository.ts'
import type { Snapshot } from './domain/snapshot.ts'

/** A subquery of (organization_id, account id): the accounts that a read is about. */
export type Chosen = SQL

export function theAccount(organizationId: Id<'organization'>, id: Id<'account'>): Chosen {
  return sql`(select ${organizationId}::uuid, ${id}::uuid)`
}

export function theAccounts(
  ids: readonly { readonly organizationId: Id<'organization'>; readonly id: Id<'account'> }[],
): Chosen {
  const rows = JSON.stringify(ids.map(({ organizationId, id }) => ({ organization_id: organizationId, id })))
  return sql`(select organization_id, id from json_to_recordset(${rows}::json) as chosen(organization_id uuid, id uuid))`
}

export function theAccountOf(
  table: 'subscriptions' | 'invoices' | 'credits' | 'credit_notes' | 'payments' | 'refunds',
  organizationId: Id<'organization'>,
  id: Id<'subscription'> | Id<'invoice'> | Id<'credit'> | Id<'credit_note'> | Id<'payment'> | Id<'refund'>,
): Chosen {
  return sql`(select organization_id, account_id from ${sql.raw(table)} where organization_id = ${organizationId} and id = ${id})`
}

/** What a command is about besides its account: more of it is read than a billing run needs. */
export type Target = {
  readonly subscriptionId?: Id<'subscription'> | SQL<Id<'subscription'>>
  readonly invoiceId?: Id<'invoice'> | SQL<Id<'invoice'>>
  /** A subquery of (organization_id, invoice id): those whose payments the command tells of. */
  readonly paidInvoices?: SQL
}

/** The reads that every snapshot is made of, in one transaction: the first three find what the others are about. */
export function snapshotReads(database: Database, which: Chosen, target: Target = {}) {
  const chosen = found('accounts')
  const invoices = found('invoices')
  const voidable = found('voidable')
  return [
    database.orm.execute(finding('accounts', which)),
    database.orm.execute(finding('invoices', invoicesThatMatter(chosen, target))),
    database.orm.execute(finding('voidable', invoicesToVoid(chosen, target))),
    database.orm
      .select()
      .from(organizations)
      .where(sql`${organizations.id} in (select organization_id from ${chosen} as chosen(organization_id, id))`),
    accountsIn(database, chosen),
    liveSubscriptionsOf(database, chosen),
    versionsIn(database, versionsThatMatter(chosen, target)),
    methodsIn(database, chosen),
    database.orm
      .select()
      .from(testClocks)
      .where(
        sql`(${testClocks.organizationId}, ${testClocks.id}) in (
          select a.organization_id, a.clock_id from accounts a where (a.organization_id, a.id) in ${chosen})`,
      ),
    openCreditsOf(database, chosen),
    activeDiscountsOf(database, chosen),
    invoicesIn(database, invoices),
    linesIn(database, invoices),
    creditNotesOn(database, invoices),
    paymentsIn(database, invoices),
    refundsIn(database, invoices),
    attemptsIn(database, invoices),
    disputesIn(database, invoices),
    applicationsOn(database, voidable),
    creditsAppliedTo(database, voidable),
    discountsOn(database, usingCoupons(chosen, voidable)),
  ] as const
}

/** Kept for the transaction: searched for once, and not by each read that needs it. */
function finding(name: string, which: SQL): SQL {
  return sql`select set_config(${`snapshot.${name}`}, coalesce(
    (select json_agg(w) from ${which} as w(organization_id, id))::text, '[]'), true)`
}

function found(name: string): SQL {
  return sql`(select organization_id, id from json_to_recordset(current_setting(${`snapshot.${name}`})::json)
    as found(organization_id uuid, id uuid))`
}

export type SnapshotRows = [
  (typeof organizations.$inferSelect)[],
  Awaited<ReturnType<typeof accountsIn>>,
  Awaited<ReturnType<typeof liveSubscriptionsOf>>,
  Awaited<ReturnType<typeof versionsIn>>,
  Awaited<ReturnType<typeof methodsIn>>,
  (typeof testClocks.$inferSelect)[],
  Awaited<ReturnType<typeof openCreditsOf>>,
  Awaited<ReturnType<typeof activeDiscountsOf>>,
  Awaited<ReturnType<typeof invoicesIn>>,
  Awaited<ReturnType<typeof linesIn>>,
  Awaited<ReturnType<typeof creditNotesOn>>,
  Awaited<ReturnType<typeof paymentsIn>>,
  Awaited<ReturnType<typeof refundsIn>>,
  Awaited<ReturnType<typeof attemptsIn>>,
  Awaited<ReturnType<typeof disputesIn>>,
  Awaited<ReturnType<typeof applicationsOn>>,
  Awaited<ReturnType<typeof creditsAppliedTo>>,
  Awaited<ReturnType<typeof discountsOn>>,
]

/** The rows of a snapshot, and those that were read after them in the same trip. */
export function parted<Rest extends unknown[]>([, , , ...results]: readonly [
  unknown,
  unknown,
  unknown,
  ...SnapshotRows,
  ...Rest,
]): { readonly rows: SnapshotRows; readonly rest: Rest } {
  const count: SnapshotRows['length'] = 18
  return { rows: results.slice(0, count) as SnapshotRows, rest: results.slice(count) as Rest }
}

/**
 * (organization_id, id) of the invoices a decision may need: drafts and what they credit, what is open, what bills the present period of
 * a subscription that may be credited, what a change waits for, and what a command is about with what credits it.
 */
function invoicesThatMatter(chosen: Chosen, target: Target): SQL {
  const { subscriptionId, invoiceId, paidInvoices } = target
  // Apart, so that those in motion are found by their index.
  const billing = (which: SQL) => sql`
    union select b.organization_id, b.invoice_id from subscriptions s
      join billed b on b.organization_id = s.organization_id and b.subscription_id = s.id
      where (s.organization_id, s.account_id) in ${chosen} and b.released_at is null and b.period_end > s.period_start
        and ${which}`
  const asked = subscriptionId === undefined ? sql`` : billing(sql`s.id = ${subscriptionId}`)
  const crediting =
    invoiceId === undefined
      ? sql``
      : sql`
    union select c.organization_id, c.invoice_id from invoice_lines c
      where (c.organization_id, c.credits_line_id) in (select l.organization_id, l.id from invoice_lines l
        where (l.organization_id, l.account_id) in ${chosen} and l.invoice_id = ${invoiceId})`
  return sql`(
    select organization_id, id from invoices where (organization_id, account_id) in ${chosen} and status = 'draft'
    union select organization_id, id from invoices where (organization_id, account_id) in ${chosen} and status = 'open'
    union select i.organization_id, i.id from invoices d
      join invoice_lines l on l.organization_id = d.organization_id and l.invoice_id = d.id
      join invoices i on i.organization_id = d.organization_id and i.account_id = d.account_id
        and i.period_end > l.period_start
      join invoice_lines o on o.organization_id = i.organization_id and o.invoice_id = i.id and o.id = l.credits_line_id
      where (d.organization_id, d.account_id) in ${chosen} and d.status = 'draft'
    ${billing(sql`(s.status = 'paused' or s.scheduled_change is not null or s.baseline is not null)`)}${asked}
    union ${invoicesToSupplement(chosen)}
    union ${invoicesToVoid(chosen, target)}${crediting}${paidInvoices === undefined ? sql`` : sql` union ${paidInvoices}`})`
}

/** What billed a metering period for which usage came late, in all the documents that it came to. */
function invoicesToSupplement(chosen: Chosen): SQL {
  const instantIn = (path: string) => sql.raw(`to_timestamp((m->'period'->>'${path}')::float8 / 1000)`)
  return sql`(select b.organization_id, b.invoice_id from subscriptions s, jsonb_array_elements(s.metered) m, billed b
    where (s.organization_id, s.account_id) in ${chosen} and s.metered <> '[]'::jsonb and m->>'supplementAt' is not null
      and b.organization_id = s.organization_id and b.subscription_id = s.id and b.released_at is null
      and b.billing_key ~ '(usage|minimum):' and b.period_end > ${instantIn('start')} and b.period_end <= ${instantIn('end')})`
}

/** The invoice a change waits for, and the one a command is about: voiding them gives back what paid them. */
function invoicesToVoid(chosen: Chosen, { invoiceId }: Target): SQL {
  const asked =
    invoiceId === undefined
      ? sql``
      : sql`
    union select organization_id, id from invoices where (organization_id, account_id) in ${chosen} and id = ${invoiceId}`
  return sql`(select organization_id, (pending_change->>'invoiceId')::uuid from subscriptions
    where (organization_id, account_id) in ${chosen} and pending_change is not null${asked})`
}

/** What gives coupon periods back: what is voided, and drafts, which are made anew by every change of the day. */
function usingCoupons(chosen: Chosen, voidable: SQL): SQL {
  return sql`(
    select organization_id, id from invoices where (organization_id, account_id) in ${chosen} and status = 'draft'
    union ${voidable})`
}

/** A voided invoice is billed again by the versions it was billed by. */
function versionsThatMatter(chosen: Chosen, { invoiceId }: Target): SQL {
  if (invoiceId === undefined) return versionsSold(chosen)
  return sql`(select * from ${versionsSold(chosen)} as sold(organization_id, id)
    union select organization_id, plan_version_id from invoice_lines
      where (organization_id, account_id) in ${chosen} and invoice_id = ${invoiceId} and plan_version_id is not null)`
}

/** Snapshots of many accounts in one trip. */
export async function loadSnapshots(database: Database, chosen: Chosen): Promise<readonly Snapshot[]> {
  const [, ...results] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    ...snapshotReads(database, chosen),
  ])
  return snapshotsFrom(parted(results).rows)
}

export function snapshotsFrom([
  organizationRows,
  accountRows,
  subscriptionRows,
  versionRows,
  methodRows,
  clockRows,
  creditRows,
  discountRows,
  invoiceRows,
  lineRows,
  noteRows,
  paymentRows,
  refundRows,
  attemptRows,
  disputeRows,
  applicationRows,
  appliedRows,
  usedRows,
]: SnapshotRows): readonly Snapshot[] {
  const organizationsById = new Map(organizationRows.map((row) => [row.id, organizationFrom(row)]))
  const ofAccount = {
    subscriptions: byAccount(subscriptionRows),
    credits: byAccount(together(creditRows, appliedRows)),
    discounts: byAccount(together(discountRows, usedRows)),
    invoices: byAccount(invoicesFrom(invoiceRows, lineRows)),
    notes: byAccount(noteRows),
    payments: byAccount(paymentRows),
    methods: byAccount(methodRows),
    refunds: byAccount(refundRows),
    attempts: byAccount(attemptRows),
    disputes: byAccount(disputeRows),
    applications: byAccount(applicationRows),
  }
  const versions = new Map(versionRows.map((row) => [row.id, versionFrom(row)]))
  const clocks = new Map(clockRows.map(({ id, now, target }) => [id, { now, advancing: target !== null }]))
  return inOrder(accountRows).map((row): Snapshot => {
    const organization = organizationsById.get(row.organizationId)
    invariant(organization !== undefined, `account ${row.id} must have its organization`)
    return {
      settings: organization.settings,
      account: accountFrom(row),
      clock: row.clockId === null ? null : (clocks.get(row.clockId) ?? null),
      subscriptions: (ofAccount.subscriptions.get(row.id) ?? []).map(subscriptionFrom),
      versions,
      usageOf: noUsage,
      methods: (ofAccount.methods.get(row.id) ?? []).map(methodFrom),
      credits: (ofAccount.credits.get(row.id) ?? []).map(creditFrom),
      discounts: (ofAccount.discounts.get(row.id) ?? []).map(discountFrom),
      invoices: ofAccount.invoices.get(row.id) ?? [],
      creditNotes: (ofAccount.notes.get(row.id) ?? []).map(creditNoteFrom),
      payments: (ofAccount.payments.get(row.id) ?? []).map(paymentFrom),
      refunds: (ofAccount.refunds.get(row.id) ?? []).map(refundFrom),
      attempts: (ofAccount.attempts.get(row.id) ?? []).map(attemptFrom),
      disputes: (ofAccount.disputes.get(row.id) ?? []).map(disputeFrom),
      applications: (ofAccount.applications.get(row.id) ?? []).map(applicationFrom),
      ...{ plans: [], coupon: null },
    }
  })
}

/** Each once, by id. */
export function together<T extends { readonly id: string }>(some: readonly T[], more: readonly T[]): readonly T[] {
  return [...new Map([...some, ...more].map((one) => [one.id, one])).values()]
}

function byAccount<T extends { readonly id: string; readonly accountId: Id<'account'> }>(rows: readonly T[]) {
  return Map.groupBy(inOrder(rows), ({ accountId }) => accountId)
}

/** By id: what is decided never depends on the order in which the database happens to answer. */
function inOrder<T extends { readonly id: string }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

/** What time it is for the account: its clock's, or the real one. */
export function timeOf({ clock }: Snapshot, realNow: Instant): Instant {
  return clock?.now ?? realNow
}
