import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import type { Payment } from './domain/payment.ts'
import type { Refund } from './domain/refund.ts'
import type { RefundOutcome } from './domain/refund-outcome.ts'
import { inParallel, openGateways } from './open-gateway.ts'
import type { GatewayAccount } from './repository.ts'

/** A refund with all that the gateway must be told. */
export type RefundTask = {
  readonly refund: Refund
  readonly payment: Payment
  readonly gatewayAccount: GatewayAccount
}

export type RefundOutcomes = ReadonlyMap<Id<'refund'>, RefundOutcome>

/**
 * Sends refunds that are committed and claimed. Repeating it after a crash finds what was made, or sends the same keys.
 * Never throws for the gateway: no answer is `unknown`.
 */
export async function giveBack(env: Env, tasks: readonly RefundTask[]): Promise<RefundOutcomes> {
  const gateways = await openGateways(
    env,
    tasks.map(({ gatewayAccount }) => gatewayAccount),
  )
  const outcomes = new Map<Id<'refund'>, RefundOutcome>()
  await inParallel(tasks, async ({ refund, payment, gatewayAccount }) => {
    const gateway = gateways.get(gatewayAccount.id)
    const known = gateway && payment.gatewayPayment
    outcomes.set(refund.id, known ? await gateway.refund(refund, known) : { kind: 'unknown' })
  })
  return outcomes
}
