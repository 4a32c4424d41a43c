import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { realNow } from '../platform/clock.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { applicationFrom, applicationPage, creditBalanceOf, creditById, creditFrom, creditPage } from './repository.ts'
import {
  applicationsSchema,
  applicationToWire,
  balanceToWire,
  creditBalanceSchema,
  creditQuerySchema,
  creditSchema,
  creditToWire,
  creditWithApplicationsSchema,
} from './schemas.ts'

export const creditRoutes = router()

/** So many applications a credit shows by itself. */
const shown = { limit: 20 }

route(
  creditRoutes,
  {
    method: 'get',
    path: '/credits',
    tags: ['Credits'],
    summary: 'List credits',
    request: { query: creditQuerySchema },
    responses: answers(200, pageSchema(creditSchema, 'Credit'), 'A page of credits, newest first'),
  },
  async (c) => {
    const { account, ...page } = c.req.valid('query')
    const rows = await creditPage(c.get('database'), c.get('caller').organizationId, { account }, page)
    return c.json(pageOf(rows.map(creditFrom), page, creditToWire))
  },
)

route(
  creditRoutes,
  {
    method: 'get',
    path: '/credits/{id}',
    tags: ['Credits'],
    summary: 'Get a credit with the invoices it paid for',
    request: { params: z.object({ id: idSchema('credit') }) },
    responses: answers(200, creditWithApplicationsSchema, 'The credit'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[credit], rows] = await database.orm.batch([
      creditById(database, organizationId, id),
      applicationPage(database, organizationId, id, shown),
    ])
    if (credit === undefined) throw missing('credit', encodeId('credit', id))
    const applications = pageOf(rows.map(applicationFrom), shown, applicationToWire)
    return c.json({ ...creditToWire(creditFrom(credit)), applications })
  },
)

route(
  creditRoutes,
  {
    method: 'get',
    path: '/credits/{id}/applications',
    tags: ['Credits'],
    summary: 'List the invoices a credit paid for',
    request: { params: z.object({ id: idSchema('credit') }), query: z.strictObject(pageQuery) },
    responses: answers(200, applicationsSchema, 'A page of applications, newest first'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const page = c.req.valid('query')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[credit], rows] = await database.orm.batch([
      creditById(database, organizationId, id),
      applicationPage(database, organizationId, id, page),
    ])
    if (credit === undefined) throw missing('credit', encodeId('credit', id))
    return c.json(pageOf(rows.map(applicationFrom), page, applicationToWire))
  },
)

route(
  creditRoutes,
  {
    method: 'get',
    path: '/accounts/{id}/credit_balance',
    tags: ['Credits'],
    summary: 'What an account has to its credit, and what became of the rest',
    request: { params: z.object({ id: idSchema('account') }) },
    responses: answers(200, creditBalanceSchema, 'The balance, by the account’s own time'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await creditBalanceOf(c.get('database'), c.get('caller').organizationId, id, realNow())
    if (row === undefined) throw missing('account', encodeId('account', id))
    return c.json(balanceToWire(id, row))
  },
)
