import { and, asc, desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import { paymentMethods } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { type Instant, plusMs, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { askAgainAt } from './domain/outcome.ts'
import type { Attempt, Charge, Payment } from './domain/payment.ts'
import { gatewayAccounts, paymentAttempts, payments } from './tables.ts'

type Organization = Id<'organization'>
export type GatewayAccount = typeof gatewayAccounts.$inferSelect

const newPayments = insertsInto(payments, 'account')
const newAttempts = insertsInto(paymentAttempts, 'account')
const changedPayments = updatesOf(payments, 'account', ['status', 'outcome', 'decline'])
const changedAttempts = updatesOf(paymentAttempts, 'account', ['outcome', 'decline', 'endedAt', 'claimedUntil'])
export const newGatewayAccounts = insertsInto(gatewayAccounts, 'organization')

/** How long whoever charges may take; after it the sweep takes over under the same keys. */
const CHARGE_LEASE_MS = 60_000

/**
 * `inline`: the request goes on to charge by itself, under a lease; otherwise the charge queue takes it, and the lease of
 * an account on a test clock is over from the start, so that real time's sweep sees it too.
 */
export function createdCharges(charges: readonly Charge[], inline: boolean, realNow: Instant): readonly Fragment[] {
  // A run ahead of time makes invoices of the future; their charges are due when they are made.
  const dueInTime = ({ attempt }: Charge) =>
    attempt.clockId === null && attempt.dueAt > realNow ? realNow : attempt.dueAt
  const leaseOf = ({ attempt }: Charge) =>
    inline ? plusMs(realNow, CHARGE_LEASE_MS) : attempt.clockId === null ? null : realNow
  return [
    newPayments(charges.map(({ payment }) => payment)),
    newAttempts(
      charges.map((charge) => ({ ...charge.attempt, dueAt: dueInTime(charge), claimedUntil: leaseOf(charge) })),
    ),
  ]
}

/** An attempt whose outcome is open gets its next look with it: one row can be updated once a statement. */
export function changedCharges(charges: readonly Charge[], realNow: Instant): readonly Fragment[] {
  return [
    changedPayments(charges.map(({ payment }) => payment)),
    changedAttempts(charges.map(({ attempt }) => ({ ...attempt, claimedUntil: askAgainAt(attempt.outcome, realNow) }))),
  ]
}

export function paymentFrom(row: typeof payments.$inferSelect): Payment {
  return row
}

export function attemptFrom({ claimedUntil, claim, ...attempt }: typeof paymentAttempts.$inferSelect): Attempt {
  return attempt
}

/** Which attempts to charge: those of one gateway account in real time, or those of one test clock up to its time. */
export type DueCharges =
  | { readonly gatewayAccountId: Id<'gateway_account'> }
  | { readonly clockId: Id<'test_clock'>; readonly now: Instant }

const free = (realNow: Instant) =>
  sql`ended_at is null and (claimed_until is null or claimed_until <= ${toIso(realNow)})`

/** Due in real time, and nobody is charging it. */
function dueInRealTime(realNow: Instant) {
  return sql`clock_id is null and due_at <= ${toIso(realNow)} and ${free(realNow)}`
}

/** What a request began on a test clock and left in doubt; a clock under way takes its own and must find them. */
function leftOnClocks(realNow: Instant) {
  return sql`clock_id is not null and claimed_until is not null and ${free(realNow)}
    and clock_id not in (select t.id from test_clocks t where t.target_at is not null)`
}

/** Takes up to `limit` due attempts of each kind under a lease. Two who ask at once get different ones. */
export function claimAttempts(
  database: Database,
  due: DueCharges,
  { claim, limit, realNow }: { readonly claim: string; readonly limit: number; readonly realNow: Instant },
) {
  const locked = (whose: SQL) => sql`select organization_id, id from payment_attempts where ${whose}
    order by due_at, id limit ${limit} for update skip locked`
  const here = sql`gateway_account_id = ${'gatewayAccountId' in due ? due.gatewayAccountId : null}`
  const rows =
    'clockId' in due
      ? sql`with due as (${locked(sql`clock_id = ${due.clockId} and due_at <= ${toIso(due.now)} and ${free(realNow)}`)})`
      : sql`with now_due as (${locked(sql`${here} and ${dueInRealTime(realNow)}`)}),
          in_doubt as (${locked(sql`${here} and ${leftOnClocks(realNow)}`)}),
          due as (select * from now_due union all select * from in_doubt)`
  return database.orm.execute(sql`${rows}
    update payment_attempts a set claim = ${claim}, claimed_until = ${toIso(plusMs(realNow, CHARGE_LEASE_MS))}
    from due where a.organization_id = due.organization_id and a.id = due.id`)
}

/** The gateway accounts that have something to charge. */
export function gatewayAccountsWithWork(database: Database, realNow: Instant) {
  const some = (whose: SQL) => sql`exists (select from payment_attempts a
    where a.gateway_account_id = gateway_accounts.id and ${whose})`
  return database.orm
    .select({ id: gatewayAccounts.id })
    .from(gatewayAccounts)
    .where(sql`${some(dueInRealTime(realNow))} or ${some(leftOnClocks(realNow))}`)
}

/** Who charges at a gateway account next: one at a time, until a given instant. */
export async function takeTurn(
  database: Database,
  id: Id<'gateway_account'>,
  { at, until }: { readonly at: Instant; readonly until: Instant },
): Promise<boolean> {
  const taken = await database.orm
    .update(gatewayAccounts)
    .set({ chargingUntil: until })
    .where(and(eq(gatewayAccounts.id, id), sql`coalesce(charging_until <= ${toIso(at)}, true)`))
    .returning({ id: gatewayAccounts.id })
  return taken.length > 0
}

/** Puts off the next look at attempts whose outcome is still open. */
export function postponed(attempts: readonly { readonly attempt: Attempt; readonly until: Instant }[]): Fragment {
  return {
    name: 'postponed',
    rows: attempts.map(({ attempt, until }) => ({
      organization_id: attempt.organizationId,
      id: attempt.id,
      until: toIso(until),
    })),
    statement: (parameter) =>
      `update payment_attempts a set claimed_until = r.until, claim = null
       from json_to_recordset(${parameter}::json) as r(organization_id uuid, id uuid, until timestamptz)
       where a.organization_id = r.organization_id and a.id = r.id`,
  }
}

/** The attempts of a claim, or of some payments, as a subquery; every read of them is by it. */
export function claimedAs(claim: string): SQL {
  return sql`ended_at is null and claim = ${claim}`
}

export function openAttemptsOf(organizationId: Organization, paymentIds: readonly Id<'payment'>[]): SQL {
  return sql`ended_at is null and organization_id = ${organizationId} and payment_id in ${[...paymentIds]}`
}

/** What charging needs to know, read by the attempts that `which` says. */
export function chargeReads(database: Database, which: SQL) {
  const ofPayments = sql`(select organization_id, payment_id from payment_attempts where ${which})`
  const by = (column: string) =>
    sql`(select p.organization_id, p.${sql.raw(column)} from payments p where (p.organization_id, p.id) in ${ofPayments})`
  return {
    attempts: database.orm
      .select()
      .from(paymentAttempts)
      .where(which)
      .orderBy(asc(paymentAttempts.dueAt), asc(paymentAttempts.id)),
    payments: database.orm
      .select()
      .from(payments)
      .where(sql`(${payments.organizationId}, ${payments.id}) in ${ofPayments}`),
    methods: database.orm
      .select()
      .from(paymentMethods)
      .where(sql`(${paymentMethods.organizationId}, ${paymentMethods.id}) in ${by('payment_method_id')}`),
    gatewayAccounts: gatewayAccountsIn(database, by('gateway_account_id')),
    invoices: by('invoice_id'),
    accounts: by('account_id'),
  }
}

/**
 * Keeps the gateway's ids before the first confirmation, and answers which payments may still be confirmed: a look at
 * the invoice in the same statement, as late as can be.
 */
export async function keepGatewayPayments(
  database: Database,
  made: readonly { readonly payment: Payment; readonly gatewayPayment: string }[],
): Promise<ReadonlySet<Id<'payment'>>> {
  const rows = made.map(({ payment, gatewayPayment }) => ({
    organization_id: payment.organizationId,
    id: payment.id,
    gateway_payment: gatewayPayment,
  }))
  const result = await database.orm.execute<{ id: Id<'payment'> }>(sql`
    update payments p set gateway_payment = coalesce(p.gateway_payment, r.gateway_payment)
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(organization_id uuid, id uuid, gateway_payment text), invoices i
    where p.organization_id = r.organization_id and p.id = r.id
      and i.organization_id = p.organization_id and i.id = p.invoice_id
      and p.status = 'pending' and i.status = 'open' and i.balance >= p.amount
    returning p.id`)
  return new Set(result.rows.map(({ id }) => id))
}

/** The gateway an organization charges through: its first. */
export function gatewayAccountOf(database: Database, organizationId: Organization) {
  return database.orm
    .select()
    .from(gatewayAccounts)
    .where(eq(gatewayAccounts.organizationId, organizationId))
    .orderBy(asc(gatewayAccounts.id))
    .limit(1)
}

export function gatewayAccountById(database: Database, organizationId: Organization, id: Id<'gateway_account'>) {
  return database.orm
    .select()
    .from(gatewayAccounts)
    .where(and(eq(gatewayAccounts.organizationId, organizationId), eq(gatewayAccounts.id, id)))
}

/** Gateway accounts by (organization_id, id); `chosen` is a subquery of them. */
export function gatewayAccountsIn(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(gatewayAccounts)
    .where(sql`(${gatewayAccounts.organizationId}, ${gatewayAccounts.id}) in ${chosen}`)
}

export function gatewayAccountPage(database: Database, organizationId: Organization, page: PageQuery) {
  return database.orm
    .select()
    .from(gatewayAccounts)
    .where(
      and(
        eq(gatewayAccounts.organizationId, organizationId),
        page.cursor === undefined ? undefined : lt(gatewayAccounts.id, page.cursor as Id<'gateway_account'>),
      ),
    )
    .orderBy(desc(gatewayAccounts.id))
    .limit(page.limit + 1)
}

export type PaymentFilter = {
  readonly account?: Id<'account'> | undefined
  readonly invoice?: Id<'invoice'> | undefined
  readonly status?: Payment['status'] | undefined
}

export function paymentPage(database: Database, organizationId: Organization, filter: PaymentFilter, page: PageQuery) {
  return database.orm
    .select()
    .from(payments)
    .where(
      and(
        eq(payments.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(payments.accountId, filter.account),
        filter.invoice === undefined ? undefined : eq(payments.invoiceId, filter.invoice),
        filter.status === undefined ? undefined : eq(payments.status, filter.status),
        page.cursor === undefined ? undefined : lt(payments.id, page.cursor as Id<'payment'>),
      ),
    )
    .orderBy(desc(payments.id))
    .limit(page.limit + 1)
}

export function paymentById(database: Database, organizationId: Organization, id: Id<'payment'>) {
  return database.orm
    .select()
    .from(payments)
    .where(and(eq(payments.organizationId, organizationId), eq(payments.id, id)))
}

/** A payment that is being tried with a method. */
export function pendingPaymentBy(database: Database, organizationId: Organization, method: Id<'payment_method'>) {
  return database.orm
    .select({ id: payments.id })
    .from(payments)
    .where(
      and(
        eq(payments.organizationId, organizationId),
        eq(payments.paymentMethodId, method),
        sql`exists (select from payment_attempts a where a.organization_id = ${payments.organizationId}
          and a.payment_id = ${payments.id} and a.ended_at is null)`,
      ),
    )
    .limit(1)
}

/** Newest first. */
export function attemptsOf(
  database: Database,
  organizationId: Organization,
  paymentId: Id<'payment'>,
  page: PageQuery,
) {
  return database.orm
    .select()
    .from(paymentAttempts)
    .where(
      and(
        eq(paymentAttempts.organizationId, organizationId),
        eq(paymentAttempts.paymentId, paymentId),
        page.cursor === undefined ? undefined : lt(paymentAttempts.id, page.cursor as Id<'attempt'>),
      ),
    )
    .orderBy(desc(paymentAttempts.id))
    .limit(page.limit + 1)
}
