import { expireCredits } from '../../credits/domain/credit.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { nextStep } from '../../subscriptions/domain/advance.ts'
import { nextDue } from '../../subscriptions/domain/due.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { applyStep, closeDraft } from './bill.ts'
import { all } from './book.ts'
import { retry } from './collect.ts'
import { expirePending } from './pending-change.ts'
import { supplement } from './supplement.ts'
import { type Context, factsOf, fallingDue, post, tell, type Work } from './work.ts'

/** A subscription further behind than this many steps is brought up to date by several decisions. */
const MAX_STEPS = 24
/** So many steps of all its subscriptions an account gets in one decision: a commit can number so much only. */
const MAX_STEPS_AN_ACCOUNT = 480

/** How the account stands is seen to when the decision is made. */
type Due = ReturnType<typeof fallingDue>[number]

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
  return advanceAll(work, context, (due) => subjectOf(due) === id, most)
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
    const done = happened(work, next, context)
    if (!done.ok) return done
    work = done.value
  }
  return ok(work)
}

function firstDue(work: Work, context: Context, isMeant: (due: Due) => boolean): Due | null {
  let first: Due | null = null
  for (const due of fallingDue(work)) {
    if (due.at > context.now || !isMeant(due)) continue
    if (first === null || isBefore(due, first)) first = due
  }
  return first
}

/** At one instant what is of no subscription comes last, as `afterwards` says, and a draft before anything else of its own. */
function isBefore(left: Due, right: Due): boolean {
  if (left.at !== right.at) return left.at < right.at
  const [one, other] = [subjectOf(left), subjectOf(right)]
  if (one !== other) return one !== null && (other === null || one < other)
  if (one === null) return afterwards.indexOf(left.kind) < afterwards.indexOf(right.kind)
  return left.kind === 'draft' && right.kind !== 'draft'
}

/** What is of the account (semantics.md, Time). */
const afterwards: readonly Due['kind'][] = ['draft', 'retry', 'credit']

function subjectOf(due: Due): Id<'subscription'> | null {
  switch (due.kind) {
    case 'draft':
      return due.draft.subscriptionId
    case 'subscription':
      return due.subscription.id
    case 'retry':
    case 'credit':
      return null
  }
}

function happened(work: Work, due: Due, context: Context): Result<Work, Rejection> {
  switch (due.kind) {
    case 'draft':
      return closeDraft(work, due.draft, context)
    case 'subscription':
      return stepped(work, due.subscription, due.due, context)
    case 'retry':
      return ok(retry(work, due.invoice, context))
    case 'credit':
      return ok(expire(work, context))
  }
}

function stepped(
  work: Work,
  subscription: Subscription,
  due: NonNullable<ReturnType<typeof nextDue>>,
  context: Context,
): Result<Work, Rejection> {
  if (due.kind === 'pending_change') return expirePending(work, subscription, context)
  if (due.kind === 'supplement') return supplement(work, subscription, context)
  const step = nextStep(subscription, due.at, factsOf(context))
  return step === null ? ok(work) : applyStep(work, subscription, step, context)
}

function expire(work: Work, { now }: Context): Work {
  return expireCredits(all(work.credits), now).reduce(
    (next, { credit, ledger }) => tell(post(next, ledger), 'credit', 'credit.expired', credit, now),
    work,
  )
}
