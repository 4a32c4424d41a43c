import { encodeId, idsOfCommit } from '../kernel/id.ts'
import { claimDue, claimedAs, type DueCharges } from '../payments/claim-repository.ts'
import type { Refund } from '../payments/domain/refund.ts'
import { askRefundAgainAt } from '../payments/domain/refund-outcome.ts'
import { giveBack, type RefundOutcomes, type RefundTask } from '../payments/give-back.ts'
import { openRefundsBy, putOffRefunds, refundFrom, refundReads } from '../payments/refund-repository.ts'
import { paymentFrom } from '../payments/repository.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { type Database, oneSnapshot } from '../platform/db/client.ts'
import { commit } from '../platform/db/commit.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { decide } from './domain/decide.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { parted, snapshotReads, snapshotsFrom, timeOf } from './snapshot-repository.ts'
import { writesOf } from './writes.ts'

/** Takes up to `limit` due refunds and brings each to where the gateway says it is. Answers how many it took. */
export async function refundDue(env: Env, database: Database, due: DueCharges, limit: number): Promise<number> {
  const claim = crypto.randomUUID()
  const claiming = claimDue(database, 'refunds', due, { claim, limit, realNow: realNow() })
  const { tasks, snapshots } = await readRefunds(database, claimedAs(claim), claiming)
  if (tasks.length === 0) return 0
  const outcomes = await giveBack(env, tasks)
  // An account whose outcome cannot be recorded does not hold up the others; the sweep finds its refunds again.
  for (const snapshot of snapshots) {
    try {
      await record(database, snapshot, outcomes)
    } catch (error) {
      logError('a refund’s outcome cannot be recorded', error, { account: encodeId('account', snapshot.account.id) })
    }
  }
  return tasks.length
}

/** Refunds with the accounts they belong to, read together. */
type Read = { readonly tasks: readonly RefundTask[]; readonly snapshots: readonly Snapshot[] }

/** In the order of `readCharges`, for its reasons: what is claimed may end meanwhile, and comes last. */
async function readRefunds(
  database: Database,
  which: ReturnType<typeof claimedAs>,
  first?: ReturnType<typeof claimDue>,
): Promise<Read> {
  const reads = refundReads(database, which)
  const [, ...results] = await database.orm.batch([
    first ?? database.orm.execute(oneSnapshot),
    ...snapshotReads(database, reads.accounts),
    reads.payments,
    reads.gatewayAccounts,
    reads.refunds,
  ])
  const { rows, rest } = parted(results)
  const [payments, gatewayAccounts, refunds] = rest
  const paymentById = new Map(payments.map((row) => [row.id, paymentFrom(row)]))
  const gatewayById = new Map(gatewayAccounts.map((row) => [row.id, row]))
  const tasks = refunds.map(refundFrom).map((refund): RefundTask => {
    const payment = paymentById.get(refund.paymentId)
    const gatewayAccount = gatewayById.get(refund.gatewayAccountId)
    if (!payment || !gatewayAccount) throw new Error(`refund ${refund.id} must have its payment and gateway`)
    return { refund, payment, gatewayAccount }
  })
  const ofAccount = Map.groupBy(
    tasks.map(({ refund }) => refund),
    ({ accountId }) => accountId,
  )
  const snapshots = snapshotsFrom(rows)
  return {
    tasks,
    snapshots: snapshots.map((snapshot) => ({ ...snapshot, refunds: ofAccount.get(snapshot.account.id) ?? [] })),
  }
}

/** Each try is a new decision on what is there by then; of many requests on one account, one wins each time. */
const MAX_TRIES = 20

/** Commits what the gateway said of one account's refunds. Where others are always faster, the sweep takes them up again. */
async function record(database: Database, before: Snapshot, outcomes: RefundOutcomes): Promise<void> {
  const { organizationId } = before.account
  const which = openRefundsBy(
    organizationId,
    before.refunds.map(({ id }) => id),
  )
  let snapshot: Snapshot | undefined = before
  for (let attempt = 1; attempt <= MAX_TRIES && snapshot !== undefined; attempt++) {
    const changed = await recordOnce(database, snapshot, outcomes)
    if (changed !== null) {
      await putOffRefunds(database, unchanged(snapshot.refunds, changed, outcomes))
      return
    }
    snapshot = (await readRefunds(database, which)).snapshots[0]
  }
  if (snapshot !== undefined) throw new Error(`lost to other writers ${MAX_TRIES} times`)
}

/** The refunds that it changed; null where someone else wrote first. */
async function recordOnce(
  database: Database,
  snapshot: Snapshot,
  outcomes: RefundOutcomes,
): Promise<readonly Refund[] | null> {
  const commitId = newCommitId()
  const ids = idsOfCommit(commitId)
  const command = { type: 'record_refunds', outcomes } as const
  const decided = decide(snapshot, command, timeOf(snapshot, realNow()), ids)
  if (!decided.ok) throw new Error(`outcomes are never refused: ${JSON.stringify(decided.error)}`)
  if (decided.value.events.length === 0) return []
  const writes = writesOf([decided.value], { commitId, ids, actor: 'refund', realNow: realNow() }, false)
  const { organizationId } = snapshot.account
  const outcome = await commit(database, {
    ...{ id: commitId, organizationId, cause: command.type, mode: 'every' },
    ...writes,
  })
  if (outcome.kind === 'conflict') return null
  if (outcome.kind !== 'committed') throw new Error(`outcomes cannot be recorded: ${JSON.stringify(outcome)}`)
  return decided.value.refunds.map(({ after }) => after)
}

/** An outcome that told nothing new is asked for again later all the same. */
function unchanged(refunds: readonly Refund[], changed: readonly Refund[], outcomes: RefundOutcomes) {
  return refunds.flatMap((refund) => {
    const until = askRefundAgainAt(outcomes.get(refund.id)?.kind ?? null, realNow())
    return until === null || changed.some(({ id }) => id === refund.id) ? [] : [{ refund, until }]
  })
}
