import { z } from '@hono/zod-openapi'
import { type AppContext, routeReadingBody, router } from '../platform/http/app.ts'
import { answers } from '../platform/http/responses.ts'
import { ingest } from './ingest.ts'
import { CLOUD_EVENT, CLOUD_EVENTS, MAX_EVENTS, readBody } from './read-body.ts'
import { cloudEventSchema, ingestedSchema, ingestedToWire, newUsageEventsSchema } from './schemas.ts'

export const ingestRoutes = router()

const own = { 'application/json': { schema: newUsageEventsSchema } }
const cloudEvents = {
  [CLOUD_EVENT]: { schema: cloudEventSchema },
  [CLOUD_EVENTS]: { schema: z.array(cloudEventSchema).min(1).max(MAX_EVENTS) },
}
const told = answers(200, ingestedSchema, 'What became of each event; all that is told as accepted is stored')

routeReadingBody(
  ingestRoutes,
  {
    method: 'post',
    path: '/usage/events',
    tags: ['Usage'],
    summary: 'Send usage events, one or up to 1,000',
    description:
      'Each event is judged by itself: one that is refused is listed in `rejected` and does not hold up the others. Whatever gave no answer, or is marked `retry`, is safe to send again: an event is known by its subscription and id, and one that is known answers `duplicate`. That is why an `Idempotency-Key` is accepted and not needed. CloudEvents 1.0 are taken too: `subject` is the subscription, `type` the metric.',
    request: { body: { content: { ...own, ...cloudEvents }, required: true } },
    responses: told,
  },
  (c) => take(c, c.req.header('Content-Type') ?? ''),
)

routeReadingBody(
  ingestRoutes,
  {
    method: 'post',
    path: '/usage/beacon',
    tags: ['Usage'],
    summary: 'Send usage events from a web page',
    description:
      'For `navigator.sendBeacon(url, JSON.stringify(event))` and `fetch`, with a publishable key of which everybody may know: it does nothing but this, from the pages of its `origins` only; without an `Origin` only where these are "*". A body of 64 KiB at most, as for POST /v1/usage/events, in JSON whatever its type says of text. Whoever has the key can send events for a subscription whose id they know: where that is a danger, send from your server.',
    security: [{ publishable: [] }],
    request: {
      query: z.strictObject({ key: z.string().openapi({ example: 'pk_live_…' }) }),
      body: { content: { ...own, 'text/plain': { schema: newUsageEventsSchema } }, required: true },
    },
    responses: told,
  },
  (c) => take(c, typeOfBeacon(c.req.header('Content-Type'))),
)

/** A page that sends a text, or bytes of no type, is spared the preflight: it is JSON all the same. */
function typeOfBeacon(type: string | undefined): string {
  return type === undefined || /^text\/plain\s*(?:;|$)/i.test(type) ? 'application/json' : type
}

async function take(c: AppContext, type: string): Promise<Response> {
  const events = readBody(await c.req.text(), type)
  return c.json(ingestedToWire(await ingest(c.env, c.get('caller').organizationId, events)))
}
