import Stripe from 'stripe'
import { encodeId } from '../kernel/id.ts'
import { err, ok } from '../kernel/result.ts'
import { sha256 } from '../platform/hash.ts'
import { declineOf } from './domain/decline.ts'
import { gatewayAmount } from './domain/gateway-amount.ts'
import type { ChargeOutcome } from './domain/outcome.ts'
import { type AttachedMethod, type Gateway, GatewayUnavailable } from './gateway.ts'
import { isServerError, isUnexpectedState, outcomeOfError, refusalOf } from './stripe-errors.ts'
import { refundAtStripe } from './stripe-refunds.ts'

/** A customer waits for the answer: what takes longer is `unknown` and resolved by the sweep. */
const TIMEOUT_MS = 10_000

/** `baseUrl` is empty for Stripe itself. We own the retries, because a hidden one hides an outcome. */
export function stripeGateway(secretKey: string, baseUrl: string): Gateway {
  const stripe = new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...addressOf(baseUrl),
  })
  return {
    attach: async ({ account, customer, token, key }) => {
      try {
        const gatewayCustomer = customer ?? (await createCustomer(stripe, account))
        const method = await stripe.paymentMethods.attach(token, { customer: gatewayCustomer }, { idempotencyKey: key })
        return ok(methodOf(gatewayCustomer, method))
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal === null) throw new GatewayUnavailable('the payment method was not confirmed', { cause: error })
        return err(refusal)
      }
    },
    detach: async (method) => {
      try {
        await stripe.paymentMethods.detach(method.gatewayMethod)
      } catch (error) {
        if (refusalOf(error) === null) throw new GatewayUnavailable('the method was not detached', { cause: error })
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
      try {
        const intent = await stripe.paymentIntents.create(
          { amount, currency, customer, payment_method, description, metadata, ...allowed },
          { idempotencyKey: key },
        )
        return ok(intent.id)
      } catch (error) {
        const outcome = outcomeOfError(error)
        if (outcome.kind === 'unknown')
          throw new GatewayUnavailable('the payment may not have been made', { cause: error })
        return err(outcome)
      }
    },
    confirm: async (gatewayPayment, method, key) => {
      try {
        const parameters = { payment_method: method.gatewayMethod, off_session: true }
        return confirmed(await stripe.paymentIntents.confirm(gatewayPayment, parameters, { idempotencyKey: key }))
      } catch (error) {
        if (!isUnexpectedState(error) && !isServerError(error)) return outcomeOfError(error)
        // Confirmed before, or a 500, which Stripe stores and repeats for its key: how it stands is the truth.
        return stripe.paymentIntents.retrieve(gatewayPayment).then(confirmed, outcomeOfError)
      }
    },
    retrieve: async (gatewayPayment) => {
      try {
        return outcomeOf(await stripe.paymentIntents.retrieve(gatewayPayment))
      } catch (error) {
        throw new GatewayUnavailable('the payment could not be looked up', { cause: error })
      }
    },
    refund: (refund, gatewayPayment) => refundAtStripe(stripe, refund, gatewayPayment),
  }
}

async function createCustomer(stripe: Stripe, account: Parameters<Gateway['attach']>[0]['account']): Promise<string> {
  const key = encodeId('account', account.id)
  const { email, name } = account
  // Of what is sent, too: the first try may have been refused and the name corrected since.
  const idempotencyKey = `customer_${await sha256([key, email, name].join('\n'))}`
  const customer = await stripe.customers.create(
    { email, name, metadata: { perennial_account: key } },
    { idempotencyKey },
  )
  return customer.id
}

function methodOf(gatewayCustomer: string, method: Stripe.PaymentMethod): AttachedMethod {
  const { card } = method
  return {
    gatewayCustomer,
    gatewayMethod: method.id,
    kind: method.type,
    brand: card?.brand ?? null,
    last4: card?.last4 ?? method.sepa_debit?.last4 ?? method.us_bank_account?.last4 ?? null,
    expiryMonth: card?.exp_month ?? null,
    expiryYear: card?.exp_year ?? null,
  }
}

/** An intent that waits for a method has been declined or was never confirmed. */
function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome | { readonly kind: 'unconfirmed' } {
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'succeeded' }
    case 'processing':
      return { kind: 'processing' }
    case 'requires_action':
      return { kind: 'authentication_required' }
    case 'requires_payment_method': {
      const { last_payment_error: failure } = intent
      if (!failure) return { kind: 'unconfirmed' }
      if (failure.code === 'authentication_required') return { kind: 'authentication_required' }
      return {
        kind: 'declined',
        decline: declineOf(failure.decline_code || failure.code || 'unknown', failure.advice_code || null),
      }
    }
    case 'canceled':
      return { kind: 'rejected' }
    default:
      return { kind: 'unconfirmed' }
  }
}

/** Where a confirmation was sent, a payment that shows nothing of it proves nothing. */
function confirmed(intent: Stripe.PaymentIntent): ChargeOutcome {
  const outcome = outcomeOf(intent)
  return outcome.kind === 'unconfirmed' ? { kind: 'unknown' } : outcome
}

function addressOf(baseUrl: string) {
  if (baseUrl === '') return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  return { host: hostname, port, protocol: protocol === 'http:' ? ('http' as const) : ('https' as const) }
}
