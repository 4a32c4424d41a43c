import { reverseCharge, settleCharge } from './balance-transactions.ts'
import { createCharge } from './charges.ts'
import { openDispute } from './dispute-cases.ts'
import { StripeError } from './errors.ts'
import { type Cause, emit } from './events.ts'
import type { Charge, IntentError, NextAction, PaymentIntent, PaymentMethod } from './objects.ts'
import { factsOf } from './saved-methods.ts'
import { type Behaviour, behaviourOf, type Decline, declineMessage } from './test-methods.ts'
import type { MethodFacts, World } from './world.ts'

// What happens to the money, without any HTTP. A PaymentIntent leaves `succeeded` and `canceled` never.

export type Attempt = {
  readonly world: World
  readonly cause: Cause
  readonly intent: PaymentIntent
  readonly method: PaymentMethod
}

export type AttemptOptions = {
  readonly offSession: boolean
  readonly errorOnRequiresAction: boolean
  /** From the `decline` fault; comes before anything the card would do. */
  readonly decline: Decline | undefined
  readonly nextAction: NextAction
}

const authenticationRequired: Decline = { code: 'authentication_required', decline_code: 'authentication_required' }

/** One confirmation. The answer is the error to send, or none. */
export function attemptPayment(attempt: Attempt, options: AttemptOptions): StripeError | undefined {
  const { intent, method } = attempt
  const facts = factsOf(attempt.world, method)
  const behaviour = behaviourOf(facts.behaviour)
  intent.payment_method = method.id
  intent.last_payment_error = null
  intent.next_action = null
  if (options.decline) return failPayment(attempt, options.decline)
  if (needsCustomer(behaviour, facts, options.offSession)) return askCustomer(attempt, options)
  return charge(attempt, behaviour)
}

function needsCustomer(behaviour: Behaviour, facts: MethodFacts, offSession: boolean): boolean {
  if (behaviour.authentication === 'always') return true
  if (behaviour.authentication === 'until_set_up') return !facts.setUp
  return behaviour.authentication === 'on_session' && !offSession
}

function askCustomer(attempt: Attempt, options: AttemptOptions): StripeError | undefined {
  if (options.offSession || options.errorOnRequiresAction) return failPayment(attempt, authenticationRequired)
  attempt.intent.status = 'requires_action'
  attempt.intent.next_action = options.nextAction
  emit(attempt.world, attempt.cause, 'payment_intent.requires_action', attempt.intent)
  return undefined
}

function charge(attempt: Attempt, behaviour: Behaviour): StripeError | undefined {
  if (behaviour.chargeDecline) return failPayment(attempt, behaviour.chargeDecline)
  if (!behaviour.delayed) return attempt.intent.capture_method === 'manual' ? authorize(attempt) : succeed(attempt)
  const { world, intent, method, cause } = attempt
  const pending = createCharge(world, intent, method, 'pending')
  settleCharge(world, pending)
  intent.latest_charge = pending.id
  intent.status = 'processing'
  emit(world, cause, 'charge.pending', pending)
  emit(world, cause, 'payment_intent.processing', intent)
  return undefined
}

/** The card's issuer keeps the amount aside until it is captured or let go. */
function authorize({ world, cause, intent, method }: Attempt): undefined {
  const made = createCharge(world, intent, method, 'authorized')
  intent.latest_charge = made.id
  intent.status = 'requires_capture'
  intent.amount_capturable = intent.amount
  intent.next_action = null
  emit(world, cause, 'charge.succeeded', made)
  emit(world, cause, 'payment_intent.amount_capturable_updated', intent)
}

function succeed(attempt: Attempt): undefined {
  const { world, cause, intent, method } = attempt
  if (intent.status === 'succeeded') throw new Error(`${intent.id} was about to succeed a second time`)
  const made = createCharge(world, intent, method, 'succeeded')
  settleCharge(world, made)
  intent.latest_charge = made.id
  markSucceeded(attempt)
  emit(world, cause, 'charge.succeeded', made)
  emit(world, cause, 'payment_intent.succeeded', intent)
  disputeIfTold(attempt, made)
}

function disputeIfTold(attempt: Attempt, charge: Charge): void {
  const { dispute } = behaviourOf(factsOf(attempt.world, attempt.method).behaviour)
  if (dispute) openDispute(attempt.world, charge, dispute)
}

function markSucceeded({ world, cause, intent, method }: Attempt): void {
  intent.status = 'succeeded'
  intent.amount_received = intent.amount
  intent.next_action = null
  const facts = factsOf(world, method)
  const saved = intent.setup_future_usage !== null && intent.customer !== null
  if (saved) facts.setUp = true
  if (saved && method.customer === null) {
    method.customer = intent.customer
    emit(world, cause, 'payment_method.attached', method)
  } else if (method.customer === null) {
    facts.usedUp = true
  }
}

/** Back to `requires_payment_method`: the intent forgets the method, the error remembers it. */
function failPayment(attempt: Attempt, decline: Decline): StripeError {
  const { world, cause, intent, method } = attempt
  const failed = createCharge(world, intent, method, decline)
  const error: IntentError = {
    type: 'card_error',
    ...decline,
    message: declineMessage(decline),
    charge: failed.id,
    payment_method: structuredClone(method),
    payment_method_type: method.type,
  }
  intent.latest_charge = failed.id
  backToStart(intent, error)
  emit(world, cause, 'charge.failed', failed)
  emit(world, cause, 'payment_intent.payment_failed', intent)
  return new StripeError(402, { ...error, payment_intent: structuredClone(intent) })
}

function backToStart(intent: PaymentIntent, error: IntentError): void {
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent.next_action = null
  intent.last_payment_error = error
}

/** The customer answers the bank's question; only an intent that waits for it moves. */
export function finishAuthentication(attempt: Attempt, succeeds: boolean): void {
  const { world, intent, method } = attempt
  if (intent.status !== 'requires_action') return
  if (succeeds) {
    charge(attempt, behaviourOf(factsOf(world, method).behaviour))
    return
  }
  backToStart(intent, {
    type: 'invalid_request_error',
    code: 'payment_intent_authentication_failure',
    message:
      'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
    payment_method: structuredClone(method),
  })
  emit(world, null, 'payment_intent.payment_failed', intent)
}

/** A debit arrives or comes back; only an intent that is processing moves. */
export function finishProcessing(attempt: Attempt): void {
  const { world, intent, method } = attempt
  const pending = world.state.charges.get(intent.latest_charge ?? '')
  if (intent.status !== 'processing' || !pending) return
  const decline = behaviourOf(factsOf(world, method).behaviour).delayed?.decline
  if (decline) {
    const { code } = decline
    const message = declineMessage(decline)
    Object.assign(pending, { status: 'failed', captured: false, failure_code: code, failure_message: message })
    reverseCharge(world, pending)
    backToStart(intent, {
      type: 'card_error',
      code,
      message,
      charge: pending.id,
      payment_method: structuredClone(method),
    })
    emit(world, null, 'charge.failed', pending)
    emit(world, null, 'payment_intent.payment_failed', intent)
    return
  }
  Object.assign(pending, { status: 'succeeded', paid: true, amount_captured: pending.amount })
  markSucceeded(attempt)
  emit(world, null, 'charge.succeeded', pending)
  emit(world, null, 'payment_intent.succeeded', intent)
  disputeIfTold(attempt, pending)
}
