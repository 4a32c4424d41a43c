import { expect, test } from 'vitest'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { type LedgerAccount, ledgerTransaction } from '../../../src/ledger/domain/posting.ts'
import { at, id, USD } from '../../support/given.ts'

function transaction(...postings: readonly (readonly [LedgerAccount, bigint])[]) {
  return ledgerTransaction({
    ...{ organizationId: id('organization', 1), accountId: id('account', 2), document: id('invoice', 8) },
    ...{ kind: 'invoice', currency: USD, at: at('2026-01-31') },
    postings: postings.map(([ledgerAccount, amount]) => ({ ledgerAccount, amount })),
  })
}

test('debits equal credits, or it is a bug', () => {
  expect(transaction(['receivable', 119n], ['revenue', -100n], ['tax', -19n])?.postings).toHaveLength(3)
  expect(() => transaction(['receivable', 119n], ['revenue', -100n])).toThrow(InvariantViolation)
  expect(() => transaction(['cash', 1n])).toThrow(InvariantViolation)
})

test('nothing is not posted', () => {
  expect(transaction(['receivable', 100n], ['revenue', -100n], ['tax', 0n])?.postings).toEqual([
    { ledgerAccount: 'receivable', amount: 100n },
    { ledgerAccount: 'revenue', amount: -100n },
  ])
  expect(transaction(['receivable', 0n], ['revenue', 0n])).toBeNull()
})
