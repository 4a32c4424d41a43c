import { DAY_MS, type Instant, plusMs, toIso } from '../../kernel/instant.ts'
import { contains } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { LATE_MS, type MeteredPeriod } from '../../subscriptions/domain/subscription.ts'
import type { Report } from '../../usage/domain/report.ts'
import type { CommandOf } from './command.ts'
import { type Context, tell, type Work } from './work.ts'

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
    const metered = subscription.metered.map((period) => awaiting(period, report.usedAt, now))
    if (metered.some((one, index) => one !== subscription.metered[index])) {
      next = tell(next, 'subscription', 'usage.late', { ...subscription, metered }, now)
    }
  }
  return ok(next)
}

/** In its grace a period's draft takes it anyway; a week later nothing does. */
function awaiting(metered: MeteredPeriod, usedAt: Instant, now: Instant): MeteredPeriod {
  const { period, endedAt, sealedAt, supplementAt } = metered
  const isLate = sealedAt <= now && now < plusMs(endedAt, LATE_MS)
  if (!isLate || supplementAt !== null || !contains(period, usedAt)) return metered
  const windows = Math.floor((now - sealedAt) / WINDOW_MS) + 1
  return { ...metered, supplementAt: plusMs(sealedAt, windows * WINDOW_MS) }
}

function occasionOf({ metric, filters, period, percent, quantity, limit }: Extract<Report, { type: 'threshold' }>) {
  const span = { start: toIso(period.start), end: toIso(period.end) }
  return { metric, filters, period: span, percent, quantity, limit }
}
