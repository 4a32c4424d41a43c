import { z } from '@hono/zod-openapi'
import type { Account } from '../accounts/domain/account.ts'
import type { GatewayMethod, PaymentMethod } from '../accounts/domain/payment-method.ts'
import { customerAt, methodById, methodFrom } from '../accounts/repository.ts'
import { getAccount, getAccountToChange } from '../accounts/routes.ts'
import { methodToWire, paymentMethodSchema } from '../accounts/schemas.ts'
import { answered } from '../payments/answered.ts'
import { openGateway } from '../payments/open-gateway.ts'
import { type GatewayAccount, gatewayAccountById, gatewayAccountOf } from '../payments/repository.ts'
import { newPaymentMethodSchema } from '../payments/schemas.ts'
import { sha256 } from '../platform/hash.ts'
import { type AppContext, type Idempotency, route, router } from '../platform/http/app.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { logError } from '../platform/log.ts'
import { send } from './send.ts'

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
      'By the gateway’s token. A card number never comes here; what is shown of a card is its brand and last four digits. A card is verified with its bank, without any money, before it is kept.',
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
    // Of one that is kept already a refusal would take away what there is: it is not verified again.
    const kept = methods.find(
      ({ gatewayAccountId: at, gatewayMethod }) => at === gatewayAccount.id && gatewayMethod === token,
    )
    const method = kept ?? (await attach(c, gatewayAccount, account, token))
    return send(c, {
      target: { kind: 'account', id: account.id },
      command: { type: 'attach_method', method, asDefault: asDefault || account.defaultPaymentMethodId === null },
    })
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
    const { id, method } = c.req.valid('param')
    const target = { kind: 'account', id } as const
    return send(c, { target, command: { type: 'set_default_method', methodId: method } })
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
    const { id, method: methodId } = c.req.valid('param')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const target = { kind: 'account', id } as const
    const [method] = await methodById(database, organizationId, methodId)
    const response = await send(c, { target, command: { type: 'remove_method', methodId } })
    if (method === undefined) return response
    const [gatewayAccount] = await gatewayAccountById(database, organizationId, method.gatewayAccountId)
    if (gatewayAccount !== undefined) c.executionCtx.waitUntil(detach(c, gatewayAccount, methodFrom(method)))
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

async function attach(
  c: AppContext,
  gatewayAccount: GatewayAccount,
  account: Account,
  token: string,
): Promise<GatewayMethod> {
  const { organizationId, id } = account
  const [known] = await customerAt(c.get('database'), organizationId, id, gatewayAccount.id)
  const gateway = await openGateway(c.env, gatewayAccount)
  const key = `attach_${await attachKey(c.get('idempotency'))}`
  const attached = await answered(
    gateway.attach({ account, customer: known?.customer ?? null, token, key }),
    'Repeat the request with the same Idempotency-Key: it is done once.',
  )
  if (attached.ok) return { ...attached.value, gatewayAccountId: gatewayAccount.id }
  const { code, message } = attached.error
  throw new Problem('payment_method_refused', {
    detail: `The gateway refused the payment method (${code}): ${message}`,
    hint: 'Ask the customer for another card, or for its details again.',
    errors: [{ pointer: '/token', detail: code }],
  })
}

/** A request that is repeated attaches once at the gateway too; another request with the same token attaches again. */
async function attachKey(idempotency: Idempotency | null): Promise<string> {
  return idempotency === null ? crypto.randomUUID() : sha256(`${idempotency.key} ${idempotency.fingerprint}`)
}

function noGateway(): Problem {
  return new Problem('payment_method_refused', {
    detail: 'The organization has no gateway account that could hold a payment method.',
    hint: 'Connect one with POST /v1/gateway_accounts.',
  })
}
