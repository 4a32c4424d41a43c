import Stripe from 'stripe'
import { encodeId } from '../kernel/id.ts'
import { err, ok } from '../kernel/result.ts'
import { sha256 } from '../platform/hash.ts'
import { gatewayAmount } from './domain/gateway-amount.ts'
import type { ChargeOutcome } from './domain/outcome.ts'
import { type Gateway, GatewayUnavailable, type Unconfirmed } from './gateway.ts'
import { stripeBooks } from './stripe-balance.ts'
import { stripeClient } from './stripe-client.ts'
import { isServerError, isUnexpectedState, outcomeOfError, outcomeOfFailure, refusalOf } from './stripe-errors.ts'
import { methodsAtStripe, setupAtStripe } from './stripe-methods.ts'
import { refundAtStripe } from './stripe-refunds.ts'

/** What takes too long is `unknown`, and resolved by the sweep: we own the retries. */
const RETRIES = 0

export function stripeGateway(secretKey: string, baseUrl: string): Gateway {
  const stripe = stripeClient(secretKey, baseUrl, RETRIES)
  const stands = (id: string): Promise<ChargeOutcome> =>
    stripe.paymentIntents.retrieve(id).then(confirmed, () => ({ kind: 'unknown' }))
  return {
    refusalOfKey: async (customer) => {
      try {
        await stripe.customers.retrieve(customer)
        return null
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal === null) throw new GatewayUnavailable('the key was not proved', { cause: error })
        return refusal
      }
    },
    createPayment: async (payment, method, description) => {
      const key = encodeId('payment', payment.id)
      const amount = Number(gatewayAmount(payment.amount, payment.currency))
      const metadata = {
        perennial_payment: key,
        perennial_invoice: encodeId('invoice', payment.invoiceId),
        perennial_account: encodeId('account', payment.accountId),
      }
      const { gatewayCustomer: customer, gatewayMethod: payment_method } = method
      const currency = payment.currency.toLowerCase()
      // Automatic methods would ask for a page to return to, which a charge in the customer's absence has not.
      const allowed = { allowed_payment_method_types: [method.kind as 'card'] }
      const parameters = { amount, currency, customer, payment_method, description, metadata, ...allowed }
      try {
        return ok(await createIntent(stripe, parameters, key))
      } catch (error) {
        const outcome = outcomeOfError(error)
        if (outcome.kind === 'unknown')
          throw new GatewayUnavailable('the payment may not have been made', { cause: error })
        return err(outcome)
      }
    },
    changePayment: async (gatewayPayment, payment, method, key) => {
      const amount = Number(gatewayAmount(payment.amount, payment.currency))
      // The method goes with its kind. What the bank was asked about the one before is void from then on.
      const allowed = { allowed_payment_method_types: [method.kind as 'card'] }
      const parameters = { amount, payment_method: method.gatewayMethod, ...allowed }
      try {
        await stripe.paymentIntents.update(gatewayPayment, parameters, { idempotencyKey: `${key}_change` })
        return 'changed'
      } catch (error) {
        if (isUnexpectedState(error)) return 'closed'
        if (outcomeOfError(error).kind === 'rejected') return 'refused'
        // A 500 is repeated for its key: how the payment is now is the truth.
        const there = isServerError(error)
          ? await stripe.paymentIntents.retrieve(gatewayPayment).catch(() => null)
          : null
        const isChanged = there?.amount === amount && there.allowed_payment_method_types?.join() === method.kind
        if (isChanged) return 'changed'
        throw new GatewayUnavailable('the payment was not changed', { cause: error })
      }
    },
    confirm: async (gatewayPayment, method, { key, returnUrl }) => {
      try {
        const presence = returnUrl === null ? { off_session: true } : { return_url: returnUrl }
        const parameters = { payment_method: method.gatewayMethod, ...presence }
        return confirmed(await stripe.paymentIntents.confirm(gatewayPayment, parameters, { idempotencyKey: key }))
      } catch (error) {
        if (!isUnexpectedState(error) && !isServerError(error)) return outcomeOfError(error)
        // Confirmed before, or a 500, which Stripe stores and repeats for its key: how it stands is the truth.
        return stands(gatewayPayment)
      }
    },
    retrieve: async (gatewayPayment) => {
      try {
        return outcomeOf(await stripe.paymentIntents.retrieve(gatewayPayment))
      } catch (error) {
        throw new GatewayUnavailable('the payment could not be looked up', { cause: error })
      }
    },
    cancel: async (gatewayPayment) => {
      try {
        return confirmed(await stripe.paymentIntents.cancel(gatewayPayment))
      } catch (error) {
        return isUnexpectedState(error) ? stands(gatewayPayment) : { kind: 'unknown' }
      }
    },
    refund: (refund, gatewayPayment) => refundAtStripe(stripe, refund, gatewayPayment),
    ...stripeBooks(stripe),
    ...methodsAtStripe(stripe),
    ...setupAtStripe(stripe),
  }
}

/** Its id. Nothing is taken before it is confirmed, so one that is made and not known is no harm. */
async function createIntent(stripe: Stripe, parameters: Stripe.PaymentIntentCreateParams, key: string) {
  const create = async (idempotencyKey: string) =>
    (await stripe.paymentIntents.create(parameters, { idempotencyKey })).id
  return create(key).catch(async (error: unknown) => {
    if (!(error instanceof Stripe.errors.StripeIdempotencyError) || error.statusCode !== 400) throw error
    // An earlier try was refused, and the key remembers it: with another method or amount it needs another key.
    return create(`${key}_${await sha256(JSON.stringify(parameters))}`)
  })
}

/** An intent that waits for a method has been declined or was never confirmed. */
export function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome | Unconfirmed {
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'succeeded' }
    case 'processing':
      return { kind: 'processing' }
    case 'requires_action':
      return { kind: 'authenticating', url: intent.next_action?.redirect_to_url?.url ?? null }
    case 'requires_payment_method': {
      const { last_payment_error: failure } = intent
      return failure ? outcomeOfFailure(failure) : { kind: 'unconfirmed' }
    }
    case 'canceled':
      return { kind: 'canceled' }
    default:
      return { kind: 'unconfirmed' }
  }
}

/** Where a confirmation was sent, a payment that shows nothing of it proves nothing. */
function confirmed(intent: Stripe.PaymentIntent): ChargeOutcome {
  const outcome = outcomeOf(intent)
  return outcome.kind === 'unconfirmed' ? { kind: 'unknown' } : outcome
}
