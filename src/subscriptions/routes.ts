import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { problemOf } from '../platform/http/problem.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { nothingScheduled } from './domain/decide-change.ts'
import { subscriptionById, subscriptionFrom, subscriptionPage } from './repository.ts'
import {
  scheduledChangeSchema,
  scheduledChangeToWire,
  subscriptionQuerySchema,
  subscriptionSchema,
  subscriptionToWire,
} from './schemas.ts'

/** Reads; what changes a subscription is a command, and those are billing’s, as is one with its discounts. */
export const subscriptionRoutes = router()

route(
  subscriptionRoutes,
  {
    method: 'get',
    path: '/subscriptions',
    tags: ['Subscriptions'],
    summary: 'List subscriptions',
    request: { query: subscriptionQuerySchema },
    responses: answers(200, pageSchema(subscriptionSchema, 'Subscription'), 'A page of subscriptions, newest first'),
  },
  async (c) => {
    const { account, status, external_key, ...page } = c.req.valid('query')
    const filter = { account, status, external_key }
    const rows = await subscriptionPage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(subscriptionFrom), page, subscriptionToWire))
  },
)

route(
  subscriptionRoutes,
  {
    method: 'get',
    path: '/subscriptions/{id}/scheduled_change',
    tags: ['Subscriptions'],
    summary: 'Get the change that is stored for later',
    request: { params: z.object({ id: idSchema('subscription') }) },
    responses: answers(200, scheduledChangeSchema, 'The change'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await subscriptionById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('subscription', encodeId('subscription', id))
    const { scheduledChange } = subscriptionFrom(row)
    if (scheduledChange === null) throw problemOf(nothingScheduled)
    return c.json(scheduledChangeToWire(scheduledChange))
  },
)
