import type { Invoice } from '../invoices/domain/invoice.ts'
import { type Id, idsOfCommit } from '../kernel/id.ts'
import { externalKeyTaken, type Rejection } from '../kernel/rejection.ts'
import { takeMoney } from '../payments/take-money.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import { type Answer, commit } from '../platform/db/commit.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import type { Env } from '../platform/env.ts'
import type { Idempotency } from '../platform/http/app.ts'
import { type KeyRecord, standingOf, takeOver } from '../platform/http/idempotency.ts'
import { reportsDone, reportsTo } from '../usage/report-repository.ts'
import { type Claimed, openCharges, recordOutcomes, taskOf } from './charge.ts'
import type { Command } from './domain/command.ts'
import { decide } from './domain/decide.ts'
import { type Decision, isEmpty } from './domain/decision.ts'
import { nextSnapshot } from './domain/fold.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { outdated, previewHashOf } from './preview.ts'
import {
  type Asked,
  invoiceOfNote,
  invoiceOfPayment,
  invoiceOfRefund,
  type Loaded,
  load,
  namedIn,
  readShown,
} from './repository.ts'
import { answerOf } from './schemas.ts'
import { numbered, type Resume, resumeOf, type Shown, shownAfter, shownOf, withNumbers } from './shown.ts'
import { theAccount, theAccountOf, timeOf } from './snapshot-repository.ts'
import { knowingUsage, tellShards, type UsageSource } from './usage.ts'
import { answeredKey, newAttemptsOf, writesOf } from './writes.ts'

/** A command with who sends it. Plain values: it may travel to a Durable Object. */
export type DispatchRequest = {
  readonly organizationId: Id<'organization'>
  readonly actor: string
  readonly idempotency: Idempotency | null
  readonly target:
    | { readonly kind: 'account'; readonly id: Id<'account'> }
    | { readonly kind: 'subscription'; readonly id: Id<'subscription'> }
    | { readonly kind: 'invoice'; readonly id: Id<'invoice'> }
    | { readonly kind: 'credit'; readonly id: Id<'credit'> }
    | { readonly kind: 'credit_note'; readonly id: Id<'credit_note'> }
    | { readonly kind: 'payment'; readonly id: Id<'payment'> }
    | { readonly kind: 'refund'; readonly id: Id<'refund'> }
  readonly command: Command
  /** Of the preview that the command must make true; null or left out: it is made in any case. */
  readonly previewHash?: string | null
}

export type Dispatched =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** There is no such target. */
  | { readonly kind: 'missing' }
  /** The idempotency key was used before: its record says what to answer. */
  | { readonly kind: 'used'; readonly record: KeyRecord }
  | { readonly kind: 'clock_busy'; readonly clockId: Id<'test_clock'> }
  /** Others kept writing to the same account. */
  | { readonly kind: 'contended' }
  /** Too many commands wait for the same subscription. */
  | { readonly kind: 'busy' }
  /** The database gave no answer. */
  | { readonly kind: 'unavailable' }

/** Tells the rest of the system of a commit, without making the caller wait. */
export type Announce = (commit: Id<'commit'>) => void

const MAX_TRIES = 20
/** Of a subscription: the rest comes next. */
const REPORTS_AT_ONCE = 200
/** Those who lost to the same writer come back at different times. */
const BACKOFF_MS = 20
/** More charges than this are left to the charge queue: the customer does not wait for them. */
const MAX_INLINE_CHARGES = 10

/** One at a time, where the caller has such an order to keep. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Load, decide and commit, in turn; then charge what it made, out of turn: a gateway that is slow holds nobody up.
 * Decided again, on a fresh read, where someone else wrote meanwhile.
 */
export async function dispatch(
  env: Env,
  database: Database,
  request: DispatchRequest,
  { announce, inTurn }: { readonly announce: Announce; readonly inTurn: InTurn },
): Promise<Dispatched> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const done = await inTurn(() => decideAndCommit({ env, database, how: 'seal' }, request, announce))
    if (done === 'again') {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * BACKOFF_MS * attempt))
      continue
    }
    if (done.kind === 'charging') return charge(env, database, request, done)
    if (done.kind !== 'committed') return done
    await tellShards(env, done.decision)
    return done.next.kind === 'charging' ? charge(env, database, request, done.next) : done.next
  }
  return { kind: 'contended' }
}

/** Committed, with what is to be charged now. */
type Charging = { readonly kind: 'charging'; readonly shown: Shown; readonly claimed: Claimed; readonly resume: Resume }

/** What it changed, and what is left to do. */
type Committed = { readonly kind: 'committed'; readonly decision: Decision; readonly next: Dispatched | Charging }

async function decideAndCommit(
  usage: UsageSource,
  request: DispatchRequest,
  announce: Announce,
): Promise<Dispatched | Charging | Committed | 'again'> {
  const { database } = usage
  const { organizationId, idempotency, actor } = request
  const { command, also } = await asItIsNow(database, request)
  const loaded = await load(database, askedOf(request))
  if (loaded.record !== null) return replay(database, request, loaded.record)
  const { snapshot } = loaded
  if (snapshot === null) return { kind: 'missing' }
  const { clockId } = snapshot.account
  if (snapshot.clock?.advancing && clockId) return { kind: 'clock_busy', clockId }
  const commitId = newCommitId()
  const now = timeOf(snapshot, realNow())
  const { previewHash = null } = request
  if (previewHash !== null && previewHash !== (await previewHashOf(snapshot, command, now))) {
    return { kind: 'rejected', rejection: outdated(now) }
  }
  const { decided, ids } = await knowingUsage(usage, (usageOf) => {
    const ids = idsOfCommit(commitId)
    return { ids, decided: decide({ ...snapshot, usageOf }, command, now, ids) }
  })
  if (!decided.ok) return { kind: 'rejected', rejection: decided.error }
  const decision = decided.value
  const shown = shownOf(decision, snapshot, request.target.id, command)
  const answer = answerOf(command.type, shown)
  // Nothing to do is an answer too, and its key is kept: a repetition must not do later what had no effect now.
  const nothing = isEmpty(decision)
  if (nothing && idempotency === null && also.length === 0) return { kind: 'answered', ...answer }
  const attempts = nothing ? [] : newAttemptsOf(decision)
  const inline = attempts.length > 0 && attempts.length <= MAX_INLINE_CHARGES
  const payments = attempts.map(({ paymentId }) => paymentId)
  const resume = resumeOf(shown, payments)
  const key = { at: realNow(), answer: inline ? null : answer, resume: inline ? resume : null }
  const follows = attempts.length + decision.refunds.length > 0
  const writes = writesOf(nothing ? [] : [decision], { commitId, ids, actor, realNow: realNow() }, inline)
  const outcome = await commit(database, {
    ...{ id: commitId, organizationId, cause: command.type, mode: 'every', follows },
    ...{ ...writes, fragments: [...writes.fragments, ...also] },
    ...(idempotency && { idempotency: { ...idempotency, ...key } }),
  })
  if (outcome.kind === 'conflict' || outcome.kind === 'replayed') return 'again'
  if (outcome.kind === 'violated') return violated(outcome.constraint, request)
  if (follows) announce(commitId)
  const told = numbered(shown, outcome.late)
  if (!inline) return { kind: 'committed', decision, next: { kind: 'answered', ...answerOf(command.type, told) } }
  const invoices = decision.invoices.map(({ after }) => withNumbers(after, outcome.late))
  const claimed = claimedBy(loaded, snapshot, decision, invoices)
  return { kind: 'committed', decision, next: { kind: 'charging', shown: told, resume, claimed } }
}

type Meant = { readonly command: Command; readonly also: readonly Fragment[] }

/** What the shards report is read when its turn comes, and is gone with the commit: it is decided once. */
async function asItIsNow(
  database: Database,
  { command, organizationId }: Pick<DispatchRequest, 'command' | 'organizationId'>,
): Promise<Meant> {
  if (command.type !== 'report_usage') return { command, also: [] }
  const rows = await reportsTo(database, organizationId, command.subscriptionId, REPORTS_AT_ONCE)
  return {
    command: { ...command, reports: rows.map(({ report }) => report) },
    also: rows.length === 0 ? [] : [reportsDone(rows.map(({ id }) => id))],
  }
}

/** The charge in the request itself; its outcome is committed together with the answer. */
async function charge(
  env: Env,
  database: Database,
  { command, organizationId, idempotency, actor }: DispatchRequest,
  { shown, claimed, resume }: Charging,
): Promise<Dispatched> {
  const taken = await takeMoney(env, database, claimed.tasks)
  const answerAfter = (decisions: readonly Decision[]) => answerOf(command.type, shownAfter(shown, decisions))
  const kept = (answer: Answer) => (idempotency === null ? [] : [answeredKey(organizationId, idempotency.key, answer)])
  const also = (decision: Decision) => kept(answerAfter([decision]))
  const usage: UsageSource = { env, database, how: 'seal' }
  const recorded = await recordOutcomes(usage, claimed, taken, { actor, also })
  if (recorded.length > 0) return { kind: 'answered', ...answerAfter(recorded) }
  // Someone else brought the outcome, such as the sweep: how things stand is the answer.
  const answer = answerOf(command.type, await readShown(database, organizationId, resume))
  const late = {
    id: newCommitId(),
    organizationId,
    cause: 'answer',
    mode: 'every',
    accounts: [],
    subscriptions: [],
  } as const
  if (idempotency !== null) await commit(database, { ...late, fragments: kept(answer) })
  return { kind: 'answered', ...answer }
}

/** A key that was used before: the answer it got, or the end of the work that its request did not live to see. */
async function replay(database: Database, request: DispatchRequest, record: KeyRecord): Promise<Dispatched | Charging> {
  const standing = standingOf(record, request.idempotency?.fingerprint ?? '', realNow())
  if (standing !== 'resume' || !(await takeOver(database, record))) return { kind: 'used', record }
  const resume = record.resume as Resume
  const [shown, claimed] = await Promise.all([
    readShown(database, request.organizationId, resume),
    openCharges(database, request.organizationId, resume.payments),
  ])
  return { kind: 'charging', shown, claimed, resume }
}

function askedOf({ organizationId, target, command, idempotency }: DispatchRequest): Asked {
  const base = { organizationId, idempotency, ...namedIn(command) }
  switch (target.kind) {
    case 'account':
      return { ...base, chosen: theAccount(organizationId, target.id), target: {} }
    case 'subscription': {
      const chosen = theAccountOf('subscriptions', organizationId, target.id)
      return { ...base, chosen, target: { subscriptionId: target.id } }
    }
    case 'invoice':
      return { ...base, chosen: theAccountOf('invoices', organizationId, target.id), target: { invoiceId: target.id } }
    case 'credit':
      return { ...base, chosen: theAccountOf('credits', organizationId, target.id), target: {} }
    case 'payment': {
      const chosen = theAccountOf('payments', organizationId, target.id)
      return { ...base, chosen, target: { paidInvoices: invoiceOfPayment(organizationId, target.id) } }
    }
    case 'refund': {
      const chosen = theAccountOf('refunds', organizationId, target.id)
      return { ...base, chosen, target: { paidInvoices: invoiceOfRefund(organizationId, target.id) } }
    }
    case 'credit_note': {
      const chosen = theAccountOf('credit_notes', organizationId, target.id)
      return { ...base, chosen, target: { invoiceId: invoiceOfNote(organizationId, target.id) } }
    }
  }
}

/** What was just committed, as if it had been read back: it saves the trip. */
function claimedBy(
  { gatewayAccounts }: Loaded,
  before: Snapshot,
  decision: Decision,
  invoices: readonly Invoice[],
): Claimed {
  const byId = new Map(invoices.map((invoice) => [invoice.id, invoice]))
  const after = nextSnapshot(before, decision)
  const snapshot = { ...after, invoices: after.invoices.map((invoice) => byId.get(invoice.id) ?? invoice) }
  const known = { methods: snapshot.methods, gatewayAccounts }
  return { tasks: newAttemptsOf(decision).map((attempt) => taskOf(attempt, [snapshot], known)), snapshots: [snapshot] }
}

/** What a constraint says that the decision could not see, because someone else wrote at the same time. */
function violated(constraint: string, { command }: DispatchRequest): Dispatched | 'again' {
  if (constraint === 'accounts_external_key' && command.type === 'update_account') {
    return { kind: 'rejected', rejection: externalKeyTaken('account', command.patch.externalKey) }
  }
  if (constraint === 'subscriptions_external_key' && 'externalKey' in command) {
    return { kind: 'rejected', rejection: externalKeyTaken('subscription', command.externalKey) }
  }
  // Sold or billed by another request in the same instant: the fresh read shows it.
  if (constraint === 'subscriptions_live' || constraint === 'billed_once') return 'again'
  throw new Error(`constraint ${constraint} refused ${command.type}`)
}
