import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { gatewayAccounts } from '../payments/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { type Difference, differenceKinds, resolutions } from './domain/difference.ts'

/** Where the gateway's books and ours disagree. One that is found again while it is open is the same one. */
export const reconciliationDifferences = pgTable(
  'reconciliation_differences',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'difference'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    version: integer('version').notNull(),
    kind: text('kind').notNull().$type<Difference['kind']>(),
    gatewayObject: text('gateway_object').notNull(),
    object: text('object'),
    expected: bigint('expected', { mode: 'bigint' }),
    actual: bigint('actual', { mode: 'bigint' }),
    currency: text('currency').$type<Currency>(),
    detail: text('detail').notNull(),
    foundAt: instantColumn('found_at').notNull(),
    /** When its turn came last; null: not since it was found. */
    lookedAt: instantColumn('looked_at'),
    owner: text('owner'),
    status: text('status').notNull().$type<Difference['status']>(),
    resolution: text('resolution').$type<Difference['resolution']>(),
    note: text('note'),
    closedAt: instantColumn('closed_at'),
  },
  (table) => [
    primaryKey({ name: 'reconciliation_differences_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.gatewayAccountId],
      foreignColumns: [gatewayAccounts.organizationId, gatewayAccounts.id],
      name: 'reconciliation_differences_gateway_account',
    }),
    uniqueIndex('reconciliation_differences_open')
      .on(table.gatewayAccountId, table.kind, table.gatewayObject)
      .where(sql`${table.status} = 'open'`),
    index('reconciliation_differences_object').on(table.gatewayAccountId, table.gatewayObject),
    check('reconciliation_differences_kind', sql.raw(`kind in (${quoted(differenceKinds)})`)),
    check('reconciliation_differences_resolution', sql.raw(`resolution in (${quoted(resolutions)})`)),
    check(
      'reconciliation_differences_closed',
      sql`(${table.status} = 'open') = (${table.closedAt} is null) and (${table.closedAt} is null) = (${table.resolution} is null)`,
    ),
  ],
)

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
