import { decodeId } from '../kernel/id.ts'
import { realNow } from '../platform/clock.ts'
import { type AppContext, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { Problem } from '../platform/http/problem.ts'
import { limitBody } from '../platform/http/request.ts'
import { logError } from '../platform/log.ts'
import { keepEvents } from './gateway-event-repository.ts'
import type { GatewayMessage } from './gateway-events.ts'
import { findListening } from './gateway-repository.ts'
import { openWebhookSecret } from './open-gateway.ts'
import { verifyWebhook } from './stripe-events.ts'
import { isApplied } from './stripe-news.ts'

/** What gateways send us of themselves. They have no key of ours: what they send is signed. */
export const webhookRoutes = router()

/** An event with a large object is some tens of kilobytes. */
const MAX_BYTES = 256 * 1024

webhookRoutes.post('/gateways/stripe/:gateway_account/webhook', limitBody(MAX_BYTES), async (c) => {
  const address = c.req.param('gateway_account')
  const id = decodeId('gateway_account', address)
  const gatewayAccount = id === null ? null : await findListening(c.get('database'), id)
  if (gatewayAccount === null) throw missing('gateway account', address)
  const { webhookSecret, mode } = gatewayAccount
  if (webhookSecret === null) throw notListening(address)
  const secret = await openWebhookSecret(c.env, gatewayAccount.id, webhookSecret)
  // As text, not JSON: the signature is of what was sent, to the byte.
  const delivered = { payload: await c.req.text(), signature: c.req.header('Stripe-Signature') ?? '' }
  const event = await verifyWebhook(secret, delivered, realNow())
  if (!event.ok) throw notSigned()
  if (event.value.live !== (mode === 'live')) throw ofAnotherMode(mode)
  if (isApplied(event.value.type)) {
    const heard = { gatewayAccount, source: 'webhook', now: realNow() } as const
    const fresh = await keepEvents(c.get('database'), [event.value], heard)
    if (fresh.length > 0)
      c.executionCtx.waitUntil(tell(c, { gatewayAccountId: gatewayAccount.id, eventId: event.value.eventId }))
  }
  return c.json({ received: true })
})

/** Never throws: an event that nobody was told of is found by the sweep. */
async function tell({ env }: AppContext, message: GatewayMessage): Promise<void> {
  await env.GATEWAY_QUEUE.send(message).catch((error: unknown) =>
    logError('a gateway event was not announced; the sweep will', error, { event: message.eventId }),
  )
}

function notListening(id: string): Problem {
  return new Problem('not_found', {
    detail: `The gateway account ${id} takes no webhooks: their signing secret is not known.`,
    hint: `Have the endpoint made by POST /v1/gateway_accounts/${id}/webhook, or tell its \`webhook_secret\` by PATCH.`,
  })
}

function notSigned(): Problem {
  return new Problem('webhook_invalid', {
    detail: 'The body is not what the gateway signed for this account in the last five minutes.',
    hint: 'Send the body as it was signed, with its Stripe-Signature. If the endpoint’s secret was rolled, tell the new one by PATCH /v1/gateway_accounts/{id}.',
  })
}

function ofAnotherMode(mode: string): Problem {
  return new Problem('webhook_invalid', {
    detail: `The organization is ${mode}; the event is not.`,
    hint: 'Register the endpoint in the matching mode of the gateway, live or test.',
  })
}
