import { methodFrom } from '../accounts/repository.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../invoices/repository.ts'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { claimedAs, type DueCharges } from '../payments/claim-repository.ts'
import { askAgainAt } from '../payments/domain/outcome.ts'
import {
  attemptFrom,
  chargeReads,
  claimAttempts,
  openAttemptsOf,
  paymentFrom,
  postponed,
} from '../payments/repository.ts'
import { type ChargeTask, type Outcomes, type Taken, takeMoney } from '../payments/take-money.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import { commit } from '../platform/db/commit.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { decide } from './domain/decide.ts'
import type { Decision } from './domain/decision.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { parted, snapshotReads, snapshotsFrom, timeOf } from './snapshot-repository.ts'
import { knowingUsage, type UsageSource } from './usage.ts'
import { writesOf } from './writes.ts'

/** Charges with the accounts they belong to, read together. */
export type Claimed = { readonly tasks: readonly ChargeTask[]; readonly snapshots: readonly Snapshot[] }

/** Takes up to `limit` due charges and brings each to where the gateway says it is. Answers how many it took. */
export async function chargeDue(env: Env, database: Database, due: DueCharges, limit: number): Promise<number> {
  const claim = crypto.randomUUID()
  const claiming = claimAttempts(database, due, { claim, limit, realNow: realNow() })
  const claimed = await readCharges(database, claimedAs(claim), claiming)
  if (claimed.tasks.length === 0) return 0
  const taken = await takeMoney(env, database, claimed.tasks)
  const usage: UsageSource = { env, database, how: 'seal' }
  try {
    await recordOutcomes(usage, claimed.snapshots, taken, { actor: 'charge' })
  } catch (error) {
    logError('outcomes could not be recorded together', error)
    await recordApart(usage, claimed.snapshots, taken)
  }
  return claimed.tasks.length
}

/** An account whose outcome cannot be recorded does not hold up the others; the sweep finds it again. */
async function recordApart(
  usage: UsageSource,
  snapshots: readonly Snapshot[],
  { tasks, outcomes }: Taken,
): Promise<void> {
  for (const snapshot of snapshots) {
    const own = tasks.filter(({ charge }) => charge.payment.accountId === snapshot.account.id)
    try {
      await recordOutcomes(usage, [snapshot], { tasks: own, outcomes }, { actor: 'charge' })
    } catch (error) {
      logError('an outcome cannot be recorded', error, { account: encodeId('account', snapshot.account.id) })
    }
  }
}

/** The open charges of some payments, as they are now. */
export function openCharges(
  database: Database,
  organizationId: Id<'organization'>,
  payments: readonly Id<'payment'>[],
) {
  return readCharges(database, openAttemptsOf(organizationId, payments))
}

/** Accounts come before what hangs on them: what is written in between is caught by the account's version. */
async function readCharges(
  database: Database,
  which: ReturnType<typeof claimedAs>,
  first?: ReturnType<typeof claimAttempts>,
): Promise<Claimed> {
  const reads = chargeReads(database, which)
  const [, ...results] = await database.orm.batch([
    first ?? database.orm.execute('select 1'),
    ...snapshotReads(database, reads.accounts),
    reads.attempts,
    reads.payments,
    reads.methods,
    reads.gatewayAccounts,
    invoicesIn(database, reads.invoices),
    linesIn(database, reads.invoices),
  ])
  const { rows, rest } = parted(results)
  const [attempts, payments, methods, gatewayAccounts, invoices, lines] = rest
  const paymentById = new Map(payments.map((row) => [row.id, paymentFrom(row)]))
  const methodById = new Map(methods.map((row) => [row.id, methodFrom(row)]))
  const gatewayById = new Map(gatewayAccounts.map((row) => [row.id, row]))
  const invoiceById = new Map(invoicesFrom(invoices, lines).map((invoice) => [invoice.id, invoice]))
  const tasks = attempts.map(attemptFrom).flatMap((attempt): readonly ChargeTask[] => {
    const payment = paymentById.get(attempt.paymentId)
    const invoice = payment && invoiceById.get(payment.invoiceId)
    const method = payment && methodById.get(payment.paymentMethodId)
    const gatewayAccount = payment && gatewayById.get(payment.gatewayAccountId)
    if (!payment || !method || !gatewayAccount || !invoice || invoice.status === 'draft') {
      throw new Error(`attempt ${attempt.id} must have its payment, invoice, method and gateway`)
    }
    return [{ charge: { payment, attempt }, invoice, method, gatewayAccount }]
  })
  return { tasks, snapshots: snapshotsFrom(rows) }
}

type Recording = {
  readonly actor: string
  /** Commits the outcomes of one account together with these, or not at all. */
  readonly also?: (decision: Decision) => readonly Fragment[]
}

/** Each try is a new decision on what is there by then; of many requests on one account, one wins each time. */
const MAX_TRIES = 20

/**
 * Commits what the gateway said, and answers what of it was recorded. An account that was written meanwhile is read and
 * decided again; where others are always faster, the sweep takes the charge up again under the same keys.
 */
export async function recordOutcomes(
  usage: UsageSource,
  before: readonly Snapshot[],
  { tasks: charged, outcomes }: Taken,
  recording: Recording,
): Promise<readonly Decision[]> {
  let tasks = charged
  let snapshots = before
  const recorded: Decision[] = []
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const done = await recordOnce(usage, { tasks, snapshots }, outcomes, recording)
    recorded.push(...done.decisions)
    if (done.lost.size === 0) return recorded
    const lost = tasks.filter(({ charge }) => done.lost.has(charge.payment.accountId))
    const [one] = lost
    if (one === undefined) return recorded
    const again = await openCharges(
      usage.database,
      one.charge.payment.organizationId,
      lost.map(({ charge }) => charge.payment.id),
    )
    tasks = again.tasks
    snapshots = again.snapshots
  }
  const lost = tasks.map(({ charge }) => charge.attempt.id)
  logError('outcomes are left to the sweep', new Error(`lost to other writers ${MAX_TRIES} times`), { attempts: lost })
  return recorded
}

type Recorded = { readonly decisions: readonly Decision[]; readonly lost: ReadonlySet<Id<'account'>> }

async function recordOnce(
  usage: UsageSource,
  { tasks, snapshots }: Claimed,
  outcomes: Outcomes,
  { actor, also }: Recording,
): Promise<Recorded> {
  const commitId = newCommitId()
  const { decisions, ids } = await knowingUsage(usage, (usageOf) => {
    const ids = idsOfCommit(commitId)
    const decisions = snapshots.flatMap((snapshot) => {
      const charges = tasks.filter(({ charge }) => charge.payment.accountId === snapshot.account.id)
      const command = { type: 'record_outcomes', outcomes } as const
      const decided = decide({ ...snapshot, charges, usageOf }, command, timeOf(snapshot, realNow()), ids)
      return decided.ok && decided.value.events.length > 0 ? [decided.value] : []
    })
    return { decisions, ids }
  })
  const writes = writesOf(decisions, { commitId, ids, actor, realNow: realNow() }, false)
  const besides = also === undefined ? [] : decisions.flatMap(also)
  const fragments = [...writes.fragments, postponed(unchanged(tasks, outcomes, decisions)), ...besides]
  const mode = also === undefined ? 'winners' : 'every'
  const outcome = await commit(usage.database, {
    ...{ id: commitId, organizationId: null, cause: 'record_outcomes', mode },
    ...writes,
    fragments,
  })
  const all = new Set(decisions.map(({ account }) => account.after.id))
  if (outcome.kind === 'conflict') return { decisions: [], lost: all }
  if (outcome.kind !== 'committed') throw new Error(`outcomes cannot be recorded: ${JSON.stringify(outcome)}`)
  return {
    decisions: decisions.filter(({ account }) => outcome.winners.has(account.after.id)),
    lost: all.difference(outcome.winners),
  }
}

/** An outcome that told nothing new is asked for again later all the same. */
function unchanged(tasks: readonly ChargeTask[], outcomes: Outcomes, decisions: readonly Decision[]) {
  const changed = new Set(decisions.flatMap(({ charges }) => charges.map(({ after }) => after.attempt.id)))
  return tasks.flatMap(({ charge: { attempt } }) => {
    const until = askAgainAt(outcomes.get(attempt.id)?.kind ?? null, realNow())
    return until === null || changed.has(attempt.id) ? [] : [{ attempt, until }]
  })
}
