import { z } from '@hono/zod-openapi'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { HOUR_MS, plusMs } from '../kernel/instant.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, type Caller, invalidRequest, route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { logError } from '../platform/log.ts'
import { seal } from '../platform/seal.ts'
import { answered } from './answered.ts'
import type { GatewayEvents, Listening, Wanted } from './gateway.ts'
import {
  changedGatewayAccounts,
  gatewayAccountPage,
  newestCustomerAt,
  newGatewayAccounts,
  shownGatewayAccount,
} from './gateway-repository.ts'
import {
  gatewayAccountPatchSchema,
  gatewayAccountSchema,
  gatewayAccountToWire,
  newGatewayAccountSchema,
  newWebhookSchema,
} from './gateway-schemas.ts'
import { openEvents, openGateway, sealWebhookSecret } from './open-gateway.ts'

/** The accounts at gateways that an organization charges through, and how we hear of them. */
export const gatewayRoutes = router()

const idParam = z.object({ id: idSchema('gateway_account') })

route(
  gatewayRoutes,
  {
    method: 'post',
    path: '/gateway_accounts',
    tags: ['Organization'],
    summary: 'Connect a gateway account',
    middleware: requires('admin'),
    request: { body: jsonBody(newGatewayAccountSchema) },
    responses: answers(201, gatewayAccountSchema, 'The gateway account'),
  },
  async (c) => {
    const { kind, name, secret_key } = c.req.valid('json')
    const { organizationId, mode } = c.get('caller')
    requireKeyFor(mode, secret_key)
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const id = ids('gateway_account')
    const secret = await seal(secret_key, c.env.SEALING_KEY, id)
    const unheard = { webhookSecret: null, webhookEndpoint: null }
    const now = realNow()
    // There is nothing to reconcile yet.
    const row = {
      organizationId,
      id,
      version: 1,
      kind,
      name,
      secret,
      ...unheard,
      createdAt: now,
      lookAt: plusMs(now, HOUR_MS),
    }
    const body = gatewayAccountToWire({ ...row, lastEventAt: null }, originOf(c))
    const event = { type: 'gateway_account.created', subjectId: id, sequence: 1, data: body, previous: null }
    const fragments = [newGatewayAccounts([row]), ...eventFragments([eventOf(c, commitId, ids, event)])]
    return commitAndAnswer(c, { id: commitId, cause: 'create_gateway_account', fragments }, { status: 201, body })
  },
)

route(
  gatewayRoutes,
  {
    method: 'get',
    path: '/gateway_accounts',
    tags: ['Organization'],
    summary: 'List gateway accounts',
    middleware: requires('admin'),
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(gatewayAccountSchema, 'GatewayAccount'), 'A page, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await gatewayAccountPage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, (row) => gatewayAccountToWire(row, originOf(c))))
  },
)

route(
  gatewayRoutes,
  {
    method: 'get',
    path: '/gateway_accounts/{id}',
    tags: ['Organization'],
    summary: 'Get a gateway account',
    middleware: requires('admin'),
    request: { params: idParam },
    responses: answers(200, gatewayAccountSchema, 'The gateway account'),
  },
  async (c) => c.json(gatewayAccountToWire(await getShown(c, c.req.valid('param').id), originOf(c))),
)

route(
  gatewayRoutes,
  {
    method: 'patch',
    path: '/gateway_accounts/{id}',
    tags: ['Organization'],
    summary: 'Change a gateway account',
    description:
      'Members that are left out stay as they are. Another `secret_key` takes the place of one that was rolled: it must be of the same account at the gateway, and is refused where that does not show it a customer who is known here.',
    middleware: requires('admin'),
    request: { params: idParam, body: jsonBody(gatewayAccountPatchSchema) },
    responses: answers(200, gatewayAccountSchema, 'The gateway account as it is now'),
  },
  async (c) => {
    const row = await getShown(c, c.req.valid('param').id)
    const { name = row.name, webhook_secret: secret, secret_key: key } = c.req.valid('json')
    if (key !== undefined) requireKeyFor(c.get('caller').mode, key)
    const apiSecret = key === undefined ? row.secret : await seal(key, c.env.SEALING_KEY, row.id)
    if (key !== undefined) await requireSameAccount(c, { ...row, secret: apiSecret })
    const webhookSecret = secret
      ? await sealWebhookSecret(c.env, row.id, secret)
      : secret === null
        ? null
        : row.webhookSecret
    return save(c, row, { ...row, name, secret: apiSecret, webhookSecret })
  },
)

route(
  gatewayRoutes,
  {
    method: 'post',
    path: '/gateway_accounts/{id}/webhook',
    tags: ['Organization'],
    summary: 'Have the gateway send its events here',
    description:
      'Makes the endpoint at the gateway, or brings the one that is there to date, and keeps its signing secret. Asked again it changes nothing. An endpoint at the same address whose secret is not known is replaced.',
    middleware: requires('admin'),
    request: { params: idParam, body: jsonBody(newWebhookSchema) },
    responses: answers(200, gatewayAccountSchema, 'The gateway account as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const idempotency = c.get('idempotency')
    const [row, [record]] = await Promise.all([
      getShown(c, id),
      keyRecordOf(database, c.get('caller').organizationId, idempotency),
    ])
    if (record !== undefined) {
      const replay = replayOf(c, record)
      if (replay.kind === 'answered') return replay.response
    }
    const { url = gatewayAccountToWire(row, originOf(c)).webhook.url } = c.req.valid('json')
    const { webhookEndpoint, webhookSecret, version } = row
    const key = `${encodeId('gateway_account', id)} ${version}`
    const wanted = { url, endpoint: webhookEndpoint, hasSecret: webhookSecret !== null, key }
    const events = await openEvents(c.env, row)
    const { endpoint, secret, others } = await listen(events, wanted)
    const response =
      secret === null
        ? c.json(gatewayAccountToWire(row, originOf(c)))
        : await save(c, row, {
            ...{ ...row, webhookEndpoint: endpoint },
            webhookSecret: await sealWebhookSecret(c.env, id, secret),
          })
    // Only now, and not of a replay: where another request was faster, what it kept may be among them.
    if (!response.headers.has('Idempotent-Replayed')) c.executionCtx.waitUntil(stopListening(events, others))
    return response
  },
)

function requireKeyFor(mode: Caller['mode'], key: string): void {
  if (key.includes('_live_') === (mode === 'live')) return
  throw invalidRequest([{ pointer: '/secret_key', detail: `is not a key for a ${mode} organization` }])
}

/** A key of another account would find nothing of ours. Where nothing is there yet, any key will do. */
async function requireSameAccount(c: AppContext, rolled: Shown): Promise<void> {
  const [known] = await newestCustomerAt(c.get('database'), rolled)
  if (known === undefined) return
  const gateway = await openGateway(c.env, rolled)
  const refusal = await answered(gateway.refusalOfKey(known.customer), 'Repeat the request.')
  if (refusal === null) return
  throw new Problem('gateway_refused', {
    detail: `With that key the gateway does not show a customer of this account (${refusal.code}): ${refusal.message}`,
    hint: 'Send a key of the account that holds the payment methods. Another account is another gateway account.',
    errors: [{ pointer: '/secret_key', detail: refusal.code }],
  })
}

type Shown = Awaited<ReturnType<typeof shownGatewayAccount>>[number]

async function getShown(c: AppContext, id: Id<'gateway_account'>): Promise<Shown> {
  const { organizationId } = c.get('caller')
  const [row] = await shownGatewayAccount(c.get('database'), { organizationId, id })
  if (row === undefined) throw missing('gateway account', encodeId('gateway_account', id))
  return row
}

function save(c: AppContext, before: Shown, wanted: Shown): Promise<Response> {
  const commitId = newCommitId()
  const changed = { ...wanted, version: before.version + 1 }
  const body = gatewayAccountToWire(changed, originOf(c))
  const event = eventOf(c, commitId, idsOfCommit(commitId), {
    ...{ type: 'gateway_account.updated', subjectId: changed.id, sequence: changed.version },
    data: body,
    previous: gatewayAccountToWire(before, originOf(c)),
  })
  const fragments = [changedGatewayAccounts([changed]), ...eventFragments([event])]
  return commitAndAnswer(c, { id: commitId, cause: 'update_gateway_account', fragments }, { status: 200, body })
}

async function listen(events: GatewayEvents, wanted: Wanted): Promise<Listening> {
  const listening = await answered(
    events.listen(wanted),
    'Repeat the request: it makes one endpoint however often it is sent.',
  )
  if (listening.ok) return listening.value
  const { code, message } = listening.error
  throw new Problem('gateway_refused', {
    detail: `The gateway refused the endpoint ${wanted.url} (${code}): ${message}`,
    hint: 'Send a `url` that the gateway can reach, and see that its key may write webhook endpoints.',
  })
}

/** What an endpoint sends whose secret is not kept is refused; it is ended as well as can be. */
async function stopListening(events: GatewayEvents, endpoints: readonly string[]): Promise<void> {
  await events
    .stopListening(endpoints)
    .catch((error: unknown) => logError('a webhook endpoint is still there at the gateway', error, { endpoints }))
}

function originOf(c: AppContext): string {
  return new URL(c.req.url).origin
}
