import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'

/**
 * Double entry, from the seller's side. receivable: what customers owe · revenue: what was invoiced, net of tax ·
 * tax: what is owed to tax offices · cash: what the gateway or the bank took in · rounding: what a gateway cannot charge ·
 * credit: what customers have to their credit · granted: what is given away, as credit that may expire or as a refund ·
 * refund: what is to be paid back · dispute: what the gateway withholds until a dispute is decided · bad_debt: what is not expected any more.
 */
export const ledgerAccounts = [
  ...(['receivable', 'revenue', 'tax', 'cash', 'rounding'] as const),
  ...(['credit', 'granted', 'refund', 'dispute', 'bad_debt'] as const),
] as const
export type LedgerAccount = (typeof ledgerAccounts)[number]

type LedgerDocument = 'invoice' | 'payment' | 'credit' | 'credit_application' | 'credit_note' | 'refund' | 'dispute'

/** What moved it. A document may move money more than once, each time in another way. */
export const ledgerKinds = [
  ...(['invoice', 'payment', 'void', 'uncollectible', 'credit_note', 'credit_note_void'] as const),
  ...([
    'refund',
    'refund_granted',
    'refund_failed',
    'refund_resolved',
    'dispute_opened',
    'dispute_won',
    'dispute_lost',
    'small_balance',
  ] as const),
  ...(['credit_grant', 'credit_applied', 'credit_released', 'credit_expired', 'credit_void'] as const),
] as const

/** One line of a transaction, in minor units: a debit is positive, a credit negative. Never zero. */
type Posting = { readonly ledgerAccount: LedgerAccount; readonly amount: bigint }

/** What one document moved. Its postings sum to zero. */
export type LedgerTransaction = {
  readonly organizationId: Id<'organization'>
  readonly accountId: Id<'account'>
  readonly document: Id<LedgerDocument>
  readonly kind: (typeof ledgerKinds)[number]
  readonly currency: Currency
  readonly at: Instant
  readonly postings: readonly Posting[]
}

/** Drops zero postings; null where nothing moved. @throws {InvariantViolation} when debits and credits differ. */
export function ledgerTransaction(transaction: LedgerTransaction): LedgerTransaction | null {
  const postings = transaction.postings.filter(({ amount }) => amount !== 0n)
  const sum = postings.reduce((total, { amount }) => total + amount, 0n)
  invariant(sum === 0n, `the postings of ${transaction.document} must balance, not leave ${sum}`)
  return postings.length === 0 ? null : { ...transaction, postings }
}
