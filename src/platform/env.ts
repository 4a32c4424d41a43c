import type { DatabaseEnv } from './db/client.ts'

/** What the Worker is given. wrangler.toml names the bindings; secrets are set with `wrangler secret put`. */
export type Env = DatabaseEnv & {
  /** 32 bytes in base64: seals the gateways' secrets that are stored in the database. */
  readonly SEALING_KEY: string
  /** Where Stripe is; empty in production, the emulator's address in development. */
  readonly STRIPE_API_URL: string
  readonly SUBSCRIPTIONS: DurableObjectNamespace
  readonly TEST_CLOCKS: DurableObjectNamespace
  readonly USAGE_SHARDS: DurableObjectNamespace
  readonly BILLING_QUEUE: Queue
  readonly CHARGE_QUEUE: Queue
  readonly GATEWAY_QUEUE: Queue
  readonly RECONCILIATION_QUEUE: Queue
  readonly RELAY_QUEUE: Queue
  readonly USAGE_QUEUE: Queue
  readonly ASSETS: Fetcher
}
