import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { Caller } from '../platform/http/app.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { ApiKey } from './domain/api-key.ts'
import { defaultSettings, type Organization } from './domain/organization.ts'
import { apiKeys, organizations } from './tables.ts'

export const newApiKeys = insertsInto(apiKeys, 'organization')
export const revokedApiKeys = updatesOf(apiKeys, 'organization', ['revokedAt'])

export function fromRow(row: typeof organizations.$inferSelect): Organization {
  const { id, version, name, mode, settings } = row
  return { id, version, name, mode, settings: { ...defaultSettings, ...settings } }
}

export async function getOrganization(database: Database, id: Id<'organization'>): Promise<Organization> {
  const [row] = await database.orm.select().from(organizations).where(eq(organizations.id, id))
  if (row === undefined) throw new Error(`organization ${id} of a valid key must exist`)
  return fromRow(row)
}

/** The prefix of the series is one of the settings: it moves with them. By other days of dunning accounts are judged anew. */
export function changedSettings(organization: Organization, before: Organization): readonly Fragment[] {
  const row = { id: organization.id, prefix: organization.settings.numbering.prefix }
  const isJudgedAnew = JSON.stringify(organization.settings.dunning) !== JSON.stringify(before.settings.dunning)
  return [
    changedOrganizationRow(organization),
    ...(isJudgedAnew ? [wokenAccounts(organization.id)] : []),
    {
      name: 'changed_invoice_series',
      rows: [row],
      statement: (parameter) =>
        `update invoice_series s set prefix = r.prefix from json_to_recordset(${parameter}::json) as r(id uuid, prefix text)
         where s.organization_id = r.id returning 1`,
    },
  ]
}

/** Whoever owes is looked at now, by the account's own time; a decision that is under way says by itself when next. */
function wokenAccounts(id: Id<'organization'>): Fragment {
  return {
    name: 'woken_accounts',
    rows: [{ id }],
    statement: (parameter) =>
      `update accounts a set next_billing_at =
         least(a.next_billing_at, (select t.now_at from test_clocks t where t.id = a.clock_id),
           case when a.clock_id is null then now() end)
       from json_to_recordset(${parameter}::json) as r(id uuid)
       where a.organization_id = r.id and exists (select from invoices i
         where i.organization_id = a.organization_id and i.account_id = a.id and i.status = 'open') returning 1`,
  }
}

function changedOrganizationRow({ id, version, settings }: Organization): Fragment {
  return {
    name: 'changed_organizations',
    rows: [{ id, version, settings }],
    statement: (parameter) =>
      `update organizations o set version = r.version, settings = r.settings
       from json_to_recordset(${parameter}::json) as r(id uuid, version integer, settings jsonb)
       where o.id = r.id and o.version = r.version - 1 returning 1`,
  }
}

export async function findCaller(database: Database, hash: string): Promise<Caller | null> {
  const [row] = await database.orm
    .select({
      organizationId: apiKeys.organizationId,
      mode: organizations.mode,
      keyId: apiKeys.id,
      scopes: apiKeys.scopes,
      origins: apiKeys.origins,
    })
    .from(apiKeys)
    .innerJoin(organizations, eq(organizations.id, apiKeys.organizationId))
    .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt)))
  return row ?? null
}

export type ApiKeyRow = typeof apiKeys.$inferSelect

export function listApiKeys(database: Database, organizationId: Id<'organization'>, page: PageQuery) {
  return database.orm
    .select()
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.organizationId, organizationId),
        isNull(apiKeys.revokedAt),
        page.cursor ? lt(apiKeys.id, page.cursor as Id<'api_key'>) : undefined,
      ),
    )
    .orderBy(desc(apiKeys.id))
    .limit(page.limit + 1)
}

export async function findApiKey(database: Database, organizationId: Id<'organization'>, id: Id<'api_key'>) {
  const [row] = await database.orm
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
  return row ?? null
}

export function apiKeyRow(
  organizationId: Id<'organization'>,
  { id, name, scopes, origins, ending }: ApiKey,
  hash: string,
  at: Instant,
): ApiKeyRow {
  const lists = { scopes: [...scopes], origins: origins && [...origins] }
  return { organizationId, id, version: 1, name, ...lists, ending, hash, createdAt: at, revokedAt: null }
}

/** For /health/ready. */
export async function ping(database: Database): Promise<void> {
  await database.orm.execute(sql`select 1`)
}
