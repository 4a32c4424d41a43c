import { z } from '@hono/zod-openapi'
import { accountSchema } from '../accounts/schemas.ts'
import { disputeHoldSchema } from '../payments/schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { send } from './send.ts'

/** What is done by hand about an account that owes. */
export const dunningRoutes = router()

const accountParam = z.object({ id: idSchema('account') })

route(
  dunningRoutes,
  {
    method: 'post',
    path: '/accounts/{id}/dispute_hold',
    tags: ['Accounts'],
    summary: 'Let an account be while what it owes is looked into',
    description: 'Until the hold is released, days past due do not count, nobody is reminded and nothing is retried.',
    request: { params: accountParam, body: jsonBody(disputeHoldSchema) },
    responses: answers(201, accountSchema, 'The account as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const command = { type: 'place_hold', reason: c.req.valid('json').reason } as const
    return send(c, { target: { kind: 'account', id }, command })
  },
)

route(
  dunningRoutes,
  {
    method: 'delete',
    path: '/accounts/{id}/dispute_hold',
    tags: ['Accounts'],
    summary: 'Release a dispute hold',
    description: 'Everything goes on where it stood, later by the days of the hold.',
    request: { params: accountParam },
    responses: answers(200, accountSchema, 'The account as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return send(c, { target: { kind: 'account', id }, command: { type: 'release_hold' } })
  },
)
