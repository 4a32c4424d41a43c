import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { refundById, refundFrom, refundPage } from './refund-repository.ts'
import { refundQuerySchema, refundSchema, refundToWire } from './refund-schemas.ts'

export const refundRoutes = router()

route(
  refundRoutes,
  {
    method: 'get',
    path: '/refunds',
    tags: ['Payments'],
    summary: 'List refunds',
    request: { query: refundQuerySchema },
    responses: answers(200, pageSchema(refundSchema, 'Refund'), 'A page of refunds, newest first'),
  },
  async (c) => {
    const { account, payment, status, ...page } = c.req.valid('query')
    const filter = { account, payment, status }
    const rows = await refundPage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(refundFrom), page, refundToWire))
  },
)

route(
  refundRoutes,
  {
    method: 'get',
    path: '/refunds/{id}',
    tags: ['Payments'],
    summary: 'Get a refund',
    request: { params: z.object({ id: idSchema('refund') }) },
    responses: answers(200, refundSchema, 'The refund'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await refundById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('refund', encodeId('refund', id))
    return c.json(refundToWire(refundFrom(row)))
  },
)
