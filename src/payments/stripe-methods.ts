import type Stripe from 'stripe'
import type { Account } from '../accounts/domain/account.ts'
import { encodeId } from '../kernel/id.ts'
import { err, ok } from '../kernel/result.ts'
import { sha256 } from '../platform/hash.ts'
import { type AttachedMethod, type Gateway, GatewayUnavailable, type Refusal } from './gateway.ts'
import { refusalOfMethod } from './stripe-errors.ts'

/** The methods that a customer gave to Stripe's elements, which answer a token. */
export function methodsAtStripe(stripe: Stripe): Pick<Gateway, 'attach' | 'detach'> {
  return {
    attach: async ({ account, customer, token, key }) => {
      try {
        const gatewayCustomer = customer ?? (await stripeCustomer(stripe, account))
        const method = await stripe.paymentMethods.attach(token, { customer: gatewayCustomer }, { idempotencyKey: key })
        // A debit comes with its mandate; only a card's bank can be asked.
        const refusal =
          method.type === 'card' ? await verify(stripe, gatewayCustomer, method.id, `${key}_verify`) : null
        if (refusal === null) return ok(methodOf(gatewayCustomer, method))
        await over(stripe.paymentMethods.detach(method.id))
        return err(refusal)
      } catch (error) {
        const refusal = refusalOfMethod(error)
        if (refusal === null) throw new GatewayUnavailable('the payment method was not confirmed', { cause: error })
        return err(refusal)
      }
    },
    detach: async (method) => {
      try {
        await over(stripe.paymentMethods.detach(method.gatewayMethod))
      } catch (error) {
        throw new GatewayUnavailable('the method was not detached', { cause: error })
      }
    },
  }
}

/**
 * Asks a card's bank, without any money, whether it may be charged while the customer is away. Without our metadata:
 * the method is saved here by who asked for it, not by who hears of it. Null: nothing speaks against it.
 */
async function verify(
  stripe: Stripe,
  customer: string,
  method: string,
  idempotencyKey: string,
): Promise<Refusal | null> {
  try {
    const { id, status } = await stripe.setupIntents.create(
      {
        ...{ customer, payment_method: method, usage: 'off_session', confirm: true },
        // Automatic methods would ask for a page to return to.
        allowed_payment_method_types: ['card'],
      },
      { idempotencyKey },
    )
    // The bank wants to ask the customer, who is not here: the first charge asks them.
    if (status !== 'succeeded') await over(stripe.setupIntents.cancel(id))
    return null
  } catch (error) {
    const refusal = refusalOfMethod(error)
    if (refusal === null) throw error
    return refusal
  }
}

/** What Stripe refuses to end is over already. */
async function over(ending: Promise<unknown>): Promise<void> {
  await ending.catch((error: unknown) => {
    if (refusalOfMethod(error) === null) throw error
  })
}

/** Stripe's own pages ask the customer for a method; no detail of a card ever passes through us. */
export function setupAtStripe(stripe: Stripe): Pick<Gateway, 'setupPage' | 'methodOfSetup'> {
  return {
    setupPage: async ({ account, customer, returnUrl, cancelUrl }) => {
      try {
        const session = await stripe.checkout.sessions.create({
          mode: 'setup',
          customer: customer ?? (await stripeCustomer(stripe, account)),
          currency: account.currency.toLowerCase(),
          // Stripe puts the session's id in the place of the braces.
          success_url: `${returnUrl}?session={CHECKOUT_SESSION_ID}`,
          cancel_url: cancelUrl,
          metadata: { perennial_account: encodeId('account', account.id) },
        })
        if (session.url === null) throw new Error(`session ${session.id} has no page`)
        return { session: session.id, url: session.url }
      } catch (error) {
        throw new GatewayUnavailable('the page for a new method was not made', { cause: error })
      }
    },
    methodOfSetup: async (id, account) => {
      try {
        const expand = ['setup_intent.payment_method']
        const { status, customer, setup_intent, metadata } = await stripe.checkout.sessions.retrieve(id, { expand })
        const method = typeof setup_intent === 'object' ? setup_intent?.payment_method : null
        // Whose it is says the session: a link of one customer never takes another's card.
        if (metadata?.perennial_account !== encodeId('account', account.id)) return null
        if (status !== 'complete' || typeof method !== 'object' || method === null) return null
        const owner = typeof customer === 'string' ? customer : customer?.id
        // One that was taken from the customer since is not theirs any more.
        const holder = typeof method.customer === 'string' ? method.customer : method.customer?.id
        return owner === undefined || holder !== owner ? null : methodOf(owner, method)
      } catch (error) {
        if (refusalOfMethod(error) !== null) return null
        throw new GatewayUnavailable('the new method could not be looked up', { cause: error })
      }
    },
  }
}

async function stripeCustomer(stripe: Stripe, account: Account): Promise<string> {
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

export function methodOf(gatewayCustomer: string, method: Stripe.PaymentMethod): AttachedMethod {
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
