import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import { methodFrom } from '../accounts/repository.ts'
import { isFinal } from '../invoices/domain/invoice.ts'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { claimedAs, type DueCharges } from '../payments/claim-repository.ts'
import { askAgainAt, isUnderWayThere, type PaymentNews } from '../payments/domain/outcome.ts'
import type { Attempt, Payment } from '../payments/domain/payment.ts'
import {
  attemptFrom,
  chargeReads,
  claimAttempts,
  type GatewayAccount,
  openAttemptsOf,
  postponed,
} from '../payments/repository.ts'
import { type ChargeTask, type Taken, takeMoney } from '../payments/take-money.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { type Database, oneSnapshot } from '../platform/db/client.ts'
import { commit } from '../platform/db/commit.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { tellRelay } from './announce.ts'
import { decide } from './domain/decide.ts'
import type { Decision } from './domain/decision.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { parted, snapshotReads, snapshotsFrom, timeOf } from './snapshot-repository.ts'
import { knowingUsage, type UsageSource } from './usage.ts'
import { newAttemptsOf, writesOf } from './writes.ts'

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
    await recordOutcomes(usage, claimed, taken, { actor: 'charge' })
  } catch (error) {
    logError('outcomes could not be recorded together', error)
    await recordApart(usage, claimed.snapshots, claimed.tasks, taken)
  }
  return claimed.tasks.length
}

/** An account whose outcome cannot be recorded does not hold up the others; the sweep finds it again. */
async function recordApart(
  usage: UsageSource,
  snapshots: readonly Snapshot[],
  tasks: readonly ChargeTask[],
  taken: Taken,
): Promise<void> {
  for (const snapshot of snapshots) {
    const own = tasks.filter(({ payment }) => payment.accountId === snapshot.account.id)
    try {
      await recordOutcomes(usage, { tasks: own, snapshots: [snapshot] }, taken, { actor: 'charge' })
    } catch (error) {
      logError('an outcome cannot be recorded', error, { account: encodeId('account', snapshot.account.id) })
    }
  }
}

/**
 * Brings what is under way of a payment to where the gateway says it is. What was heard of it may be older than the try:
 * what is asked for after the try is known to be there cannot be.
 */
export async function lookAgain(
  env: Env,
  database: Database,
  { organizationId, id }: Pick<Payment, 'organizationId' | 'id'>,
): Promise<void> {
  const { tasks, snapshots } = await openCharges(database, organizationId, [id])
  const claimed = { tasks: tasks.filter(({ attempt }) => isUnderWayThere(attempt)), snapshots }
  if (claimed.tasks.length === 0) return
  const taken = await takeMoney(env, database, claimed.tasks)
  await recordOutcomes({ env, database, how: 'seal' }, claimed, taken, { actor: 'gateway' })
}

/** The open charges of some payments, as they are now. */
export function openCharges(
  database: Database,
  organizationId: Id<'organization'>,
  payments: readonly Id<'payment'>[],
) {
  return readCharges(database, openAttemptsOf(organizationId, payments))
}

/**
 * As of one instant, unless they are claimed `first`: of these a try may end meanwhile, never begin, so that the tries
 * come last. Accounts come before what hangs on them: what is written in between is caught by the account's version.
 */
async function readCharges(
  database: Database,
  which: ReturnType<typeof claimedAs>,
  first?: ReturnType<typeof claimAttempts>,
): Promise<Claimed> {
  const reads = chargeReads(database, which)
  const [, ...results] = await database.orm.batch([
    first ?? database.orm.execute(oneSnapshot),
    ...snapshotReads(database, reads.accounts, { paidInvoices: reads.invoices }),
    reads.methods,
    reads.gatewayAccounts,
    reads.attempts,
  ])
  const { rows, rest } = parted(results)
  const [methods, gatewayAccounts, attempts] = rest
  const snapshots = snapshotsFrom(rows)
  const known = { methods: methods.map(methodFrom), gatewayAccounts }
  return { tasks: attempts.map(attemptFrom).map((attempt) => taskOf(attempt, snapshots, known)), snapshots }
}

type Known = { readonly methods: readonly PaymentMethod[]; readonly gatewayAccounts: readonly GatewayAccount[] }

/** An attempt with all that charging needs, of what was read of its account. */
export function taskOf(attempt: Attempt, snapshots: readonly Snapshot[], known: Known): ChargeTask {
  const snapshot = snapshots.find(({ account }) => account.id === attempt.accountId)
  const payment = snapshot?.payments.find(({ id }) => id === attempt.paymentId)
  const invoice = snapshot?.invoices.find(({ id }) => id === payment?.invoiceId)
  const method = known.methods.find(({ id }) => id === attempt.paymentMethodId)
  const gatewayAccount = known.gatewayAccounts.find(({ id }) => id === attempt.gatewayAccountId)
  if (!payment || !invoice || !method || !gatewayAccount || !isFinal(invoice)) {
    throw new Error(`attempt ${attempt.id} must have its payment, invoice, method and gateway`)
  }
  return { payment, attempt, invoice, method, gatewayAccount }
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
  before: Claimed,
  taken: Taken,
  recording: Recording,
): Promise<readonly Decision[]> {
  let claimed = before
  const recorded: Decision[] = []
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const done = await recordOnce(usage, claimed, taken, recording)
    recorded.push(...done.decisions)
    if (done.lost.size === 0) return recorded
    const lost = claimed.tasks.filter(({ payment }) => done.lost.has(payment.accountId))
    const [one] = lost
    if (one === undefined) return recorded
    claimed = await openCharges(
      usage.database,
      one.payment.organizationId,
      lost.map(({ payment }) => payment.id),
    )
  }
  const lost = claimed.tasks.map(({ attempt }) => attempt.id)
  logError('outcomes are left to the sweep', new Error(`lost to other writers ${MAX_TRIES} times`), { attempts: lost })
  return recorded
}

type Recorded = { readonly decisions: readonly Decision[]; readonly lost: ReadonlySet<Id<'account'>> }

async function recordOnce(
  usage: UsageSource,
  { tasks, snapshots }: Claimed,
  taken: Taken,
  { actor, also }: Recording,
): Promise<Recorded> {
  const commitId = newCommitId()
  const { decisions, ids } = await knowingUsage(usage, (usageOf) => {
    const ids = idsOfCommit(commitId)
    const decisions = snapshots.flatMap((snapshot) => {
      const news = newsOf(tasks, snapshot, taken)
      const command = { type: 'record_outcomes', news } as const
      const known = named({ ...snapshot, usageOf }, taken)
      const decided = decide(known, command, timeOf(snapshot, realNow()), ids)
      return decided.ok && decided.value.events.length > 0 ? [decided.value] : []
    })
    return { decisions, ids }
  })
  const writes = writesOf(decisions, { commitId, ids, actor, realNow: realNow() }, false)
  const besides = also === undefined ? [] : decisions.flatMap(also)
  const fragments = [...writes.fragments, postponed(unchanged(tasks, taken, decisions)), ...besides]
  const mode = also === undefined ? 'winners' : 'every'
  // Another method is tried after a decline.
  const follows = decisions.some((decision) => newAttemptsOf(decision).length > 0)
  const outcome = await commit(usage.database, {
    ...{ id: commitId, organizationId: null, cause: 'record_outcomes', mode },
    ...writes,
    fragments,
    follows,
  })
  const all = new Set(decisions.map(({ account }) => account.after.id))
  if (outcome.kind === 'conflict') return { decisions: [], lost: all }
  if (outcome.kind !== 'committed') throw new Error(`outcomes cannot be recorded: ${JSON.stringify(outcome)}`)
  if (follows) await tellRelay(usage.env, commitId)
  return {
    decisions: decisions.filter(({ account }) => outcome.winners.has(account.after.id)),
    lost: all.difference(outcome.winners),
  }
}

/** What was said of the charges of one account. */
function newsOf(tasks: readonly ChargeTask[], { account }: Snapshot, { news }: Taken): readonly PaymentNews[] {
  const own = new Set(tasks.flatMap(({ payment }) => (payment.accountId === account.id ? [payment.id] : [])))
  return news.filter(({ paymentId }) => own.has(paymentId))
}

/** The payments with the ids that the gateway has just given them, which are kept already. */
function named(snapshot: Snapshot, { gatewayPayments }: Taken): Snapshot {
  const payments = snapshot.payments.map((payment) => {
    const gatewayPayment = payment.gatewayPayment ?? gatewayPayments.get(payment.id) ?? null
    return gatewayPayment === payment.gatewayPayment ? payment : { ...payment, gatewayPayment }
  })
  return { ...snapshot, payments }
}

/** An outcome that told nothing new is asked for again later all the same. */
function unchanged(tasks: readonly ChargeTask[], { news }: Taken, decisions: readonly Decision[]) {
  const changed = new Set(decisions.flatMap(({ attempts }) => attempts.map(({ after }) => after.id)))
  const said = new Map(news.map(({ attemptId, outcome }) => [attemptId, outcome.kind]))
  return tasks.flatMap(({ attempt }) => {
    const until = askAgainAt(said.get(attempt.id) ?? null, realNow())
    return until === null || changed.has(attempt.id) ? [] : [{ attempt, until }]
  })
}
