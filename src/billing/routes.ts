import { z } from '@hono/zod-openapi'
import { clockBusy } from '../accounts/routes.ts'
import { isPendingNumber } from '../invoices/domain/finalise.ts'
import type { Invoice } from '../invoices/domain/invoice.ts'
import { invoiceToWire } from '../invoices/schemas.ts'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { instant } from '../kernel/instant.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { type AppContext, invalidRequest, route, router } from '../platform/http/app.ts'
import { actorOf, changedMeanwhile, missing } from '../platform/http/commit.ts'
import { jsonResponse, keyInUse, replayOf } from '../platform/http/idempotency.ts'
import { databaseUnavailable, Problem, problemOf } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import type { CreateSubscription } from '../subscriptions/domain/commands.ts'
import { nextDueAt } from '../subscriptions/domain/subscription.ts'
import { cancelSchema, newSubscriptionSchema, subscriptionPatchSchema } from '../subscriptions/schemas.ts'
import { type Dispatched, type DispatchRequest, dispatch } from './dispatch.ts'
import { decide } from './domain/decide.ts'
import type { Command, Snapshot } from './domain/snapshot.ts'
import { subscriptionObject, tellRelay } from './objects.ts'
import { load, theAccount, theAccountOf, timeOf } from './repository.ts'
import {
  commandAnswerSchema,
  finalizeSchema,
  invoiceAnswerSchema,
  previewRequestSchema,
  previewSchema,
} from './schemas.ts'

/** Commands: each parses its input, sends it to the one decide, and answers what came of it. */
export const billingRoutes = router()

const idParam = z.object({ id: idSchema('subscription') })

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
    const body = c.req.valid('json')
    return send(c, { kind: 'account', id: body.account }, createCommand(body))
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/cancel',
    tags: ['Subscriptions'],
    summary: 'Cancel a subscription now or at the end of its period',
    request: { params: idParam, body: jsonBody(cancelSchema) },
    responses: answers(200, commandAnswerSchema, 'The subscription as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return send(c, { kind: 'subscription', id }, { type: 'cancel_subscription', id, when: c.req.valid('json').when })
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
    responses: answers(200, commandAnswerSchema, 'The subscription as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return send(c, { kind: 'subscription', id }, { type: 'uncancel_subscription', id })
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
    responses: answers(200, commandAnswerSchema, 'The subscription as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { external_key, metadata } = c.req.valid('json')
    return send(
      c,
      { kind: 'subscription', id },
      { type: 'update_subscription', id, externalKey: external_key, metadata },
    )
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/finalize',
    tags: ['Invoices'],
    summary: 'Finalise a draft that awaits its tax',
    description:
      'With the taxes that were computed elsewhere; their amounts are taken as given and divided over the lines.',
    request: { params: z.object({ id: idSchema('invoice') }), body: jsonBody(finalizeSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The final invoice with its payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const taxes = c.req.valid('json').taxes.map(({ amount, ...tax }) => ({ ...tax, amount: BigInt(amount) }))
    return send(c, { kind: 'invoice', id }, { type: 'finalize_invoice', id, taxes })
  },
)

route(
  billingRoutes,
  {
    method: 'post',
    path: '/invoices/preview',
    tags: ['Invoices'],
    summary: 'What a new subscription or the next renewal would be invoiced',
    description: 'The same function as the real run, without a write: equal line for line.',
    request: { body: jsonBody(previewRequestSchema) },
    responses: answers(200, previewSchema, 'The invoices that would be made, oldest period first'),
  },
  async (c) => {
    const body = c.req.valid('json')
    const { snapshot, command, now } = await previewed(c, body)
    const decided = decide(snapshot, command, now, idsOfCommit(newCommitId()))
    if (!decided.ok) throw problemOf(decided.error)
    return c.json({ invoices: decided.value.invoices.map(({ after }) => previewToWire(after)) })
  },
)

/** The organization's series gives a number only when it is committed. */
function previewToWire(invoice: Invoice) {
  const wire = invoiceToWire(invoice)
  return { ...wire, number: wire.number === null || isPendingNumber(wire.number) ? null : wire.number }
}

type Preview = z.output<typeof previewRequestSchema>

/** The command, and the instant it is previewed for: now for a new subscription, its next due instant for one that is. */
async function previewed(c: AppContext, { subscription: id, new_subscription: body }: Preview) {
  const { organizationId } = c.get('caller')
  const database = c.get('database')
  if (body !== undefined) {
    const chosen = theAccount(organizationId, body.account)
    const { snapshot } = await load(database, { organizationId, chosen, planCode: body.plan, idempotency: null })
    if (snapshot === null) throw missing('account', encodeId('account', body.account))
    return { snapshot, command: createCommand(body), now: timeOf(snapshot, realNow()) }
  }
  if (id === undefined) throw invalidRequest([{ pointer: '/subscription', detail: 'is missing' }])
  const chosen = theAccountOf('subscriptions', organizationId, id)
  const { snapshot } = await load(database, { organizationId, chosen, subscriptionId: id, idempotency: null })
  const subscription = snapshot?.subscriptions.find((one) => one.id === id)
  if (!snapshot || !subscription) throw missing('subscription', encodeId('subscription', id))
  const alone: Snapshot = { ...snapshot, subscriptions: [subscription] }
  const command: Command = { type: 'advance' }
  return { snapshot: alone, command, now: nextDueAt(subscription) ?? timeOf(snapshot, realNow()) }
}

function createCommand(body: z.output<typeof newSubscriptionSchema>): CreateSubscription {
  return {
    type: 'create_subscription',
    planCode: body.plan,
    interval: body.interval ?? null,
    intervalCount: body.interval_count,
    quantity: body.quantity,
    startAt: body.start ?? null,
    trialDays: body.trial_days ?? null,
    externalKey: body.external_key,
    metadata: body.metadata,
  }
}

/** Through the subscription's object where there is one, so that its commands come one after another. */
async function send(c: AppContext, target: DispatchRequest['target'], command: Command): Promise<Response> {
  const { organizationId } = c.get('caller')
  const request: DispatchRequest = {
    ...{ organizationId, target, command },
    actor: actorOf(c),
    idempotency: c.get('idempotency'),
  }
  const announce = (commitId: Id<'commit'>) => c.executionCtx.waitUntil(tellRelay(c.env, commitId))
  const done =
    target.kind === 'subscription'
      ? await subscriptionObject(c.env, target.id).dispatch(request)
      : await dispatch(c.env, c.get('database'), request, { announce, inTurn: (work) => work() })
  return answer(c, done, target)
}

function answer(c: AppContext, done: Dispatched, target: DispatchRequest['target']): Response {
  switch (done.kind) {
    case 'answered':
      return jsonResponse(c, done.status, done.body)
    case 'rejected':
      throw problemOf(done.rejection)
    case 'missing':
      throw missing(target.kind, encodeId(target.kind, target.id as Id<typeof target.kind>))
    case 'clock_busy':
      throw clockBusy(done.clockId)
    case 'used': {
      const replay = replayOf(c, { ...done.record, leasedUntil: instant(Number(done.record.leasedUntil)) })
      if (replay.kind === 'answered') return replay.response
      throw keyInUse(1)
    }
    case 'contended':
      throw changedMeanwhile()
    case 'unavailable':
      throw databaseUnavailable()
    case 'busy':
      throw new Problem('too_busy', {
        detail: 'Too many commands wait for this subscription.',
        hint: 'Send fewer at a time, and repeat this one later.',
        retryAfterSeconds: 2,
      })
  }
}
