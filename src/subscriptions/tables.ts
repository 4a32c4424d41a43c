import { sql } from 'drizzle-orm'
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Metadata } from '../accounts/domain/account.ts'
import { accounts } from '../accounts/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import type { IntervalUnit } from '../kernel/period.ts'
import type { Zone } from '../kernel/zone.ts'
import { plans, planVersions } from '../plans/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { liveStatuses, type SubscriptionStatus, subscriptionStatuses } from './domain/subscription.ts'

export const subscriptions = pgTable(
  'subscriptions',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'subscription'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<SubscriptionStatus>(),
    planId: uuid('plan_id').notNull().$type<Id<'plan'>>(),
    planVersionId: uuid('plan_version_id').notNull().$type<Id<'plan_version'>>(),
    quantity: integer('quantity').notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    intervalUnit: text('interval_unit').notNull().$type<IntervalUnit>(),
    intervalCount: integer('interval_count').notNull(),
    timezone: text('timezone').notNull().$type<Zone>(),
    startAt: instantColumn('start_at').notNull(),
    trialEndsAt: instantColumn('trial_ends_at'),
    anchorAt: instantColumn('anchor_at'),
    periodStart: instantColumn('period_start'),
    periodEnd: instantColumn('period_end'),
    cancelAt: instantColumn('cancel_at'),
    endedAt: instantColumn('ended_at'),
    externalKey: text('external_key'),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'subscriptions_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'subscriptions_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.planId],
      foreignColumns: [plans.organizationId, plans.id],
      name: 'subscriptions_plan',
    }),
    foreignKey({
      columns: [table.organizationId, table.planVersionId],
      foreignColumns: [planVersions.organizationId, planVersions.id],
      name: 'subscriptions_plan_version',
    }),
    index('subscriptions_by_account').on(table.organizationId, table.accountId),
    uniqueIndex('subscriptions_live')
      .on(table.organizationId, table.accountId, table.planId)
      .where(sql.raw(`status in (${quoted(liveStatuses)})`)),
    unique('subscriptions_external_key').on(table.organizationId, table.externalKey),
    check('subscriptions_status', sql.raw(`status in (${quoted(subscriptionStatuses)})`)),
    check('subscriptions_quantity', sql`${table.quantity} between 1 and 1000000`),
    check('subscriptions_period', sql`${table.periodStart} < ${table.periodEnd}`),
  ],
)

function quoted(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ')
}
