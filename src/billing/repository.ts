import { type SQL, sql } from 'drizzle-orm'
import { accountFrom, accountsIn, defaultMethodsIn, methodFrom } from '../accounts/repository.ts'
import { testClocks } from '../accounts/tables.ts'
import { invoiceById, invoicesFrom, linesOf } from '../invoices/repository.ts'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import { fromRow as organizationFrom } from '../organizations/repository.ts'
import { organizations } from '../organizations/tables.ts'
import { type GatewayAccount, gatewayAccountsIn, paymentById, paymentFrom } from '../payments/repository.ts'
import { planBy, planFrom, versionFrom, versionsIn } from '../plans/repository.ts'
import type { Database } from '../platform/db/client.ts'
import { oneSnapshot } from '../platform/db/client.ts'
import type { Idempotency } from '../platform/http/app.ts'
import { type KeyRecord, keyRecordOf } from '../platform/http/idempotency.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import { liveSubscriptionsOf, subscriptionById, subscriptionFrom } from '../subscriptions/repository.ts'
import type { Snapshot } from './domain/snapshot.ts'
import type { Resume, Shown } from './shown.ts'

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
  readonly gatewayAccount: GatewayAccount | null
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
      subscriptionById(database, organizationId, asked.subscriptionId ?? subscriptionOf(organizationId, invoiceId)),
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

/** An invoice's subscription counts its due date in its zone, also after it has ended. */
function subscriptionOf(organizationId: Id<'organization'>, invoiceId: Id<'invoice'>): SQL<Id<'subscription'>> {
  return sql`(select subscription_id from invoices where organization_id = ${organizationId} and id = ${invoiceId})`
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
