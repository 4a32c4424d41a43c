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
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import { subscriptions } from '../subscriptions/tables.ts'
import type { CouponDuration, CouponPlan } from './domain/coupon.ts'

/** One of the two ways to take something off, whole. */
const percentOrAmount = `num_nonnulls(percent_off, amount_off) = 1 and (amount_off is null) = (currency is null)
  and (amount_off is null or amount_off > 0)`

export const coupons = pgTable(
  'coupons',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'coupon'>>(),
    version: integer('version').notNull(),
    code: text('code').notNull(),
    name: text('name').notNull(),
    percentOff: text('percent_off'),
    amountOff: bigint('amount_off', { mode: 'bigint' }),
    currency: text('currency').$type<Currency>(),
    duration: text('duration').notNull().$type<CouponDuration['type']>(),
    periods: integer('periods'),
    plans: jsonb('plans').$type<readonly CouponPlan[]>(),
    redeemBy: instantColumn('redeem_by'),
    maxRedemptions: integer('max_redemptions'),
    redemptions: integer('redemptions').notNull(),
    metadata: jsonb('metadata').notNull().$type<Metadata>(),
    archivedAt: instantColumn('archived_at'),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'coupons_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({ columns: [table.organizationId], foreignColumns: [organizations.id], name: 'coupons_organization' }),
    unique('coupons_code').on(table.organizationId, table.code),
    check('coupons_terms', sql.raw(percentOrAmount)),
    check(
      'coupons_duration',
      sql.raw(`duration in ('once', 'forever') or (duration = 'periods' and periods is not null)`),
    ),
    check('coupons_max_redemptions', sql`${table.redemptions} <= ${table.maxRedemptions}`),
  ],
)

export const discounts = pgTable(
  'discounts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'discount'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    subscriptionId: uuid('subscription_id').$type<Id<'subscription'>>(),
    version: integer('version').notNull(),
    couponId: uuid('coupon_id').notNull().$type<Id<'coupon'>>(),
    couponCode: text('coupon_code').notNull(),
    name: text('name').notNull(),
    percentOff: text('percent_off'),
    amountOff: bigint('amount_off', { mode: 'bigint' }),
    currency: text('currency').$type<Currency>(),
    planIds: jsonb('plan_ids').$type<readonly Id<'plan'>[]>(),
    remaining: integer('remaining'),
    attachedAt: instantColumn('attached_at').notNull(),
    endedAt: instantColumn('ended_at'),
  },
  (table) => [
    primaryKey({ name: 'discounts_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId, table.accountId],
      foreignColumns: [accounts.organizationId, accounts.id],
      name: 'discounts_account',
    }),
    foreignKey({
      columns: [table.organizationId, table.subscriptionId],
      foreignColumns: [subscriptions.organizationId, subscriptions.id],
      name: 'discounts_subscription',
    }),
    foreignKey({
      columns: [table.organizationId, table.couponId],
      foreignColumns: [coupons.organizationId, coupons.id],
      name: 'discounts_coupon',
    }),
    // A coupon discounts one thing once at a time; null is no value to a unique index, so each scope has its own.
    uniqueIndex('discounts_live_on_account')
      .on(table.organizationId, table.accountId, table.couponId)
      .where(sql`${table.endedAt} is null and ${table.subscriptionId} is null`),
    uniqueIndex('discounts_live_on_subscription')
      .on(table.organizationId, table.subscriptionId, table.couponId)
      .where(sql`${table.endedAt} is null and ${table.subscriptionId} is not null`),
    index('discounts_live_by_account').on(table.organizationId, table.accountId).where(sql`${table.endedAt} is null`),
    check('discounts_terms', sql.raw(percentOrAmount)),
    check(
      'discounts_remaining',
      sql`${table.remaining} >= 0 and (${table.remaining} > 0 or ${table.endedAt} is not null)`,
    ),
  ],
)
