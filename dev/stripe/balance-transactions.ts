import type Stripe from 'stripe'
import { debitTakes_s, kindOf } from './charges.ts'
import type { Dispute } from './dispute-objects.ts'
import { resourceMissing } from './errors.ts'
import { listOf } from './lists.ts'
import type { BalanceTransaction, Charge, Refund } from './objects.ts'
import { type Handler, inPath, operation } from './operation.ts'
import { behaviourOf } from './test-methods.ts'
import { newId, now, type World } from './world.ts'

export const balanceTransactionOperations = {
  get_balance_transactions: operation<Stripe.BalanceTransactionListParams>((context, { currency, type, payout }) => {
    if (payout !== undefined) throw resourceMissing('payout', payout, 'payout', false)
    return listOf(context, {
      from: context.world.state.balanceTransactions,
      noun: 'balance_transaction',
      url: '/v1/balance_transactions',
      where: (entry) => (!currency || entry.currency === currency) && (!type || entry.type === type),
    })
  }),
  get_balance_transactions_id: (context) =>
    inPath(context, context.world.state.balanceTransactions, 'balance transaction', 'id'),
} satisfies Record<string, Handler>

const availableAfter_s = 2 * 24 * 60 * 60

/**
 * A charge's captured money, in its own currency (as an account that settles in each), less the card fee. A debit's is in
 * the books as soon as it is on its way.
 */
export function settleCharge(world: World, charge: Charge): void {
  const { currency, id: source } = charge
  const amount = charge.status === 'pending' ? charge.amount : charge.amount_captured
  // Debits are "payments" in Stripe's books, cards are "charges".
  const type = kindOf(charge) === 'card' ? 'charge' : 'payment'
  const takes_s = bypassesPending(world, charge) ? 0 : availableAfter_s + (debitTakes_s[kindOf(charge)] ?? 0)
  const moved = { amount, currency, source, type, category: 'charge', fee: standardFee(amount), takes_s }
  charge.balance_transaction = book(world, moved).id
}

/** The money of a debit that came back, with its fee. */
export function reverseCharge(world: World, charge: Charge): void {
  const { amount, currency, id: source } = charge
  const moved = { amount: -amount, currency, source, type: 'payment_failure_refund', fee: -standardFee(amount) }
  charge.failure_balance_transaction = book(world, { ...moved, category: 'charge_failure' }).id
}

/** A refund's money goes out; the fee of the charge is not given back. */
export function settleRefund(world: World, refund: Refund, charge: Charge): void {
  const { amount, currency, id: source } = refund
  const type = kindOf(charge) === 'card' ? 'refund' : 'payment_refund'
  refund.balance_transaction = book(world, { amount: -amount, currency, source, type, category: 'refund', fee: 0 }).id
}

/** The money of a refund that failed comes back. */
export function reverseRefund(world: World, refund: Refund): void {
  const { amount, currency, id: source } = refund
  const type = 'refund_failure'
  refund.failure_balance_transaction = book(world, { amount, currency, source, type, category: type, fee: 0 }).id
}

const disputeFee = 1_500

/** The disputed amount and the fee go out when a dispute takes them, and both come back when it is won. */
export function bookDispute(world: World, dispute: Dispute, direction: 'withdrawn' | 'reinstated'): void {
  const { currency, id: source } = dispute
  const moved =
    direction === 'withdrawn'
      ? { amount: -dispute.amount, fee: disputeFee, category: 'dispute' }
      : { amount: dispute.amount, fee: -disputeFee, category: 'dispute_reversal' }
  dispute.balance_transactions.push(book(world, { ...moved, currency, source, type: 'adjustment' }))
}

/** What has waited long enough is available from now on, in the disputes that show it too. */
export function makeAvailable({ state }: World, at: number): void {
  const shown = [...state.disputes.values()].flatMap((dispute) => dispute.balance_transactions)
  for (const entry of [...state.balanceTransactions.values(), ...shown]) {
    if (entry.available_on <= at) entry.status = 'available'
  }
}

type Movement = Pick<BalanceTransaction, 'amount' | 'currency' | 'source' | 'type' | 'fee'> & {
  readonly category: string
  /** Until it is available. */
  readonly takes_s?: number
}

function book(world: World, { category, fee, takes_s = availableAfter_s, ...movement }: Movement): BalanceTransaction {
  const created = now(world)
  const { amount, currency } = movement
  const detail = { amount: fee, currency, description: 'Stripe processing fees', type: 'stripe_fee' }
  const entry: BalanceTransaction = {
    id: newId('txn'),
    object: 'balance_transaction',
    ...movement,
    available_on: created + takes_s,
    balance_type: 'payments',
    created,
    description: null,
    exchange_rate: null,
    fee,
    fee_details: fee === 0 ? [] : [detail],
    net: amount - fee,
    reporting_category: category,
    status: takes_s === 0 ? 'available' : 'pending',
  }
  world.state.balanceTransactions.set(entry.id, entry)
  return entry
}

function bypassesPending(world: World, { payment_method }: Charge): boolean {
  const facts = world.state.methodFacts.get(payment_method)
  return facts !== undefined && behaviourOf(facts.behaviour).bypassesPending === true
}

/** 2.9 % and 30 minor units, in integers, rounded half up. */
function standardFee(amount: number): number {
  return Math.floor((amount * 29 + 500) / 1000) + 30
}
