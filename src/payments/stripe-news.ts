import type Stripe from 'stripe'
import { type Currency, findCurrency } from '../kernel/currency.ts'
import { decodeId } from '../kernel/id.ts'
import { instant } from '../kernel/instant.ts'
import type { DisputeNews } from './domain/dispute.ts'
import { fromGatewayAmount } from './domain/gateway-amount.ts'
import type { HeardEvent } from './domain/gateway-event.ts'
import type { News } from './domain/gateway-news.ts'
import { outcomeOf } from './stripe.ts'
import { missingAsNull } from './stripe-errors.ts'
import { methodOf } from './stripe-methods.ts'
import { outcomeOf as refundOutcomeOf } from './stripe-refunds.ts'

type LookUp = (stripe: Stripe, id: string) => Promise<News | null>

/**
 * Which events are applied, and how what they are about is looked up. A name may come with any state: what counts is how
 * the object stands when it is looked up.
 */
const lookUps = {
  'payment_intent.succeeded': payment,
  'payment_intent.processing': payment,
  'payment_intent.payment_failed': payment,
  'payment_intent.requires_action': payment,
  'payment_intent.canceled': payment,
  'refund.created': refund,
  'refund.updated': refund,
  'refund.failed': refund,
  'charge.dispute.created': dispute,
  'charge.dispute.updated': dispute,
  'charge.dispute.closed': dispute,
  'charge.dispute.funds_withdrawn': dispute,
  'charge.dispute.funds_reinstated': dispute,
  'setup_intent.succeeded': setUp,
  'checkout.session.completed': checkedOut,
  'payment_method.updated': method,
  'payment_method.automatically_updated': method,
  'payment_method.detached': method,
} as const satisfies Partial<Record<Stripe.Event.Type, LookUp>>

export type AppliedType = keyof typeof lookUps

/** What our endpoint listens to, and what is asked for of the list of events. */
export const appliedTypes = Object.keys(lookUps) as readonly AppliedType[]

export function isApplied(type: string): type is AppliedType {
  return Object.hasOwn(lookUps, type)
}

/** Null: what the event is about cannot be ours. @throws what Stripe answers, also where it knows no such object. */
export async function newsOf(stripe: Stripe, { type, objectId }: HeardEvent): Promise<News | null> {
  return isApplied(type) ? lookUps[type](stripe, objectId) : null
}

async function payment(stripe: Stripe, id: string): Promise<News> {
  const intent = await stripe.paymentIntents.retrieve(id)
  const ourPayment = decodeId('payment', intent.metadata.perennial_payment ?? '')
  return { kind: 'payment', gatewayPayment: intent.id, ourPayment, outcome: outcomeOf(intent) }
}

async function refund(stripe: Stripe, id: string): Promise<News | null> {
  const found = await stripe.refunds.retrieve(id)
  const [gatewayPayment, currency] = [idOf(found.payment_intent), currencyOf(found)]
  if (gatewayPayment === null || currency === null) return null
  return {
    kind: 'refund',
    gatewayRefund: found.id,
    ourRefund: decodeId('refund', found.metadata?.perennial_refund ?? ''),
    gatewayPayment,
    amount: fromGatewayAmount(BigInt(found.amount), currency),
    outcome: refundOutcomeOf(found),
  }
}

async function dispute(stripe: Stripe, id: string): Promise<News | null> {
  const found = await stripe.disputes.retrieve(id)
  const [gatewayPayment, currency] = [idOf(found.payment_intent), currencyOf(found)]
  if (gatewayPayment === null || currency === null) return null
  const { due_by: due } = found.evidence_details
  const news: DisputeNews = {
    gatewayDispute: found.id,
    status: disputeStatusOf(found.status),
    amount: fromGatewayAmount(BigInt(found.amount), currency),
    reason: found.reason,
    evidenceDueAt: due === null ? null : instant(due * 1000),
  }
  return { kind: 'dispute', gatewayPayment, news, currency }
}

async function setUp(stripe: Stripe, id: string): Promise<News | null> {
  const intent = await stripe.setupIntents.retrieve(id, { expand: ['payment_method'] })
  return savedBy(intent, intent.metadata?.perennial_account)
}

async function checkedOut(stripe: Stripe, id: string): Promise<News | null> {
  const expand = ['setup_intent.payment_method']
  const { setup_intent: intent, metadata } = await stripe.checkout.sessions.retrieve(id, { expand })
  if (intent === null || typeof intent === 'string') return null
  return savedBy(intent, metadata?.perennial_account ?? intent.metadata?.perennial_account)
}

/** A method without its customer was taken away again, and cannot be charged. */
function savedBy({ status, payment_method: saved }: Stripe.SetupIntent, account: string | undefined): News | null {
  if (status !== 'succeeded' || saved === null || typeof saved === 'string') return null
  const customer = idOf(saved.customer)
  if (customer === null) return null
  return { kind: 'method_saved', account: decodeId('account', account ?? ''), method: methodOf(customer, saved) }
}

/** The oldest kinds of card are deleted where newer ones lose their customer. */
async function method(stripe: Stripe, id: string): Promise<News> {
  const found = await stripe.paymentMethods.retrieve(id).catch(missingAsNull)
  const customer = found === null ? null : idOf(found.customer)
  if (found === null || customer === null) return { kind: 'method_gone', gatewayMethod: id }
  return { kind: 'method_changed', gatewayMethod: id, method: methodOf(customer, found) }
}

/** Source: Stripe, "How disputes work". `warning_…` is an inquiry; what was prevented never became a dispute. */
const disputeStatuses: Readonly<Record<string, DisputeNews['status']>> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  warning_closed: 'closed',
  prevented: 'closed',
  needs_response: 'open',
  under_review: 'open',
  appeal_needs_response: 'open',
  appeal_under_review: 'open',
  won: 'won',
  lost: 'lost',
}

/** @throws for one that is not known: nobody guesses whether money was taken back. */
export function disputeStatusOf(status: string): DisputeNews['status'] {
  const known = disputeStatuses[status]
  if (known === undefined) throw new Error(`a dispute that is ${status} has no meaning here`)
  return known
}

/** Null for a currency that nothing of ours can be in. */
function currencyOf({ currency }: { readonly currency: string }): Currency | null {
  return findCurrency(currency.toUpperCase())
}

function idOf(reference: string | { readonly id: string } | null): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : reference
}
