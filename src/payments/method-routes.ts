import { z } from '@hono/zod-openapi'
import type { Account } from '../accounts/domain/account.ts'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import { accountRows } from '../accounts/repository.ts'
import { getAccount, getAccountToChange, guardOf } from '../accounts/routes.ts'
import { accountToWire, methodToWire, paymentMethodSchema } from '../accounts/schemas.ts'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { sha256 } from '../platform/hash.ts'
import { type AppContext, type Idempotency, route, router } from '../platform/http/app.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { logError } from '../platform/log.ts'
import { type Gateway, GatewayUnavailable } from './gateway.ts'
import { openGateway } from './open-gateway.ts'
import { type GatewayAccount, gatewayAccountById, gatewayAccountOf, pendingPaymentBy } from './repository.ts'
import { newPaymentMethodSchema } from './schemas.ts'

/** The payment methods of an account, by the gateway's tokens. */
export const methodRoutes = router()

const accountParam = z.object({ id: idSchema('account') })

route(
  methodRoutes,
  {
    method: 'post',
    path: '/accounts/{id}/payment_methods',
    tags: ['Accounts'],
    summary: 'Attach a payment method',
    description:
      'By the gateway’s token. A card number never comes here; what is shown of a card is its brand and last four digits.',
    request: { params: accountParam, body: jsonBody(newPaymentMethodSchema) },
    responses: answers(201, paymentMethodSchema, 'The payment method'),
  },
  async (c) => {
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const { token, default: asDefault } = c.req.valid('json')
    const [{ account, methods }, [[gatewayAccount], [record]]] = await Promise.all([
      getAccountToChange(c, c.req.valid('param').id),
      database.orm.batch([
        gatewayAccountOf(database, organizationId),
        keyRecordOf(database, organizationId, c.get('idempotency')),
      ]),
    ])
    if (record !== undefined) {
      const replay = replayOf(c, record)
      if (replay.kind === 'answered') return replay.response
    }
    if (gatewayAccount === undefined) throw noGateway()
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const id = ids('payment_method')
    const gateway = await openGateway(c.env, gatewayAccount)
    const customer = methods.find((method) => method.gatewayAccountId === gatewayAccount.id)?.gatewayCustomer ?? null
    const key = `attach_${await attachKey(c.get('idempotency'), encodeId('payment_method', id))}`
    const attached = await attach(gateway, { account, customer, token, key })
    const now = realNow()
    const method: PaymentMethod = {
      ...{ organizationId, id, accountId: account.id, gatewayAccountId: gatewayAccount.id, createdAt: now },
      ...attached,
    }
    const isDefault = asDefault || account.defaultPaymentMethodId === null
    const changed = {
      ...account,
      version: account.version + 1,
      defaultPaymentMethodId: isDefault ? id : account.defaultPaymentMethodId,
    }
    const before = accountToWire(account, methods)
    const event = {
      accountId: account.id,
      type: 'account.payment_method_attached',
      subjectId: account.id,
      sequence: changed.version,
      data: accountToWire(changed, [method, ...methods]),
      previous: { payment_methods: before.payment_methods },
    }
    const write = {
      id: commitId,
      cause: 'attach_payment_method',
      accounts: [guardOf(account)],
      fragments: [
        accountRows.methodsCreated([method]),
        accountRows.changed([changed]),
        ...eventFragments([eventOf(c, commitId, ids, event)]),
      ],
    }
    return commitAndAnswer(c, write, { status: 201, body: methodToWire(method, isDefault) })
  },
)

route(
  methodRoutes,
  {
    method: 'get',
    path: '/accounts/{id}/payment_methods',
    tags: ['Accounts'],
    summary: 'List the payment methods of an account',
    request: { params: accountParam, query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(paymentMethodSchema, 'PaymentMethod'), 'A page of them, newest first'),
  },
  async (c) => {
    const { account, methods } = await getAccount(c, c.req.valid('param').id)
    const page = c.req.valid('query')
    const { cursor } = page
    const rows = cursor === undefined ? methods : methods.filter(({ id }) => id < cursor)
    return c.json(pageOf(rows, page, (method) => methodToWire(method, method.id === account.defaultPaymentMethodId)))
  },
)

const methodParams = z.object({ id: idSchema('account'), method: idSchema('payment_method') })

route(
  methodRoutes,
  {
    method: 'post',
    path: '/accounts/{id}/payment_methods/{method}/default',
    tags: ['Accounts'],
    summary: 'Charge this payment method from now on',
    request: { params: methodParams },
    responses: answers(200, paymentMethodSchema, 'The payment method'),
  },
  async (c) => {
    const { account, methods, method } = await getMethod(c, c.req.valid('param'))
    const changed = { ...account, version: account.version + 1, defaultPaymentMethodId: method.id }
    const type = 'account.default_payment_method_changed'
    const body = methodToWire(method, true)
    return saveMethods(c, { type, account, changed, methods, left: methods, removed: [] }, body)
  },
)

route(
  methodRoutes,
  {
    method: 'delete',
    path: '/accounts/{id}/payment_methods/{method}',
    tags: ['Accounts'],
    summary: 'Remove a payment method',
    description: 'Where it was the default, the newest of those left takes its place.',
    request: { params: methodParams },
    responses: answers(200, paymentMethodSchema, 'The removed payment method'),
  },
  async (c) => {
    const { account, methods, method } = await getMethod(c, c.req.valid('param'))
    const database = c.get('database')
    const [[gatewayAccount], [charging]] = await database.orm.batch([
      gatewayAccountById(database, account.organizationId, method.gatewayAccountId),
      pendingPaymentBy(database, account.organizationId, method.id),
    ])
    if (charging !== undefined) throw stillCharging(charging.id)
    const left = methods.filter(({ id }) => id !== method.id)
    const wasDefault = account.defaultPaymentMethodId === method.id
    const next = wasDefault ? (left[0]?.id ?? null) : account.defaultPaymentMethodId
    const changed = { ...account, version: account.version + 1, defaultPaymentMethodId: next }
    const removed = [{ ...method, removedAt: realNow() }]
    const type = 'account.payment_method_removed'
    const change = { type, account, changed, methods, left, removed }
    const response = await saveMethods(c, change, methodToWire(method, false))
    if (gatewayAccount !== undefined) c.executionCtx.waitUntil(detach(c, gatewayAccount, method))
    return response
  },
)

/** It is never charged again once removed here; at the gateway it is taken from the customer as well as can be. */
async function detach(c: AppContext, gatewayAccount: GatewayAccount, method: PaymentMethod): Promise<void> {
  try {
    await (await openGateway(c.env, gatewayAccount)).detach(method)
  } catch (error) {
    logError('a removed method is still attached at the gateway', error, { gateway_method: method.gatewayMethod })
  }
}

function stillCharging(payment: Id<'payment'>): Problem {
  return new Problem('command_not_possible', {
    detail: `Payment ${encodeId('payment', payment)} with this method is pending.`,
    hint: 'Remove it once the payment has succeeded or failed.',
    retryAfterSeconds: 60,
  })
}

type MethodChange = {
  readonly type: string
  readonly account: Account
  readonly changed: Account
  readonly methods: readonly PaymentMethod[]
  readonly left: readonly PaymentMethod[]
  readonly removed: Parameters<typeof accountRows.methodsRemoved>[0]
}

function saveMethods(c: AppContext, change: MethodChange, body: unknown): Promise<Response> {
  const { account, changed, methods, left, removed, type } = change
  const commitId = newCommitId()
  const event = {
    ...{ accountId: account.id, type, subjectId: account.id, sequence: changed.version },
    data: accountToWire(changed, left),
    previous: { payment_methods: accountToWire(account, methods).payment_methods },
  }
  const fragments = [
    accountRows.changed([changed]),
    accountRows.methodsRemoved(removed),
    ...eventFragments([eventOf(c, commitId, idsOfCommit(commitId), event)]),
  ]
  return commitAndAnswer(
    c,
    { id: commitId, cause: type, accounts: [guardOf(account)], fragments },
    { status: 200, body },
  )
}

async function getMethod(c: AppContext, { id, method: methodId }: z.output<typeof methodParams>) {
  const { account, methods } = await getAccountToChange(c, id)
  const method = methods.find((one) => one.id === methodId)
  if (method === undefined) throw missing('payment method', encodeId('payment_method', methodId))
  return { account, methods, method }
}

/** A request that is repeated attaches once at the gateway too; another request with the same token attaches again. */
async function attachKey(idempotency: Idempotency | null, id: string): Promise<string> {
  return idempotency === null ? id : sha256(`${idempotency.key} ${idempotency.fingerprint}`)
}

async function attach(gateway: Gateway, request: Parameters<Gateway['attach']>[0]) {
  const attached = await answering(() => gateway.attach(request))
  if (attached.ok) return attached.value
  const { code, message } = attached.error
  throw new Problem('payment_method_refused', {
    detail: `The gateway refused the payment method (${code}): ${message}`,
    hint: 'Ask the customer for another card, or for its details again.',
    errors: [{ pointer: '/token', detail: code }],
  })
}

/** No answer of the gateway: nothing was stored. */
async function answering<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error
    throw new Problem('gateway_unavailable', {
      detail: 'The payment gateway gave no answer, so nothing was stored.',
      hint: 'Repeat the request with the same Idempotency-Key: it is done once.',
      retryAfterSeconds: 10,
    })
  }
}

function noGateway(): Problem {
  return new Problem('payment_method_refused', {
    detail: 'The organization has no gateway account that could hold a payment method.',
    hint: 'Connect one with POST /v1/gateway_accounts.',
  })
}
