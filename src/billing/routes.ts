import { z } from '@hono/zod-openapi'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import {
  cancelFromWire,
  cancelSchema,
  changeFromWire,
  changeSchema,
  createFromWire,
  itemFromWire,
  itemSchema,
  newSubscriptionSchema,
  pauseFromWire,
  pauseSchema,
  subscriptionPatchSchema,
  trialFromWire,
  trialSchema,
} from '../subscriptions/command-schemas.ts'
import type { SubscriptionCommand } from '../subscriptions/domain/command.ts'
import { commandAnswerSchema } from './schemas.ts'
import { send } from './send.ts'

/** Commands on subscriptions: each parses its input, sends it to the one decide, and answers what came of it. */
export const billingRoutes = router()

const idParam = z.object({ id: idSchema('subscription') })
const subscriptionNow = answers(200, commandAnswerSchema, 'The subscription as it is now')

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions',
    tags: ['Subscriptions'],
    summary: 'Subscribe an account to a plan',
    description:
      'The subscription, its first invoice and the payment’s attempt are made in one commit, then the card is charged. A failed payment leaves the subscription active and the invoice open.',
    request: { body: jsonBody(newSubscriptionSchema) },
    responses: answers(201, commandAnswerSchema, 'The subscription with its newest invoice and that invoice’s payment'),
  },
  async (c) => {
    const { account, preview_hash: previewHash, ...terms } = c.req.valid('json')
    return send(c, { target: { kind: 'account', id: account }, command: createFromWire(terms), previewHash })
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/change',
    tags: ['Subscriptions'],
    summary: 'Change plan, version, seats, price, interval or add-ons',
    description:
      'The unused part of what was billed is credited and what holds from then on is charged for the rest of the period. The changes of a day come in one invoice, unless `invoice` says otherwise. Another interval ends the period and begins a new one.',
    request: { params: idParam, body: jsonBody(changeSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    return sendTo(c, changeFromWire(id, body), body.preview_hash)
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/items',
    tags: ['Subscriptions'],
    summary: 'Add an add-on, change how much of it, or take it away',
    description: 'The same as a change of this add-on alone.',
    request: { params: idParam, body: jsonBody(itemSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    return send(c, {
      target: { kind: 'subscription', id },
      command: itemFromWire(id, body),
      previewHash: body.preview_hash,
      within: '/add_ons/0',
    })
  },
)

route(
  billingRoutes,
  {
    method: 'delete',
    path: '/subscriptions/{id}/scheduled_change',
    tags: ['Subscriptions'],
    summary: 'Take back a change that is stored for later',
    request: { params: idParam },
    responses: subscriptionNow,
  },
  async (c) => sendTo(c, { type: 'unschedule_change', id: c.req.valid('param').id }),
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/cancel',
    tags: ['Subscriptions'],
    summary: 'Cancel a subscription now or at the end of its period',
    request: { params: idParam, body: jsonBody(cancelSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    return sendTo(c, cancelFromWire(id, body), body.preview_hash)
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/uncancel',
    tags: ['Subscriptions'],
    summary: 'Take back a cancellation at the end of the period',
    request: { params: idParam },
    responses: subscriptionNow,
  },
  async (c) => sendTo(c, { type: 'uncancel_subscription', id: c.req.valid('param').id }),
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/pause',
    tags: ['Subscriptions'],
    summary: 'Pause a subscription',
    description:
      'Period and usage stop. It resumes by itself at `resumes_at`, or when it is told to; after 90 days it is cancelled and the unused part credited.',
    request: { params: idParam, body: jsonBody(pauseSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    return sendTo(c, pauseFromWire(id, body), body.preview_hash)
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/resume',
    tags: ['Subscriptions'],
    summary: 'Resume a paused subscription',
    description: 'The end of its period moves by the days it was paused.',
    request: { params: idParam },
    responses: subscriptionNow,
  },
  async (c) => sendTo(c, { type: 'resume_subscription', id: c.req.valid('param').id }),
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/trial',
    tags: ['Subscriptions'],
    summary: 'End a trial now, or move its end',
    request: { params: idParam, body: jsonBody(trialSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    return sendTo(c, trialFromWire(id, body), body.preview_hash)
  },
)

route(
  billingRoutes,
  {
    method: 'patch',
    path: '/subscriptions/{id}',
    tags: ['Subscriptions'],
    summary: 'Change metadata or the external key of a subscription',
    request: { params: idParam, body: jsonBody(subscriptionPatchSchema) },
    responses: subscriptionNow,
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { external_key, metadata } = c.req.valid('json')
    return sendTo(c, { type: 'update_subscription', id, externalKey: external_key, metadata })
  },
)

function sendTo(c: AppContext, command: SubscriptionCommand, previewHash: string | null = null): Promise<Response> {
  return send(c, { target: { kind: 'subscription', id: command.id }, command, previewHash })
}
