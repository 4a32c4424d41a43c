import type { Env } from '../platform/env.ts'
import { unseal } from '../platform/seal.ts'
import type { Gateway } from './gateway.ts'
import type { GatewayAccount } from './repository.ts'
import { stripeGateway } from './stripe.ts'

/** The gateway of a stored account, with its secret opened. @throws where the secret was sealed with another key. */
export async function openGateway(env: Env, { id, secret }: GatewayAccount): Promise<Gateway> {
  return stripeGateway(await unseal(secret, env.SEALING_KEY, id), env.STRIPE_API_URL)
}
