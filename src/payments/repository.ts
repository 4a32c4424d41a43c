import { and, asc, desc, eq, getTableColumns, lt, type SQL, sql } from 'drizzle-orm'
import { paymentMethods } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { type Instant, plusMs, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { type ClaimedBy, claimDue, type DueCharges, isDueAt, LEASE_MS } from './claim-repository.ts'
import { askAgainAt } from './domain/outcome.ts'
import type { Attempt, Payment } from './domain/payment.ts'
import { gatewayAccounts, paymentAttempts, payments } from './tables.ts'

type Organization = Id<'organization'>
export type GatewayAccount = typeof gatewayAccounts.$inferSelect

const newPaymentRows = insertsInto(payments, 'account')
const newAttemptRows = insertsInto(paymentAttempts, 'account')
const changedPaymentRows = updatesOf(payments, 'account', [
  ...(['status', 'amount', 'paymentMethodId', 'gatewayAccountId', 'outcome', 'decline', 'settledAt'] as const),
])
const changedAttemptRows = updatesOf(paymentAttempts, 'account', ['outcome', 'decline', 'endedAt', 'claimedUntil'])

type Changed<T> = { readonly made: readonly T[]; readonly changed: readonly T[] }

/** When money came in is kept in real time too: the gateway's books know no test clock. */
export function paymentFragments({ made, changed }: Changed<Payment>, realNow: Instant): readonly Fragment[] {
  const toRow = (payment: Payment) => ({ ...payment, settledAt: payment.status === 'succeeded' ? realNow : null })
  return [newPaymentRows(made.map(toRow)), changedPaymentRows(changed.map(toRow))]
}

/**
 * `inline`: the request goes on to charge by itself, under a lease; otherwise the charge queue takes it, and the lease of
 * an account on a test clock is over from the start, so that real time's sweep sees it too. An attempt whose outcome is
 * open gets its next look with it: one row can be updated once a statement.
 */
export function attemptFragments(
  { made, changed }: Changed<Attempt>,
  inline: boolean,
  realNow: Instant,
): readonly Fragment[] {
  // A run ahead of time makes invoices of the future; their charges are due when they are made.
  const dueInTime = ({ clockId, dueAt }: Attempt) => (clockId === null && dueAt > realNow ? realNow : dueAt)
  const leaseOf = ({ clockId }: Attempt) => (inline ? plusMs(realNow, LEASE_MS) : clockId === null ? null : realNow)
  return [
    newAttemptRows(made.map((attempt) => ({ ...attempt, dueAt: dueInTime(attempt), claimedUntil: leaseOf(attempt) }))),
    changedAttemptRows(changed.map((attempt) => ({ ...attempt, claimedUntil: askAgainAt(attempt.outcome, realNow) }))),
  ]
}

export function paymentFrom({ settledAt, balanceTransaction, ...payment }: typeof payments.$inferSelect): Payment {
  return payment
}

export function attemptFrom({ claimedUntil, claim, ...attempt }: typeof paymentAttempts.$inferSelect): Attempt {
  return attempt
}

/** Takes up to `limit` due attempts of each kind under a lease. Two who ask at once get different ones. */
export function claimAttempts(database: Database, due: DueCharges, by: ClaimedBy) {
  return claimDue(database, 'payment_attempts', due, by)
}

/** The gateway accounts that have something to charge or to give back. */
export function gatewayAccountsWithWork(database: Database, realNow: Instant) {
  return database.orm
    .select({ id: gatewayAccounts.id })
    .from(gatewayAccounts)
    .where(sql`${isDueAt('payment_attempts', realNow)} or ${isDueAt('refunds', realNow)}`)
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

/** The open attempts of some payments; every read of attempts is by such a condition. */
export function openAttemptsOf(organizationId: Organization, paymentIds: readonly Id<'payment'>[]): SQL {
  return sql`ended_at is null and organization_id = ${organizationId} and payment_id in ${[...paymentIds]}`
}

/**
 * What charging needs to know besides its accounts, read by the attempts that `which` says; `invoices` are those that an
 * account's snapshot must hold.
 */
export function chargeReads(database: Database, which: SQL) {
  const by = (column: string) => sql`(select organization_id, ${sql.raw(column)} from payment_attempts where ${which})`
  return {
    attempts: database.orm
      .select()
      .from(paymentAttempts)
      .where(which)
      .orderBy(asc(paymentAttempts.dueAt), asc(paymentAttempts.id)),
    methods: database.orm
      .select()
      .from(paymentMethods)
      .where(sql`(${paymentMethods.organizationId}, ${paymentMethods.id}) in ${by('payment_method_id')}`),
    gatewayAccounts: gatewayAccountsIn(database, by('gateway_account_id')),
    accounts: by('account_id'),
    invoices: sql`(select p.organization_id, p.invoice_id from payments p
      where (p.organization_id, p.id) in ${by('payment_id')})`,
  }
}

/**
 * Keeps the gateway's ids before the first confirmation, and answers which payments may still be confirmed: those that
 * have no other id, after a look at the invoice in the same statement, as late as can be.
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
      and coalesce(p.gateway_payment, r.gateway_payment) = r.gateway_payment
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

export type PaymentFilter = {
  readonly account?: Id<'account'> | undefined
  readonly invoice?: Id<'invoice'> | undefined
  readonly status?: Payment['status'] | undefined
}

/**
 * What of a payment is refunded or on its way back, in minor units: a column of a query of `payments`. By name, because
 * a column object would lose its table in a query of one.
 */
const refundedOfPayment = sql<bigint>`(select coalesce(sum(f.amount), 0) from refunds f
  where f.organization_id = payments.organization_id and f.payment_id = payments.id
    and (f.status <> 'failed' or f.resolution in ('credit', 'out_of_band')))`.mapWith(BigInt)

/** The columns of a payment as it is shown. */
export const shownPayment = { ...getTableColumns(payments), refunded: refundedOfPayment }

export function paymentPage(database: Database, organizationId: Organization, filter: PaymentFilter, page: PageQuery) {
  return database.orm
    .select(shownPayment)
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
    .select(shownPayment)
    .from(payments)
    .where(and(eq(payments.organizationId, organizationId), eq(payments.id, id)))
}

type AtGateway = {
  readonly organizationId: Organization
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly gatewayPayment: string
  readonly ourPayment?: Id<'payment'> | null
}

/** The payment that a gateway speaks of: by its own id, or by ours that it was given. */
export async function paymentAtGateway(database: Database, at: AtGateway): Promise<Payment | null> {
  const { organizationId, gatewayAccountId, gatewayPayment, ourPayment = null } = at
  const ours =
    ourPayment === null ? sql`false` : sql`(${payments.id} = ${ourPayment} and ${payments.gatewayPayment} is null)`
  const [row] = await database.orm
    .select()
    .from(payments)
    .where(
      and(
        eq(payments.organizationId, organizationId),
        eq(payments.gatewayAccountId, gatewayAccountId),
        sql`(${payments.gatewayPayment} = ${gatewayPayment} or ${ours})`,
      ),
    )
    .limit(1)
  return row === undefined ? null : paymentFrom(row)
}

/** The gateway's id of a payment that was lost on its way here. */
export async function namePayment(
  database: Database,
  { organizationId, id }: Pick<Payment, 'organizationId' | 'id'>,
  gatewayPayment: string,
): Promise<void> {
  await database.orm
    .update(payments)
    .set({ gatewayPayment })
    .where(
      and(eq(payments.organizationId, organizationId), eq(payments.id, id), sql`${payments.gatewayPayment} is null`),
    )
}

/** Every payment of some invoices; `invoices` is a subquery of (organization_id, id). */
export function paymentsIn(database: Database, invoices: SQL) {
  return database.orm
    .select()
    .from(payments)
    .where(sql`(${payments.organizationId}, ${payments.invoiceId}) in ${invoices}`)
}

/** The tries of some invoices' payments that are not paid; `invoices` is a subquery of (organization_id, id). */
export function attemptsIn(database: Database, invoices: SQL) {
  return database.orm
    .select()
    .from(paymentAttempts)
    .where(
      sql`(${paymentAttempts.organizationId}, ${paymentAttempts.paymentId}) in (select p.organization_id, p.id
        from payments p where (p.organization_id, p.invoice_id) in ${invoices} and p.status <> 'succeeded')`,
    )
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
