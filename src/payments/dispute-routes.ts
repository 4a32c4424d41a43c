import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { disputeById, disputeFrom, disputePage } from './dispute-repository.ts'
import { disputeQuerySchema, disputeSchema, disputeToWire } from './dispute-schemas.ts'

export const disputeRoutes = router()

route(
  disputeRoutes,
  {
    method: 'get',
    path: '/disputes',
    tags: ['Payments'],
    summary: 'List disputes',
    description: 'Payments that a customer’s bank contests, as the gateway tells of them.',
    request: { query: disputeQuerySchema },
    responses: answers(200, pageSchema(disputeSchema, 'Dispute'), 'A page of disputes, newest first'),
  },
  async (c) => {
    const { account, payment, status, ...page } = c.req.valid('query')
    const filter = { account, payment, status }
    const rows = await disputePage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(disputeFrom), page, disputeToWire))
  },
)

route(
  disputeRoutes,
  {
    method: 'get',
    path: '/disputes/{id}',
    tags: ['Payments'],
    summary: 'Get a dispute',
    request: { params: z.object({ id: idSchema('dispute') }) },
    responses: answers(200, disputeSchema, 'The dispute'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await disputeById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('dispute', encodeId('dispute', id))
    return c.json(disputeToWire(disputeFrom(row)))
  },
)
