import { DAY_MS, type Instant, plusMs } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import type { Period } from '../kernel/period.ts'
import type { Zone } from '../kernel/zone.ts'
import { realNow } from '../platform/clock.ts'
import { invalidRequest, route, router } from '../platform/http/app.ts'
import { answers } from '../platform/http/responses.ts'
import { allFlushed } from '../usage/barrier.ts'
import { trendBuckets, trendOf } from './domain/trend.ts'
import { type trendSizes, trendToWire, usageTrendQuery, usageTrendsSchema } from './schemas.ts'
import { readTrends } from './usage-repository.ts'

/** How the business does. It only reads. */
export const analyticsRoutes = router()

route(
  analyticsRoutes,
  {
    method: 'get',
    path: '/analytics/usage',
    tags: ['Analytics'],
    summary: 'Get usage over time',
    description:
      'The sums over all subscriptions of what each used, by metric, and by plan or a segment of the accounts where it is asked for, with the growth against the day, week or month before. What came too late to be billed is left out. Up to 13 months at a time; whole intervals, also where `from` and `to` fall into one.',
    request: { query: usageTrendQuery },
    responses: answers(200, usageTrendsSchema, 'A trend each metric and group'),
  },
  async (c) => {
    const { metric = null, interval, from, to, timezone = UTC, group_by, segment = null } = c.req.valid('query')
    const now = realNow()
    const buckets = trendBuckets(windowOf(from, to ?? now, interval), {
      size: interval,
      zone: timezone,
      most: MOST_BUCKETS,
    })
    invariant(buckets !== null, '13 months have no more days')
    await allFlushed(c.env)
    const { organizationId } = c.get('caller')
    const asked = { organizationId, metric, buckets, byPlan: group_by === 'plan', segment }
    const trends = await readTrends(c.get('database'), asked)
    const data = trends.map((trend) => {
      const quantities = buckets.map((_, n) => trend.quantities[n] ?? '0')
      return trendToWire(trend, trendOf(buckets, quantities, now))
    })
    return c.json({ interval, timezone, data })
  },
)

const UTC = 'UTC' as Zone

/** 13 months, by days. */
const MAX_MS = 397 * DAY_MS
const MOST_BUCKETS = 398

/** So many whole intervals before the present one. */
const defaultMs = { day: 29 * DAY_MS, week: 77 * DAY_MS, month: 335 * DAY_MS } as const satisfies Record<
  (typeof trendSizes)[number],
  number
>

function windowOf(from: Instant | undefined, end: Instant, interval: (typeof trendSizes)[number]): Period {
  const start = from ?? plusMs(end, -defaultMs[interval])
  if (start >= end) throw invalidRequest([{ pointer: '/to', detail: 'must be later than `from`' }])
  if (end - start > MAX_MS)
    throw invalidRequest([{ pointer: '/from', detail: 'must be 13 months before `to` at most' }])
  return { start, end }
}
