import type Stripe from 'stripe'
import type { Account } from '../accounts/domain/account.ts'
import { encodeId } from '../kernel/id.ts'
import { sha256 } from '../platform/hash.ts'
import { type AttachedMethod, type Gateway, GatewayUnavailable } from './gateway.ts'
import { refusalOfMethod } from './stripe-errors.ts'

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

export async function stripeCustomer(stripe: Stripe, account: Account): Promise<string> {
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
