import { z } from '@hono/zod-openapi'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import type { Rejection } from '../kernel/rejection.ts'
import type { Result } from '../kernel/result.ts'
import { GatewayUnavailable } from '../payments/gateway.ts'
import { gatewayAccountById } from '../payments/repository.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { actorOf, commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem, problemOf } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { assign, close, type Difference } from './domain/difference.ts'
import { reconcileDaily } from './jobs.ts'
import { differenceById, differenceFrom, differencePage, differenceRows } from './repository.ts'
import {
  closeDifferenceSchema,
  differencePatchSchema,
  differenceQuerySchema,
  differenceSchema,
  differenceToWire,
  newRunSchema,
  runSchema,
  runToWire,
  standingSchema,
  standingToWire,
} from './schemas.ts'
import { standingPage } from './standing-repository.ts'

/** Our books against the gateway's. */
export const reconciliationRoutes = router()

const differenceParam = z.object({ id: idSchema('difference') })

route(
  reconciliationRoutes,
  {
    method: 'get',
    path: '/reconciliation',
    tags: ['Reconciliation'],
    summary: 'How each gateway account stands',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(standingSchema, 'ReconciliationStanding'), 'A page of gateway accounts'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await standingPage(c.get('database'), c.get('caller').organizationId, { page, now: realNow() })
    return c.json(pageOf(rows, page, standingToWire))
  },
)

route(
  reconciliationRoutes,
  {
    method: 'post',
    path: '/reconciliation/runs',
    tags: ['Reconciliation'],
    summary: 'Compare the books of a gateway account with ours now',
    description:
      'It happens once a day by itself. What happened in the last hour is left for the next time. Nothing is found twice, however often it runs.',
    request: { body: jsonBody(newRunSchema) },
    responses: answers(200, runSchema, 'What was read and found'),
  },
  async (c) => {
    const database = c.get('database')
    const { gateway_account: id } = c.req.valid('json')
    const [gatewayAccount] = await gatewayAccountById(database, c.get('caller').organizationId, id)
    if (gatewayAccount === undefined) throw missing('gateway account', encodeId('gateway_account', id))
    try {
      return c.json(runToWire(await reconcileDaily(c.env, database, id, actorOf(c))))
    } catch (error) {
      throw error instanceof GatewayUnavailable ? gatewayUnavailable() : error
    }
  },
)

route(
  reconciliationRoutes,
  {
    method: 'get',
    path: '/reconciliation/differences',
    tags: ['Reconciliation'],
    summary: 'List differences between the gateway’s books and ours',
    request: { query: differenceQuerySchema },
    responses: answers(200, pageSchema(differenceSchema, 'ReconciliationDifference'), 'A page of them, newest first'),
  },
  async (c) => {
    const { status, kind, gateway_account: gatewayAccount, owner, ...page } = c.req.valid('query')
    const filter = { status, kind, gatewayAccount, owner }
    const rows = await differencePage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(differenceFrom), page, differenceToWire))
  },
)

route(
  reconciliationRoutes,
  {
    method: 'get',
    path: '/reconciliation/differences/{id}',
    tags: ['Reconciliation'],
    summary: 'Get a difference',
    request: { params: differenceParam },
    responses: answers(200, differenceSchema, 'The difference'),
  },
  async (c) => c.json(differenceToWire(await getDifference(c, c.req.valid('param').id))),
)

route(
  reconciliationRoutes,
  {
    method: 'patch',
    path: '/reconciliation/differences/{id}',
    tags: ['Reconciliation'],
    summary: 'Say who looks into a difference',
    request: { params: differenceParam, body: jsonBody(differencePatchSchema) },
    responses: answers(200, differenceSchema, 'The difference'),
  },
  async (c) => {
    const before = await getDifference(c, c.req.valid('param').id)
    const { owner } = c.req.valid('json')
    return save(c, before, { what: 'assigned', changed: assign(before, owner) })
  },
)

route(
  reconciliationRoutes,
  {
    method: 'post',
    path: '/reconciliation/differences/{id}/close',
    tags: ['Reconciliation'],
    summary: 'Close a difference',
    request: { params: differenceParam, body: jsonBody(closeDifferenceSchema) },
    responses: answers(200, differenceSchema, 'The closed difference'),
  },
  async (c) => {
    const before = await getDifference(c, c.req.valid('param').id)
    // A repeated request finds it closed, by itself.
    const replayed = await replayedAnswer(c)
    if (replayed !== null) return replayed
    return save(c, before, { what: 'closed', changed: close(before, c.req.valid('json'), realNow()) })
  },
)

async function replayedAnswer(c: AppContext): Promise<Response | null> {
  const idempotency = c.get('idempotency')
  if (idempotency === null) return null
  const [record] = await keyRecordOf(c.get('database'), c.get('caller').organizationId, idempotency)
  const replay = record === undefined ? null : replayOf(c, record)
  return replay?.kind === 'answered' ? replay.response : null
}

type Change = { readonly what: 'assigned' | 'closed'; readonly changed: Result<Difference, Rejection> }

function save(c: AppContext, before: Difference, { what, changed }: Change): Promise<Response> {
  if (!changed.ok) throw problemOf(changed.error)
  const difference = changed.value
  const commitId = newCommitId()
  const body = differenceToWire(difference)
  const { owner, status, resolution, note, closed_at } = differenceToWire(before)
  const event = eventOf(c, commitId, idsOfCommit(commitId), {
    ...{ type: `reconciliation.difference_${what}`, subjectId: difference.id, sequence: difference.version },
    ...{ data: body, previous: what === 'assigned' ? { owner } : { status, resolution, note, closed_at } },
  })
  const fragments = [differenceRows.changed([difference]), ...eventFragments([event])]
  return commitAndAnswer(c, { id: commitId, cause: 'reconciliation', fragments }, { status: 200, body })
}

async function getDifference(c: AppContext, id: Id<'difference'>): Promise<Difference> {
  const [row] = await differenceById(c.get('database'), c.get('caller').organizationId, id)
  if (row === undefined) throw missing('difference', encodeId('difference', id))
  return differenceFrom(row)
}

function gatewayUnavailable(): Problem {
  return new Problem('gateway_unavailable', {
    detail: 'The gateway’s books could not be read to the end.',
    hint: 'Repeat the request in a minute: what was found so far is kept.',
    retryAfterSeconds: 60,
  })
}
