import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'

/**
 * Double entry, from the seller's side. receivable: what customers owe · revenue: what was invoiced, net of tax ·
 * tax: what is owed to tax offices · cash: what the gateway or the bank took in · rounding: what a gateway cannot charge.
 */
export const ledgerAccounts = ['receivable', 'revenue', 'tax', 'cash', 'rounding'] as const
export type LedgerAccount = (typeof ledgerAccounts)[number]

/** One line of a transaction, in minor units: a debit is positive, a credit negative. Never zero. */
type Posting = { readonly ledgerAccount: LedgerAccount; readonly amount: bigint }

/** What one document moved. Its postings sum to zero. */
export type LedgerTransaction = {
  readonly organizationId: Id<'organization'>
  readonly accountId: Id<'account'>
  readonly document: Id<'invoice'> | Id<'payment'>
  readonly kind: 'invoice' | 'payment'
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
