import type Stripe from 'stripe'
import { err, ok, type Result } from '../kernel/result.ts'
import { sha256 } from '../platform/hash.ts'
import { GatewayUnavailable, type Listening, type Refusal, type Wanted } from './gateway.ts'
import { missingAsNull, refusalOf } from './stripe-errors.ts'
import { appliedTypes } from './stripe-news.ts'

const enabledEvents = [...appliedTypes].sort()
/** A Stripe account has sixteen at most. */
const MAX_ENDPOINTS = 100

/**
 * Has Stripe send what is applied to `url`, from one endpoint. The one whose secret we have is brought to that; any other
 * of ours, or at the same address, is replaced, because Stripe shows a secret once.
 */
export async function listenAtStripe(stripe: Stripe, wanted: Wanted): Promise<Result<Listening, Refusal>> {
  const { url, endpoint, hasSecret, key } = wanted
  try {
    const { data } = await stripe.webhookEndpoints.list({ limit: MAX_ENDPOINTS })
    const kept = hasSecret ? data.find(({ id }) => id === endpoint) : undefined
    const others = data.filter((one) => one !== kept && (one.url === url || one.id === endpoint)).map(({ id }) => id)
    const made = kept ? await keep(stripe, kept, url) : await create(stripe, url, [key, ...others])
    return ok({ ...made, others })
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === null) throw new GatewayUnavailable('the webhook endpoint may not have been made', { cause: error })
    return err(refusal)
  }
}

export async function stopListeningAtStripe(stripe: Stripe, endpoints: readonly string[]): Promise<void> {
  for (const id of endpoints) await stripe.webhookEndpoints.del(id).catch(missingAsNull)
}

type Made = Pick<Listening, 'endpoint' | 'secret'>

async function keep(stripe: Stripe, kept: Stripe.WebhookEndpoint, url: string): Promise<Made> {
  const { id, status } = kept
  const events = kept.enabled_events.toSorted().join()
  if (kept.url !== url || status !== 'enabled' || events !== enabledEvents.join()) {
    await stripe.webhookEndpoints.update(id, { url, enabled_events: enabledEvents, disabled: false })
  }
  return { endpoint: id, secret: null }
}

/** Two who make it at once make one: the key says what they both saw. */
async function create(stripe: Stripe, url: string, seen: readonly string[]): Promise<Made> {
  const about = { url, enabled_events: enabledEvents, description: 'Perennial' }
  const idempotencyKey = `webhook_${await sha256(JSON.stringify([about, seen]))}`
  const { id, secret } = await stripe.webhookEndpoints.create(about, { idempotencyKey })
  if (secret === undefined) throw new Error(`${id} was made and its secret not shown`)
  return { endpoint: id, secret }
}
