import type { DraftInvoice } from '../../invoices/domain/invoice.ts'
import { DAY_MS, type Instant, plusMs, toIso } from '../../kernel/instant.ts'
import { contains } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { isStillBilled } from '../../subscriptions/domain/late-usage.ts'
import type { MeteredPeriod, Subscription } from '../../subscriptions/domain/subscription.ts'
import type { Report } from '../../usage/domain/report.ts'
import type { CommandOf } from './command.ts'
import { type Context, draftsIn, tell, type Work } from './work.ts'

/** What is gathered into one supplemental invoice, counted from the period's seal (semantics.md, Usage). */
const WINDOW_MS = DAY_MS

/** What its usage means to a subscription: what came late is invoiced in its time; a threshold is an event. */
export function reportUsage(
  work: Work,
  { subscriptionId, reports }: CommandOf<'report_usage'>,
  { now }: Context,
): Result<Work, Rejection> {
  let next = work
  for (const report of reports) {
    const subscription = next.subscriptions.now.get(subscriptionId)
    if (subscription === undefined) break
    if (report.type === 'threshold') {
      next = tell(next, 'subscription', 'usage.threshold_reached', subscription, now, occasionOf(report))
      continue
    }
    if (report.type === 'unbilled') {
      const occasion = { used_at: toIso(report.usedAt) }
      next = tell(next, 'subscription', 'usage.unbilled', subscription, now, occasion)
      continue
    }
    const open = new Set<MeteredPeriod['invoiceId']>(draftsIn(next).flatMap(takesUsage))
    const metered = subscription.metered.map((period) =>
      open.has(period.invoiceId) ? period : awaiting(period, report.usedAt, now),
    )
    const isAwaited = metered.some((one, index) => one !== subscription.metered[index])
    // Sealed for an invoice that is being made: whoever makes it has read too early, and loses to this.
    const isEarly = !isAwaited && !subscription.metered.some(({ period }) => contains(period, report.usedAt))
    if (isAwaited || (isEarly && isMetered(subscription, report.usedAt))) {
      next = tell(next, 'subscription', 'usage.late', { ...subscription, metered }, now)
    }
  }
  return ok(next)
}

/** What came by its end a draft takes anyway, but for one that was closed and waits for its tax. */
function takesUsage({ id, awaits }: DraftInvoice): readonly DraftInvoice['id'][] {
  return awaits === 'tax' ? [] : [id]
}

/** A shard may be a day behind with what it has to say: it has judged whether it came in time. */
const MOST_DELAY_MS = DAY_MS

function awaiting(metered: MeteredPeriod, usedAt: Instant, now: Instant): MeteredPeriod {
  const { period, sealedAt, supplementAt } = metered
  const isLate = sealedAt <= now && isStillBilled(metered, plusMs(now, -MOST_DELAY_MS))
  if (!isLate || supplementAt !== null || !contains(period, usedAt)) return metered
  const windows = Math.floor((now - sealedAt) / WINDOW_MS) + 1
  return { ...metered, supplementAt: plusMs(sealedAt, windows * WINDOW_MS) }
}

function isMetered(subscription: Subscription, at: Instant): boolean {
  if (subscription.status !== 'active') return false
  return subscription.metering?.closed.some(({ to }) => at >= to) ?? false
}

function occasionOf({ metric, filters, period, percent, quantity, limit }: Extract<Report, { type: 'threshold' }>) {
  const span = { start: toIso(period.start), end: toIso(period.end) }
  return { metric, filters, period: span, percent, quantity, limit }
}
