import type { Instant } from '../kernel/instant.ts'
import type { Period } from '../kernel/period.ts'
import { route, router } from '../platform/http/app.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers } from '../platform/http/responses.ts'
import { type CurrentUsage, currentUsage } from './current-usage.ts'
import { type BucketSize, bucketsOf } from './domain/buckets.ts'
import { usageParam, usageQuerySchema, usageSchema, usageToWire } from './read-schemas.ts'
import { MOST_GROUPS, readSeries } from './series-repository.ts'

/** What a subscription has used so far, and what that costs. */
export const usageReadRoutes = router()

route(
  usageReadRoutes,
  {
    method: 'get',
    path: '/subscriptions/{id}/usage',
    tags: ['Usage'],
    summary: 'Get usage and cost so far',
    description:
      'Everything that was accepted before counts. The cost of a charge is what an invoice would say if its metering period ended now, tier by tier; minimums, discounts and taxes come with the invoice. `from` and `to` are about `metrics` and `series`: charges are told of the metering period that runs.',
    request: { params: usageParam, query: usageQuerySchema },
    responses: answers(200, usageSchema, 'Usage and cost so far'),
  },
  async (c) => {
    const { window: size, group_by: groupBy = null, ...wanted } = c.req.valid('query')
    const current = await currentUsage(c, c.req.valid('param').id, wanted)
    if (size === undefined && groupBy === null) return c.json(usageToWire(current, { buckets: [], series: [] }))
    const buckets = bucketsIn(current, { size, until: wanted.to, groups: groupBy === null ? 1 : MOST_GROUPS })
    const { subject, soFar } = current
    const asked = {
      subscriptionId: subject.subscription.id,
      metrics: soFar.metrics.map(({ metric }) => metric),
      groupBy,
    }
    const series = buckets.length === 0 ? [] : await readSeries(c.get('database'), { ...asked, buckets })
    return c.json(usageToWire(current, { buckets, series }))
  },
)

/** So many points an answer has at most: a month of hours of six metrics, or a month of days of eight in twenty groups. */
const MOST_POINTS = 5_000

/** Up to now, where no end was asked for: what comes after is empty. */
function bucketsIn(
  { subject, window, soFar }: CurrentUsage,
  {
    size,
    until,
    groups,
  }: { readonly size: BucketSize | undefined; readonly until: Instant | undefined; readonly groups: number },
): readonly Period[] {
  if (window === null || soFar.metrics.length === 0) return []
  if (size === undefined) return [window]
  const most = Math.floor(MOST_POINTS / groups / soFar.metrics.length)
  const buckets = bucketsOf(window, { size, zone: subject.subscription.timezone, most })
  if (buckets !== null) return until === undefined ? buckets.filter(({ start }) => start <= soFar.at) : buckets
  throw new Problem('invalid_request', {
    detail: `That are more than ${MOST_POINTS} points.`,
    hint: 'Ask for one `metric`, a coarser `window`, or a shorter time.',
    errors: [{ pointer: '/window', detail: `makes more than ${MOST_POINTS} points` }],
  })
}
