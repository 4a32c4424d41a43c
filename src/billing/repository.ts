import { type SQL, sql } from 'drizzle-orm'
import { accountFrom, accountRows, accountsIn, defaultMethodsIn, methodFrom } from '../accounts/repository.ts'
import { testClocks } from '../accounts/tables.ts'
import type { Invoice } from '../invoices/domain/invoice.ts'
import {
  createdInvoices,
  finalisedInvoices,
  invoiceById,
  invoicesFrom,
  linesOf,
  settledInvoices,
} from '../invoices/repository.ts'
import type { Id, IdSource } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import { ledgerFragment } from '../ledger/repository.ts'
import { fromRow as organizationFrom } from '../organizations/repository.ts'
import { organizations } from '../organizations/tables.ts'
import type { Charge } from '../payments/domain/payment.ts'
import { changedCharges, createdCharges, gatewayAccountsIn, paymentById, paymentFrom } from '../payments/repository.ts'
import type { gatewayAccounts } from '../payments/tables.ts'
import { planBy, planFrom, versionFrom, versionsIn } from '../plans/repository.ts'
import type { Database } from '../platform/db/client.ts'
import { oneSnapshot } from '../platform/db/client.ts'
import type { CommitRequest } from '../platform/db/commit.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import { eventFragments } from '../platform/events/event.ts'
import type { Idempotency } from '../platform/http/app.ts'
import { type KeyRecord, keyRecordOf } from '../platform/http/idempotency.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import {
  liveSubscriptionsOf,
  subscriptionById,
  subscriptionFrom,
  subscriptionRows,
} from '../subscriptions/repository.ts'
import type { Changed, Decision } from './domain/decision.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { eventRows } from './events.ts'
import type { Resume, Shown } from './schemas.ts'

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
  table: 'subscriptions' | 'invoices',
  organizationId: Id<'organization'>,
  id: Id<'subscription'> | Id<'invoice'>,
): Chosen {
  return sql`(select organization_id, account_id from ${sql.raw(table)} where organization_id = ${organizationId} and id = ${id})`
}

/** The reads that every snapshot is made of. */
export function snapshotReads(database: Database, chosen: Chosen) {
  const sold = sql`(select s.organization_id, s.plan_version_id from subscriptions s where (s.organization_id, s.account_id) in ${chosen})`
  return [
    database.orm
      .select()
      .from(organizations)
      .where(sql`${organizations.id} in (select organization_id from ${chosen} as chosen(organization_id, id))`),
    accountsIn(database, chosen),
    liveSubscriptionsOf(database, chosen),
    versionsIn(database, sold),
    defaultMethodsIn(database, chosen),
    database.orm
      .select()
      .from(testClocks)
      .where(
        sql`(${testClocks.organizationId}, ${testClocks.id}) in (
          select a.organization_id, a.clock_id from accounts a where (a.organization_id, a.id) in ${chosen})`,
      ),
  ] as const
}

export type SnapshotRows = [
  (typeof organizations.$inferSelect)[],
  Awaited<ReturnType<typeof accountsIn>>,
  Awaited<ReturnType<typeof liveSubscriptionsOf>>,
  Awaited<ReturnType<typeof versionsIn>>,
  Awaited<ReturnType<typeof defaultMethodsIn>>,
  (typeof testClocks.$inferSelect)[],
]

/** Snapshots of many accounts in one trip. */
export async function loadSnapshots(database: Database, chosen: Chosen): Promise<readonly Snapshot[]> {
  const [, ...rows] = await database.orm.batch([database.orm.execute(oneSnapshot), ...snapshotReads(database, chosen)])
  return snapshotsFrom(rows)
}

export function snapshotsFrom([
  organizationRows,
  accountRows,
  subscriptionRows,
  versionRows,
  methodRows,
  clockRows,
]: SnapshotRows): readonly Snapshot[] {
  const organizationsById = new Map(organizationRows.map((row) => [row.id, organizationFrom(row)]))
  const subscriptionsOf = Map.groupBy(subscriptionRows, ({ accountId }) => accountId)
  const methodOf = new Map(methodRows.map((row) => [row.accountId, methodFrom(row)]))
  const versions = new Map(versionRows.map((row) => [row.id, versionFrom(row)]))
  const clocks = new Map(clockRows.map(({ id, now, target }) => [id, { now, advancing: target !== null }]))
  return accountRows.map((row): Snapshot => {
    const organization = organizationsById.get(row.organizationId)
    invariant(organization !== undefined, `account ${row.id} must have its organization`)
    return {
      settings: organization.settings,
      account: accountFrom(row),
      clock: row.clockId === null ? null : (clocks.get(row.clockId) ?? null),
      subscriptions: (subscriptionsOf.get(row.id) ?? []).map(subscriptionFrom),
      versions,
      method: methodOf.get(row.id) ?? null,
      plan: null,
      draft: null,
      charges: [],
    }
  })
}

export type Asked = {
  readonly organizationId: Id<'organization'>
  readonly chosen: Chosen
  readonly planCode?: string
  readonly subscriptionId?: Id<'subscription'>
  readonly invoiceId?: Id<'invoice'>
  readonly idempotency: Idempotency | null
}

export type Loaded = {
  readonly snapshot: Snapshot | null
  readonly record: KeyRecord | null
  /** Through which the account's default method is charged. */
  readonly gatewayAccount: typeof gatewayAccounts.$inferSelect | null
}

const NO_UUID = '00000000-0000-0000-0000-000000000000'

/** All that one interactive command needs, in one trip. */
export async function load(database: Database, asked: Asked): Promise<Loaded> {
  const { organizationId, chosen } = asked
  const invoiceId = asked.invoiceId ?? (NO_UUID as Id<'invoice'>)
  const [, o, a, s, v, m, t, [plan], [subscription], [invoice], lines, [record], [gatewayAccount]] =
    await database.orm.batch([
      database.orm.execute(oneSnapshot),
      ...snapshotReads(database, chosen),
      planBy(database, organizationId, { code: asked.planCode ?? '' }),
      subscriptionById(database, organizationId, asked.subscriptionId ?? (NO_UUID as Id<'subscription'>)),
      invoiceById(database, organizationId, invoiceId),
      linesOf(database, organizationId, [invoiceId]),
      keyRecordOf(database, organizationId, asked.idempotency),
      gatewayAccountsIn(database, methodGateways(chosen)),
    ])
  const [snapshot] = snapshotsFrom([o, a, s, v, m, t])
  const [draft] = invoice === undefined ? [] : invoicesFrom([invoice], lines)
  return {
    snapshot:
      snapshot === undefined
        ? null
        : {
            ...snapshot,
            subscriptions: withAsked(snapshot.subscriptions, subscription && subscriptionFrom(subscription)),
            plan: plan === undefined ? null : planFrom(plan),
            draft: draft?.status === 'draft' ? draft : null,
          },
    record: record ?? null,
    gatewayAccount: gatewayAccount ?? null,
  }
}

function methodGateways(chosen: Chosen): SQL {
  return sql`(select m.organization_id, m.gateway_account_id from payment_methods m
    join accounts a on a.organization_id = m.organization_id and a.default_payment_method_id = m.id
    where (a.organization_id, a.id) in ${chosen})`
}

/** The one a command is about may have ended; it is among the live ones otherwise. */
function withAsked(live: readonly Subscription[], asked: Subscription | undefined): readonly Subscription[] {
  return asked === undefined || live.some(({ id }) => id === asked.id) ? live : [...live, asked]
}

export type Decided = {
  readonly commitId: Id<'commit'>
  readonly ids: IdSource
  readonly actor: string
  readonly realNow: Instant
}

/**
 * The guards and fragments of some accounts' decisions. `inline`: the request charges by itself what it makes.
 * A renewal alone changes few columns, and most of a page is renewals: these go in fragments of their own.
 */
export function writesOf(
  decisions: readonly Decision[],
  { commitId, ids, actor, realNow }: Decided,
  inline: boolean,
): Pick<CommitRequest, 'accounts' | 'subscriptions' | 'fragments'> {
  const subscriptions = decisions.flatMap((decision) => decision.subscriptions)
  const changed = subscriptions.filter(isChanged)
  const invoices = decisions.flatMap((decision) => decision.invoices)
  const charges = decisions.flatMap((decision) => decision.charges)
  const fragments: Fragment[] = [
    accountRows.billed(decisions.map(({ account }) => account.after)),
    subscriptionRows.created(subscriptions.filter(isNew).map(({ after }) => after)),
    subscriptionRows.renewed(changed.filter(isRenewal).map(({ after }) => after)),
    subscriptionRows.changed(changed.filter((change) => !isRenewal(change)).map(({ after }) => after)),
    ...createdInvoices(invoices.filter(isNew).map(({ after }) => after)),
    ...invoiceChanges(invoices.filter(isChanged)),
    ...createdCharges(
      charges.filter(isNew).map(({ after }) => after),
      inline,
      realNow,
    ),
    ...changedCharges(charges.filter(isChanged).map(({ after }) => after)),
    ledgerFragment(
      decisions.flatMap(({ ledger }) => ledger),
      ids,
    ),
    ...eventFragments(decisions.flatMap((decision) => eventRows(decision, commitId, ids, actor))),
  ]
  return {
    accounts: decisions.map(({ account: { before } }) => ({
      organizationId: before.organizationId,
      accountId: before.id,
      id: before.id,
      version: before.version,
    })),
    subscriptions: changed.map(({ before: { organizationId, accountId, id, version } }) => ({
      ...{ organizationId, accountId, id, version },
    })),
    fragments,
  }
}

function invoiceChanges(changes: readonly Existing<Invoice>[]): readonly Fragment[] {
  const finals = changes.flatMap(({ before, after }) => (after.status === 'draft' ? [] : [{ before, after }]))
  return [
    ...finalisedInvoices(finals.filter(({ before }) => before.status === 'draft').map(({ after }) => after)),
    settledInvoices(finals.filter(({ before }) => before.status !== 'draft').map(({ after }) => after)),
  ].filter(({ rows }) => rows.length > 0)
}

type Existing<T> = Changed<T> & { readonly before: T }

function isNew<T>(change: Changed<T>): boolean {
  return change.before === null
}

function isChanged<T>(change: Changed<T>): change is Existing<T> {
  return change.before !== null
}

/** Only the period moved. */
function isRenewal({ before, after }: Existing<Subscription>): boolean {
  return (
    before.status === 'active' &&
    after.status === 'active' &&
    before.cancelAt === after.cancelAt &&
    before.period !== after.period &&
    before.metadata === after.metadata &&
    before.externalKey === after.externalKey
  )
}

/** New charges, to be made by the request itself. */
export function newChargesOf(decision: Decision): readonly Charge[] {
  return decision.charges.filter(isNew).map(({ after }) => after)
}

/** The answer of a request, once it is known: what a replay of its key gets. */
export function answeredKey(
  organizationId: Id<'organization'>,
  key: string,
  answer: { readonly status: number; readonly body: string },
): Fragment {
  return {
    name: 'answered_key',
    accountScoped: false,
    rows: [{ organization_id: organizationId, key, ...answer }],
    statement: (parameter) =>
      `update idempotency_keys k set status = r.status, body = r.body
       from json_to_recordset(${parameter}::json) as r(organization_id uuid, key text, status integer, body text)
       where k.organization_id = r.organization_id and k.key = r.key`,
  }
}

/** What time it is for the account: its clock's, or the real one. */
export function timeOf({ clock }: Snapshot, realNow: Instant): Instant {
  return clock?.now ?? realNow
}

/** The parts of an answer, as they are now. */
export async function readShown(
  database: Database,
  organizationId: Id<'organization'>,
  resume: Resume,
): Promise<Shown> {
  const invoiceId = resume.invoice ?? (NO_UUID as Id<'invoice'>)
  const [[subscription], [invoice], lines, [payment]] = await database.orm.batch([
    subscriptionById(database, organizationId, resume.subscription ?? (NO_UUID as Id<'subscription'>)),
    invoiceById(database, organizationId, invoiceId),
    linesOf(database, organizationId, [invoiceId]),
    paymentById(database, organizationId, resume.payment ?? (NO_UUID as Id<'payment'>)),
  ])
  return {
    subscription: subscription === undefined ? null : subscriptionFrom(subscription),
    invoice: invoice === undefined ? null : (invoicesFrom([invoice], lines)[0] ?? null),
    payment: payment === undefined ? null : paymentFrom(payment),
  }
}

/** One row a page and organization, of the accounts that won: the counts of a run are exact, whatever was repeated. */
export function runPageFragment(
  runId: Id<'billing_run'>,
  commitId: Id<'commit'>,
  decisions: readonly Decision[],
): Fragment {
  return {
    name: 'run_page',
    accountScoped: true,
    rows: decisions.map(({ account, subscriptions, invoices }) => ({
      organization_id: account.after.organizationId,
      account_id: account.after.id,
      run_id: runId,
      commit_id: commitId,
      subscriptions: subscriptions.length,
      invoices: invoices.length,
    })),
    statement: (parameter) =>
      `insert into billing_run_pages (organization_id, run_id, commit_id, accounts, subscriptions, invoices)
       select r.organization_id, r.run_id, r.commit_id, count(*), sum(r.subscriptions), sum(r.invoices)
       from json_to_recordset(${parameter}::json) as r(organization_id uuid, account_id uuid, run_id uuid, commit_id uuid,
         subscriptions integer, invoices integer)
       join winners w on w.id = r.account_id group by 1, 2, 3`,
  }
}
