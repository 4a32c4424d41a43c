import { z } from '@hono/zod-openapi'
import { discountSchema, newDiscountSchema } from '../discounts/schemas.ts'
import { route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { detachAnswerSchema } from './schemas.ts'
import { send } from './send.ts'

/** Attaches coupons to accounts and subscriptions, and takes them away. */
export const discountRoutes = router()

const subscriptionParam = z.object({ id: idSchema('subscription') })
const accountParam = z.object({ id: idSchema('account') })
const couponQuery = z.strictObject({
  coupon: z.string().max(100).optional().openapi({ description: 'The code of the one to take away; default: all.' }),
})

route(
  discountRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/discount',
    tags: ['Coupons'],
    summary: 'Attach a coupon to a subscription',
    description: 'What it is billed from now on costs less; what was billed stays as it is.',
    request: { params: subscriptionParam, body: jsonBody(newDiscountSchema) },
    responses: answers(201, discountSchema, 'The discount'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { coupon: couponCode } = c.req.valid('json')
    const command = { type: 'attach_coupon', couponCode, subscriptionId: id } as const
    return send(c, { target: { kind: 'subscription', id }, command })
  },
)

route(
  discountRoutes,
  {
    method: 'delete',
    path: '/subscriptions/{id}/discount',
    tags: ['Coupons'],
    summary: 'Take the coupons of a subscription away, or one of them',
    request: { params: subscriptionParam, query: couponQuery },
    responses: answers(200, detachAnswerSchema, 'The discounts that have ended'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { coupon: couponCode = null } = c.req.valid('query')
    const command = { type: 'detach_discounts', couponCode, subscriptionId: id } as const
    return send(c, { target: { kind: 'subscription', id }, command })
  },
)

route(
  discountRoutes,
  {
    method: 'post',
    path: '/accounts/{id}/discount',
    tags: ['Coupons'],
    summary: 'Attach a coupon to an account',
    description: 'All that it is billed from now on costs less; what was billed stays as it is.',
    request: { params: accountParam, body: jsonBody(newDiscountSchema) },
    responses: answers(201, discountSchema, 'The discount'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { coupon: couponCode } = c.req.valid('json')
    const command = { type: 'attach_coupon', couponCode, subscriptionId: null } as const
    return send(c, { target: { kind: 'account', id }, command })
  },
)

route(
  discountRoutes,
  {
    method: 'delete',
    path: '/accounts/{id}/discount',
    tags: ['Coupons'],
    summary: 'Take the coupons of an account away, or one of them',
    request: { params: accountParam, query: couponQuery },
    responses: answers(200, detachAnswerSchema, 'The discounts that have ended'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { coupon: couponCode = null } = c.req.valid('query')
    const command = { type: 'detach_discounts', couponCode, subscriptionId: null } as const
    return send(c, { target: { kind: 'account', id }, command })
  },
)
