import type Stripe from 'stripe'
import { listOf } from './lists.ts'
import type { BalanceTransaction, Charge, Refund } from './objects.ts'
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
  const { amount, currency, id: source } = charge
  // Debits are "payments" in Stripe's books, cards are "charges".
  const type = isCard(charge) ? 'charge' : 'payment'
  charge.balance_transaction = book(world, {
    amount,
    currency,
    source,
    type,
    category: 'charge',
    fee: standardFee(amount),
  })
}

/** A refund's money goes out; the fee of the charge is not given back. */
export function settleRefund(world: World, refund: Refund, charge: Charge): void {
  const { amount, currency, id: source } = refund
  const type = isCard(charge) ? 'refund' : 'payment_refund'
  refund.balance_transaction = book(world, { amount: -amount, currency, source, type, category: 'refund', fee: 0 })
}

/** The money of a refund that failed comes back. */
export function reverseRefund(world: World, refund: Refund): void {
  const { amount, currency, id: source } = refund
  const type = 'refund_failure'
  refund.failure_balance_transaction = book(world, { amount, currency, source, type, category: type, fee: 0 })
}

type Movement = Pick<BalanceTransaction, 'amount' | 'currency' | 'source' | 'type' | 'fee'> & {
  readonly category: string
}

function book(world: World, { category, fee, ...movement }: Movement): string {
  const created = now(world)
  const { amount, currency } = movement
  const detail = { amount: fee, currency, description: 'Stripe processing fees', type: 'stripe_fee' }
  const entry: BalanceTransaction = {
    id: newId('txn'),
    object: 'balance_transaction',
    ...movement,
    available_on: created + availableAfter_s,
    balance_type: 'payments',
    created,
    description: null,
    exchange_rate: null,
    fee,
    fee_details: fee === 0 ? [] : [detail],
    net: amount - fee,
    reporting_category: category,
    status: 'pending',
  }
  world.state.balanceTransactions.set(entry.id, entry)
  return entry.id
}

function isCard({ payment_method_details }: Charge): boolean {
  return (payment_method_details as { type?: string }).type === 'card'
}

/** 2.9 % and 30 minor units, in integers, rounded half up. */
function standardFee(amount: number): number {
  return Math.floor((amount * 29 + 500) / 1000) + 30
}
