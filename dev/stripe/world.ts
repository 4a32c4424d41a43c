import { randomBytes } from 'node:crypto'
import type { Fault } from './faults.ts'
import type { IdempotencyRecord } from './idempotency.ts'
import type {
  BalanceTransaction,
  Charge,
  Customer,
  PaymentIntent,
  PaymentMethod,
  Refund,
  SetupIntent,
  StripeEvent,
  WebhookEndpoint,
} from './objects.ts'
import type { TestMethodName } from './test-methods.ts'

/** What outlives a restart: everything one secret key sees. A new kind of object is a new line here. */
export type WorldState = {
  customers: Map<string, Customer>
  deletedCustomers: Map<string, { id: string; object: 'customer'; deleted: true }>
  paymentMethods: Map<string, PaymentMethod>
  paymentIntents: Map<string, PaymentIntent>
  setupIntents: Map<string, SetupIntent>
  charges: Map<string, Charge>
  refunds: Map<string, Refund>
  balanceTransactions: Map<string, BalanceTransaction>
  events: Map<string, StripeEvent>
  webhookEndpoints: Map<string, WebhookEndpoint>
  webhookSecrets: Map<string, string>
  deliveries: Map<string, Delivery>
  /** What Stripe knows of a payment method and never shows: how its test number behaves, and whether it is used up. */
  methodFacts: Map<string, MethodFacts>
  idempotency: Map<string, IdempotencyRecord>
  clockOffset_s: number
}

export type MethodFacts = { behaviour: TestMethodName; setUp: boolean; usedUp: boolean }

export type Delivery = { id: string; event: string; endpoint: string; attempts: number }

export type SeenRequest = {
  readonly at_ms: number
  readonly method: string
  readonly path: string
  operation: string | null
  readonly idempotency_key: string | null
  readonly request_id: string
  /** Null when the connection was dropped without an answer. */
  status: number | null
  replayed: boolean
  fault: string | null
}

export type World = {
  readonly key: string
  readonly state: WorldState
  readonly faults: Fault[]
  readonly requests: SeenRequest[]
  /** Answers that contradicted the document; a test suite can assert that there were none. */
  readonly bugs: string[]
  /** Deliveries with a timer or a request of their own at the moment. */
  readonly delivering: Set<string>
  down: boolean
  /** Deliveries wait until they are released, in an order of the test's choosing. */
  holding: boolean
}

export function createWorld(key: string, stored: Partial<WorldState> = {}): World {
  const empty: WorldState = {
    customers: new Map(),
    deletedCustomers: new Map(),
    paymentMethods: new Map(),
    paymentIntents: new Map(),
    setupIntents: new Map(),
    charges: new Map(),
    refunds: new Map(),
    balanceTransactions: new Map(),
    events: new Map(),
    webhookEndpoints: new Map(),
    webhookSecrets: new Map(),
    deliveries: new Map(),
    methodFacts: new Map(),
    idempotency: new Map(),
    clockOffset_s: 0,
  }
  const state = { ...empty, ...stored }
  return { key, state, faults: [], requests: [], bugs: [], delivering: new Set(), down: false, holding: false }
}

/** Seconds since 1970 on this world's clock, which the control route may move forward. */
export function now(world: World): number {
  return Math.floor(Date.now() / 1000) + world.state.clockOffset_s
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function newId(prefix: string, length = 24): string {
  const characters = Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length])
  return `${prefix}_${characters.join('')}`
}
