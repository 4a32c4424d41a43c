import { z } from '@hono/zod-openapi'
import { getAccount } from '../accounts/routes.ts'
import { route, router } from '../platform/http/app.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { overdueHistory } from './history-repository.ts'
import { overdueChangeSchema, overdueChangeToWire } from './schemas.ts'

export const overdueRoutes = router()

route(
  overdueRoutes,
  {
    method: 'get',
    path: '/accounts/{id}/overdue_history',
    tags: ['Accounts'],
    summary: 'How an account came to be overdue, and what became of it',
    description: 'Every step, dispute hold and dispute with who and when.',
    request: { params: z.object({ id: idSchema('account') }), query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(overdueChangeSchema, 'OverdueChange'), 'A page, newest first'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const page = c.req.valid('query')
    await getAccount(c, id)
    const rows = await overdueHistory(c.get('database'), c.get('caller').organizationId, id, page)
    return c.json(pageOf(rows, page, overdueChangeToWire))
  },
)
