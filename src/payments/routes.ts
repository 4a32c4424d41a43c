import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { attemptFrom, attemptsOf, paymentById, paymentFrom, paymentPage } from './repository.ts'
import { attemptSchema, attemptToWire, paymentQuerySchema, paymentSchema, paymentToWire } from './schemas.ts'

export const paymentRoutes = router()

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments',
    tags: ['Payments'],
    summary: 'List payments',
    request: { query: paymentQuerySchema },
    responses: answers(200, pageSchema(paymentSchema, 'Payment'), 'A page of payments, newest first'),
  },
  async (c) => {
    const { account, invoice, status, ...page } = c.req.valid('query')
    const filter = { account, invoice, status }
    const rows = await paymentPage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows, page, (row) => paymentToWire(paymentFrom(row), row.refunded)))
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments/{id}',
    tags: ['Payments'],
    summary: 'Get a payment',
    request: { params: z.object({ id: idSchema('payment') }) },
    responses: answers(200, paymentSchema, 'The payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await paymentById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('payment', encodeId('payment', id))
    return c.json(paymentToWire(paymentFrom(row), row.refunded))
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments/{id}/attempts',
    tags: ['Payments'],
    summary: 'List the attempts of a payment',
    request: { params: z.object({ id: idSchema('payment') }), query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(attemptSchema, 'PaymentAttempt'), 'A page of attempts, newest first'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const page = c.req.valid('query')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[payment], rows] = await database.orm.batch([
      paymentById(database, organizationId, id),
      attemptsOf(database, organizationId, id, page),
    ])
    if (payment === undefined) throw missing('payment', encodeId('payment', id))
    return c.json(pageOf(rows.map(attemptFrom), page, attemptToWire))
  },
)
