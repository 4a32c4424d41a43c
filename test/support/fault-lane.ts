import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { inject } from 'vitest'
import worker from '../../src/index.ts'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { connect, type Database } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { type Client, type Json, organization } from './client.ts'
import { realTime } from './fault-invocation.ts'
import { sql } from './sql.ts'
import { listening } from './webhook.ts'
import type { Queue } from './worker.ts'

/** An organization with a gateway and a time of its own, in which histories run one after another. */
export type Lane = {
  readonly client: Client
  readonly env: Env
  readonly database: Database
  /** As the database has them. */
  readonly organizationId: Id<'organization'>
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly now: () => number
  /** Here and at the gateway. */
  readonly passes: (ms: number) => Promise<void>
  /** What Workers have sent to the queues; nothing delivers it by itself. */
  readonly sent: Sent[]
  /** A request to the Worker, and all that it does after its answer. */
  readonly ask: (method: string, path: string, body?: unknown, headers?: Headers) => Promise<Asked>
  readonly deliver: (queue: Queue, bodies: readonly unknown[]) => Promise<void>
  /** The gateway itself, and its controls (dev/stripe/README.md), past any Worker. */
  readonly gateway: (method: string, path: string, body?: Json) => Promise<Json>
}

type Headers = Readonly<Record<string, string>>
type Sent = { readonly queue: Queue; readonly body: unknown }
export type Asked = { readonly status: number; readonly body: Json }

export async function newLane(): Promise<Lane> {
  const client = await organization('sandbox')
  const organizationId = decodeId('organization', client.organization)
  const [account] = await sql('select id from gateway_accounts where organization_id = $1', organizationId)
  if (organizationId === null || account === undefined) throw new Error(`${client.organization} must have a gateway`)
  await listening(client)
  const sent: Sent[] = []
  const bindings = { ...(env as unknown as Env), ...queuesInto(sent) }
  const gateway = gatewayCalls(client.stripeKey)
  let aheadMs = 0
  return {
    ...{ client, sent, gateway, organizationId, gatewayAccountId: account.id },
    ...{ env: bindings, database: connect(bindings) },
    now: () => realTime() + aheadMs,
    passes: async (ms) => {
      aheadMs += ms
      await gateway('POST', '/_control/clock', { advance_s: Math.ceil(ms / 1000) })
    },
    ask: (method, path, body, headers = {}) => ask(bindings, client.key, { method, path, body, headers }),
    deliver: async (queue, bodies) => {
      const messages = bodies.map((body, index) => ({ id: `${index}`, timestamp: new Date(), attempts: 1, body }))
      if (messages.length > 0) await worker.queue(createMessageBatch(queue, messages), bindings)
    },
  }
}

const queues = {
  BILLING_QUEUE: 'perennial-billing',
  CHARGE_QUEUE: 'perennial-charges',
  GATEWAY_QUEUE: 'perennial-gateway',
  RELAY_QUEUE: 'perennial-relay',
  USAGE_QUEUE: 'perennial-usage',
} as const satisfies Partial<Record<keyof Env, Queue>>

function queuesInto(sent: Sent[]): Pick<Env, keyof typeof queues> {
  const entries = Object.entries(queues).map(([binding, queue]) => [
    binding,
    {
      send: async (body: unknown) => void sent.push({ queue, body }),
      sendBatch: async (messages: readonly Json[]) => void sent.push(...messages.map(({ body }) => ({ queue, body }))),
    },
  ])
  return Object.fromEntries(entries)
}

type Question = {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers: Headers
}

/** A text is the form of a page, or what the gateway signed. */
async function ask(bindings: Env, secret: string, { method, path, body, headers }: Question): Promise<Asked> {
  const isText = typeof body === 'string'
  const given = {
    'Content-Type': isText && path.startsWith('/pay') ? 'application/x-www-form-urlencoded' : 'application/json',
    ...(path.startsWith('/v1/') && { Authorization: `Bearer ${secret}` }),
    ...headers,
  }
  const text = isText || body === undefined ? body : JSON.stringify(body)
  const context = createExecutionContext()
  const request = new Request(`http://perennial.test${path}`, { method, headers: given, body: text ?? null })
  const response = await worker.fetch(request, bindings, context)
  const answer = await response.text()
  await waitOnExecutionContext(context)
  const isJson = response.headers.get('Content-Type')?.includes('json')
  return { status: response.status, body: isJson && answer !== '' ? JSON.parse(answer) : answer }
}

function gatewayCalls(stripeKey: string): Lane['gateway'] {
  return async (method, path, body) => {
    const response = await fetch(`${inject('stack').stripe}${path}`, {
      method,
      headers: { Authorization: `Bearer ${stripeKey}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${answer}`)
    return answer === '' ? null : JSON.parse(answer)
  }
}
