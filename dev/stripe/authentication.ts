import { StripeError } from './errors.ts'
import { finishAuthentication } from './payment-attempts.ts'
import { finishSetup } from './setup-attempts.ts'
import type { World } from './world.ts'

/** The customer answers the bank's question on a PaymentIntent or a SetupIntent. */
export function authenticate(world: World, id: string, succeeds: boolean): object {
  const { paymentIntents, setupIntents, paymentMethods } = world.state
  const setup = setupIntents.get(id)
  if (setup) {
    if (setup.status === 'requires_action') finishSetup(world, null, setup, succeeds)
    return { id, status: setup.status }
  }
  const intent = paymentIntents.get(id)
  const method = paymentMethods.get(intent?.payment_method ?? '')
  if (!intent) throw new StripeError(404, { type: 'invalid_request_error', message: `No intent ${id}` })
  if (method) finishAuthentication({ world, cause: null, intent, method }, succeeds)
  return { id, status: intent.status }
}
