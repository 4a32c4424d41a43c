import type Stripe from 'stripe'
import { listOf } from './lists.ts'
import type { BalanceTransaction, Charge } from './objects.ts'
import { type Handler, inPath, operation } from './operation.ts'
import { newId, now, type World } from './world.ts'

export const balanceTransactionOperations = {
  get_balance_transactions: operation<Stripe.BalanceTransactionListParams>((context, { currency, type }) =>
    listOf(context, {
      from: context.world.state.balanceTransactions,
      noun: 'balance_transaction',
      url: '/v1/balance_transactions',
      where: (entry) => (!currency || entry.currency === currency) && (!type || entry.type === type),
    }),
  ),
  get_balance_transactions_id: (context) =>
    inPath(context, context.world.state.balanceTransactions, 'balance transaction', 'id'),
} satisfies Record<string, Handler>

const availableAfter_s = 2 * 24 * 60 * 60

/** A charge's money, in the charge's own currency (as an account that settles in each), less the card fee. */
export function settleCharge(world: World, charge: Charge): void {
  const fee = standardFee(charge.amount)
  const created = now(world)
  const entry: BalanceTransaction = {
    id: newId('txn'),
    object: 'balance_transaction',
    amount: charge.amount,
    available_on: created + availableAfter_s,
    balance_type: 'payments',
    created,
    currency: charge.currency,
    description: null,
    exchange_rate: null,
    fee,
    fee_details: [
      { amount: fee, currency: charge.currency, description: 'Stripe processing fees', type: 'stripe_fee' },
    ],
    net: charge.amount - fee,
    reporting_category: 'charge',
    source: charge.id,
    status: 'pending',
    // Debits are "payments" in Stripe's books, cards are "charges".
    type: (charge.payment_method_details as { type?: string }).type === 'card' ? 'charge' : 'payment',
  }
  world.state.balanceTransactions.set(entry.id, entry)
  charge.balance_transaction = entry.id
}

/** 2.9 % and 30 minor units, in integers, rounded half up. */
function standardFee(amount: number): number {
  return Math.floor((amount * 29 + 500) / 1000) + 30
}
