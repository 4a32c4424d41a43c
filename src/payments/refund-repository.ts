import { and, asc, desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import type { Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Refund } from './domain/refund.ts'
import { askRefundAgainAt } from './domain/refund-outcome.ts'
import { gatewayAccountsIn } from './repository.ts'
import { payments, refunds } from './tables.ts'

type Organization = Id<'organization'>

const newRefunds = insertsInto(refunds, 'account')
const changes = [
  ...(['status', 'outcome', 'failure', 'resolution', 'gatewayRefund', 'endedAt', 'claimedUntil', 'settledAt'] as const),
] as const
const changedRows = updatesOf(refunds, 'account', changes)

/**
 * They are sent by the charge queue, which the relay tells of them. The lease of an account on a test clock is over from
 * the start, so that real time's sweep sees what a request made there.
 */
export function createdRefunds(created: readonly Refund[], realNow: Instant): Fragment {
  // A run ahead of time makes documents of the future; their refunds are due when they are made.
  const dueInTime = ({ clockId, dueAt }: Refund) => (clockId === null && dueAt > realNow ? realNow : dueAt)
  return newRefunds(
    created.map((refund) => ({
      ...refund,
      dueAt: dueInTime(refund),
      claimedUntil: refund.clockId === null ? null : realNow,
      settledAt: settledAtOf(refund, realNow),
    })),
  )
}

/** A refund whose outcome is open gets its next look with it. */
export function changedRefunds(changed: readonly Refund[], realNow: Instant): Fragment {
  return changedRows(
    changed.map((refund) => ({
      ...refund,
      claimedUntil: askRefundAgainAt(refund.outcome, realNow),
      settledAt: settledAtOf(refund, realNow),
    })),
  )
}

/** When money went out is kept in real time too: the gateway's books know no test clock. */
function settledAtOf({ status }: Refund, realNow: Instant): Instant | null {
  return status === 'succeeded' ? realNow : null
}

export function refundFrom({
  claimedUntil,
  claim,
  settledAt,
  balanceTransaction,
  ...refund
}: typeof refunds.$inferSelect): Refund {
  return refund
}

/** What sending needs to know, read by the refunds that `which` says. */
export function refundReads(database: Database, which: SQL) {
  const by = (column: string) => sql`(select organization_id, ${sql.raw(column)} from refunds where ${which})`
  return {
    refunds: database.orm.select().from(refunds).where(which).orderBy(asc(refunds.dueAt), asc(refunds.id)),
    payments: database.orm
      .select()
      .from(payments)
      .where(sql`(${payments.organizationId}, ${payments.id}) in ${by('payment_id')}`),
    gatewayAccounts: gatewayAccountsIn(database, by('gateway_account_id')),
    accounts: by('account_id'),
  }
}

/** Some refunds that are open still. */
export function openRefundsBy(organizationId: Organization, ids: readonly Id<'refund'>[]): SQL {
  return sql`ended_at is null and organization_id = ${organizationId} and id in ${[...ids]}`
}

/** Puts off the next look at refunds of which nothing new was heard. */
export async function putOffRefunds(
  database: Database,
  refunds: readonly { readonly refund: Refund; readonly until: Instant }[],
): Promise<void> {
  if (refunds.length === 0) return
  const rows = refunds.map(({ refund, until }) => ({
    organization_id: refund.organizationId,
    id: refund.id,
    until: toIso(until),
  }))
  await database.orm.execute(sql`
    update refunds f set claimed_until = r.until, claim = null
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(organization_id uuid, id uuid, until timestamptz)
    where f.organization_id = r.organization_id and f.id = r.id and f.ended_at is null`)
}

/** Every refund of some invoices' payments; `invoices` is a subquery of (organization_id, id). */
export function refundsIn(database: Database, invoices: SQL) {
  return database.orm
    .select()
    .from(refunds)
    .where(
      sql`(${refunds.organizationId}, ${refunds.paymentId}) in (
        select p.organization_id, p.id from payments p where (p.organization_id, p.invoice_id) in ${invoices})`,
    )
}

/** The refund that a gateway speaks of: by its own id, or by ours that it was given. */
export async function refundAtGateway(
  database: Database,
  at: {
    readonly organizationId: Organization
    readonly gatewayAccountId: Id<'gateway_account'>
    readonly gatewayRefund: string
    readonly ourRefund: Id<'refund'> | null
  },
): Promise<Refund | null> {
  const ours = at.ourRefund === null ? sql`false` : sql`${refunds.id} = ${at.ourRefund}`
  const [row] = await database.orm
    .select()
    .from(refunds)
    .where(
      and(
        eq(refunds.organizationId, at.organizationId),
        eq(refunds.gatewayAccountId, at.gatewayAccountId),
        sql`(${refunds.gatewayRefund} = ${at.gatewayRefund} or ${ours})`,
      ),
    )
    .limit(1)
  return row === undefined ? null : refundFrom(row)
}

export type RefundFilter = {
  readonly account?: Id<'account'> | undefined
  readonly payment?: Id<'payment'> | undefined
  readonly status?: Refund['status'] | undefined
}

export function refundPage(database: Database, organizationId: Organization, filter: RefundFilter, page: PageQuery) {
  return database.orm
    .select()
    .from(refunds)
    .where(
      and(
        eq(refunds.organizationId, organizationId),
        filter.account === undefined ? undefined : eq(refunds.accountId, filter.account),
        filter.payment === undefined ? undefined : eq(refunds.paymentId, filter.payment),
        filter.status === undefined ? undefined : eq(refunds.status, filter.status),
        page.cursor === undefined ? undefined : lt(refunds.id, page.cursor as Id<'refund'>),
      ),
    )
    .orderBy(desc(refunds.id))
    .limit(page.limit + 1)
}

export function refundById(database: Database, organizationId: Organization, id: Id<'refund'>) {
  return database.orm
    .select()
    .from(refunds)
    .where(and(eq(refunds.organizationId, organizationId), eq(refunds.id, id)))
}
