import { encodeId, type Id } from '../kernel/id.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { actorOf, missing } from '../platform/http/commit.ts'
import { pageSchema } from '../platform/http/pagination.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { flushed } from './barrier.ts'
import {
  correctedEventSchema,
  correctedEventToWire,
  correctionSchema,
  cursorOf,
  eventParam,
  eventQuerySchema,
  usageEventSchema,
  usageEventToWire,
} from './event-schemas.ts'
import { type CorrectRequest, shardOf, usageShard } from './objects.ts'
import { answered, refusalProblem } from './refusals.ts'
import { type EventKey, findUsageEvent, usageEventPage } from './repository.ts'

export const usageEventRoutes = router()

route(
  usageEventRoutes,
  {
    method: 'get',
    path: '/usage/events',
    tags: ['Usage'],
    summary: 'List the usage events of a subscription',
    description: 'Newest use first, with all that was answered as accepted; voided events too, which do not count.',
    request: { query: eventQuerySchema },
    responses: answers(200, pageSchema(usageEventSchema, 'UsageEvent'), 'A page of events'),
  },
  async (c) => {
    const { limit, cursor: after = null, ...filter } = c.req.valid('query')
    await flushed(c.env, filter.subscription)
    const page = { limit, after }
    const rows = await usageEventPage(c.get('database'), c.get('caller').organizationId, filter, page)
    const shown = rows.slice(0, limit)
    const last = rows.length > limit ? shown.at(-1) : undefined
    const next_cursor = last === undefined ? null : cursorOf(last)
    return c.json({ data: shown.map(usageEventToWire), has_more: next_cursor !== null, next_cursor })
  },
)

route(
  usageEventRoutes,
  {
    method: 'get',
    path: '/usage/events/{subscription}/{id}',
    tags: ['Usage'],
    summary: 'Get a usage event with its corrections',
    request: { params: eventParam },
    responses: answers(200, correctedEventSchema, 'The event, and what it was before'),
  },
  async (c) => {
    const { subscription, id } = c.req.valid('param')
    await flushed(c.env, subscription)
    return shown(c, subscription, id)
  },
)

route(
  usageEventRoutes,
  {
    method: 'put',
    path: '/usage/events/{subscription}/{id}',
    tags: ['Usage'],
    summary: 'Correct a usage event',
    description:
      'Replaces all that the event says; a voided one counts again. What it was before is kept. Of a period that was invoiced the difference comes in a supplemental invoice or a credit note, as late usage does.',
    request: { params: eventParam, body: jsonBody(correctionSchema) },
    responses: answers(200, correctedEventSchema, 'The event as it is now'),
  },
  async (c) => {
    const { subscription, id } = c.req.valid('param')
    const { timestamp: at, metric, quantity, properties } = c.req.valid('json')
    return correct(c, subscription, id, { metric, at, quantity, properties })
  },
)

route(
  usageEventRoutes,
  {
    method: 'delete',
    path: '/usage/events/{subscription}/{id}',
    tags: ['Usage'],
    summary: 'Void a usage event',
    description:
      'It is kept and does not count; its id stays taken. Of a period that was invoiced the difference is credited.',
    request: { params: eventParam },
    responses: answers(200, correctedEventSchema, 'The voided event'),
  },
  async (c) => {
    const { subscription, id } = c.req.valid('param')
    return correct(c, subscription, id, null)
  },
)

async function correct(
  c: AppContext,
  subscriptionId: Id<'subscription'>,
  id: string,
  to: CorrectRequest['to'],
): Promise<Response> {
  const { organizationId } = c.get('caller')
  const request = { organizationId, subscriptionId, id, to, actor: actorOf(c) }
  const corrected = answered(await usageShard(c.env, shardOf(subscriptionId)).correct(request))
  if (corrected.status === 'missing') throw noSuchEvent(subscriptionId, id)
  if (corrected.status === 'rejected') throw refusalProblem(corrected)
  return shown(c, subscriptionId, id)
}

async function shown(c: AppContext, subscriptionId: Id<'subscription'>, id: string): Promise<Response> {
  const key: EventKey = { organizationId: c.get('caller').organizationId, subscriptionId, id }
  const found = await findUsageEvent(c.get('database'), key)
  if (found === null) throw noSuchEvent(subscriptionId, id)
  return c.json(correctedEventToWire(found))
}

function noSuchEvent(subscription: Id<'subscription'>, id: string) {
  return missing('usage event', `${id} of ${encodeId('subscription', subscription)}`)
}
