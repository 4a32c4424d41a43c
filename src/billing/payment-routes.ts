import { z } from '@hono/zod-openapi'
import { newRefundSchema, refundSchema, resolveRefundSchema } from '../payments/refund-schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { send } from './send.ts'

/** Commands on payments. */
export const paymentCommandRoutes = router()

route(
  paymentCommandRoutes,
  {
    method: 'post',
    path: '/refunds',
    tags: ['Payments'],
    summary: 'Give money of a payment back',
    description:
      'The way it came, as a gift: its invoice stays as it is. To correct what was invoiced and its tax, make a credit note with a refund instead.',
    request: { body: jsonBody(newRefundSchema) },
    responses: answers(201, refundSchema, 'The refund, which is on its way'),
  },
  async (c) => {
    const { payment: id, amount, reason } = c.req.valid('json')
    return send(c, {
      target: { kind: 'payment', id },
      command: { type: 'refund_payment', paymentId: id, amount: amount === undefined ? null : BigInt(amount), reason },
    })
  },
)

route(
  paymentCommandRoutes,
  {
    method: 'post',
    path: '/refunds/{id}/resolve',
    tags: ['Payments'],
    summary: 'Give back in another way what a refund could not',
    description:
      'What a credit note or unused time gave back stays owed when its refund fails, as where the card is gone. Send it again, give it as credit, or say that you have paid it by other means.',
    request: { params: z.object({ id: idSchema('refund') }), body: jsonBody(resolveRefundSchema) },
    responses: answers(200, refundSchema, 'The refund, resolved'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { resolution } = c.req.valid('json')
    return send(c, { target: { kind: 'refund', id }, command: { type: 'resolve_refund', refundId: id, resolution } })
  },
)
