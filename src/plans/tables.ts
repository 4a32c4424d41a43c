import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Metadata } from '../accounts/domain/account.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import type { Charge } from './domain/charge.ts'
import type { Metric } from './domain/metric.ts'
import type { Minimum, Plan, Price } from './domain/plan.ts'

export const plans = pgTable(
  'plans',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'plan'>>(),
    version: integer('version').notNull(),
    kind: text('kind').notNull().default('plan').$type<Plan['kind']>(),
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
    check('plans_kind', sql`${table.kind} in ('plan', 'add_on')`),
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
    charges: jsonb('charges').notNull().default([]).$type<readonly Charge[]>(),
    minimums: jsonb('minimums').notNull().default([]).$type<readonly Minimum[]>(),
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

export const metrics = pgTable(
  'metrics',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'metric'>>(),
    version: integer('version').notNull(),
    code: text('code').notNull(),
    name: text('name').notNull(),
    aggregation: text('aggregation').notNull().$type<Metric['aggregation']>(),
    field: text('field'),
    decimals: smallint('decimals').notNull().default(12),
    allowNegative: boolean('allow_negative').notNull().default(false),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'metrics_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({ columns: [table.organizationId], foreignColumns: [organizations.id], name: 'metrics_organization' }),
    unique('metrics_code').on(table.organizationId, table.code),
    check(
      'metrics_aggregation',
      sql`${table.aggregation} in ('sum', 'count', 'unique_count', 'max', 'latest', 'weighted_sum')`,
    ),
    check('metrics_decimals', sql`${table.decimals} between 0 and 12`),
    check('metrics_field', sql`(${table.field} is null) = (${table.aggregation} = 'count')`),
  ],
)
