import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts, paymentMethods, testClocks } from '../accounts/tables.ts'
import { creditNotes, invoices } from '../invoices/tables.ts'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import { instantColumn } from '../platform/db/columns.ts'
import type { Sealed } from '../platform/seal.ts'
import type { Decline } from './domain/decline.ts'
import { type Dispute, disputeStatuses } from './domain/dispute.ts'
import { type Attempt, attemptReasons, type Manual, type OutcomeKind, type Payment } from './domain/payment.ts'
import { type Refund, type RefundOutcomeKind, refundResolutions } from './domain/refund.ts'

export const gatewayAccounts = pgTable(
  'gateway_accounts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'gateway_account'>>(),
    /** Of what is set by request; not of how far its work has come. */
    version: integer('version').notNull().default(1),
    kind: text('kind').notNull().$type<'stripe'>(),
    name: text('name').notNull(),
    /** The secret key, sealed: readable only with the Worker's SEALING_KEY. */
    secret: jsonb('secret').notNull().$type<Sealed>(),
    createdAt: instantColumn('created_at').notNull(),
    /** Until then nobody else charges here: about twenty a second is what it takes. */
    chargingUntil: instantColumn('charging_until'),
    /** With which its webhooks are signed; null: none are taken. */
    webhookSecret: jsonb('webhook_secret').$type<Sealed>(),
    webhookEndpoint: text('webhook_endpoint'),
    /** Until then its events were listed, in the gateway's time; what a webhook lost is before. */
    eventsReadTo: instantColumn('events_read_to'),
    /** Until then its balance transactions were compared with what is known here, in the gateway's time. */
    reconciledTo: instantColumn('reconciled_to'),
    /** Whoever looks after it next does so then, in real time. */
    lookAt: instantColumn('look_at'),
  },
  (table) => [
    primaryKey({ name: 'gateway_accounts_pkey', columns: [table.organizationId, table.id] }),
    foreignKey({
      columns: [table.organizationId],
      foreignColumns: [organizations.id],
      name: 'gateway_accounts_organization',
    }),
    uniqueIndex('gateway_accounts_id').on(table.id),
  ],
)

export const payments = pgTable(
  'payments',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'payment'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    invoiceId: uuid('invoice_id').notNull().$type<Id<'invoice'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Payment['status']>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    paymentMethodId: uuid('payment_method_id').$type<Id<'payment_method'>>(),
    gatewayAccountId: uuid('gateway_account_id').$type<Id<'gateway_account'>>(),
    gatewayPayment: text('gateway_payment'),
    manual: jsonb('manual').$type<Manual>(),
    /** When it succeeded, in real time: the gateway's books know no test clock. */
    settledAt: instantColumn('settled_at'),
    balanceTransaction: text('balance_transaction'),
    outcome: text('outcome').$type<OutcomeKind>(),
    decline: jsonb('decline').$type<Decline>(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'payments_pkey', columns: [table.organizationId, table.id] }),
    reference('payments_invoice', table, 'invoiceId', invoices),
    reference('payments_method', table, 'paymentMethodId', paymentMethods),
    reference('payments_gateway_account', table, 'gatewayAccountId', gatewayAccounts),
    reference('payments_account', table, 'accountId', accounts),
    uniqueIndex('payments_open').on(table.organizationId, table.invoiceId).where(sql`${table.status} = 'pending'`),
    index('payments_by_invoice').on(table.organizationId, table.invoiceId),
    index('payments_by_account').on(table.organizationId, table.accountId),
    uniqueIndex('payments_gateway_payment').on(table.gatewayAccountId, table.gatewayPayment),
    check('payments_status', sql`${table.status} in ('pending', 'succeeded', 'failed')`),
    check('payments_amount', sql`${table.amount} > 0`),
    check('payments_way', sql`(${table.manual} is null) = (${table.gatewayAccountId} is not null)`),
    check('payments_method_given', sql`(${table.manual} is null) = (${table.paymentMethodId} is not null)`),
    check('payments_settled', sql`(${table.settledAt} is null) or (${table.status} = 'succeeded')`),
    index('payments_unmatched')
      .on(table.gatewayAccountId, table.settledAt)
      .where(sql`${table.balanceTransaction} is null and ${table.gatewayPayment} is not null`),
  ],
)

export const paymentAttempts = pgTable(
  'payment_attempts',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'attempt'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    paymentId: uuid('payment_id').notNull().$type<Id<'payment'>>(),
    paymentMethodId: uuid('payment_method_id').notNull().$type<Id<'payment_method'>>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    reason: text('reason').notNull().$type<Attempt['reason']>(),
    returnUrl: text('return_url'),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    clockId: uuid('clock_id').$type<Id<'test_clock'>>(),
    version: integer('version').notNull(),
    dueAt: instantColumn('due_at').notNull(),
    outcome: text('outcome').$type<OutcomeKind>(),
    decline: jsonb('decline').$type<Decline>(),
    endedAt: instantColumn('ended_at'),
    /** The lease of who is charging it, in real time: a charge that was lost with its Worker is resumed after it. */
    claimedUntil: instantColumn('claimed_until'),
    claim: uuid('claim'),
  },
  (table) => [
    primaryKey({ name: 'payment_attempts_pkey', columns: [table.organizationId, table.id] }),
    reference('payment_attempts_payment', table, 'paymentId', payments),
    reference('payment_attempts_account', table, 'accountId', accounts),
    reference('payment_attempts_gateway_account', table, 'gatewayAccountId', gatewayAccounts),
    reference('payment_attempts_clock', table, 'clockId', testClocks),
    reference('payment_attempts_method', table, 'paymentMethodId', paymentMethods),
    check('payment_attempts_reason', sql.raw(`reason in (${quoted(attemptReasons)})`)),
    // One try at a time: whoever begins a second one loses.
    uniqueIndex('payment_attempts_open').on(table.organizationId, table.paymentId).where(sql`${table.endedAt} is null`),
    index('payment_attempts_claim').on(table.claim).where(sql`${table.endedAt} is null and ${table.claim} is not null`),
    index('payment_attempts_by_payment').on(table.organizationId, table.paymentId),
    index('payment_attempts_due')
      .on(table.gatewayAccountId, table.dueAt, table.id)
      .where(sql`${table.endedAt} is null`),
    index('payment_attempts_clock_due').on(table.clockId, table.dueAt).where(sql`${table.endedAt} is null`),
  ],
)

export const refunds = pgTable(
  'refunds',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'refund'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    paymentId: uuid('payment_id').notNull().$type<Id<'payment'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    clockId: uuid('clock_id').$type<Id<'test_clock'>>(),
    creditNoteId: uuid('credit_note_id').$type<Id<'credit_note'>>(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Refund['status']>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    writtenOff: bigint('written_off', { mode: 'bigint' }).notNull(),
    granted: bigint('granted', { mode: 'bigint' }),
    currency: text('currency').notNull().$type<Currency>(),
    reason: text('reason'),
    gatewayRefund: text('gateway_refund'),
    outcome: text('outcome').$type<RefundOutcomeKind>(),
    failure: text('failure'),
    resolution: text('resolution').$type<Refund['resolution']>(),
    dueAt: instantColumn('due_at').notNull(),
    createdAt: instantColumn('created_at').notNull(),
    endedAt: instantColumn('ended_at'),
    /** The lease of who sends it, in real time; after an open outcome, the next look. */
    claimedUntil: instantColumn('claimed_until'),
    claim: uuid('claim'),
    settledAt: instantColumn('settled_at'),
    balanceTransaction: text('balance_transaction'),
  },
  (table) => [
    primaryKey({ name: 'refunds_pkey', columns: [table.organizationId, table.id] }),
    reference('refunds_payment', table, 'paymentId', payments),
    reference('refunds_account', table, 'accountId', accounts),
    reference('refunds_gateway_account', table, 'gatewayAccountId', gatewayAccounts),
    reference('refunds_clock', table, 'clockId', testClocks),
    reference('refunds_credit_note', table, 'creditNoteId', creditNotes),
    index('refunds_by_payment').on(table.organizationId, table.paymentId),
    index('refunds_by_account').on(table.organizationId, table.accountId),
    uniqueIndex('refunds_gateway_refund').on(table.gatewayAccountId, table.gatewayRefund),
    index('refunds_unmatched')
      .on(table.gatewayAccountId, table.settledAt)
      .where(sql`${table.balanceTransaction} is null and ${table.gatewayRefund} is not null`),
    index('refunds_claim').on(table.claim).where(sql`${table.endedAt} is null and ${table.claim} is not null`),
    index('refunds_due').on(table.gatewayAccountId, table.dueAt, table.id).where(sql`${table.endedAt} is null`),
    index('refunds_clock_due').on(table.clockId, table.dueAt).where(sql`${table.endedAt} is null`),
    check('refunds_status', sql`${table.status} in ('pending', 'succeeded', 'failed')`),
    check('refunds_ended', sql`(${table.status} = 'pending') = (${table.endedAt} is null)`),
    check(
      'refunds_resolution',
      sql.raw(`resolution is null or status = 'failed' and resolution in (${quoted(refundResolutions)})`),
    ),
    check('refunds_amount', sql`${table.amount} > 0 and ${table.writtenOff} >= 0`),
  ],
)

export const disputes = pgTable(
  'disputes',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    id: uuid('id').notNull().$type<Id<'dispute'>>(),
    accountId: uuid('account_id').notNull().$type<Id<'account'>>(),
    paymentId: uuid('payment_id').notNull().$type<Id<'payment'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    gatewayDispute: text('gateway_dispute').notNull(),
    version: integer('version').notNull(),
    status: text('status').notNull().$type<Dispute['status']>(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull().$type<Currency>(),
    reason: text('reason').notNull(),
    evidenceDueAt: instantColumn('evidence_due_at'),
    createdAt: instantColumn('created_at').notNull(),
    endedAt: instantColumn('ended_at'),
  },
  (table) => [
    primaryKey({ name: 'disputes_pkey', columns: [table.organizationId, table.id] }),
    reference('disputes_payment', table, 'paymentId', payments),
    reference('disputes_account', table, 'accountId', accounts),
    reference('disputes_gateway_account', table, 'gatewayAccountId', gatewayAccounts),
    uniqueIndex('disputes_gateway_dispute').on(table.gatewayAccountId, table.gatewayDispute),
    index('disputes_by_payment').on(table.organizationId, table.paymentId),
    index('disputes_by_account').on(table.organizationId, table.accountId),
    check('disputes_status', sql.raw(`status in (${quoted(disputeStatuses)})`)),
    check('disputes_ended', sql`(${table.status} in ('won', 'lost', 'closed')) = (${table.endedAt} is not null)`),
    check('disputes_amount', sql`${table.amount} > 0`),
  ],
)

/** What a gateway told us of, each once by its id, until it is applied. The payload is a hint and is not kept. */
export const gatewayEvents = pgTable(
  'gateway_events',
  {
    organizationId: uuid('organization_id').notNull().$type<Id<'organization'>>(),
    gatewayAccountId: uuid('gateway_account_id').notNull().$type<Id<'gateway_account'>>(),
    eventId: text('event_id').notNull(),
    type: text('type').notNull(),
    /** The gateway's id of what it is about, whose present state is looked up. */
    objectId: text('object_id').notNull(),
    /** webhook, or found by listing what a webhook lost. */
    source: text('source').notNull().$type<'webhook' | 'list'>(),
    receivedAt: instantColumn('received_at').notNull(),
    appliedAt: instantColumn('applied_at'),
    tries: integer('tries').notNull().default(0),
    /** The lease of who applies it; after an error, the next try. */
    nextAt: instantColumn('next_at').notNull(),
    error: text('error'),
  },
  (table) => [
    primaryKey({ name: 'gateway_events_pkey', columns: [table.gatewayAccountId, table.eventId] }),
    reference('gateway_events_gateway_account', table, 'gatewayAccountId', gatewayAccounts),
    index('gateway_events_received').on(table.gatewayAccountId, table.receivedAt),
    index('gateway_events_waiting').on(table.nextAt).where(sql`${table.appliedAt} is null`),
  ],
)

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}

/** To a row of the same organization. */
function reference<K extends string>(
  name: string,
  table: Readonly<Record<'organizationId' | K, AnyPgColumn>>,
  column: K,
  to: Readonly<Record<'organizationId' | 'id', AnyPgColumn>>,
) {
  const foreignColumns: [AnyPgColumn, AnyPgColumn] = [to.organizationId, to.id]
  return foreignKey({ columns: [table.organizationId, table[column]], foreignColumns, name })
}
