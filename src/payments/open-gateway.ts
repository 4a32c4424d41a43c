import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import { type Sealed, seal, unseal } from '../platform/seal.ts'
import type { Gateway, GatewayEvents } from './gateway.ts'
import type { GatewayAccount } from './repository.ts'
import { stripeGateway } from './stripe.ts'
import { stripeEvents } from './stripe-events.ts'

/** The gateway of a stored account, with its secret opened. @throws where the secret was sealed with another key. */
export async function openGateway(env: Env, { id, secret }: GatewayAccount): Promise<Gateway> {
  return stripeGateway(await unseal(secret, env.SEALING_KEY, id), env.STRIPE_API_URL)
}

/** As `openGateway`, for what happens there. */
export async function openEvents(env: Env, { id, secret }: GatewayAccount): Promise<GatewayEvents> {
  return stripeEvents(await unseal(secret, env.SEALING_KEY, id), env.STRIPE_API_URL)
}

/** With which a gateway account's webhooks are signed. Its context is its own: it cannot stand in for the account's key. */
export function sealWebhookSecret(env: Env, id: Id<'gateway_account'>, secret: string): Promise<Sealed> {
  return seal(secret, env.SEALING_KEY, `${id}:webhook`)
}

/** @throws where it was sealed with another key. */
export function openWebhookSecret(env: Env, id: Id<'gateway_account'>, sealed: Sealed): Promise<string> {
  return unseal(sealed, env.SEALING_KEY, `${id}:webhook`)
}

/** Those of some accounts, by id. One whose secret cannot be opened is left out: it is the operator's to mend. */
export async function openGateways(
  env: Env,
  accounts: readonly GatewayAccount[],
): Promise<ReadonlyMap<Id<'gateway_account'>, Gateway>> {
  const gateways = new Map<Id<'gateway_account'>, Gateway>()
  for (const account of new Map(accounts.map((account) => [account.id, account])).values()) {
    try {
      gateways.set(account.id, await openGateway(env, account))
    } catch (error) {
      logError('a gateway secret cannot be opened', error, { gateway_account: account.id })
    }
  }
  return gateways
}

/** Six connections may wait for their answer in one invocation of a Worker. */
const CONCURRENT_CALLS = 6

export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const workers = Array.from({ length: Math.min(CONCURRENT_CALLS, items.length) }, async () => {
    for (const item of queue) await work(item)
  })
  await Promise.all(workers)
}
