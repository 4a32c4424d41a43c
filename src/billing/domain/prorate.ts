import { prorationDiscounts } from '../../discounts/domain/proration-discounts.ts'
import { creditedByLine } from '../../invoices/domain/credit-note.ts'
import { type DraftFor, discounted, draftInvoice, lineOf, withLines } from '../../invoices/domain/draft.ts'
import { type DraftInvoice, type Line, netOf } from '../../invoices/domain/invoice.ts'
import { creditLine, type LineInForce, linesInForce, unusedOf } from '../../invoices/domain/proration.ts'
import { earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { localDateOf, nextLocalMidnight } from '../../kernel/zone.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import type { Proration, Step } from '../../subscriptions/domain/step.ts'
import { type Baseline, periodOf, type Subscription } from '../../subscriptions/domain/subscription.ts'
import { unclaimed } from './billing-key.ts'
import { all } from './book.ts'
import { close, deleteDraft } from './close.ts'
import { discountedBy, periodsGivenBack } from './coupon-periods.ts'
import { type Context, keep, tell, type Work } from './work.ts'

type ProratedStep = Step & { readonly proration: Proration }

/**
 * What a change in the middle of a period comes to: a credit for the rest of each line that was billed and does not go on,
 * a charge for the rest of each item that was not. The day's draft is made anew each time; what nets to nothing makes none.
 */
export function prorate(
  start: Work,
  before: Subscription,
  step: ProratedStep,
  context: Context,
): Result<Work, Rejection> {
  const { proration, subscription } = step
  const draft = draftOfDay(start, before, proration.from)
  const restored = draft === null ? start : periodsGivenBack(start, draft, context)
  const { work, lines } =
    proration.crediting === 'nothing'
      ? { work: restored, lines: [] }
      : prorationLines(restored, before, step, { context, draft })
  if (isNothing(lines)) return ok(draft === null ? work : deleteDraft(work, draft, context))
  const fresh =
    draft === null
      ? draftInvoice(aboutDraft(step, context), lines, context.ids)
      : withLines(
          { ...draft, period: restOf(subscription, proration), ...waiting(subscription, proration, context) },
          lines,
        )
  if (!fresh.ok) return fresh
  if (proration.invoicing === 'now') {
    return close(withBaseline(work, subscription, null), fresh.value, context, { surplusTo: proration.credit })
  }
  const told = tell(work, 'invoice', draft === null ? 'invoice.created' : 'invoice.updated', fresh.value, context.now)
  return ok(withBaseline(told, subscription, fresh.value.id))
}

/** What nets to nothing is not invoiced, unless a period begins with it, which has to be billed. */
function isNothing(lines: readonly Line[]): boolean {
  return lines.reduce((sum, line) => sum + netOf(line), 0n) === 0n && !lines.some(({ kind }) => kind === 'base')
}

type Made = { readonly context: Context; readonly draft: DraftInvoice | null }
type Prorated = { readonly work: Work; readonly lines: readonly Line[] }

function prorationLines(
  work: Work,
  before: Subscription,
  { subscription, proration }: ProratedStep,
  { context, draft }: Made,
): Prorated {
  const { ids } = context
  const { from, granularity, crediting } = proration
  const baseline = before.status === 'active' ? before.baseline : null
  const period = draft !== null && baseline !== null ? baseline.period : periodOf(before)
  if (period === null) return { work, lines: [] }
  const zone = before.timezone
  const about = { subscriptionId: before.id, period, except: draft?.id ?? null }
  const inForce = linesInForce(all(work.invoices), about, creditedByLine(all(work.creditNotes)))
  const goesOn = (one: LineInForce) =>
    crediting === 'what_changes' && proration.charges.some((charge) => isSame(charge, one))
  const ending = inForce.filter((one) => !goesOn(one))
  const key = prorationKey(work, subscription, from, draft)
  const credits = ending.map((one) => {
    const fraction = unusedOf(one.line, { from, end: period.end, granularity, zone })
    return creditLine(one, { from, end: period.end, fraction, key, zone }, ids)
  })
  const wanted = proration.charges.filter((charge) => !inForce.some((one) => goesOn(one) && isSame(charge, one)))
  const keyed = wanted.map((charge) => ({ ...charge, key }))
  const charges = keyed.map((charge) => lineOf(charge, zone, ids))
  if (charges.some(({ kind }) => kind === 'base')) {
    // A period that begins here is discounted like any other.
    const begun = discountedBy(work, keyed, charges, context)
    return { work: begun.work, lines: [...credits, ...begun.lines] }
  }
  const taken = prorationDiscounts(
    charges.map(({ amount }, index) => ({ amount, planId: keyed[index]?.planId ?? null })),
    // Where nothing ends, an added item is discounted as what goes on is: by what percentages say.
    (ending.length > 0 ? ending : inForce).map(({ line }) =>
      creditedPart(line, { from, end: period.end, granularity, zone }, ending.length > 0),
    ),
  )
  return { work, lines: [...credits, ...charges.map((line, index) => discounted(line, taken[index] ?? []))] }
}

function creditedPart(line: Line, about: Parameters<typeof unusedOf>[1], moves: boolean) {
  const fraction = unusedOf(line, about)
  const discounts = moves ? line.discounts : line.discounts.filter(({ percent }) => percent !== null)
  return { discounts, unused: BigInt(fraction?.numerator ?? 1), served: BigInt(fraction?.denominator ?? 1) }
}

/** Billed already, just so: the same version, seats and price. */
function isSame(charge: Billable, { line }: LineInForce): boolean {
  return (
    charge.kind !== 'usage' &&
    charge.planVersionId === line.planVersionId &&
    charge.quantity === line.quantity &&
    charge.unitAmount === line.unitAmount
  )
}

/** One invoice a local date; a second of the same date, after the first became final, is named by itself. */
function prorationKey(work: Work, subscription: Subscription, from: Instant, draft: DraftInvoice | null): string {
  const date = subscription.status === 'active' ? subscription.baseline?.date : undefined
  const key = `proration:${date ?? from}`
  return unclaimed(work, key, { subscriptionId: subscription.id, except: draft?.id ?? null })
}

/** One that an earlier day left for the next invoice stays as it is. */
function draftOfDay({ invoices }: Work, subscription: Subscription, at: Instant): DraftInvoice | null {
  const baseline = subscription.status === 'active' ? subscription.baseline : null
  const isToday =
    baseline !== null && baseline.date === localDateOf(at, subscription.timezone) && at < baseline.period.end
  const draftId = isToday ? baseline.draftId : null
  const draft = draftId === null ? undefined : invoices.now.get(draftId)
  return draft?.status === 'draft' ? draft : null
}

function aboutDraft({ subscription, proration }: ProratedStep, context: Context): DraftFor {
  const { organizationId, accountId, id, currency } = subscription
  return {
    ...{ organizationId, accountId, subscriptionId: id, currency, reason: 'proration', at: context.now },
    ...{ period: restOf(subscription, proration), ...waiting(subscription, proration, context) },
  }
}

/** From the change to the period's end; what is cancelled in its last instant still was some time. */
function restOf(subscription: Subscription, { from: start }: Proration): Period {
  const end = periodOf(subscription)?.end ?? start
  return { start, end: end > start ? end : plusMs(start, 1) }
}

/** Final at the next local midnight or with the period, before its renewal; or together with the next invoice. */
function waiting(
  subscription: Subscription,
  { invoicing }: Proration,
  { now }: Context,
): Pick<DraftInvoice, 'awaits' | 'finalizeAt'> {
  if (invoicing === 'next_invoice') return { awaits: 'next_invoice', finalizeAt: null }
  const midnight = nextLocalMidnight(now, subscription.timezone)
  return { awaits: 'day_end', finalizeAt: earliest(midnight, periodOf(subscription)?.end ?? null) }
}

/** The day's draft is remembered with how things stood before it; once it is final, a new day begins. */
function withBaseline(work: Work, { id }: Subscription, draftId: Baseline['draftId']): Work {
  const subscription = work.subscriptions.now.get(id)
  if (subscription?.status !== 'active' || subscription.baseline === null) return work
  const baseline = draftId === null ? null : { ...subscription.baseline, draftId }
  return keep(work, 'subscriptions', [{ ...subscription, baseline }])
}
