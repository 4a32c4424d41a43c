import { activeAt, consume } from '../../discounts/domain/discount.ts'
import { type Discountable, discountLines } from '../../discounts/domain/discount-lines.ts'
import { type DraftFor, discounted, draftInvoice, lineOf, withLines } from '../../invoices/domain/draft.ts'
import type { DraftInvoice, Line } from '../../invoices/domain/invoice.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { localDateOf, nextLocalMidnight } from '../../kernel/zone.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import type { Step } from '../../subscriptions/domain/step.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { unclaimed } from './billing-key.ts'
import { all } from './book.ts'
import { type Closing, close, deleteDraft } from './close.ts'
import { prorate } from './prorate.ts'
import { type Context, tell, type Work } from './work.ts'

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
  { subscription, billables, reason, type }: Step,
  first: Billable,
  context: Context,
): Result<Work, Rejection> {
  const { snapshot, now, ids } = context
  // Periods that commands begin may begin at one instant.
  const isAgain = reason === 'subscription' && type !== 'subscription.activated'
  const own = { subscriptionId: subscription.id, except: null }
  const keyed = isAgain ? billables.map((one) => ({ ...one, key: unclaimed(work, one.key, own) })) : billables
  const fresh = keyed.map((billable) => lineOf(billable, subscription.timezone, ids))
  const { work: discountedWork, lines } = discountedBy(work, billables, fresh, context)
  const held = all(discountedWork.invoices).filter(
    (invoice): invoice is DraftInvoice =>
      invoice.status === 'draft' && invoice.awaits === 'next_invoice' && invoice.subscriptionId === subscription.id,
  )
  const emptied = held.reduce((next, draft) => deleteDraft(next, draft, context), discountedWork)
  const whole = [...held.flatMap((draft) => draft.lines), ...lines]
  if (reason === 'renewal' && snapshot.settings.invoicing.consolidate)
    return consolidate(emptied, whole, first, context)
  const about: DraftFor = {
    organizationId: subscription.organizationId,
    accountId: subscription.accountId,
    subscriptionId: subscription.id,
    currency: subscription.currency,
    reason,
    period: first.period,
    awaits: 'tax',
    finalizeAt: null,
    at: now,
  }
  const draft = draftInvoice(about, whole, ids)
  return draft.ok ? close(emptied, draft.value, context) : draft
}

/** Takes off what coupons take off; a billing period whose base they discounted is one of theirs. */
export function discountedBy(
  work: Work,
  about: readonly { readonly subscriptionId: Line['subscriptionId']; readonly planId: Discountable['planId'] }[],
  lines: readonly Line[],
  { now }: Context,
): { readonly work: Work; readonly lines: readonly Line[] } {
  const own = activeAt(all(work.discounts), now)
  if (own.length === 0) return { work, lines }
  const priced = about.map((one, index) => ({ ...one, amount: lines[index]?.amount ?? 0n }))
  const taken = discountLines(priced, own)
  // A credit keeps the discounts of what it credits.
  const netted = lines.map((line, index) => (line.creditsLineId === null ? discounted(line, taken[index] ?? []) : line))
  const used = new Set(
    netted.flatMap(({ kind, discounts }) => (kind === 'base' ? discounts.map(({ discountId }) => discountId) : [])),
  )
  let next = work
  for (const one of own.filter(({ id }) => used.has(id))) {
    const after = consume(one, now)
    if (after !== one)
      next = tell(next, 'discount', after.endedAt === null ? 'discount.used' : 'discount.ended', after, now)
  }
  return { work: next, lines: netted }
}

/** An account's renewals of one local date in one draft, final at the next local midnight. */
function consolidate(work: Work, lines: readonly Line[], first: Billable, context: Context): Result<Work, Rejection> {
  const { now, ids } = context
  const { timezone, organizationId, id: accountId, currency } = work.account
  const today = localDateOf(now, timezone)
  const open = all(work.invoices).find(
    (invoice): invoice is DraftInvoice =>
      invoice.status === 'draft' &&
      invoice.awaits === 'day_end' &&
      invoice.reason === 'renewal' &&
      localDateOf(invoice.issuedAt, timezone) === today,
  )
  if (open !== undefined) {
    const { start, end } = open.period
    const period = {
      start: first.period.start < start ? first.period.start : start,
      end: first.period.end > end ? first.period.end : end,
    }
    const grown = withLines({ ...open, period }, [...open.lines, ...lines])
    return grown.ok ? ok(tell(work, 'invoice', 'invoice.updated', grown.value, now)) : grown
  }
  const about: DraftFor = {
    ...{ organizationId, accountId, subscriptionId: null, currency, reason: 'renewal', period: first.period, at: now },
    ...{ awaits: 'day_end', finalizeAt: nextLocalMidnight(now, timezone) },
  }
  const draft = draftInvoice(about, lines, ids)
  return draft.ok ? ok(tell(work, 'invoice', 'invoice.created', draft.value, now)) : draft
}

/** Everything that changes of a subscription left as drafts. */
export function closeDrafts(work: Work, { id }: Pick<Subscription, 'id'>, context: Context): Result<Work, Rejection> {
  const drafts = all(work.invoices).filter(
    (one): one is DraftInvoice =>
      one.status === 'draft' &&
      one.subscriptionId === id &&
      (one.awaits === 'day_end' || one.awaits === 'next_invoice'),
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
