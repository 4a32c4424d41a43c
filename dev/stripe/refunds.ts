import type Stripe from 'stripe'
import { reverseRefund, settleRefund } from './balance-transactions.ts'
import { invalidRequest, notServed } from './errors.ts'
import { type Cause, emit } from './events.ts'
import { listOf } from './lists.ts'
import type { Charge, Refund } from './objects.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation } from './operation.ts'
import { behaviourOf } from './test-methods.ts'
import { newId, now, type World } from './world.ts'

/** Connect and bank transfers kept on a customer are not emulated. */
const otherKinds = ['currency', 'customer', 'origin', 'refund_application_fee', 'reverse_transfer'] as const

export const refundOperations = {
  post_refunds: operation<Stripe.RefundCreateParams>((context, parameters) => {
    const other = otherKinds.find((name) => name in parameters)
    if (other) throw notServed(`refunds with ${other}`)
    const charge = chargeToRefund(context, parameters)
    refuseDisputed(context, charge)
    const refund = newRefund(context, charge, parameters)
    context.world.state.refunds.set(refund.id, refund)
    if (refund.status === 'succeeded') settleRefund(context.world, refund, charge)
    const { amount_refunded, refunded } = charge
    addRefunded(charge, refund.amount)
    emit(context.world, context, 'refund.created', refund)
    emit(context.world, context, 'charge.refunded', charge, { amount_refunded, refunded })
    return refund
  }),

  get_refunds: operation<Stripe.RefundListParams>((context, { charge, payment_intent }) =>
    listOf(context, {
      from: context.world.state.refunds,
      noun: 'refund',
      url: '/v1/refunds',
      where: (refund) =>
        (charge === undefined || refund.charge === charge) &&
        (payment_intent === undefined || refund.payment_intent === payment_intent),
    }),
  ),

  get_refunds_refund: (context) => inPath(context, context.world.state.refunds, 'refund', 'refund'),
} satisfies Record<string, Handler>

/** The successful charge that a request names, by itself or by its PaymentIntent. */
function chargeToRefund(context: Context, { charge: id, payment_intent }: Stripe.RefundCreateParams): Charge {
  const { charges, paymentIntents } = context.world.state
  if (id !== undefined && payment_intent !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: charge, payment_intent.')
  }
  if (id !== undefined) {
    const charge = inParameter(charges, 'charge', id, 'charge')
    if (charge.status === 'succeeded' && charge.captured) return charge
    throw invalidRequest(`Charge ${id} is ${charge.status} and cannot be refunded.`, { param: 'charge' })
  }
  if (payment_intent === undefined) {
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.')
  }
  const intent = inParameter(paymentIntents, 'payment_intent', payment_intent, 'payment_intent')
  const charge = charges.get(intent.latest_charge ?? '')
  if (charge?.status === 'succeeded' && charge.captured) return charge
  throw invalidRequest(`This PaymentIntent (${payment_intent}) does not have a successful charge to refund.`, {
    param: 'payment_intent',
  })
}

/** While a chargeback holds the money, or has kept it, there is nothing to give back. */
function refuseDisputed({ world }: Context, { id }: Charge): void {
  const holds = [...world.state.disputes.values()].some((it) => it.charge === id && !it.is_charge_refundable)
  if (holds)
    throw invalidRequest(`Charge ${id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' })
}

/** Never more than is left of the charge: the emulator is the last to see a refund made twice. */
function newRefund(context: Context, charge: Charge, parameters: Stripe.RefundCreateParams): Refund {
  const { world } = context
  const left = charge.amount_captured - charge.amount_refunded
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  }
  const { amount = left } = parameters
  if (amount < 1) {
    throw invalidRequest('Invalid positive integer', { param: 'amount', code: 'parameter_invalid_integer' })
  }
  if (amount > left) {
    const message = `Refund amount (${amount} ${charge.currency}) is greater than unrefunded amount on charge (${left} ${charge.currency})`
    throw invalidRequest(message, { param: 'amount' })
  }
  const pending = isDelayed(world, charge)
  return {
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: now(world),
    currency: charge.currency,
    customer: charge.customer,
    destination_details: destination(charge, pending),
    metadata: mergeMetadata({}, parameters.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    ...(pending && { pending_reason: 'processing' }),
    reason: parameters.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: pending ? 'pending' : 'succeeded',
    transfer_reversal: null,
  }
}

function destination(charge: Charge, pending: boolean): object {
  if (typeOf(charge) !== 'card') return { type: typeOf(charge) }
  const card = pending
    ? { type: 'pending' }
    : { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' }
  return { type: 'card', card }
}

/** Refunds of a bank debit take days, and so do those of one test card. */
function isDelayed(world: World, charge: Charge): boolean {
  return typeOf(charge) !== 'card' || refundBehaviour(world, charge) === 'pending'
}

function typeOf({ payment_method_details }: Charge): string {
  return String((payment_method_details as { type?: string }).type)
}

function refundBehaviour(world: World, { payment_method }: Charge) {
  const facts = world.state.methodFacts.get(payment_method)
  return facts && behaviourOf(facts.behaviour).refund
}

function addRefunded(charge: Charge, amount: number): void {
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount_captured
}

/** A refund arrives if it is under way, or comes back if its test card says so; false when neither is left to do. */
export function finishRefund(world: World, refund: Refund): boolean {
  const charge = world.state.charges.get(refund.charge)
  if (!charge) throw new Error(`${refund.id} has no charge`)
  const before = structuredClone(refund)
  if (refund.status === 'pending') {
    refund.status = 'succeeded'
    delete refund.pending_reason
    refund.destination_details = destination(charge, false)
    settleRefund(world, refund, charge)
    tellUpdated(world, null, refund, before)
    return true
  }
  if (refund.status === 'failed' || refundBehaviour(world, charge) !== 'fails') return false
  refund.status = 'failed'
  refund.failure_reason = 'expired_or_canceled_card'
  reverseRefund(world, refund)
  addRefunded(charge, -refund.amount)
  tellUpdated(world, null, refund, before)
  emit(world, null, 'refund.failed', refund)
  return true
}

/** Stripe tells the same under two names. */
function tellUpdated(world: World, cause: Cause, refund: Refund, { status }: Refund): void {
  emit(world, cause, 'refund.updated', refund, { status })
  emit(world, cause, 'charge.refund.updated', refund, { status })
}
