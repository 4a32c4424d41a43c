import { and, asc, desc, eq, inArray, isNull, lt, not, or, sql } from 'drizzle-orm'
import { decodeId, type Id, uuidV7 } from '../kernel/id.ts'
import { type Instant, MINUTE_MS, plusMs } from '../kernel/instant.ts'
import type { GatewayAccount } from '../payments/repository.ts'
import { gatewayAccounts, gatewayEvents, paymentAttempts, payments, refunds } from '../payments/tables.ts'
import type { Database } from '../platform/db/client.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Difference } from './domain/difference.ts'
import type { NotApplied, Unanswered } from './domain/unanswered.ts'
import { isUntold } from './repository.ts'

type Limits = { readonly unanswered: Instant; readonly notApplied: Instant }

/**
 * What was asked of a gateway account and not answered, and what it told and was not applied: all of that which is looked
 * at `again`, and of each kind the oldest of the others. Of events those others are no difference yet.
 */
export async function waitingOf(
  database: Database,
  { id }: Pick<GatewayAccount, 'id'>,
  before: Limits,
  { again, limit }: { readonly again: readonly string[]; readonly limit: number },
): Promise<{ readonly unanswered: readonly Unanswered[]; readonly notApplied: readonly NotApplied[] }> {
  const attemptsAgain = again.flatMap((object) => decodeId('attempt', object) ?? [])
  const refundsAgain = again.flatMap((object) => decodeId('refund', object) ?? [])
  const [attempts, givenBack, events] = await database.orm.batch([
    database.orm
      .select({ id: paymentAttempts.id, amount: paymentAttempts.amount, currency: payments.currency })
      .from(paymentAttempts)
      .innerJoin(
        payments,
        and(eq(payments.organizationId, paymentAttempts.organizationId), eq(payments.id, paymentAttempts.paymentId)),
      )
      .where(
        and(
          eq(paymentAttempts.gatewayAccountId, id),
          noAnswer(paymentAttempts),
          lt(paymentAttempts.id, firstIdAt(before.unanswered) as Id<'attempt'>),
        ),
      )
      .orderBy(not(inArray(paymentAttempts.id, attemptsAgain)), asc(paymentAttempts.id))
      .limit(limit + attemptsAgain.length),
    database.orm
      .select({ id: refunds.id, amount: refunds.amount, currency: refunds.currency })
      .from(refunds)
      .where(
        and(
          eq(refunds.gatewayAccountId, id),
          noAnswer(refunds),
          lt(refunds.id, firstIdAt(before.unanswered) as Id<'refund'>),
        ),
      )
      .orderBy(not(inArray(refunds.id, refundsAgain)), asc(refunds.id))
      .limit(limit + refundsAgain.length),
    database.orm
      .select({
        ...{ eventId: gatewayEvents.eventId, type: gatewayEvents.type, objectId: gatewayEvents.objectId },
        error: gatewayEvents.error,
      })
      .from(gatewayEvents)
      .where(
        and(
          eq(gatewayEvents.gatewayAccountId, id),
          isNull(gatewayEvents.appliedAt),
          lt(gatewayEvents.receivedAt, before.notApplied),
          or(inArray(gatewayEvents.eventId, [...again]), isUntold(id, 'not_applied', gatewayEvents.eventId)),
        ),
      )
      .orderBy(
        not(inArray(gatewayEvents.eventId, [...again])),
        asc(gatewayEvents.receivedAt),
        asc(gatewayEvents.eventId),
      )
      .limit(limit + again.length),
  ])
  return {
    unanswered: [
      ...attempts.map(({ id, ...money }) => ({ id: { attempt: id }, ...money })),
      ...givenBack.map(({ id, ...money }) => ({ id: { refund: id }, ...money })),
    ],
    notApplied: events,
  }
}

/** What the gateway says to be under way is an answer. */
function noAnswer({ endedAt, outcome }: typeof paymentAttempts | typeof refunds) {
  return sql`${endedAt} is null and (${outcome} is null or ${outcome} in ('unknown', 'throttled'))`
}

/** Ids tell when they were made, in real time: `due_at` may be a test clock's. */
function firstIdAt(at: Instant): string {
  return uuidV7(at, new Uint8Array(10))
}

/** Who charges waits for an answer so long by itself. */
const ANSWERED_WITHIN_MS = 10 * MINUTE_MS

/** How gateway accounts stand: by name, because a column object would lose its table in a query of one. */
function standing(now: Instant) {
  const made = firstIdAt(plusMs(now, -ANSWERED_WITHIN_MS))
  const waiting = (table: string) => sql`(select count(*) from ${sql.raw(table)} w
    where w.gateway_account_id = gateway_accounts.id and w.ended_at is null
      and (w.outcome is null or w.outcome in ('unknown', 'throttled')) and w.id < ${made}::uuid)`
  return {
    ...{ id: gatewayAccounts.id, name: gatewayAccounts.name, reconciledTo: gatewayAccounts.reconciledTo },
    eventsReadTo: gatewayAccounts.eventsReadTo,
    open: sql<Partial<Record<Difference['kind'], number>>>`(select coalesce(json_object_agg(o.kind, o.count), '{}')
      from (select d.kind, count(*) from reconciliation_differences d
        where d.gateway_account_id = gateway_accounts.id and d.status = 'open' group by d.kind) o)`,
    unanswered: sql`${waiting('payment_attempts')} + ${waiting('refunds')}`.mapWith(Number),
    waitingEvents: sql`(select count(*) from gateway_events e
      where e.gateway_account_id = gateway_accounts.id and e.applied_at is null)`.mapWith(Number),
  }
}

export function standingPage(
  database: Database,
  organizationId: Id<'organization'>,
  { page, now }: { readonly page: PageQuery; readonly now: Instant },
) {
  return database.orm
    .select(standing(now))
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
