import { z } from '@hono/zod-openapi'
import { encodeId, type Id } from '../kernel/id.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import {
  checkedSchema,
  checkedToWire,
  checkSchema,
  confirmSchema,
  releaseSchema,
  settledSchema,
} from './check-schemas.ts'
import type { UsageRefusal } from './domain/event.ts'
import { MOST_OPEN } from './holds.ts'
import { type SettleRequest, shardOf, usageShard } from './objects.ts'
import { answered, refusalProblem } from './refusals.ts'

export const usageCheckRoutes = router()

const reservationParam = z.object({ id: idSchema('reservation') })

route(
  usageCheckRoutes,
  {
    method: 'post',
    path: '/usage/check',
    tags: ['Usage'],
    summary: 'Ask whether a subscription may use so much more',
    description:
      'Counts every event that was accepted, of whatever sender, and what is reserved. With `reserve` the quantity is held, if it is allowed, of up to 1,000 reservations at once: confirm it once it was used, or release it. A reservation whose answer was lost expires by itself.',
    request: { body: jsonBody(checkSchema) },
    responses: answers(200, checkedSchema, 'Whether it may, and how its caps stand'),
  },
  async (c) => {
    const { subscription: subscriptionId, reserve, ...asked } = c.req.valid('json')
    const { organizationId } = c.get('caller')
    const reserveForMs = reserve === null ? null : reserve.expires_in * 1000
    const request = { organizationId, subscriptionId, ...asked, reserveForMs }
    const checked = answered(await usageShard(c.env, shardOf(subscriptionId)).check(request))
    if (checked.status === 'rejected' && !answersTheQuestion[checked.code]) throw refusalProblem(checked)
    if (checked.status === 'too_many_reservations') throw tooManyReservations(subscriptionId)
    return c.json(checkedToWire(asked, checked))
  },
)

/** A no, told as such; everything else is a fault in the question. */
const answersTheQuestion = {
  ...{ not_started: true, paused: true, ended: true, cap_reached: true },
  ...{ subscription_not_found: false, metric_not_found: false, not_measurable: false, negative_quantity: false },
  ...{ too_many_decimals: false, too_many_digits: false, too_old: false, in_the_future: false },
} as const satisfies Record<UsageRefusal, boolean>

route(
  usageCheckRoutes,
  {
    method: 'post',
    path: '/usage/reservations/{id}/confirm',
    tags: ['Usage'],
    summary: 'Confirm a reservation: it was used',
    description:
      'What was held becomes a usage event, whose id is the reservation’s. Confirmed again it answers the same and counts once.',
    request: { params: reservationParam, body: jsonBody(confirmSchema) },
    responses: answers(200, settledSchema, 'The confirmed reservation'),
  },
  async (c) => {
    const { subscription: subscriptionId, quantity } = c.req.valid('json')
    return settle(c, { subscriptionId, reservationId: c.req.valid('param').id, how: 'confirm', quantity })
  },
)

route(
  usageCheckRoutes,
  {
    method: 'post',
    path: '/usage/reservations/{id}/release',
    tags: ['Usage'],
    summary: 'Release a reservation: nothing was used',
    request: { params: reservationParam, body: jsonBody(releaseSchema) },
    responses: answers(200, settledSchema, 'The released reservation'),
  },
  async (c) => {
    const { subscription: subscriptionId } = c.req.valid('json')
    return settle(c, { subscriptionId, reservationId: c.req.valid('param').id, how: 'release', quantity: null })
  },
)

async function settle(c: AppContext, about: Omit<SettleRequest, 'organizationId'>): Promise<Response> {
  const request = { organizationId: c.get('caller').organizationId, ...about }
  const { subscriptionId, reservationId } = about
  const settled = answered(await usageShard(c.env, shardOf(subscriptionId)).settle(request))
  switch (settled.status) {
    case 'rejected':
      throw refusalProblem(settled)
    case 'missing':
      throw noSuchReservation(subscriptionId, reservationId)
    case 'more_than_held':
      throw moreThanReserved(about.quantity ?? '')
    case 'confirmed':
    case 'released': {
      const id = encodeId('reservation', reservationId)
      return c.json({ id, subscription: encodeId('subscription', subscriptionId), status: settled.status })
    }
  }
}

function tooManyReservations(subscription: Id<'subscription'>): Problem {
  const detail = `${MOST_OPEN} reservations of ${encodeId('subscription', subscription)} are open.`
  return new Problem('limit_reached', {
    detail,
    hint: 'Confirm or release what is done, reserve for less time, or reserve more at once. To ask without `reserve` is free.',
    errors: [{ pointer: '/reserve', detail }],
  })
}

function noSuchReservation(subscription: Id<'subscription'>, id: Id<'reservation'>): Problem {
  const named = `${encodeId('reservation', id)} of ${encodeId('subscription', subscription)}`
  return new Problem('not_found', {
    detail: `There is no reservation ${named}: it has expired, was settled in the other way, or never was.`,
    hint: 'Send what was used after all as an event: POST /v1/usage/events.',
  })
}

function moreThanReserved(quantity: string): Problem {
  const detail = `${quantity} is more than was reserved.`
  return new Problem('more_than_reserved', {
    detail,
    hint: 'Confirm at most what was reserved, and send the rest as an event: POST /v1/usage/events.',
    errors: [{ pointer: '/quantity', detail }],
  })
}
