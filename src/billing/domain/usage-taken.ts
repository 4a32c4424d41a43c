import { lineOf, withLines } from '../../invoices/domain/draft.ts'
import type { DraftInvoice, Line } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import { meteredBillables } from '../../subscriptions/domain/metering.ts'
import type { MeteredPeriod, Subscription } from '../../subscriptions/domain/subscription.ts'
import { all } from './book.ts'
import { discountedAnew } from './coupon-periods.ts'
import { type Context, factsOf, keep, tell, type Work } from './work.ts'

/** The metering periods that an invoice bills, and until when it takes what was used in them; null: no longer. */
export type Taking = {
  readonly of: Id<'subscription'>
  readonly closed: readonly MeteredPeriod[]
  readonly until: Instant | null
}

/** Where something was used the invoice waits for what is still on its way (semantics.md, Usage). */
export function takesUsageUntil(
  billables: readonly Billable[],
  closed: readonly MeteredPeriod[],
  now: Instant,
): Instant | null {
  if (!billables.some(({ kind }) => kind === 'usage')) return null
  const until = closed.reduce<Instant>((last, { sealedAt }) => (sealedAt > last ? sealedAt : last), now)
  return until > now ? until : null
}

/** From now on the metering periods know the invoice that bills them. */
export function takenBy(work: Work, { of, closed }: Taking, invoiceId: Id<'invoice'>): Work {
  const subscription = work.subscriptions.now.get(of)
  if (closed.length === 0 || subscription === undefined) return work
  const metered = subscription.metered.map((one) => (closed.includes(one) ? { ...one, invoiceId } : one))
  return keep(work, 'subscriptions', [{ ...subscription, metered }])
}

/**
 * A draft that took usage takes, as it is closed, all of it that there is: whoever closes it and however early, from now on
 * its periods are sealed. One that awaits its tax was closed before.
 */
export function withUsageNow(
  start: Work,
  draft: DraftInvoice,
  context: Context,
): Result<{ readonly work: Work; readonly draft: DraftInvoice }, Rejection> {
  const takers = takersOf(start, draft)
  if (draft.awaits === 'tax' || !start.invoices.now.has(draft.id) || takers.length === 0)
    return ok({ work: start, draft })
  const work = takers.reduce((next, taker) => sealed(next, taker, draft, context), start)
  const used = takersOf(work, draft).flatMap((taker) => linesTaken(taker, draft, context))
  const isTaken = ({ kind, subscriptionId }: Line) =>
    (kind === 'usage' || kind === 'minimum') && takers.some(({ id }) => id === subscriptionId)
  if (sameAmounts(draft.lines.filter(isTaken), used)) return ok({ work, draft })
  const lines = [...draft.lines.filter((line) => !isTaken(line)), ...used]
  if (lines.length === 0) return ok({ work: letGo(work, draft, context), draft: { ...draft, lines } })
  const anew = discountedAnew(work, draft, lines, context)
  const grown = withLines(draft, anew.lines)
  return grown.ok ? ok({ work: anew.work, draft: grown.value }) : grown
}

function takersOf({ subscriptions }: Work, { id }: DraftInvoice): readonly Subscription[] {
  return all(subscriptions).filter(({ metered }) => metered.some(({ invoiceId }) => invoiceId === id))
}

function sealed(work: Work, taker: Subscription, { id }: DraftInvoice, { now }: Context): Work {
  const isEarly = ({ invoiceId, sealedAt }: MeteredPeriod) => invoiceId === id && sealedAt > now
  if (!taker.metered.some(isEarly)) return work
  const metered = taker.metered.map((one) => (isEarly(one) ? { ...one, sealedAt: now } : one))
  return tell(work, 'subscription', 'subscription.updated', { ...taker, metered }, now)
}

/** Nothing of it is left: its periods are billed by no invoice. */
function letGo(work: Work, draft: DraftInvoice, { now }: Context): Work {
  return takersOf(work, draft).reduce((next, taker) => {
    const metered = taker.metered.map((one) => (one.invoiceId === draft.id ? { ...one, invoiceId: null } : one))
    return tell(next, 'subscription', 'subscription.updated', { ...taker, metered }, now)
  }, work)
}

function linesTaken(taker: Subscription, { id }: DraftInvoice, context: Context): readonly Line[] {
  return taker.metered
    .filter(({ invoiceId }) => invoiceId === id)
    .flatMap((period) => meteredBillables(taker, period, factsOf(context)))
    .map((billable) => lineOf(billable, taker.timezone, context.ids))
}

/** A minimum that covers less, or usage of another quantity, is another line. */
function sameAmounts(before: readonly Line[], after: readonly Line[]): boolean {
  const told = (lines: readonly Line[]) =>
    lines.map(({ billingKey, quantity, amount }) => `${billingKey} ${quantity} ${amount}`).join('\n')
  return told(before) === told(after)
}
