import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import { commit } from '../platform/db/commit.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import type { UsageOf } from '../subscriptions/domain/usage-billable.ts'
import { decide } from './domain/decide.ts'
import { type Decision, isEmpty } from './domain/decision.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { type Chosen, loadSnapshots, theAccounts, timeOf } from './snapshot-repository.ts'
import { knowingUsage, type UsageSource, UsageUnknown } from './usage.ts'
import { runPageFragment, writesOf } from './writes.ts'

/** 200 accounts are 0.7 MB in one statement: few enough for a short transaction, enough to make trips cheap. */
export const PAGE_SIZE = 200
/** One commit numbers 65,535 things; a page of accounts far behind is committed in parts. */
const MAX_EVENTS_A_COMMIT = 6_000
/** An account that lost its guards this often stays due for the next run. */
const MAX_ROUNDS = 3

export type PageDone = {
  /** Those that something follows from: the relay is told of them. */
  readonly commits: readonly Id<'commit'>[]
  /** How many accounts were read, and the last of them by id; null when there was none. */
  readonly accounts: number
  readonly last: Id<'account'> | null
  readonly invoices: number
  /** Accounts that are still due: written by others each time, or further behind than one decision goes. */
  readonly left: number
  /** Accounts whose billing failed; the error is in the log. */
  readonly failed: number
}

type Page = {
  readonly now: Instant | null
  readonly cause: string
  readonly runId: Id<'billing_run'> | null
  readonly usage: UsageSource
}

/**
 * Brings a page of due accounts up to date: read in one trip, decided by the one decide, committed in one trip. Accounts
 * that lost to another writer are read and decided again; one that fails never fails its neighbours. Safe to repeat.
 * `now` null: each account's own time.
 */
export async function billPage(
  env: Env,
  database: Database,
  chosen: Chosen,
  page: Omit<Page, 'usage'>,
): Promise<PageDone> {
  let snapshots = await loadSnapshots(database, chosen)
  const accounts = snapshots.length
  const last = snapshots.reduce<Id<'account'> | null>(
    (max, { account }) => (max === null || account.id > max ? account.id : max),
    null,
  )
  const total = { commits: [] as Id<'commit'>[], invoices: 0, left: 0, failed: 0 }
  for (let round = 1; snapshots.length > 0; round++) {
    const done = await commitAll(database, snapshots, { ...page, usage: { env, database, how: 'seal' } })
    total.commits.push(...done.commits)
    total.invoices += done.invoices
    total.failed += done.failed
    total.left += done.behind
    if (done.lost.length === 0) break
    if (round === MAX_ROUNDS) {
      total.left += done.lost.length
      break
    }
    snapshots = await loadSnapshots(database, theAccounts(done.lost))
  }
  return { ...total, accounts, last }
}

type Done = {
  readonly commits: readonly Id<'commit'>[]
  readonly invoices: number
  readonly behind: number
  readonly failed: number
  readonly lost: readonly Snapshot['account'][]
}

const nothingDone: Done = { commits: [], invoices: 0, behind: 0, failed: 0, lost: [] }

/** Decides as many as fit one commit, commits them, and goes on with the rest. */
async function commitAll(database: Database, snapshots: readonly Snapshot[], page: Page): Promise<Done> {
  if (snapshots.length === 0) return nothingDone
  const commitId = newCommitId()
  const { ids, decided, taken } = await knowingUsage(page.usage, (usageOf) =>
    decideSome(commitId, snapshots, page, usageOf),
  )
  const failures = decided.filter(({ outcome }) => outcome instanceof Error)
  for (const { snapshot, outcome } of failures) {
    logError('an account cannot be billed', outcome, { account: encodeId('account', snapshot.account.id) })
  }
  const waiting = failures.filter(({ outcome }) => outcome instanceof UsageUnknown)
  // A test clock does not go on without: it is called again.
  if (waiting.length > 0 && page.runId === null) throw waiting[0]?.outcome
  const made = decided.flatMap(({ snapshot, outcome }) =>
    outcome instanceof Error || isEmpty(outcome) ? [] : [{ snapshot, decision: outcome }],
  )
  const here = await commitDecisions(
    database,
    { commitId, ids, decisions: made.map(({ decision }) => decision) },
    made.map(({ snapshot }) => snapshot),
    page,
  )
  const rest = await commitAll(database, snapshots.slice(taken), page)
  const missed = { ...nothingDone, failed: failures.length - waiting.length, behind: waiting.length }
  return both(both(here, rest), missed)
}

type Outcome = { readonly snapshot: Snapshot; readonly outcome: Decision | Error }

/** As many as one commit can number, in order. */
function decideSome(commitId: Id<'commit'>, snapshots: readonly Snapshot[], page: Page, usageOf: UsageOf) {
  const ids = idsOfCommit(commitId)
  const decided: Outcome[] = []
  let events = 0
  for (const snapshot of snapshots) {
    if (events >= MAX_EVENTS_A_COMMIT) break
    const outcome = decideOne({ ...snapshot, usageOf }, page, ids)
    decided.push({ snapshot, outcome })
    events += outcome instanceof Error ? 0 : outcome.events.length
  }
  return { ids, decided, taken: decided.length }
}

function decideOne(snapshot: Snapshot, page: Page, ids: ReturnType<typeof idsOfCommit>): Decision | Error {
  try {
    const decided = decide(snapshot, { type: 'advance' }, page.now ?? timeOf(snapshot, realNow()), ids)
    return decided.ok ? decided.value : new Error(decided.error.detail)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

type Decided = {
  readonly commitId: Id<'commit'>
  readonly ids: ReturnType<typeof idsOfCommit>
  readonly decisions: readonly Decision[]
}

async function commitDecisions(
  database: Database,
  { commitId, ids, decisions }: Decided,
  snapshots: readonly Snapshot[],
  page: Page,
): Promise<Done> {
  if (decisions.length === 0) return nothingDone
  const writes = writesOr(decisions, { commitId, ids, actor: page.cause, realNow: realNow() })
  if (writes instanceof Error) return isolate(database, writes, snapshots, page)
  const counted = page.runId === null ? [] : [runPageFragment(page.runId, commitId, decisions)]
  // A test clock takes its charges by itself.
  const follows = page.runId !== null && decisions.some(({ attempts, refunds }) => attempts.length + refunds.length > 0)
  const request = { id: commitId, organizationId: null, cause: page.cause, mode: 'winners' as const, follows }
  const outcome = await commit(database, { ...request, ...writes, fragments: [...writes.fragments, ...counted] })
  if (outcome.kind !== 'committed') return isolate(database, new Error(JSON.stringify(outcome)), snapshots, page)
  const won = decisions.filter(({ account }) => outcome.winners.has(account.after.id))
  const lost = decisions.filter(({ account }) => !outcome.winners.has(account.after.id))
  return {
    commits: follows ? [commitId] : [],
    invoices: won.reduce((sum, { invoices }) => sum + invoices.length, 0),
    behind: won.filter(({ behind }) => behind).length,
    failed: 0,
    lost: lost.map(({ account }) => account.before),
  }
}

/** What cannot be written, such as more than one commit can number, is the fault of some account of the page. */
function writesOr(decisions: readonly Decision[], decided: Parameters<typeof writesOf>[1]) {
  try {
    return writesOf(decisions, decided, false)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The whole page was refused: halve it until the account at fault stands alone. */
async function isolate(database: Database, refused: Error, snapshots: readonly Snapshot[], page: Page): Promise<Done> {
  const [only] = snapshots
  if (only === undefined || snapshots.length === 1) {
    const context = { account: only ? encodeId('account', only.account.id) : null }
    logError('an account cannot be billed', refused, context)
    return { ...nothingDone, failed: 1 }
  }
  const middle = Math.ceil(snapshots.length / 2)
  const left = await commitAll(database, snapshots.slice(0, middle), page)
  const right = await commitAll(database, snapshots.slice(middle), page)
  return both(left, right)
}

function both(left: Done, right: Done): Done {
  return {
    commits: [...left.commits, ...right.commits],
    invoices: left.invoices + right.invoices,
    behind: left.behind + right.behind,
    failed: left.failed + right.failed,
    lost: [...left.lost, ...right.lost],
  }
}
