import type Stripe from 'stripe'
import { invalidRequest } from './errors.ts'
import { listOf } from './lists.ts'
import type { WebhookEndpoint } from './objects.ts'
import { type Context, type Handler, inPath, mergeMetadata, operation, textOrNull } from './operation.ts'
import { newId, now } from './world.ts'

const maxEndpoints = 16

export const webhookEndpointOperations = {
  post_webhook_endpoints: operation<Stripe.WebhookEndpointCreateParams>((context, parameters) => {
    const { webhookEndpoints, webhookSecrets } = context.world.state
    if (webhookEndpoints.size >= maxEndpoints)
      throw invalidRequest(`You have reached the maximum of ${maxEndpoints} test webhook endpoints.`)
    const endpoint: WebhookEndpoint = {
      id: newId('we'),
      object: 'webhook_endpoint',
      api_version: parameters.api_version ?? null,
      created: now(context.world),
      description: textOrNull(parameters.description),
      enabled_events: [...parameters.enabled_events],
      livemode: false,
      metadata: mergeMetadata({}, parameters.metadata),
      status: 'enabled',
      url: checkUrl(parameters.url),
    }
    const secret = newId('whsec', 32)
    webhookEndpoints.set(endpoint.id, endpoint)
    webhookSecrets.set(endpoint.id, secret)
    // Stripe shows the secret in this answer only.
    return { ...endpoint, secret }
  }),

  get_webhook_endpoints: (context) =>
    listOf(context, {
      from: context.world.state.webhookEndpoints,
      noun: 'webhook endpoint',
      url: '/v1/webhook_endpoints',
    }),

  get_webhook_endpoints_webhook_endpoint: (context) => endpointInPath(context),

  post_webhook_endpoints_webhook_endpoint: operation<Stripe.WebhookEndpointUpdateParams>((context, parameters) => {
    const endpoint = endpointInPath(context)
    if (parameters.url !== undefined) endpoint.url = checkUrl(parameters.url)
    if (parameters.enabled_events) endpoint.enabled_events = [...parameters.enabled_events]
    if (parameters.disabled !== undefined) endpoint.status = parameters.disabled ? 'disabled' : 'enabled'
    if (parameters.description !== undefined) endpoint.description = textOrNull(parameters.description)
    endpoint.metadata = mergeMetadata(endpoint.metadata, parameters.metadata)
    return endpoint
  }),

  delete_webhook_endpoints_webhook_endpoint: (context) => {
    const { id } = endpointInPath(context)
    context.world.state.webhookEndpoints.delete(id)
    context.world.state.webhookSecrets.delete(id)
    return { id, object: 'webhook_endpoint', deleted: true }
  },
} satisfies Record<string, Handler>

function endpointInPath(context: Context): WebhookEndpoint {
  return inPath(context, context.world.state.webhookEndpoints, 'webhook endpoint', 'webhook_endpoint')
}

/** Stripe wants https from the outside; here only loopback is ever called. */
function checkUrl(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  if (host === '127.0.0.1' || host === 'localhost' || host === '[::1]') return url
  throw invalidRequest('Invalid URL: the emulator delivers to loopback addresses only', {
    param: 'url',
    code: 'url_invalid',
  })
}
