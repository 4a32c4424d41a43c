import { authenticate } from './authentication.ts'
import { checkOut } from './checkout-page.ts'
import { controlDispute } from './control-disputes.ts'
import { deliveryPlan } from './delivery-plan.ts'
import { settle, settleDue } from './due.ts'
import { StripeError } from './errors.ts'
import { addFault } from './faults.ts'
import type { Store } from './persistence.ts'
import { toRateLimit } from './rate-limits.ts'
import type { Seller } from './tax-objects.ts'
import { tellVies } from './vies.ts'
import type { Deliveries } from './webhooks.ts'
import type { World } from './world.ts'

export type ControlRequest = {
  readonly world: World
  readonly store: Store
  readonly deliveries: Deliveries
  readonly baseUrl: string
  readonly body: Readonly<Record<string, unknown>>
}

type ControlRoute = (request: ControlRequest) => unknown

const settleWait_ms = 10_000

/** README.md shows each by example. */
const routes: Readonly<Record<string, ControlRoute>> = {
  'GET /_control/faults': ({ world }) => world.faults,
  'POST /_control/faults': ({ world, body }) => addFault(world, body),
  'DELETE /_control/faults': ({ world }) => world.faults.splice(0),
  'GET /_control/requests': ({ world }) => world.requests,
  'DELETE /_control/requests': ({ world }) => ({ forgotten: world.requests.splice(0).length }),
  'GET /_control/payments': ({ world }) => paymentsOf(world),
  'GET /_control/bugs': ({ world }) => world.bugs,
  'POST /_control/down': ({ world, body }) => {
    world.down = body.down !== false
    return { down: world.down }
  },
  'POST /_control/clock': ({ world, body }) => {
    world.state.clockOffset_s += whole(body.advance_s)
    return { clock_offset_s: world.state.clockOffset_s, settled: settleDue(world) }
  },
  'POST /_control/authenticate': ({ world, body }) => authenticate(world, String(body.intent), body.succeeds !== false),
  'POST /_control/checkout': ({ world, body, baseUrl }) =>
    checkOut(world, {
      id: String(body.session),
      method: String(body.payment_method),
      succeeds: body.succeeds !== false,
      baseUrl,
    }),
  'POST /_control/dispute': ({ world, body }) => controlDispute(world, body),
  'POST /_control/settle': ({ world }) => ({ settled: settle(world) }),
  'POST /_control/limit': ({ world, body }) => {
    world.rateLimit = toRateLimit(body)
    return { limited: world.rateLimit !== null }
  },
  'POST /_control/roll': ({ world, store, body }) => {
    store.worlds.delete(world.key)
    world.key = String(body.key)
    store.worlds.set(world.key, world)
    return { key: world.key }
  },
  'POST /_control/seller': ({ world, body }) => {
    world.state.seller = toSeller(body)
    return world.state.seller
  },
  'POST /_control/vies': ({ body }) => tellVies(body),
  'POST /_control/webhooks/plan': ({ world, body }) => {
    world.deliveryPlan = deliveryPlan(body)
    return world.deliveryPlan
  },
  'POST /_control/webhooks/hold': ({ world }) => {
    world.holding = true
    return { holding: true }
  },
  'POST /_control/webhooks/release': async ({ world, deliveries, body }) => {
    const order = body.order === 'newest_first' ? 'newest_first' : 'oldest_first'
    return { released: await deliveries.release(world, order, whole(body.copies ?? 1)) }
  },
  'POST /_control/webhooks/settle': async ({ world, deliveries }) => ({
    settled: await deliveries.settled(world, settleWait_ms),
  }),
}

export async function control(method: string, path: string, request: ControlRequest): Promise<unknown> {
  const route = routes[`${method} ${path}`]
  if (!route) throw refused(404, `No control route ${method} ${path}; there are: ${Object.keys(routes).join(', ')}`)
  return await route(request)
}

/** What moved, from the intents and again from the charges: a test that compares them sees a double charge. */
function paymentsOf({ state }: World): object {
  const succeeded = [...state.paymentIntents.values()].filter((intent) => intent.status === 'succeeded')
  const captured = [...state.charges.values()].filter((charge) => charge.amount_captured > 0)
  const refunds = [...state.refunds.values()].filter((refund) => refund.status !== 'failed')
  return {
    succeeded_count: succeeded.length,
    received: sums(succeeded.map(({ currency, amount_received }) => [currency, amount_received])),
    captured_charges: captured.length,
    captured: sums(captured.map(({ currency, amount_captured }) => [currency, amount_captured])),
    refunds: refunds.length,
    refunded: sums(refunds.map(({ currency, amount }) => [currency, amount])),
    disputes: state.disputes.size,
    balance: sums([...state.balanceTransactions.values()].map(({ currency, net }) => [currency, net])),
  }
}

function sums(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [currency, amount] of entries) total[currency] = (total[currency] ?? 0) + amount
  return total
}

function toSeller({ country = 'US', collects_in = null }: Readonly<Record<string, unknown>>): Seller {
  if (typeof country !== 'string') throw refused(400, 'country is a code such as DE')
  if (collects_in !== null && !Array.isArray(collects_in)) throw refused(400, 'collects_in is a list of DE, US-NY, …')
  return { country, collects_in: collects_in?.map(String) ?? null }
}

function whole(value: unknown): number {
  if (Number.isInteger(value)) return Number(value)
  throw refused(400, 'advance_s and copies are whole numbers')
}

function refused(status: number, message: string): StripeError {
  return new StripeError(status, { type: 'invalid_request_error', message })
}
