import type Stripe from 'stripe'
import { apiVersion } from './document.ts'
import { listOf } from './lists.ts'
import type { StripeEvent } from './objects.ts'
import { type Handler, inPath, operation } from './operation.ts'
import { newId, now, type World } from './world.ts'

/** The request an event is attributed to; none when Stripe itself, or the customer, caused it. */
export type Cause = { readonly requestId: string; readonly idempotencyKey: string | null } | null

/** Records the event with the object as it is now, and one delivery for each endpoint that listens to its type. */
export function emit(world: World, cause: Cause, type: string, object: object, previous?: object): void {
  const listeners = [...world.state.webhookEndpoints.values()].filter((endpoint) => {
    const { status, enabled_events } = endpoint
    return status === 'enabled' && (enabled_events.includes('*') || enabled_events.includes(type))
  })
  const snapshot = structuredClone(object)
  const event: StripeEvent = {
    id: newId('evt'),
    object: 'event',
    api_version: apiVersion,
    created: now(world),
    data: previous ? { object: snapshot, previous_attributes: structuredClone(previous) } : { object: snapshot },
    livemode: false,
    pending_webhooks: listeners.length,
    request: cause
      ? { id: cause.requestId, idempotency_key: cause.idempotencyKey }
      : { id: null, idempotency_key: null },
    type,
  }
  world.state.events.set(event.id, event)
  forgetOldest(world)
  for (const endpoint of listeners) {
    const id = newId('dlv')
    world.state.deliveries.set(id, { id, event: event.id, endpoint: endpoint.id, attempts: 0 })
  }
}

/** Stripe keeps 30 days; a benchmark would fill the memory long before. */
const maxEvents = 20_000

function forgetOldest(world: World): void {
  const [oldest] = world.state.events.keys()
  if (world.state.events.size > maxEvents && oldest !== undefined) world.state.events.delete(oldest)
}

/** The fields of `before` that differ now: `previous_attributes` of an update event. */
export function changedFrom(before: object, after: object): object | undefined {
  const present = after as Record<string, unknown>
  const changed = Object.entries(before).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(present[key]),
  )
  return changed.length > 0 ? Object.fromEntries(changed) : undefined
}

export const eventOperations = {
  get_events: operation<Stripe.EventListParams>((context, { type, types, delivery_success }) => {
    const { events } = context.world.state
    return listOf(context, {
      from: events,
      noun: 'event',
      url: '/v1/events',
      where: (event) =>
        (type === undefined || matchesType(event.type, type)) &&
        (types === undefined || types.includes(event.type)) &&
        (delivery_success === undefined || delivery_success === (event.pending_webhooks === 0)),
    })
  }),
  get_events_id: (context) => inPath(context, context.world.state.events, 'event', 'id'),
} satisfies Record<string, Handler>

/** A filter names one type, or a group such as `payment_intent.*`. */
function matchesType(type: string, filter: string): boolean {
  return filter.endsWith('*') ? type.startsWith(filter.slice(0, -1)) : type === filter
}
