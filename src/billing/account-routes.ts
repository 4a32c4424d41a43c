import { z } from '@hono/zod-openapi'
import { accountPatchSchema, accountSchema, addressFromWire } from '../accounts/schemas.ts'
import { disputeHoldSchema } from '../payments/schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { send } from './send.ts'

/** What is done to an account by hand: decisions like any other, because they count for what it owes. */
export const accountCommandRoutes = router()

const accountParam = z.object({ id: idSchema('account') })

route(
  accountCommandRoutes,
  {
    method: 'patch',
    path: '/accounts/{id}',
    tags: ['Accounts'],
    summary: 'Change an account',
    description:
      'Members that are left out stay as they are; `metadata` is replaced whole. A new time zone or country counts from the next subscription and the next invoice. From automatic to invoice, what is owed is not tried any more; from invoice to automatic, it is charged when it is due, and at once where it is. The currency never changes.',
    request: { params: accountParam, body: jsonBody(accountPatchSchema) },
    responses: answers(200, accountSchema, 'The account as it is now'),
  },
  async (c) => {
    const { address, tax_exempt, external_key, payment_terms_days, ...same } = c.req.valid('json')
    const patch = {
      ...same,
      address: address === undefined ? undefined : addressFromWire(address),
      taxExempt: tax_exempt,
      externalKey: external_key,
      paymentTermsDays: payment_terms_days,
    }
    const target = { kind: 'account', id: c.req.valid('param').id } as const
    return send(c, { target, command: { type: 'update_account', patch } })
  },
)

route(
  accountCommandRoutes,
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
  accountCommandRoutes,
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
