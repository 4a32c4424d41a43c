import { foreignKey, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core'
import type { Metadata } from '../accounts/domain/account.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import type { Price } from './domain/plan.ts'

export const plans = pgTable(
  'plans',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'plan'>>(),
    version: integer('version').notNull(),
    code: text('code').notNull(),
    name: text('name').notNull(),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    archivedAt: instantColumn('archived_at'),
    replacedBy: text('replaced_by'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'plans_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({ columns: [table.organizationId], foreignColumns: [organizations.id], name: 'plans_organization' }),
    unique('plans_code').on(table.organizationId, table.code),
  ],
)

/** Append-only. */
export const planVersions = pgTable(
  'plan_versions',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'plan_version'>>(),
    planId: uuid('plan_id').notNull().$type<Id<'plan'>>(),
    number: integer('number').notNull(),
    planName: text('plan_name').notNull(),
    trialDays: integer('trial_days').notNull(),
    prices: jsonb('prices').notNull().$type<readonly Price[]>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'plan_versions_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.planId],
      foreignColumns: [plans.organizationId, plans.id],
      name: 'plan_versions_plan',
    }),
    unique('plan_versions_number').on(table.organizationId, table.planId, table.number),
  ],
)
