import { sql } from 'drizzle-orm'
import {
  bigint,
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
import type { Item } from './domain/agreement.ts'
import {
  type Baseline,
  billingTimes,
  liveStatuses,
  type MeteredPeriod,
  type Metering,
  type PendingChange,
  type ScheduledChange,
  type Subscription,
  type SubscriptionStatus,
  subscriptionStatuses,
  trialEnds,
} from './domain/subscription.ts'

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
    unitAmount: text('unit_amount'),
    addOns: jsonb('add_ons').notNull().default([]).$type<readonly Item[]>(),
    currency: text('currency').notNull().$type<Currency>(),
    intervalUnit: text('interval_unit').notNull().$type<IntervalUnit>(),
    intervalCount: integer('interval_count').notNull(),
    billingTime: text('billing_time').notNull().default('anniversary').$type<Subscription['billingTime']>(),
    timezone: text('timezone').notNull().$type<Zone>(),
    startAt: instantColumn('start_at').notNull(),
    trialEndsAt: instantColumn('trial_ends_at'),
    trialEnd: text('trial_end').notNull().default('invoice').$type<Subscription['trialEnd']>(),
    billFrom: instantColumn('bill_from'),
    endsAt: instantColumn('ends_at'),
    scheduledChange: jsonb('scheduled_change').$type<ScheduledChange>(),
    anchorAt: instantColumn('anchor_at'),
    periodStart: instantColumn('period_start'),
    periodEnd: instantColumn('period_end'),
    pausedMs: bigint('paused_ms', { mode: 'number' }).notNull().default(0),
    pausedAt: instantColumn('paused_at'),
    resumesAt: instantColumn('resumes_at'),
    noticedAt: instantColumn('noticed_at'),
    changedAt: instantColumn('changed_at'),
    baseline: jsonb('baseline').$type<Baseline>(),
    pendingChange: jsonb('pending_change').$type<PendingChange>(),
    metering: jsonb('metering').$type<Metering>(),
    metered: jsonb('metered').notNull().default([]).$type<readonly MeteredPeriod[]>(),
    cancelAt: instantColumn('cancel_at'),
    endedAt: instantColumn('ended_at'),
    externalKey: text('external_key'),
    access: text('access').notNull().default('granted').$type<Subscription['access']>(),
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
    // Few of many: whoever bills a page finds those by it that are more than a plan which renews.
    index('subscriptions_in_motion')
      .on(table.organizationId, table.accountId)
      .where(
        sql`${table.status} = 'paused' or ${table.scheduledChange} is not null or ${table.baseline} is not null
          or ${table.pendingChange} is not null or ${table.metering} is not null or ${table.addOns} <> '[]'::jsonb
          or ${table.metered} <> '[]'::jsonb`,
      ),
    uniqueIndex('subscriptions_live')
      .on(table.organizationId, table.accountId, table.planId)
      .where(sql.raw(`status in (${quoted(liveStatuses)})`)),
    unique('subscriptions_external_key').on(table.organizationId, table.externalKey),
    check('subscriptions_status', sql.raw(`status in (${quoted(subscriptionStatuses)})`)),
    check('subscriptions_billing_time', sql.raw(`billing_time in (${quoted(billingTimes)})`)),
    check('subscriptions_trial_end', sql.raw(`trial_end in (${quoted(trialEnds)})`)),
    check('subscriptions_paused', sql`(${table.status} = 'paused') = (${table.pausedAt} is not null)`),
    check('subscriptions_quantity', sql`${table.quantity} between 1 and 1000000`),
    check('subscriptions_period', sql`${table.periodStart} < ${table.periodEnd}`),
  ],
)

function quoted(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ')
}
