import { type AnyColumn, and, desc, eq, inArray, lt, or, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { HOUR_MS, type Instant, plusMs, toIso } from '../kernel/instant.ts'
import type { GatewayAccount } from '../payments/repository.ts'
import { gatewayAccounts } from '../payments/tables.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Difference } from './domain/difference.ts'
import { reconciliationDifferences as differences } from './tables.ts'

type Organization = Id<'organization'>

const newDifferences = insertsInto(differences, 'organization', { omit: ['lookedAt'] })
const changes = ['owner', 'status', 'resolution', 'note', 'closedAt'] as const
const changedDifferences = updatesOf(differences, 'organization', changes)

export const differenceRows = {
  created: (rows: readonly Difference[]) => newDifferences(rows),
  changed: (rows: readonly Difference[]) => changedDifferences(rows),
}

export function differenceFrom({ lookedAt: _, ...difference }: typeof differences.$inferSelect): Difference {
  return difference
}

export function differenceById(database: Database, organizationId: Organization, id: Id<'difference'>) {
  return database.orm
    .select()
    .from(differences)
    .where(and(eq(differences.organizationId, organizationId), eq(differences.id, id)))
}

export type DifferenceFilter = {
  readonly status?: Difference['status'] | undefined
  readonly kind?: Difference['kind'] | undefined
  readonly gatewayAccount?: Id<'gateway_account'> | undefined
  readonly owner?: string | undefined
}

export function differencePage(
  database: Database,
  organizationId: Organization,
  { status, kind, gatewayAccount, owner }: DifferenceFilter,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(differences)
    .where(
      and(
        eq(differences.organizationId, organizationId),
        status === undefined ? undefined : eq(differences.status, status),
        kind === undefined ? undefined : eq(differences.kind, kind),
        gatewayAccount === undefined ? undefined : eq(differences.gatewayAccountId, gatewayAccount),
        owner === undefined ? undefined : eq(differences.owner, owner),
        page.cursor === undefined ? undefined : lt(differences.id, page.cursor as Id<'difference'>),
      ),
    )
    .orderBy(desc(differences.id))
    .limit(page.limit + 1)
}

type Kinds = readonly Difference['kind'][]

/**
 * What is open and was not looked at for the longest time, by the gateway's ids of what it is about. Taken, it goes to the
 * end of the row, so that nothing waits for others to be closed, and what cannot be looked up holds up nothing.
 */
export async function takeOpen(
  database: Database,
  gatewayAccountId: Id<'gateway_account'>,
  { kinds, now, limit }: { readonly kinds: Kinds; readonly now: Instant; readonly limit: number },
): Promise<readonly string[]> {
  const isOpen = and(
    eq(differences.gatewayAccountId, gatewayAccountId),
    inArray(differences.kind, [...kinds]),
    eq(differences.status, 'open'),
  )
  const taken = await database.orm
    .update(differences)
    .set({ lookedAt: now })
    .where(
      sql`(organization_id, id) in (select organization_id, id from reconciliation_differences
        where ${isOpen} order by coalesce(looked_at, found_at), id limit ${limit} for update skip locked)`,
    )
    .returning({ gatewayObject: differences.gatewayObject })
  return [...new Set(taken.map(({ gatewayObject }) => gatewayObject))]
}

/** Those about some objects of the gateway that are open, or that somebody accepted as they are. */
export function differencesAbout(
  database: Database,
  { organizationId, id }: Pick<GatewayAccount, 'organizationId' | 'id'>,
  { kinds, objects }: { readonly kinds: Kinds; readonly objects: readonly string[] },
) {
  return database.orm
    .select()
    .from(differences)
    .where(
      and(
        eq(differences.organizationId, organizationId),
        eq(differences.gatewayAccountId, id),
        inArray(differences.kind, [...kinds]),
        inArray(differences.gatewayObject, [...objects]),
        or(eq(differences.status, 'open'), inArray(differences.resolution, ['accepted', 'not_ours'])),
      ),
    )
}

/** Of what the gateway's id stands for, no difference is open, and none was accepted. */
export function isUntold(gatewayAccountId: Id<'gateway_account'>, kind: Difference['kind'], gatewayObject: AnyColumn) {
  return sql`not exists (select from ${differences} d where d.gateway_account_id = ${gatewayAccountId}
    and d.kind = ${kind} and d.gateway_object = ${gatewayObject}
    and (d.status = 'open' or d.resolution in ('accepted', 'not_ours')))`
}

export async function getGatewayAccount(database: Database, id: Id<'gateway_account'>): Promise<GatewayAccount> {
  const [row] = await database.orm.select().from(gatewayAccounts).where(eq(gatewayAccounts.id, id))
  if (row === undefined) throw new Error(`there is no gateway account ${id}`)
  return row
}

/** Its books agree with ours, or the differences are rows, until then. */
export async function moveReconciledTo(database: Database, { id }: GatewayAccount, to: Instant): Promise<void> {
  await database.orm
    .update(gatewayAccounts)
    .set({ reconciledTo: to })
    .where(and(eq(gatewayAccounts.id, id), sql`coalesce(reconciled_to < ${toIso(to)}, true)`))
}

const LOOK_EVERY_MS = HOUR_MS

/** Takes gateway accounts whose hour has come. Who asks next does not get them again before another has passed. */
export async function dueLooks(
  database: Database,
  now: Instant,
  limit: number,
): Promise<readonly Id<'gateway_account'>[]> {
  const taken = await database.orm
    .update(gatewayAccounts)
    .set({ lookAt: plusMs(now, LOOK_EVERY_MS) })
    .where(
      sql`(organization_id, id) in (select organization_id, id from gateway_accounts
        where coalesce(look_at <= ${toIso(now)}, true) order by look_at nulls first, id limit ${limit} for update skip locked)`,
    )
    .returning({ id: gatewayAccounts.id })
  return taken.map(({ id }) => id)
}
