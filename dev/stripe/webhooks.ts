import { createHmac } from 'node:crypto'
import type { DeliveryPlan } from './delivery-plan.ts'
import type { Delivery, World } from './world.ts'

// Delivery is at least once: whatever is not answered 2xx is sent again a few times, and again after a restart.

const retryAfter_ms = [50, 250, 1_000, 5_000]
const timeout_ms = 10_000

export type Deliveries = {
  /** Starts what is waiting in this world; called after each answer and at start. */
  readonly start: (world: World) => void
  /** Ends a hold: what waited is sent one after the other, in this order, this many times. */
  readonly release: (world: World, order: 'oldest_first' | 'newest_first', copies: number) => Promise<number>
  /** Resolves when nothing is being delivered, or when the wait is over. */
  readonly settled: (world: World, wait_ms: number) => Promise<boolean>
  readonly stop: () => void
}

export function createDeliveries(onChange: () => void): Deliveries {
  const timers = new Set<NodeJS.Timeout>()
  const stopping = new AbortController()

  function start(world: World): void {
    if (world.holding) return
    for (const delivery of world.state.deliveries.values()) {
      if (world.delivering.has(delivery.id)) continue
      world.delivering.add(delivery.id)
      schedule(world, delivery, lateness(world.deliveryPlan))
    }
  }

  async function release(world: World, order: 'oldest_first' | 'newest_first', copies: number): Promise<number> {
    world.holding = false
    const waiting = [...world.state.deliveries.values()].filter(({ id }) => !world.delivering.has(id))
    if (order === 'newest_first') waiting.reverse()
    for (const { id } of waiting) world.delivering.add(id)
    for (const delivery of waiting) {
      for (let copy = 1; copy < copies; copy += 1) await send(world, delivery, stopping.signal)
      await attempt(world, delivery)
    }
    return waiting.length
  }

  function schedule(world: World, delivery: Delivery, after_ms: number): void {
    if (stopping.signal.aborted) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      attempt(world, delivery).catch((error: unknown) => world.bugs.push(`delivery ${delivery.id}: ${String(error)}`))
    }, after_ms)
    timers.add(timer)
  }

  async function attempt(world: World, delivery: Delivery): Promise<void> {
    delivery.attempts += 1
    if (delivery.attempts === 1 && isLost(world.deliveryPlan)) {
      forget(world, delivery)
      return
    }
    const delivered = await send(world, delivery, stopping.signal)
    for (let copy = 1; delivered && copy < world.deliveryPlan.copies; copy += 1) {
      await send(world, delivery, stopping.signal)
    }
    if (stopping.signal.aborted) return
    const wait_ms = retryAfter_ms[delivery.attempts - 1]
    const event = world.state.events.get(delivery.event)
    if (!delivered && wait_ms !== undefined) schedule(world, delivery, wait_ms)
    else forget(world, delivery)
    if (delivered && event) event.pending_webhooks -= 1
    onChange()
  }

  function forget(world: World, delivery: Delivery): void {
    world.state.deliveries.delete(delivery.id)
    world.delivering.delete(delivery.id)
  }

  async function settled(world: World, wait_ms: number): Promise<boolean> {
    const end_ms = Date.now() + wait_ms
    start(world)
    while (world.delivering.size > 0 && Date.now() < end_ms) await new Promise((resolve) => setTimeout(resolve, 5))
    return world.delivering.size === 0
  }

  function stop(): void {
    stopping.abort()
    for (const timer of timers) clearTimeout(timer)
  }

  return { start, release, settled, stop }
}

/** Every second event of a plan that says so. */
function lateness(plan: DeliveryPlan): number {
  plan.started += 1
  return plan.started % 2 === 1 ? plan.late_ms : 0
}

function isLost(plan: DeliveryPlan): boolean {
  if (plan.lose === 0) return false
  plan.lose -= 1
  return true
}

async function send(world: World, delivery: Delivery, stopping: AbortSignal): Promise<boolean> {
  const { events, webhookEndpoints, webhookSecrets } = world.state
  const event = events.get(delivery.event)
  const endpoint = webhookEndpoints.get(delivery.endpoint)
  const secret = webhookSecrets.get(delivery.endpoint)
  // An endpoint that was deleted meanwhile has nothing more to receive.
  if (!event || !endpoint || secret === undefined) return true
  const body = JSON.stringify(event, null, 2)
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature(body, secret) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(timeout_ms)]),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    // Refused, reset or timed out: the receiver's trouble, and the reason there are retries.
    return false
  }
}

/** https://docs.stripe.com/webhooks#verify-manually; real time, since receivers compare it with their own. */
function signature(body: string, secret: string): string {
  const t = Math.floor(Date.now() / 1000)
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
  return `t=${t},v1=${v1}`
}
