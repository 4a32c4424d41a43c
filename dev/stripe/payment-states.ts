import { StripeError } from './errors.ts'
import type { PaymentIntent, PaymentIntentStatus } from './objects.ts'
import { type Context, inPath } from './operation.ts'

/** Which states each step may start from; the messages name the same lists. */
const allowedFrom = {
  confirmed: ['requires_payment_method', 'requires_confirmation', 'requires_action'],
  updated: ['requires_payment_method', 'requires_confirmation', 'requires_action'],
  captured: ['requires_capture'],
  canceled: ['requires_payment_method', 'requires_confirmation', 'requires_action', 'requires_capture', 'processing'],
} as const satisfies Record<string, readonly PaymentIntentStatus[]>

export function intentInPath(context: Context): PaymentIntent {
  return inPath(context, context.world.state.paymentIntents, 'payment_intent', 'intent')
}

export function requireState(intent: PaymentIntent, step: keyof typeof allowedFrom, refusal: string): void {
  const allowed: readonly PaymentIntentStatus[] = allowedFrom[step]
  if (allowed.includes(intent.status)) return
  throw unexpectedState(
    intent,
    `${refusal} because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${step}: ${allowed.join(', ')}.`,
  )
}

export function unexpectedState(intent: PaymentIntent, message: string): StripeError {
  return new StripeError(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: structuredClone(intent),
  })
}
