import type { FinalInvoice } from '../../invoices/domain/invoice.ts'
import { earliest, HOUR_MS, plusMs } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { agreementOf } from '../../subscriptions/domain/agreement.ts'
import { changeStep } from '../../subscriptions/domain/change.ts'
import type { Step } from '../../subscriptions/domain/step.ts'
import type { Subscription, SubscriptionIn } from '../../subscriptions/domain/subscription.ts'
import { applyStep } from './bill.ts'
import { prorate } from './prorate.ts'
import { voided } from './void.ts'
import { type Context, factsOf, isBeingPaid, openIn, tell, type Work } from './work.ts'

/** A gateway forgets a key after 24 hours: what is not paid an hour before is given up. */
const PENDING_MS = 23 * HOUR_MS

/**
 * A change that depends on its payment: invoiced as if it were made, and made only when that is paid. What costs nothing,
 * or is covered by credit, is made at once.
 */
export function changeIfPaid(
  work: Work,
  before: SubscriptionIn<'active'>,
  step: Step,
  context: Context,
): Result<Work, Rejection> {
  const { proration, subscription } = step
  if (proration === null) return applyStep(work, before, step, context)
  const invoiced = prorate(work, before, { ...step, proration }, context)
  if (!invoiced.ok) return invoiced
  // What it credits may have been a draft until now, which is charged by itself.
  const invoice = openIn(invoiced.value).find(({ id }) => !work.invoices.now.has(id))
  if (invoice === undefined) return applyStep(work, before, step, context)
  if (!isBeingPaid(invoiced.value, invoice)) return err(noMethod)
  const pending: SubscriptionIn<'active'> = {
    ...before,
    pendingChange: {
      to: agreementOf(subscription),
      at: step.at,
      invoiceId: invoice.id,
      expiresAt: earliest(plusMs(context.now, PENDING_MS), before.period.end) ?? before.period.end,
    },
  }
  return ok(tell(invoiced.value, 'subscription', 'subscription.change_pending', pending, context.now))
}

/**
 * What the outcome of a payment makes of the change that waited for it. Where the attempt has ended without the money,
 * also because its owner would have to confirm it, the change is given up.
 */
export function settlePending(work: Work, invoice: FinalInvoice, context: Context): Work {
  const waiting = waitingFor(work, invoice)
  if (waiting === null) return work
  if (invoice.status === 'paid') return made(work, waiting, context)
  return isBeingPaid(work, invoice) ? work : abandoned(work, waiting, invoice, context)
}

/** Its time is over: given up, unless the gateway still owes an answer. */
export function expirePending(work: Work, subscription: Subscription, context: Context): Result<Work, Rejection> {
  if (subscription.status !== 'active' || subscription.pendingChange === null) return ok(work)
  const { pendingChange } = subscription
  const invoice = work.invoices.now.get(pendingChange.invoiceId)
  if (invoice?.status === 'open' && isBeingPaid(work, invoice)) {
    // Asked ever less often, so that a long outage leaves few events.
    const expiresAt = plusMs(context.now, Math.max(HOUR_MS, context.now - pendingChange.at))
    const later = { ...pendingChange, expiresAt }
    const waiting = { ...subscription, pendingChange: later }
    return ok(tell(work, 'subscription', 'subscription.change_pending', waiting, context.now))
  }
  return ok(abandoned(work, subscription, invoice?.status === 'open' ? invoice : null, context))
}

/** Voiding its invoice gives the change up. */
export function forgetPending(work: Work, invoice: FinalInvoice, context: Context): Work {
  const waiting = waitingFor(work, invoice)
  return waiting === null ? work : abandoned(work, waiting, null, context)
}

function waitingFor({ subscriptions }: Work, { id }: FinalInvoice): SubscriptionIn<'active'> | null {
  for (const subscription of subscriptions.now.values()) {
    if (subscription.status === 'active' && subscription.pendingChange?.invoiceId === id) return subscription
  }
  return null
}

/**
 * As of the instant it was asked for: its invoice has been paid, so that of the change itself nothing is invoiced again.
 * What was used until then is, where the change ends a metering period.
 */
function made(work: Work, { pendingChange, ...waiting }: SubscriptionIn<'active'>, context: Context): Work {
  if (pendingChange === null) return work
  const terms = { at: pendingChange.at, granularity: 'day', invoicing: 'now', credit: 'balance' } as const
  const before = { ...waiting, pendingChange: null }
  const step = changeStep(before, pendingChange.to, terms, factsOf(context))
  const changed = step.subscription.status === 'active' ? { ...step.subscription, baseline: null } : step.subscription
  const done = applyStep(work, before, { ...step, at: context.now, subscription: changed, proration: null }, context)
  return done.ok ? done.value : tell(work, 'subscription', 'subscription.changed', changed, context.now)
}

function abandoned(
  work: Work,
  waiting: SubscriptionIn<'active'>,
  invoice: FinalInvoice | null,
  context: Context,
): Work {
  const released = invoice === null ? work : voided(work, invoice, 'The change was not paid', context)
  const kept = { ...waiting, pendingChange: null }
  return tell(released, 'subscription', 'subscription.change_abandoned', kept, context.now)
}

const noMethod: Rejection = {
  code: 'payment_method_missing',
  detail: 'The change costs something, and the account has no card that could be charged for it now.',
  hint: 'Add a payment method with POST /v1/accounts/{id}/payment_methods, or leave `only_if_paid` out.',
  pointer: '/only_if_paid',
}
