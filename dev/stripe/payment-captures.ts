import type Stripe from 'stripe'
import { settleCharge } from './balance-transactions.ts'
import { invalidRequest } from './errors.ts'
import { type Cause, emit } from './events.ts'
import type { Charge, PaymentIntent } from './objects.ts'
import { assignGiven, type Handler, mergeMetadata, operation } from './operation.ts'
import { intentInPath, requireState } from './payment-states.ts'
import { now, type World } from './world.ts'

export const paymentCaptureOperations = {
  post_payment_intents_intent_capture: operation<Stripe.PaymentIntentCaptureParams>((context, parameters) => {
    const intent = intentInPath(context)
    requireState(intent, 'captured', 'This PaymentIntent could not be captured')
    const amount = parameters.amount_to_capture ?? intent.amount_capturable
    if (amount < 1 || amount > intent.amount_capturable) {
      throw invalidRequest(`The amount to capture must be from 1 to ${intent.amount_capturable}.`, {
        param: 'amount_to_capture',
      })
    }
    if (parameters.final_capture === false) {
      throw invalidRequest('This PaymentIntent is not eligible for multicapture.', { param: 'final_capture' })
    }
    assignGiven(intent, context.parameters, ['statement_descriptor', 'statement_descriptor_suffix'])
    intent.metadata = mergeMetadata(intent.metadata, parameters.metadata)
    capture(context.world, context, intent, amount)
    return intent
  }),
} satisfies Record<string, Handler>

/** Takes part of what is authorized, or all; the rest is let go, since one capture is all there is. */
function capture(world: World, cause: Cause, intent: PaymentIntent, amount: number): void {
  const charge = authorizedCharge(world, intent)
  charge.captured = true
  charge.amount_captured = amount
  settleCharge(world, charge)
  intent.status = 'succeeded'
  intent.amount_received = amount
  intent.amount_capturable = 0
  emit(world, cause, 'charge.captured', charge)
  emit(world, cause, 'payment_intent.succeeded', intent)
}

/** Ends a PaymentIntent without money, by request or because its authorization has run out. */
export function cancelIntent(world: World, cause: Cause, intent: PaymentIntent, reason: string | null): void {
  if (intent.status === 'requires_capture') release(world, cause, intent)
  intent.status = 'canceled'
  intent.canceled_at = now(world)
  intent.cancellation_reason = reason
  intent.next_action = null
  emit(world, cause, 'payment_intent.canceled', intent)
}

/** What was authorized goes back to the card: Stripe shows it as a charge refunded in full. */
function release(world: World, cause: Cause, intent: PaymentIntent): void {
  const charge = authorizedCharge(world, intent)
  const { amount_refunded, refunded } = charge
  charge.amount_refunded = charge.amount
  charge.refunded = true
  intent.amount_capturable = 0
  emit(world, cause, 'charge.refunded', charge, { amount_refunded, refunded })
}

function authorizedCharge(world: World, intent: PaymentIntent): Charge {
  const charge = world.state.charges.get(intent.latest_charge ?? '')
  if (!charge) throw new Error(`${intent.id} has no charge`)
  return charge
}
