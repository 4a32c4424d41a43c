import Stripe from 'stripe'
import { encodeId } from '../kernel/id.ts'
import { gatewayAmount } from './domain/gateway-amount.ts'
import type { Refund } from './domain/refund.ts'
import type { RefundOutcome } from './domain/refund-outcome.ts'
import { outcomeOfError } from './stripe-errors.ts'

/** Stripe forgets a key after a day, its refunds never: so whatever may have been sent before is looked for first. */
export async function refundAtStripe(stripe: Stripe, refund: Refund, gatewayPayment: string): Promise<RefundOutcome> {
  try {
    const known = await findRefund(stripe, refund, gatewayPayment)
    return outcomeOf(known ?? (await createRefund(stripe, refund, gatewayPayment)))
  } catch (error) {
    // One that is there stands as it stood.
    if (refund.gatewayRefund !== null) return { kind: 'processing', gatewayRefund: refund.gatewayRefund }
    const outcome = outcomeOfRefusal(error)
    if (outcome.kind !== 'rejected') return outcome
    // A try that was still under way at the look may have made it: only another look proves that there is none.
    return findRefund(stripe, refund, gatewayPayment).then(
      (known) => (known === null ? outcome : outcomeOf(known)),
      () => ({ kind: 'unknown' }) as const,
    )
  }
}

/** More refunds of one payment are not looked through. */
const MAX_REFUNDS = 1_000
const ID = 'perennial_refund'

/** By the gateway's id, or by ours among the refunds of the payment. A payment that is not there has none. */
async function findRefund(stripe: Stripe, refund: Refund, gatewayPayment: string): Promise<Stripe.Refund | null> {
  if (refund.gatewayRefund !== null) return stripe.refunds.retrieve(refund.gatewayRefund)
  const id = encodeId('refund', refund.id)
  try {
    const made = stripe.refunds.list({ payment_intent: gatewayPayment, limit: 100 })
    const all = await made.autoPagingToArray({ limit: MAX_REFUNDS })
    return all.find(({ metadata }) => metadata?.[ID] === id) ?? null
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError && error.code === 'resource_missing') return null
    throw error
  }
}

function createRefund(stripe: Stripe, refund: Refund, gatewayPayment: string): Promise<Stripe.Refund> {
  const id = encodeId('refund', refund.id)
  const metadata = {
    [ID]: id,
    perennial_payment: encodeId('payment', refund.paymentId),
    perennial_account: encodeId('account', refund.accountId),
  }
  const amount = Number(gatewayAmount(refund.amount, refund.currency))
  return stripe.refunds.create({ payment_intent: gatewayPayment, amount, metadata }, { idempotencyKey: id })
}

/** `requires_action` waits for the customer's bank details, and `canceled` is what becomes of it without them. */
export function outcomeOf({ id: gatewayRefund, status, failure_reason }: Stripe.Refund): RefundOutcome {
  if (status === 'succeeded') return { kind: 'succeeded', gatewayRefund }
  if (status === 'failed' || status === 'canceled') {
    return { kind: 'failed', gatewayRefund, failure: failure_reason ?? status }
  }
  return { kind: 'processing', gatewayRefund }
}

function outcomeOfRefusal(error: unknown): RefundOutcome {
  const { kind } = outcomeOfError(error)
  if (kind === 'throttled' || kind === 'unknown') return { kind }
  return { kind: 'rejected', failure: (error instanceof Stripe.errors.StripeError && error.code) || 'refused' }
}
