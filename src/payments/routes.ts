import { z } from '@hono/zod-openapi'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import { accountRows } from '../accounts/repository.ts'
import { getAccount, guardOf } from '../accounts/routes.ts'
import { accountToWire, methodToWire, paymentMethodSchema } from '../accounts/schemas.ts'
import { encodeId, idsOfCommit } from '../kernel/id.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { seal, unseal } from '../platform/seal.ts'
import { type Gateway, GatewayUnavailable } from './gateway.ts'
import {
  attemptFrom,
  attemptsOf,
  gatewayAccountOf,
  gatewayAccountPage,
  newGatewayAccounts,
  paymentById,
  paymentFrom,
  paymentPage,
} from './repository.ts'
import {
  attemptSchema,
  attemptToWire,
  gatewayAccountSchema,
  gatewayAccountToWire,
  newGatewayAccountSchema,
  newPaymentMethodSchema,
  paymentQuerySchema,
  paymentSchema,
  paymentToWire,
} from './schemas.ts'
import { stripeGateway } from './stripe.ts'

export const paymentRoutes = router()

const accountParam = z.object({ id: idSchema('account') })

route(
  paymentRoutes,
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
      getAccount(c, c.req.valid('param').id),
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
    const gateway = await openGateway(c, gatewayAccount)
    const customer = methods.find((method) => method.gatewayAccountId === gatewayAccount.id)?.gatewayCustomer ?? null
    const key = `attach_${c.get('idempotency')?.fingerprint ?? encodeId('payment_method', id)}`
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
  paymentRoutes,
  {
    method: 'get',
    path: '/accounts/{id}/payment_methods',
    tags: ['Accounts'],
    summary: 'List the payment methods of an account',
    request: { params: accountParam },
    responses: answers(200, pageSchema(paymentMethodSchema, 'PaymentMethod'), 'All of them, newest first'),
  },
  async (c) => {
    const { account, methods } = await getAccount(c, c.req.valid('param').id)
    const data = methods.map((method) => methodToWire(method, method.id === account.defaultPaymentMethodId))
    return c.json({ data, has_more: false, next_cursor: null })
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments',
    tags: ['Payments'],
    summary: 'List payments',
    request: { query: paymentQuerySchema },
    responses: answers(200, pageSchema(paymentSchema, 'Payment'), 'A page of payments, newest first'),
  },
  async (c) => {
    const { account, invoice, status, ...page } = c.req.valid('query')
    const filter = { account, invoice, status }
    const rows = await paymentPage(c.get('database'), c.get('caller').organizationId, filter, page)
    return c.json(pageOf(rows.map(paymentFrom), page, paymentToWire))
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments/{id}',
    tags: ['Payments'],
    summary: 'Get a payment',
    request: { params: z.object({ id: idSchema('payment') }) },
    responses: answers(200, paymentSchema, 'The payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await paymentById(c.get('database'), c.get('caller').organizationId, id)
    if (row === undefined) throw missing('payment', encodeId('payment', id))
    return c.json(paymentToWire(paymentFrom(row)))
  },
)

route(
  paymentRoutes,
  {
    method: 'get',
    path: '/payments/{id}/attempts',
    tags: ['Payments'],
    summary: 'List the attempts of a payment',
    request: { params: z.object({ id: idSchema('payment') }), query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(attemptSchema, 'PaymentAttempt'), 'A page of attempts, newest first'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const page = c.req.valid('query')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[payment], rows] = await database.orm.batch([
      paymentById(database, organizationId, id),
      attemptsOf(database, organizationId, id, page),
    ])
    if (payment === undefined) throw missing('payment', encodeId('payment', id))
    return c.json(pageOf(rows.map(attemptFrom), page, attemptToWire))
  },
)

route(
  paymentRoutes,
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
    const { organizationId } = c.get('caller')
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const id = ids('gateway_account')
    const secret = await seal(secret_key, c.env.SEALING_KEY, id)
    const row = { organizationId, id, kind, name, secret, createdAt: realNow() }
    const body = gatewayAccountToWire(row)
    const event = { type: 'gateway_account.created', subjectId: id, sequence: 1, data: body, previous: null }
    const fragments = [newGatewayAccounts([row]), ...eventFragments([eventOf(c, commitId, ids, event)])]
    return commitAndAnswer(c, { id: commitId, cause: 'create_gateway_account', fragments }, { status: 201, body })
  },
)

route(
  paymentRoutes,
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
    return c.json(pageOf(rows, page, gatewayAccountToWire))
  },
)

type Row = Awaited<ReturnType<typeof gatewayAccountOf>>[number]

async function openGateway(c: AppContext, { id, secret }: Row): Promise<Gateway> {
  return stripeGateway(await unseal(secret, c.env.SEALING_KEY, id), c.env.STRIPE_API_URL)
}

async function attach(gateway: Gateway, request: Parameters<Gateway['attach']>[0]) {
  try {
    const attached = await gateway.attach(request)
    if (attached.ok) return attached.value
    const { code, message } = attached.error
    throw new Problem('payment_method_refused', {
      detail: `The gateway refused the payment method (${code}): ${message}`,
      hint: 'Ask the customer for another card, or for its details again.',
      errors: [{ pointer: '/token', detail: code }],
    })
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error
    throw new Problem('gateway_unavailable', {
      detail: 'The payment gateway gave no answer, so nothing was stored.',
      hint: 'Repeat the request with the same Idempotency-Key: the method is attached once.',
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
