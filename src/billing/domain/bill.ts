import { type DraftFor, draftInvoice, lineOf, withLines } from '../../invoices/domain/draft.ts'
import type { DraftInvoice, Line } from '../../invoices/domain/invoice.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { localDateOf, nextLocalMidnight } from '../../kernel/zone.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import type { Step } from '../../subscriptions/domain/step.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { unclaimed } from './billing-key.ts'
import { type Closing, close, deleteDraft } from './close.ts'
import { discountedAnew, discountedBy } from './coupon-periods.ts'
import { prorate } from './prorate.ts'
import { type Taking, takenBy, takesUsageUntil } from './usage-taken.ts'
import { type Context, draftsIn, tell, type Work } from './work.ts'

/**
 * One step of a subscription's life with the invoices it makes. Before it ends or pauses, what its changes left as drafts
 * is finalised as it stands (semantics.md, Proration).
 */
export function applyStep(
  work: Work,
  before: Subscription | null,
  step: Step,
  context: Context,
): Result<Work, Rejection> {
  const { subscription, billables, proration, type, at } = step
  const stops = before !== null && 'period' in before && (subscription.status === 'paused' || 'endedAt' in subscription)
  const settled = stops ? closeDrafts(work, before, context) : ok(work)
  if (!settled.ok) return settled
  const told = tell(settled.value, 'subscription', type, subscription, at)
  const prorated =
    proration === null || before === null ? ok(told) : prorate(told, before, { ...step, proration }, context)
  if (!prorated.ok) return prorated
  const [first] = billables.filter(({ quantity }) => quantity !== '0')
  return first === undefined ? prorated : bill(prorated.value, step, first, context)
}

/**
 * Invoices are issued now, whenever their period began: a missed renewal is due from today. What changes of the period
 * before left for the next invoice comes first on it.
 */
function bill(
  work: Work,
  { subscription, billables, closed, reason, type }: Step,
  first: Billable,
  context: Context,
): Result<Work, Rejection> {
  const { snapshot, now, ids } = context
  // Periods that commands begin may begin at one instant.
  const isAgain = reason === 'subscription' && type !== 'subscription.activated'
  const own = { subscriptionId: subscription.id, except: null }
  const keyed = isAgain ? billables.map((one) => ({ ...one, key: unclaimed(work, one.key, own) })) : billables
  const fresh = keyed.map((billable) => lineOf(billable, subscription.timezone, ids))
  const held = draftsIn(work).filter(
    ({ awaits, subscriptionId }) => awaits === 'next_invoice' && subscriptionId === subscription.id,
  )
  const emptied = held.reduce((next, draft) => deleteDraft(next, draft, context), work)
  const left = held.flatMap((draft) => draft.lines)
  const taking = { of: subscription.id, closed, until: takesUsageUntil(billables, closed, now) }
  if (reason === 'renewal' && snapshot.settings.invoicing.consolidate)
    return consolidate(emptied, { lines: [...left, ...fresh], first, taking }, context)
  const { work: used, lines } = discountedBy(emptied, billables, fresh, context)
  const about: DraftFor = {
    organizationId: subscription.organizationId,
    accountId: subscription.accountId,
    subscriptionId: subscription.id,
    currency: subscription.currency,
    reason,
    period: first.period,
    awaits: taking.until === null ? 'tax' : 'usage',
    finalizeAt: taking.until,
    at: now,
  }
  const draft = draftInvoice(about, [...left, ...lines], ids)
  if (!draft.ok) return draft
  const noted = takenBy(used, taking, draft.value.id)
  return taking.until === null
    ? close(noted, draft.value, context)
    : ok(tell(noted, 'invoice', 'invoice.created', draft.value, now))
}

type Joining = { readonly lines: readonly Line[]; readonly first: Billable; readonly taking: Taking }

/**
 * An account's renewals of one local date in one draft, final at the next local midnight. Coupons are of the whole
 * invoice: each renewal that joins it has them taken off anew, and they use one period.
 */
function consolidate(start: Work, joining: Joining, context: Context): Result<Work, Rejection> {
  const { now, ids } = context
  const { first, taking } = joining
  const open = openRenewals(start, now)
  const { work, lines } = discountedAnew(start, open, [...(open?.lines ?? []), ...joining.lines], context)
  const { timezone, organizationId, id: accountId, currency } = work.account
  const finalizeAt = latest(open?.finalizeAt ?? nextLocalMidnight(now, timezone), taking.until)
  if (open !== null) {
    const grown = withLines({ ...open, finalizeAt, period: spanning(open.period, first.period) }, lines)
    if (!grown.ok) return grown
    return ok(tell(takenBy(work, taking, open.id), 'invoice', 'invoice.updated', grown.value, now))
  }
  const draft: DraftFor = {
    ...{ organizationId, accountId, subscriptionId: null, currency, reason: 'renewal', period: first.period, at: now },
    ...{ awaits: 'day_end', finalizeAt },
  }
  const drafted = draftInvoice(draft, lines, ids)
  if (!drafted.ok) return drafted
  return ok(tell(takenBy(work, taking, drafted.value.id), 'invoice', 'invoice.created', drafted.value, now))
}

function latest(one: Instant, other: Instant | null): Instant {
  return other !== null && other > one ? other : one
}

/** Today's draft of renewals, by the account's calendar. */
function openRenewals(work: Work, now: Instant): DraftInvoice | null {
  const { timezone } = work.account
  const today = localDateOf(now, timezone)
  const open = draftsIn(work).find(
    ({ awaits, reason, issuedAt }) =>
      awaits === 'day_end' && reason === 'renewal' && localDateOf(issuedAt, timezone) === today,
  )
  return open ?? null
}

function spanning(one: Period, other: Period): Period {
  return { start: one.start < other.start ? one.start : other.start, end: one.end > other.end ? one.end : other.end }
}

/** Everything that changes of a subscription left as drafts. */
export function closeDrafts(work: Work, { id }: Pick<Subscription, 'id'>, context: Context): Result<Work, Rejection> {
  const drafts = draftsIn(work).filter(
    ({ subscriptionId, awaits }) => subscriptionId === id && (awaits === 'day_end' || awaits === 'next_invoice'),
  )
  let next: Result<Work, Rejection> = ok(work)
  for (const draft of drafts) {
    if (next.ok) next = closeDraft(next.value, draft, context)
  }
  return next
}

/**
 * A draft becomes final. Where that comes before its time, what its subscription changes later the same day is reckoned
 * from how things stand now.
 */
export function closeDraft(
  work: Work,
  draft: DraftInvoice,
  context: Context,
  closing: Closing = {},
): Result<Work, Rejection> {
  const { subscriptionId, finalizeAt } = draft
  const subscription = subscriptionId === null ? undefined : work.subscriptions.now.get(subscriptionId)
  const baseline = subscription?.status === 'active' ? subscription.baseline : null
  const isBaseline = subscription?.status === 'active' && baseline?.draftId === draft.id
  const isEarly = finalizeAt === null || context.now < finalizeAt
  const cleared =
    isBaseline && isEarly
      ? tell(work, 'subscription', 'subscription.updated', { ...subscription, baseline: null }, context.now)
      : work
  return close(cleared, draft, context, { ...(isBaseline && { surplusTo: baseline?.credit }), ...closing })
}
