import type { Overdue } from '../../accounts/domain/account.ts'
import { accessOf, isWorse, type Standing, statusOf, stepAt } from '../../dunning/domain/overdue.ts'
import { balanceOf } from '../../invoices/domain/invoice.ts'
import { earliest } from '../../kernel/instant.ts'
import type { NoticeKind } from '../../notifications/domain/notice.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { all } from './book.ts'
import { blockingAt, closed, collectUnblocked } from './collect.ts'
import { notify } from './notices.ts'
import { markUncollectible } from './settlements.ts'
import { withoutSmallBalances } from './small-balances.ts'
import { commandSubscription } from './subscription-commands.ts'
import { type Context, isBeingPaid, openIn, standingOf, tell, tellAccount, type Work } from './work.ts'

/**
 * How the account stands after all that a decision did: its overdue status, what its application may let it do, and what
 * it is told of that. Paying clears it at once; a dispute hold keeps it from getting worse.
 */
export function withStanding(start: Work, context: Context): Work {
  const stands = withStep(withoutSmallBalances(start, context), context)
  return withAccess(withoutLeftPayments(stands, context), context)
}

function withStep(work: Work, context: Context): Work {
  const standing = standingOf(work, context.snapshot.settings)
  const step = stepAt(standing, context.now)
  return step === work.account.overdue.step ? work : stepped(work, step, standing, context)
}

function stepped(work: Work, step: Overdue['step'], standing: Standing, context: Context): Work {
  const { overdue } = work.account
  const status = statusOf[step]
  const since = status === overdue.status ? overdue.since : context.now
  const after = { ...work.account, overdue: { status, step, since } }
  const changed = tellAccount(work, 'account.overdue_changed', after, context)
  const told = overdue.status === 'blocked' && status !== 'blocked' ? collectUnblocked(changed, context) : changed
  if (step === 'ended') return ended(told, standing, context)
  const kind = isWorse(step, overdue.step) ? notices[step] : restored(work, status, overdue)
  const about = { ...pastDue(standing, context), blockedAt: blockingAt(told, context) }
  return kind === null ? told : notify(told, kind, about, context)
}

const notices = {
  none: null,
  past_due: null,
  reminder: 'payment_reminder',
  warning: 'overdue_warning',
  blocked: 'access_blocked',
} as const satisfies Record<Exclude<Overdue['step'], 'ended'>, NoticeKind | null>

/** On the way down each step is told; on the way up only that what there is can be used as before. */
function restored(work: Work, status: Overdue['status'], before: Overdue): NoticeKind | null {
  return before.status !== 'current' && status === 'current' && liveIn(work).length > 0 ? 'access_restored' : null
}

function pastDue({ debts }: Standing, { now }: Context) {
  const invoices = debts.filter(({ dueAt, collection }) => dueAt <= now || collection.state === 'exhausted')
  return {
    invoices,
    amount: invoices.reduce((sum, debt) => sum + balanceOf(debt), 0n),
    nextAttemptAt: earliest(...invoices.map(({ collection }) => collection.nextAttemptAt)),
  }
}

/** The terminal action. What is given up is not owed any more. */
function ended(work: Work, standing: Standing, context: Context): Work {
  const done = terminated(work, context)
  const hasLost = liveIn(done).length < liveIn(work).length
  const about = { ...pastDue(standing, context), invoices: openIn(done) }
  return withStep(hasLost ? notify(done, 'subscription_ended_unpaid', about, context) : done, context)
}

/** What the settings say becomes of an account that stayed blocked. */
function terminated(work: Work, context: Context): Work {
  const { terminalAction } = context.snapshot.settings.dunning
  if (terminalAction === 'leave') return work
  const cancelled = liveIn(work).reduce((next, { id }) => {
    const cancel = { type: 'cancel_subscription', id, when: 'now', prorate: false, credit: 'balance' } as const
    const done = commandSubscription(next, cancel, context)
    // One that is far behind is brought up to date first, by the run, and stays until somebody cancels it.
    return done.ok ? done.value : next
  }, work)
  if (terminalAction === 'cancel') return cancelled
  const owed = openIn(cancelled).filter((invoice) => !isBeingPaid(cancelled, invoice))
  return owed.reduce((next, { id }) => {
    const done = markUncollectible(next, { type: 'mark_uncollectible', id }, context)
    return done.ok ? done.value : next
  }, cancelled)
}

function liveIn({ subscriptions }: Work): readonly Subscription[] {
  return all(subscriptions).filter((subscription) => !('endedAt' in subscription))
}

/** A payment that waited for the customer when its invoice was settled otherwise waits no more. */
function withoutLeftPayments(work: Work, { now }: Context): Work {
  const settled = all(work.invoices).filter(({ status }) => status !== 'open')
  const ids = new Set(settled.map(({ id }) => id))
  const left = all(work.payments).filter(
    ({ status, invoiceId, id }) =>
      status === 'pending' &&
      ids.has(invoiceId) &&
      all(work.attempts).every(({ paymentId, endedAt }) => paymentId !== id || endedAt !== null),
  )
  return left.reduce((next, payment) => closed(next, payment, now), work)
}

function withAccess(work: Work, { snapshot, now }: Context): Work {
  const access = accessOf(work.account, standingOf(work, snapshot.settings).debts)
  const changed = liveIn(work).filter((one) => one.access !== access)
  return changed.reduce(
    (next, subscription) => tell(next, 'subscription', 'subscription.access_changed', { ...subscription, access }, now),
    work,
  )
}
