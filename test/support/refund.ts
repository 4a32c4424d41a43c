import { env } from 'cloudflare:workers'
import { decodeId, encodeId, idsOfCommit } from '../../src/kernel/id.ts'
import { refundsFor } from '../../src/payments/domain/refund.ts'
import { createdRefunds } from '../../src/payments/refund-repository.ts'
import { paymentById, paymentFrom } from '../../src/payments/repository.ts'
import { newCommitId, realNow } from '../../src/platform/clock.ts'
import { connect, type DatabaseEnv } from '../../src/platform/db/client.ts'
import { commit } from '../../src/platform/db/commit.ts'
import type { Json } from './client.ts'
import { sql } from './sql.ts'

/** Commits a refund of a payment, as a document does that pays back. Nobody is told: `chargesRun` or cron send it. */
export async function owesBack(organization: string, payment: Json, amount: number): Promise<string> {
  const database = connect(env as unknown as DatabaseEnv)
  const organizationId = decodeId('organization', organization)
  const paymentId = decodeId('payment', payment.id)
  if (organizationId === null || paymentId === null) throw new Error(`a payment of ${organization}: ${payment.id}`)
  const [[row], [account]] = await Promise.all([
    paymentById(database, organizationId, paymentId),
    sql(
      `select a.version, a.clock_id, extract(epoch from t.now_at) * 1000 as now from accounts a
       left join test_clocks t on t.organization_id = a.organization_id and t.id = a.clock_id
       where a.id = $1`,
      decodeId('account', payment.account),
    ),
  ])
  if (row === undefined) throw new Error(`there is no payment ${payment.id}`)
  const commitId = newCommitId()
  const about = { clockId: account.clock_id, creditNoteId: null, reason: 'broken' }
  const now = account.now === null ? realNow() : Math.round(Number(account.now))
  const paid = [{ payment: paymentFrom(row), refunded: row.refunded }]
  const made = refundsFor(paid, BigInt(amount), about, now as typeof row.createdAt, idsOfCommit(commitId))
  if (!made.ok) throw new Error(JSON.stringify(made.error))
  const guard = { organizationId, accountId: row.accountId, id: row.accountId, version: account.version }
  const done = await commit(database, {
    ...{ id: commitId, organizationId, cause: 'test', accounts: [guard], subscriptions: [], mode: 'every' },
    fragments: [createdRefunds(made.value, realNow())],
  })
  const [refund] = made.value
  if (done.kind !== 'committed' || refund === undefined) throw new Error(JSON.stringify(done))
  return encodeId('refund', refund.id)
}
