import { expireCredits, nextExpiry } from '../../credits/domain/credit.ts'
import type { DraftInvoice } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { nextStep } from '../../subscriptions/domain/advance.ts'
import { nextDue } from '../../subscriptions/domain/due.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { applyStep, closeDraft } from './bill.ts'
import { all } from './book.ts'
import { expirePending } from './pending-change.ts'
import { type Context, factsOf, post, tell, type Work } from './work.ts'

/** A subscription further behind than this many steps is brought up to date by several decisions. */
const MAX_STEPS = 24
/** So many steps of all its subscriptions an account gets in one decision: a commit can number so much only. */
const MAX_STEPS_AN_ACCOUNT = 480

/** One thing that falls due, and what it makes of the work. */
type Due = {
  readonly at: Instant
  /** What is of no subscription comes last at an instant. */
  readonly of: Id<'subscription'> | null
  /** At one instant a subscription's draft becomes final before anything else happens to it. */
  readonly rank: 0 | 1
  readonly run: (work: Work) => Result<Work, Rejection>
}

/**
 * Everything of the account that falls due by now, in the order of (instant, subscription): drafts, steps, then credits
 * that expire. An account far behind gets so many steps and stays due.
 */
export function advanceAccount(work: Work, context: Context): Result<Work, Rejection> {
  const due = all(work.subscriptions).filter((one) => isDueBy(one, context.now)).length
  return advanceAll(work, context, () => true, Math.min(MAX_STEPS_AN_ACCOUNT, MAX_STEPS * Math.max(1, due)))
}

/** What falls due of one subscription and its drafts. */
export function advanceOne(
  work: Work,
  id: Id<'subscription'>,
  context: Context,
  most = MAX_STEPS,
): Result<Work, Rejection> {
  return advanceAll(work, context, ({ of }) => of === id, most)
}

export function isDueBy(subscription: Subscription, now: Instant): boolean {
  const at = nextDue(subscription)?.at
  return at !== undefined && at <= now
}

function advanceAll(
  start: Work,
  context: Context,
  isMeant: (due: Due) => boolean,
  most: number,
): Result<Work, Rejection> {
  let work = start
  for (let steps = 0; steps < most; steps++) {
    const next = firstDue(work, context, isMeant)
    if (next === null) break
    const done = next.run(work)
    if (!done.ok) return done
    work = done.value
  }
  return ok(work)
}

function firstDue(work: Work, context: Context, isMeant: (due: Due) => boolean): Due | null {
  let first: Due | null = null
  for (const due of dues(work, context)) {
    if (due.at > context.now || !isMeant(due)) continue
    if (first === null || isBefore(due, first)) first = due
  }
  return first
}

function isBefore(left: Due, right: Due): boolean {
  if (left.at !== right.at) return left.at < right.at
  if (left.of !== right.of) return left.of !== null && (right.of === null || left.of < right.of)
  return left.rank < right.rank
}

/** Every source of what falls due by itself. */
function dues(work: Work, context: Context): readonly Due[] {
  const expiry = nextExpiry(all(work.credits))
  return [
    ...all(work.invoices).flatMap((invoice) => (invoice.status === 'draft' ? draftDue(invoice, context) : [])),
    ...all(work.subscriptions).flatMap((subscription) => stepDue(subscription, context)),
    ...(expiry === null
      ? []
      : [{ at: expiry, of: null, rank: 1, run: (now: Work) => ok(expire(now, context)) } as const]),
  ]
}

function draftDue(draft: DraftInvoice, context: Context): readonly Due[] {
  const { finalizeAt: at, subscriptionId: of } = draft
  return at === null ? [] : [{ at, of, rank: 0, run: (work) => closeDraft(work, draft, context) }]
}

function stepDue(subscription: Subscription, context: Context): readonly Due[] {
  const due = nextDue(subscription)
  if (due === null) return []
  const run = (work: Work): Result<Work, Rejection> => {
    if (due.kind === 'pending_change') return expirePending(work, subscription, context)
    const step = nextStep(subscription, due.at, factsOf(context))
    return step === null ? ok(work) : applyStep(work, subscription, step, context)
  }
  return [{ at: due.at, of: subscription.id, rank: 1, run }]
}

function expire(work: Work, { now }: Context): Work {
  return expireCredits(all(work.credits), now).reduce(
    (next, { credit, ledger }) => tell(post(next, ledger), 'credit', 'credit.expired', credit, now),
    work,
  )
}
