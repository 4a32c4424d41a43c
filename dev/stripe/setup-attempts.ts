import { completeSession } from './checkout-completion.ts'
import { StripeError } from './errors.ts'
import { type Cause, emit } from './events.ts'
import type { NextAction, PaymentMethod, SetupIntent } from './objects.ts'
import { factsOf } from './saved-methods.ts'
import { behaviourOf, type Decline, declineMessage } from './test-methods.ts'
import { newId, type World } from './world.ts'

// What happens when a method is set up for later, without any HTTP.

export type SetupAttempt = {
  readonly world: World
  readonly cause: Cause
  readonly intent: SetupIntent
  readonly method: PaymentMethod
}

/** One confirmation: the method is saved, or the bank asks the customer first. The answer is the error to send. */
export function attemptSetup(
  attempt: SetupAttempt,
  options: { readonly decline: Decline | undefined; readonly nextAction: NextAction },
): StripeError | undefined {
  const { world, cause, intent, method } = attempt
  intent.payment_method = method.id
  intent.last_setup_error = null
  intent.latest_attempt = newId('setatt')
  const behaviour = behaviourOf(factsOf(world, method).behaviour)
  const decline = options.decline ?? behaviour.attachDecline
  if (decline) return fail(attempt, decline)
  if (!behaviour.authentication) {
    finishSetup(world, cause, intent, true)
    return undefined
  }
  intent.status = 'requires_action'
  intent.next_action = options.nextAction
  emit(world, cause, 'setup_intent.requires_action', intent)
  return undefined
}

function fail({ world, cause, intent, method }: SetupAttempt, decline: Decline): StripeError {
  const error = {
    type: 'card_error' as const,
    ...decline,
    message: declineMessage(decline),
    payment_method: structuredClone(method),
    payment_method_type: method.type,
  }
  Object.assign(intent, { status: 'requires_payment_method', payment_method: null, last_setup_error: error })
  emit(world, cause, 'setup_intent.setup_failed', intent)
  return new StripeError(402, { ...error, setup_intent: structuredClone(intent) })
}

/** Saves the method for later, or sends the intent back when the customer failed the bank's question. */
export function finishSetup(world: World, cause: Cause, intent: SetupIntent, succeeds: boolean): void {
  const method = world.state.paymentMethods.get(intent.payment_method ?? '')
  if (!method) return
  intent.next_action = null
  if (!succeeds) {
    const code = 'setup_intent_authentication_failure'
    const message = 'The provided PaymentMethod has failed authentication.'
    const error = { type: 'invalid_request_error', code, message, payment_method: structuredClone(method) }
    Object.assign(intent, { status: 'requires_payment_method', payment_method: null, last_setup_error: error })
    emit(world, cause, 'setup_intent.setup_failed', intent)
    return
  }
  const facts = factsOf(world, method)
  intent.status = 'succeeded'
  facts.setUp = true
  if (method.type !== 'card') {
    facts.mandate = newId('mandate')
    intent.mandate = facts.mandate
  }
  if (intent.customer !== null && method.customer === null) {
    method.customer = intent.customer
    emit(world, cause, 'payment_method.attached', method)
  }
  emit(world, cause, 'setup_intent.succeeded', intent)
  completeSession(world, intent)
}
