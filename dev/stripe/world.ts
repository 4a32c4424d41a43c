import { randomBytes } from 'node:crypto'
import { type DeliveryPlan, deliveryPlan } from './delivery-plan.ts'
import type { Dispute } from './dispute-objects.ts'
import type { Fault } from './faults.ts'
import type { IdempotencyRecord } from './idempotency.ts'
import type {
  BalanceTransaction,
  Charge,
  CheckoutSession,
  Customer,
  PaymentIntent,
  PaymentMethod,
  Refund,
  SetupIntent,
  StripeEvent,
  TaxId,
  WebhookEndpoint,
} from './objects.ts'
import type { RateLimit } from './rate-limits.ts'
import type { Seller, TaxCalculation, TaxTransaction } from './tax-objects.ts'
import type { TestMethodName } from './test-methods.ts'

/** What outlives a restart: everything one secret key sees. A new kind of object is a new line here. */
export type WorldState = {
  customers: Map<string, Customer>
  deletedCustomers: Map<string, { id: string; object: 'customer'; deleted: true }>
  paymentMethods: Map<string, PaymentMethod>
  paymentIntents: Map<string, PaymentIntent>
  setupIntents: Map<string, SetupIntent>
  checkoutSessions: Map<string, CheckoutSession>
  charges: Map<string, Charge>
  refunds: Map<string, Refund>
  disputes: Map<string, Dispute>
  taxIds: Map<string, TaxId>
  taxCalculations: Map<string, TaxCalculation>
  taxTransactions: Map<string, TaxTransaction>
  balanceTransactions: Map<string, BalanceTransaction>
  events: Map<string, StripeEvent>
  webhookEndpoints: Map<string, WebhookEndpoint>
  webhookSecrets: Map<string, string>
  deliveries: Map<string, Delivery>
  /** What Stripe knows of a payment method and never shows: how its test number behaves, and whether it is used up. */
  methodFacts: Map<string, MethodFacts>
  idempotency: Map<string, IdempotencyRecord>
  /** Where the account sits and collects tax. */
  seller: Seller
  clockOffset_s: number
}

export type MethodFacts = { behaviour: TestMethodName; setUp: boolean; usedUp: boolean; mandate: string | null }

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
  /** Of its account: another one from when it is rolled. */
  key: string
  readonly state: WorldState
  readonly faults: Fault[]
  /** What was answered with a 500 and takes effect all the same, later. */
  readonly rollingForward: (() => void)[]
  readonly requests: SeenRequest[]
  /** Answers that contradicted the document; a test suite can assert that there were none. */
  readonly bugs: string[]
  /** Deliveries with a timer or a request of their own at the moment. */
  readonly delivering: Set<string>
  down: boolean
  /** Deliveries wait until they are released, in an order of the test's choosing. */
  holding: boolean
  deliveryPlan: DeliveryPlan
  rateLimit: RateLimit | null
}

export function createWorld(key: string, stored: Partial<WorldState> = {}): World {
  const empty: WorldState = {
    customers: new Map(),
    deletedCustomers: new Map(),
    paymentMethods: new Map(),
    paymentIntents: new Map(),
    setupIntents: new Map(),
    checkoutSessions: new Map(),
    charges: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    taxIds: new Map(),
    taxCalculations: new Map(),
    taxTransactions: new Map(),
    balanceTransactions: new Map(),
    events: new Map(),
    webhookEndpoints: new Map(),
    webhookSecrets: new Map(),
    deliveries: new Map(),
    methodFacts: new Map(),
    idempotency: new Map(),
    seller: { country: 'US', collects_in: null },
    clockOffset_s: 0,
  }
  const state = { ...empty, ...stored }
  return {
    key,
    state,
    faults: [],
    rollingForward: [],
    requests: [],
    bugs: [],
    delivering: new Set(),
    down: false,
    holding: false,
    deliveryPlan: deliveryPlan({}),
    rateLimit: null,
  }
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
