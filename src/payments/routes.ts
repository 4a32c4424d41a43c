import { z } from '@hono/zod-openapi'
import { encodeId, idsOfCommit } from '../kernel/id.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { invalidRequest, route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { seal } from '../platform/seal.ts'
import {
  attemptFrom,
  attemptsOf,
  gatewayAccountPage,
  newGatewayAccounts,
  paymentById,
  paymentFrom,
  paymentPage,
} from './repository.ts'
import {
  attemptSchema,
  attemptToWire,
  gatewayAccountSchema,
  gatewayAccountToWire,
  newGatewayAccountSchema,
  paymentQuerySchema,
  paymentSchema,
  paymentToWire,
} from './schemas.ts'

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

route(
  paymentRoutes,
  {
    method: 'post',
    path: '/gateway_accounts',
    tags: ['Organization'],
    summary: 'Connect a gateway account',
    middleware: requires('admin'),
    request: { body: jsonBody(newGatewayAccountSchema) },
    responses: answers(201, gatewayAccountSchema, 'The gateway account'),
  },
  async (c) => {
    const { kind, name, secret_key } = c.req.valid('json')
    const { organizationId, mode } = c.get('caller')
    if (secret_key.includes('_live_') !== (mode === 'live')) {
      const detail = `is not a key for a ${mode} organization`
      throw invalidRequest([{ pointer: '/secret_key', detail }])
    }
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const id = ids('gateway_account')
    const secret = await seal(secret_key, c.env.SEALING_KEY, id)
    const row = { organizationId, id, kind, name, secret, createdAt: realNow() }
    const body = gatewayAccountToWire(row)
    const event = { type: 'gateway_account.created', subjectId: id, sequence: 1, data: body, previous: null }
    const fragments = [newGatewayAccounts([row]), ...eventFragments([eventOf(c, commitId, ids, event)])]
    return commitAndAnswer(c, { id: commitId, cause: 'create_gateway_account', fragments }, { status: 201, body })
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/gateway_accounts',
    tags: ['Organization'],
    summary: 'List gateway accounts',
    middleware: requires('admin'),
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(gatewayAccountSchema, 'GatewayAccount'), 'A page, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await gatewayAccountPage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, gatewayAccountToWire))
  },
)
