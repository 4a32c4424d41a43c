import { z } from '@hono/zod-openapi'
import { applyCreditSchema, creditSchema, newCreditSchema } from '../credits/schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { invoiceAnswerSchema } from './schemas.ts'
import { send } from './send.ts'

/** Commands on credits. */
export const creditCommandRoutes = router()

route(
  creditCommandRoutes,
  {
    method: 'post',
    path: '/credits',
    tags: ['Credits'],
    summary: 'Give an account credit',
    description:
      'It pays for the next invoices by itself; an open one is paid with POST /v1/invoices/{id}/apply_credit.',
    request: { body: jsonBody(newCreditSchema) },
    responses: answers(201, creditSchema, 'The credit'),
  },
  async (c) => {
    const { account, amount, reason, expires_at: expiresAt, metadata } = c.req.valid('json')
    return send(c, {
      target: { kind: 'account', id: account },
      command: { type: 'grant_credit', amount: BigInt(amount), reason, expiresAt, metadata },
    })
  },
)

route(
  creditCommandRoutes,
  {
    method: 'post',
    path: '/credits/{id}/void',
    tags: ['Credits'],
    summary: 'Take back what is left of a credit',
    request: { params: z.object({ id: idSchema('credit') }) },
    responses: answers(200, creditSchema, 'The credit as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return send(c, { target: { kind: 'credit', id }, command: { type: 'void_credit', creditId: id } })
  },
)

route(
  creditCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/apply_credit',
    tags: ['Credits'],
    summary: 'Pay an open invoice by credit',
    request: { params: z.object({ id: idSchema('invoice') }), body: jsonBody(applyCreditSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The invoice as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { amount } = c.req.valid('json')
    const command = { type: 'apply_credit', id, amount: amount === undefined ? null : BigInt(amount) } as const
    return send(c, { target: { kind: 'invoice', id }, command })
  },
)
