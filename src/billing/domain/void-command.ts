import { draftInvoice } from '../../invoices/domain/draft.ts'
import { type FinalInvoice, type Invoice, isFinal, type Line } from '../../invoices/domain/invoice.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import { periodContaining } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { localDaysBetween } from '../../kernel/zone.ts'
import { findPrice } from '../../plans/domain/plan.ts'
import { itemsOf } from '../../subscriptions/domain/agreement.ts'
import { lineAmount } from '../../subscriptions/domain/billable.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { keyBehind } from './billing-key.ts'
import { all } from './book.ts'
import { close } from './close.ts'
import type { CommandOf } from './command.ts'
import { discountedBy } from './coupon-periods.ts'
import { forgetPending } from './pending-change.ts'
import { voided, voidRefused } from './void.ts'
import { type Context, tell, type Work } from './work.ts'

/** Voids, and in the same commit bills a subscription's period again as it should have been. */
export function voidInvoice(
  work: Work,
  { id, reason, regenerate }: CommandOf<'void_invoice'>,
  context: Context,
): Result<Work, Rejection> {
  const invoice = work.invoices.now.get(id)
  if (invoice === undefined || !isFinal(invoice)) return err(notFinal(id))
  const refused = voidRefused(work, invoice)
  if (refused !== null) return err(refused)
  const isPeriod = periodReasons.includes(invoice.reason)
  const after = forgetPending(voided(work, invoice, reason, context), invoice, context)
  return (regenerate ?? isPeriod) ? correct(after, invoice, context) : ok(takenBy(after, invoice, null, context))
}

/** What a subscription's periods are billed by; these are made anew unless it is said otherwise. */
const periodReasons: readonly Invoice['reason'][] = ['subscription', 'renewal', 'usage', 'correction']

/**
 * A correction for the same period: the items, seats and versions it was billed for, at today's address, taxes, overrides
 * and coupons (semantics.md, States).
 */
function correct(work: Work, invoice: FinalInvoice, context: Context): Result<Work, Rejection> {
  const { now, ids, snapshot } = context
  const rewritten = invoice.lines.map((line, index) => rewrittenLine(work, invoice, { line, index }, context))
  const about = rewritten.map(({ subscriptionId, planVersionId }) => ({
    subscriptionId,
    planId: planVersionId === null ? null : (snapshot.versions.get(planVersionId)?.planId ?? null),
  }))
  const { work: used, lines } = discountedBy(work, about, rewritten, context)
  const { organizationId, accountId, subscriptionId, currency, period, memo, termsDays } = invoice
  const draft = draftInvoice(
    {
      ...{ organizationId, accountId, subscriptionId, currency, period, memo, termsDays, at: now },
      ...{ reason: 'correction', awaits: 'tax', finalizeAt: null, corrects: invoice.id },
    },
    lines,
    ids,
  )
  return draft.ok ? close(takenBy(used, invoice, draft.value.id, context), draft.value, context) : draft
}

/** Late usage is compared with what stands for the invoice; where nothing does, its periods are let go. */
function takenBy(work: Work, { id: from }: FinalInvoice, to: Id<'invoice'> | null, { now }: Context): Work {
  const takers = all(work.subscriptions).filter(({ metered }) => metered.some(({ invoiceId }) => invoiceId === from))
  return takers.reduce((next, taker) => {
    const metered = taker.metered.flatMap((one) =>
      one.invoiceId !== from ? [one] : to === null ? [] : [{ ...one, invoiceId: to }],
    )
    return tell(next, 'subscription', 'subscription.updated', { ...taker, metered }, now)
  }, work)
}

type Place = { readonly line: Line; readonly index: number }

function rewrittenLine(work: Work, invoice: FinalInvoice, { line, index }: Place, context: Context): Line {
  const unitAmount = line.kind === 'base' ? unitAmountNow(work, line, context) : line.unitAmount
  const { kind, quantity, proration } = line
  return {
    ...line,
    id: context.ids('line'),
    billingKey:
      line.subscriptionId === null ? null : `correction:${invoice.id}:${keyBehind(line.billingKey ?? `${index}`)}`,
    unitAmount,
    amount:
      kind === 'base' && unitAmount !== null ? lineAmount({ kind, quantity, unitAmount, proration }) : line.amount,
    ...(line.creditsLineId === null && { discounts: [], discount: 0n, taxes: [], tax: 0n }),
  }
}

/**
 * The price of the version that was billed, or the subscription's own for that plan today. Prices are meant for the time
 * that they are billed by: where that is another one now, the line keeps its own.
 */
function unitAmountNow(work: Work, line: Line, { snapshot }: Context) {
  const { subscriptionId, planVersionId, unitAmount } = line
  const subscription = subscriptionId === null ? undefined : work.subscriptions.now.get(subscriptionId)
  const version = planVersionId === null ? undefined : snapshot.versions.get(planVersionId)
  if (subscription === undefined || version === undefined || !isBilledBy(subscription, line)) return unitAmount
  const item = itemsOf(subscription).find(({ planId }) => planId === version.planId)
  const price = findPrice(version, subscription.currency, subscription.interval)
  return item?.unitAmount ?? price?.unitAmount ?? unitAmount
}

/** Whether a line is for a period, or a part of one, that is as long as those of today: months differ by 3 days. */
function isBilledBy({ interval, timezone }: Subscription, { period, proration }: Line): boolean {
  const today = periodContaining({ at: period.start, zone: timezone }, interval, period.start)
  const days = proration?.denominator ?? localDaysBetween(period.start, period.end, timezone)
  const difference = Math.abs(days - localDaysBetween(today.start, today.end, timezone))
  return difference <= (interval.unit === 'week' ? 0 : 3)
}

function notFinal(id: Id<'invoice'>): Rejection {
  return {
    code: 'invoice_not_voidable',
    detail: `Invoice ${encodeId('invoice', id)} is not final.`,
    hint: 'A draft by hand is deleted with DELETE; one of a subscription follows what happens to it.',
  }
}
