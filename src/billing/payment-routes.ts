import { newRefundSchema, refundSchema } from '../payments/refund-schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
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
