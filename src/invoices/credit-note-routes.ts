import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { creditNoteById, creditNoteFrom, creditNotePage } from './credit-note-repository.ts'
import { creditNoteQuerySchema, creditNoteSchema, creditNoteToWire } from './credit-note-schemas.ts'

/** Reads; what makes or voids a credit note is a command, and those are billing's. */
export const creditNoteRoutes = router()

route(
  creditNoteRoutes,
  {
    method: 'get',
    path: '/credit_notes',
    tags: ['Credit notes'],
    summary: 'List credit notes',
    request: { query: creditNoteQuerySchema },
    responses: answers(200, pageSchema(creditNoteSchema, 'CreditNote'), 'A page of credit notes, newest first'),
  },
  async (c) => {
    const { account, invoice, ...page } = c.req.valid('query')
    const filter = { account, invoice }
    const rows = await creditNotePage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(creditNoteFrom), page, creditNoteToWire))
  },
)

route(
  creditNoteRoutes,
  {
    method: 'get',
    path: '/credit_notes/{id}',
    tags: ['Credit notes'],
    summary: 'Get a credit note',
    request: { params: z.object({ id: idSchema('credit_note') }) },
    responses: answers(200, creditNoteSchema, 'The credit note'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await creditNoteById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('credit note', encodeId('credit_note', id))
    return c.json(creditNoteToWire(creditNoteFrom(row)))
  },
)
