import { z } from '@hono/zod-openapi'
import { route, router } from '../platform/http/app.ts'
import { answers } from '../platform/http/responses.ts'
import { logError } from '../platform/log.ts'
import { currentUsage } from './current-usage.ts'
import { liveEvents, streamOfEvents } from './live.ts'
import { shardOf, usageShard } from './objects.ts'
import { streamQuerySchema, usageParam, usageToWire } from './read-schemas.ts'

/** The same as usage so far, as it changes. */
export const usageStreamRoutes = router()

route(
  usageStreamRoutes,
  {
    method: 'get',
    path: '/subscriptions/{id}/usage/stream',
    tags: ['Usage'],
    summary: 'Watch usage and cost so far',
    description:
      'Server-sent events named `usage`, whose data is what GET /v1/subscriptions/{id}/usage answers: one at once, one within about a second of whatever is used, and one a minute. The stream ends after 15 minutes; an EventSource comes back by itself.',
    request: { params: usageParam, query: streamQuerySchema },
    responses: answers(200, z.string(), 'Events', 'text/event-stream'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const wanted = c.req.valid('query')
    const events = liveEvents({
      // A stub that was there when an object was replaced stays broken: a new one each time.
      marker: () => usageShard(c.env, shardOf(id)).marker(id),
      read: async () => usageToWire(await currentUsage(c, id, wanted), { buckets: [], series: [] }),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    })
    const context = { request_id: c.get('requestId') }
    const stream = await streamOfEvents(events, (error) => logError('usage_stream_broken', error, context))
    return c.body(stream, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
  },
)
