import Stripe from 'stripe'
import { type Currency, findCurrency } from '../kernel/currency.ts'
import { decodeId } from '../kernel/id.ts'
import { type Instant, instant } from '../kernel/instant.ts'
import { fromGatewayAmount } from './domain/gateway-amount.ts'
import type { EntryKind, GatewayEntry } from './domain/gateway-entry.ts'
import { type Gateway, GatewayUnavailable } from './gateway.ts'

/** A page has 100, so that one call here is ten at most. */
const MAX_ENTRIES = 1_000
/** Reading moves no money. */
const asRead = { maxNetworkRetries: 2 }

/** The gateway's books, as Stripe keeps them: balance transactions, with the charge, refund or dispute each is of. */
export function stripeBooks(stripe: Stripe): Pick<Gateway, 'listEntries' | 'findEntry'> {
  return {
    listEntries: async ({ from, to }) => {
      const created = { gte: secondsOf(from), lt: secondsOf(to) }
      const asked = { created, limit: 100, expand: ['data.source'] }
      try {
        const isDivisible = created.lt - created.gte > 1
        const all: Stripe.BalanceTransaction[] = []
        for await (const one of stripe.balanceTransactions.list(asked, asRead)) {
          if (isDivisible && all.length === MAX_ENTRIES) return null
          all.push(one)
        }
        return all.flatMap((one) => entryOf(one, one.source) ?? [])
      } catch (error) {
        throw new GatewayUnavailable('the balance transactions could not be listed', { cause: error })
      }
    },
    findEntry: async (of) => {
      try {
        if ('entry' in of) return await findTransaction(stripe, of.entry)
        return 'payment' in of ? await findCharge(stripe, of.payment) : await findRefund(stripe, of.refund)
      } catch (error) {
        if (error instanceof Stripe.errors.StripeError && error.code === 'resource_missing') return null
        throw new GatewayUnavailable('the balance transaction could not be looked up', { cause: error })
      }
    },
  }
}

async function findTransaction(stripe: Stripe, id: string): Promise<GatewayEntry | null> {
  const found = await stripe.balanceTransactions.retrieve(id, { expand: ['source'] }, asRead)
  return entryOf(found, found.source)
}

async function findCharge(stripe: Stripe, id: string): Promise<GatewayEntry | null> {
  const expand = ['latest_charge.balance_transaction']
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(id, { expand }, asRead)
  return charge !== null && typeof charge === 'object' && charge.status === 'succeeded'
    ? entryFrom(charge.balance_transaction, charge)
    : null
}

async function findRefund(stripe: Stripe, id: string): Promise<GatewayEntry | null> {
  const refund = await stripe.refunds.retrieve(id, { expand: ['balance_transaction'] }, asRead)
  return entryFrom(refund.balance_transaction, refund)
}

function entryFrom(
  transaction: string | Stripe.BalanceTransaction | null,
  source: Stripe.Charge | Stripe.Refund,
): GatewayEntry | null {
  return transaction !== null && typeof transaction === 'object' ? entryOf(transaction, source) : null
}

/** By the category, which tells what the type does not (Stripe, "Reporting categories"). Any other is no customer's. */
const kinds: Readonly<Record<string, Exclude<EntryKind, 'other'>>> = {
  charge: 'charge',
  charge_failure: 'charge_failure',
  refund: 'refund',
  refund_failure: 'refund_failure',
  dispute: 'dispute',
  dispute_reversal: 'dispute_reversal',
}

/** Null where its currency is none that we know, so that it cannot be of ours. */
function entryOf(
  transaction: Stripe.BalanceTransaction,
  expanded: Stripe.BalanceTransaction['source'],
): GatewayEntry | null {
  const { id, reporting_category, created } = transaction
  const source = sourceOf(expanded)
  const kind = source === null ? 'other' : (kinds[reporting_category] ?? 'other')
  const { amount, currency: code } = source === null ? transaction : chargedOf(transaction, source)
  const currency: Currency | null = findCurrency(code.toUpperCase())
  if (currency === null) return null
  return {
    ...{ id, kind, currency, at: instant(created * 1000), amount: fromGatewayAmount(BigInt(amount), currency) },
    ...(source === null ? { ...nobodys, gatewayObject: id } : about(source, kind)),
  }
}

type Source = Stripe.Charge | Stripe.Refund | Stripe.Dispute

function sourceOf(source: Stripe.BalanceTransaction['source']): Source | null {
  if (source === null || typeof source === 'string') return null
  return source.object === 'charge' || source.object === 'refund' || source.object === 'dispute' ? source : null
}

/** What the customer pays or gets. Stripe keeps its books in the currency that it pays out, which may be another. */
function chargedOf({ amount, currency }: Stripe.BalanceTransaction, source: Source) {
  if (currency === source.currency) return { amount, currency }
  return { amount: Math.sign(amount) * source.amount, currency: source.currency }
}

type About = Pick<GatewayEntry, 'gatewayObject' | 'gatewayPayment' | 'state' | 'ours'>

const nobodys = { gatewayPayment: null, state: 'succeeded', ours: { payment: null, refund: null } } as const

function about(source: Source, kind: EntryKind): About {
  const { payment_intent, metadata } = source
  const gatewayPayment =
    payment_intent === null || typeof payment_intent === 'string' ? payment_intent : payment_intent.id
  return {
    // Stripe does not document whether the reversal of a debit is of its charge or of a refund.
    gatewayObject: kind === 'charge' || kind === 'charge_failure' ? (gatewayPayment ?? source.id) : source.id,
    gatewayPayment,
    state: kind === 'charge' || kind === 'refund' ? stateOf(source.status) : 'succeeded',
    ours: {
      payment: decodeId('payment', metadata?.perennial_payment ?? ''),
      refund: decodeId('refund', metadata?.perennial_refund ?? ''),
    },
  }
}

const states: Readonly<Record<string, GatewayEntry['state']>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
}

function stateOf(status: string | null): GatewayEntry['state'] {
  return states[status ?? ''] ?? 'pending'
}

function secondsOf(at: Instant): number {
  return Math.floor(at / 1000)
}
