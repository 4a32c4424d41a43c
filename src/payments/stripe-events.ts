import Stripe from 'stripe'
import { type Instant, instant } from '../kernel/instant.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { HeardEvent, ListedEvent } from './domain/gateway-event.ts'
import type { GatewayEvents } from './gateway.ts'
import { stripeClient } from './stripe-client.ts'
import { listenAtStripe, stopListeningAtStripe } from './stripe-endpoint.ts'
import { appliedTypes, newsOf } from './stripe-news.ts'

/** Nothing here moves money, so a hidden retry hides nothing. */
const RETRIES = 2

export function stripeEvents(secretKey: string, baseUrl: string): GatewayEvents {
  const stripe = stripeClient(secretKey, baseUrl, RETRIES)
  return {
    newsOf: (event) => newsOf(stripe, event),
    eventsSince: (since) => eventsSince(stripe, since),
    listen: (wanted) => listenAtStripe(stripe, wanted),
    stopListening: (endpoints) => stopListeningAtStripe(stripe, endpoints),
  }
}

/** A copy of a request that is older was kept by somebody. Stripe's own default. */
const TOLERANCE_S = 300

type Delivered = HeardEvent & { readonly live: boolean }

/**
 * Reads the body of a webhook as it came, byte by byte: it is signed. The error says that it is no event, or not what was
 * signed with `secret` at about `now`.
 */
export async function verifyWebhook(
  secret: string,
  { payload, signature }: { readonly payload: string; readonly signature: string },
  now: Instant,
): Promise<Result<Delivered, 'invalid'>> {
  const crypto = Stripe.createSubtleCryptoProvider()
  try {
    const event = await Stripe.webhooks.constructEventAsync(payload, signature, secret, TOLERANCE_S, crypto, now)
    const isNamed = typeof event.id === 'string' && typeof event.type === 'string'
    return isNamed ? ok({ ...heard(event), live: event.livemode }) : err('invalid')
  } catch {
    // Not signed so, too old, no JSON, or an event of another make: whoever sent it cannot be told apart from a stranger.
    return err('invalid')
  }
}

const PAGE = 100
/** Of an account that has no event before `since`, so that nothing says where to begin: no more than Stripe's client reads. */
const MAX_FIRST = 10_000

/**
 * What happened after `since`, oldest first, page by page. Stripe lists the newest first, so the newest of those before
 * is where reading backwards begins.
 */
async function* eventsSince(stripe: Stripe, since: Instant): AsyncGenerator<readonly ListedEvent[]> {
  const types = [...appliedTypes]
  const before = await stripe.events.list({ types, created: { lte: Math.floor(since / 1000) }, limit: 1 })
  let last = before.data[0]?.id
  if (last === undefined) {
    const all = await stripe.events.list({ types, limit: PAGE }).autoPagingToArray({ limit: MAX_FIRST })
    const oldestFirst = all.reverse().map(listed)
    for (let start = 0; start < oldestFirst.length; start += PAGE) yield oldestFirst.slice(start, start + PAGE)
    return
  }
  for (let more = true; more; ) {
    const page: Stripe.ApiList<Stripe.Event> = await stripe.events.list({ types, ending_before: last, limit: PAGE })
    more = page.has_more && page.data.length > 0
    last = page.data[0]?.id ?? last
    yield page.data.reverse().map(listed)
  }
}

function listed(event: Stripe.Event): ListedEvent {
  return { ...heard(event), createdAt: instant(event.created * 1000) }
}

/** What has no id, such as a balance, is of events that are not applied. */
function heard({ id, type, data }: Stripe.Event): HeardEvent {
  return { eventId: id, type, objectId: 'id' in data.object ? String(data.object.id) : '' }
}
