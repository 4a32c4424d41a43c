import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { invoiceById, invoiceFrom, invoicePage, invoicesFrom, linesOf } from './repository.ts'
import { invoiceQuerySchema, invoiceSchema, invoiceToWire } from './schemas.ts'

/** Reads; what makes or changes an invoice is a command, and those are billing's. */
export const invoiceRoutes = router()

route(
  invoiceRoutes,
  {
    method: 'get',
    path: '/invoices',
    tags: ['Invoices'],
    summary: 'List invoices',
    request: { query: invoiceQuerySchema },
    responses: answers(200, pageSchema(invoiceSchema, 'Invoice'), 'A page of invoices, newest first'),
  },
  async (c) => {
    const { account, subscription, status, number, ...page } = c.req.valid('query')
    const filter = { account, subscription, status, number }
    const [rows, lines] = await invoicePage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(invoicesFrom(rows, lines), page, invoiceToWire))
  },
)

route(
  invoiceRoutes,
  {
    method: 'get',
    path: '/invoices/{id}',
    tags: ['Invoices'],
    summary: 'Get an invoice',
    request: { params: z.object({ id: idSchema('invoice') }) },
    responses: answers(200, invoiceSchema, 'The invoice'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[row], lines] = await database.orm.batch([
      invoiceById(database, organizationId, id),
      linesOf(database, organizationId, [id]),
    ])
    if (row === undefined) throw missing('invoice', encodeId('invoice', id))
    return c.json(invoiceToWire(invoiceFrom(row, lines)))
  },
)
