import { and, asc, eq, inArray, lte, or, sql } from 'drizzle-orm'
import type { Instant } from '../kernel/instant.ts'
import type { GatewayEntry } from '../payments/domain/gateway-entry.ts'
import type { GatewayAccount } from '../payments/repository.ts'
import { disputes, payments, refunds } from '../payments/tables.ts'
import type { Database } from '../platform/db/client.ts'
import type { Ours } from './domain/books.ts'
import type { Comparison } from './domain/compare.ts'
import { isUntold } from './repository.ts'

type Whose = Pick<GatewayAccount, 'organizationId' | 'id'>

const ourPayment = {
  ...{ id: payments.id, gatewayPayment: payments.gatewayPayment, status: payments.status, amount: payments.amount },
  ...{ currency: payments.currency, balanceTransaction: payments.balanceTransaction },
}
const ourRefund = {
  ...{ id: refunds.id, gatewayRefund: refunds.gatewayRefund, creditNoteId: refunds.creditNoteId },
  ...{ status: refunds.status, amount: refunds.amount, currency: refunds.currency },
  balanceTransaction: refunds.balanceTransaction,
}
const ourDispute = {
  ...{ id: disputes.id, gatewayDispute: disputes.gatewayDispute, status: disputes.status },
  ...{ amount: disputes.amount, currency: disputes.currency },
}

/** What the organization has of the things that entries are of, by the gateway's ids or by its own that they name. */
export async function oursOf(
  database: Database,
  { organizationId, id }: Whose,
  entries: readonly GatewayEntry[],
): Promise<Ours> {
  const gatewayPayments = namesIn(entries.map(({ gatewayPayment }) => gatewayPayment))
  const objects = namesIn(entries.map(({ gatewayObject }) => gatewayObject))
  const [paid, givenBack, disputed] = await database.orm.batch([
    database.orm
      .select(ourPayment)
      .from(payments)
      .where(
        and(
          eq(payments.organizationId, organizationId),
          or(
            and(eq(payments.gatewayAccountId, id), inArray(payments.gatewayPayment, gatewayPayments)),
            inArray(payments.id, namesIn(entries.map(({ ours }) => ours.payment))),
          ),
        ),
      ),
    database.orm
      .select(ourRefund)
      .from(refunds)
      .where(
        and(
          eq(refunds.organizationId, organizationId),
          or(
            and(eq(refunds.gatewayAccountId, id), inArray(refunds.gatewayRefund, objects)),
            inArray(refunds.id, namesIn(entries.map(({ ours }) => ours.refund))),
          ),
        ),
      ),
    database.orm
      .select(ourDispute)
      .from(disputes)
      .where(
        and(
          eq(disputes.organizationId, organizationId),
          eq(disputes.gatewayAccountId, id),
          inArray(disputes.gatewayDispute, objects),
        ),
      ),
  ])
  return { payments: paid, refunds: givenBack, disputes: disputed }
}

function namesIn<T extends string>(names: readonly (T | null)[]): T[] {
  return [...new Set(names.flatMap((name) => name ?? []))]
}

/** What the gateway should know: of what is not matched and is no difference yet, the oldest; and what is asked again. */
export async function awaitedOf(
  database: Database,
  { organizationId, id }: Whose,
  { since, again, limit }: { readonly since: Instant; readonly again: readonly string[]; readonly limit: number },
): Promise<Pick<Ours, 'payments' | 'refunds'>> {
  const paidHere = and(
    eq(payments.organizationId, organizationId),
    eq(payments.gatewayAccountId, id),
    eq(payments.status, 'succeeded'),
  )
  const givenBackHere = and(
    eq(refunds.organizationId, organizationId),
    eq(refunds.gatewayAccountId, id),
    eq(refunds.status, 'succeeded'),
  )
  const [newPayments, newRefunds, oldPayments, oldRefunds] = await database.orm.batch([
    database.orm
      .select(ourPayment)
      .from(payments)
      .where(
        and(
          paidHere,
          sql`${payments.balanceTransaction} is null and ${payments.gatewayPayment} is not null`,
          lte(payments.settledAt, since),
          isUntold(id, 'missing_there', payments.gatewayPayment),
        ),
      )
      .orderBy(asc(payments.settledAt), asc(payments.id))
      .limit(limit),
    database.orm
      .select(ourRefund)
      .from(refunds)
      .where(
        and(
          givenBackHere,
          sql`${refunds.balanceTransaction} is null and ${refunds.gatewayRefund} is not null`,
          lte(refunds.settledAt, since),
          isUntold(id, 'missing_there', refunds.gatewayRefund),
        ),
      )
      .orderBy(asc(refunds.settledAt), asc(refunds.id))
      .limit(limit),
    database.orm
      .select(ourPayment)
      .from(payments)
      .where(and(paidHere, inArray(payments.gatewayPayment, [...again]))),
    database.orm
      .select(ourRefund)
      .from(refunds)
      .where(and(givenBackHere, inArray(refunds.gatewayRefund, [...again]))),
  ])
  return { payments: [...newPayments, ...oldPayments], refunds: [...newRefunds, ...oldRefunds] }
}

/** Bookkeeping: what another run matched meanwhile stays. In the order of their ids, like everybody who locks them. */
export async function keepMatches(
  database: Database,
  { organizationId }: Whose,
  matches: Comparison['matches'],
): Promise<void> {
  for (const kind of ['payment', 'refund'] as const) {
    const rows = matches.filter((match) => match.kind === kind)
    if (rows.length === 0) continue
    const table = sql.raw(kind === 'payment' ? 'payments' : 'refunds')
    const given = JSON.stringify(
      rows.map(({ id, before, balanceTransaction }) => ({ id, before, entry: balanceTransaction })),
    )
    await database.orm.execute(sql`
      with matched as (select t.id, r.entry from json_to_recordset(${given}::json) as r(id uuid, before text, entry text)
        join ${table} t on t.organization_id = ${organizationId} and t.id = r.id
        where t.balance_transaction is not distinct from r.before order by t.id for update of t)
      update ${table} t set balance_transaction = m.entry from matched m
      where t.organization_id = ${organizationId} and t.id = m.id`)
  }
}
