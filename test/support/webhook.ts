import { env } from 'cloudflare:workers'
import Stripe from 'stripe'
import { inject } from 'vitest'
import { body, type Client, type Json, type Reply, request } from './client.ts'

/** What Stripe would have shown when its endpoint was made. */
export const WEBHOOK_SECRET = 'whsec_ofthetests'

/** The organization's first gateway account takes what is signed with the tests' secret. Answers its id. */
export async function listening(client: Client): Promise<string> {
  const { data } = body(await client.get('/v1/gateway_accounts?limit=100'))
  const { id } = data.at(-1)
  body(await client.patch(`/v1/gateway_accounts/${id}`, { webhook_secret: WEBHOOK_SECRET }))
  return id
}

/** In place of the queue of gateway events: what it is told. Nobody applies it but the test. */
export type Announced = { readonly messages: Json[]; readonly isDown: (down: boolean) => void }

export function announced(): Announced {
  const messages: Json[] = []
  let down = false
  const take = (bodies: readonly Json[]) => {
    if (down) throw new Error('the queue is down')
    messages.push(...bodies)
  }
  const send = async (message: Json) => take([message])
  const sendBatch = async (batch: readonly Json[]) => take(batch.map(({ body }) => body))
  Object.assign(env, { GATEWAY_QUEUE: { send, sendBatch } })
  return {
    messages,
    isDown: (is) => {
      down = is
    },
  }
}

/** Stripe's own client in the world of an organization: what a seller does there, past us. */
export function stripeOf({ stripeKey }: Pick<Client, 'stripeKey'>): Stripe {
  const { hostname, port } = new URL(inject('stack').stripe)
  const httpClient = Stripe.createFetchHttpClient()
  return new Stripe(stripeKey, { host: hostname, port, protocol: 'http', httpClient, telemetry: false })
}

type Signing = {
  readonly secret?: string
  /** When it was signed. */
  readonly at?: number
  /** The header itself, for what is not signed so. */
  readonly header?: string | null
}

/**
 * Sends an event to a gateway account as Stripe would: signed, now, with the tests' secret, unless said otherwise. A
 * string is the body as it is.
 */
export async function deliverWebhook(gatewayAccount: string, event: Json, signing: Signing = {}): Promise<Reply> {
  const payload = typeof event === 'string' ? event : JSON.stringify(event, null, 2)
  const { header = await signatureOf(payload, signing) } = signing
  return request(`/gateways/stripe/${gatewayAccount}/webhook`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(header !== null && { 'Stripe-Signature': header }),
    },
    body: payload,
  })
}

/** The header that Stripe sends with a body. */
export function signatureOf(
  payload: string,
  { secret = WEBHOOK_SECRET, at = Date.now() }: Signing = {},
): Promise<string> {
  return Stripe.webhooks.generateTestHeaderStringAsync({
    ...{ payload, secret, timestamp: Math.floor(at / 1000) },
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  })
}

/** An event as Stripe sends it, of an object that is there or not. */
export function givenEvent(about: Json = {}): Json {
  return {
    ...{ id: `evt_${crypto.randomUUID().replaceAll('-', '')}`, object: 'event', api_version: '2026-10-28.endive' },
    ...{ created: Math.floor(Date.now() / 1000), livemode: false, pending_webhooks: 1 },
    ...{ request: { id: null, idempotency_key: null }, type: 'payment_intent.succeeded' },
    data: { object: { id: 'pi_1', object: 'payment_intent', status: 'succeeded' } },
    ...about,
  }
}
