import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../../src/accounts/domain/account.ts'
import {
  accountNumber,
  finalise,
  invoicePostings,
  isPendingNumber,
  pendingNumber,
} from '../../../src/invoices/domain/finalise.ts'
import { balanceOf, type DraftInvoice, settle } from '../../../src/invoices/domain/invoice.ts'
import { toIso } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { splitTax } from '../../../src/taxes/domain/tax.ts'
import { at, givenAccount, givenDraft, id, UTC } from '../../support/given.ts'

const tax = { name: 'VAT', country: 'DE', region: null, percent: '19', taxable: 297n, amount: 56n }

function finalised(
  draft: DraftInvoice,
  given: { account?: Account; zone?: Zone; hasMethod?: boolean; at?: string; taxes?: readonly (typeof tax)[] } = {},
) {
  const {
    account = givenAccount(),
    zone = UTC,
    hasMethod = true,
    at: when = '2026-01-31T10:00:00Z',
    taxes = [],
  } = given
  return finalise(draft, { tax: splitTax(draft, taxes), number: 'JANE-0001', account, zone, hasMethod }, at(when))
}

describe('FR-053 an invoice is due', () => {
  const invoice = givenAccount({ collection: 'invoice' })
  const terms = (paymentTermsDays: number) => givenAccount({ collection: 'invoice', paymentTermsDays })
  const zoned = (name: string) => name as Zone
  test.each([
    ['charged: the same day', {}, '2026-02-01T00:00:00Z'],
    ['no method: 7 days', { hasMethod: false }, '2026-02-08T00:00:00Z'],
    ['by invoice: 30 days', { account: invoice }, '2026-03-03T00:00:00Z'],
    ['by invoice, without a method', { account: invoice, hasMethod: false }, '2026-03-03T00:00:00Z'],
    ['by invoice, no terms', { account: terms(0) }, '2026-02-01T00:00:00Z'],
    ['by invoice, a year', { account: terms(365) }, '2027-02-01T00:00:00Z'],
    ['at the local day’s end', { zone: zoned('America/New_York') }, '2026-02-01T05:00:00Z'],
    ['of the day it is there', { zone: zoned('Pacific/Kiritimati') }, '2026-02-01T10:00:00Z'],
    [
      'the spring’s day of 23 hours',
      { zone: zoned('Europe/Berlin'), at: '2026-03-29T00:00:00Z' },
      '2026-03-29T22:00:00Z',
    ],
    [
      'the autumn’s day of 25 hours',
      { zone: zoned('Europe/Berlin'), at: '2026-10-24T23:00:00Z' },
      '2026-10-25T23:00:00Z',
    ],
    ['terms over a change', { account: terms(60), zone: zoned('America/New_York') }, '2026-04-02T04:00:00Z'],
    [
      'a midnight that is skipped',
      { zone: zoned('America/Sao_Paulo'), at: '2017-10-14T12:00:00Z' },
      '2017-10-15T03:00:00Z',
    ],
  ])('%s', (_, given, due) => {
    expect(toIso(finalised(givenDraft([100n]), given).dueAt)).toBe(due)
  })
})

describe('finalising', () => {
  test('freezes number, tax, parties and totals', () => {
    expect(finalised(givenDraft([99n, 99n, 99n]), { taxes: [tax] })).toMatchObject({
      ...{ status: 'open', version: 1, number: 'JANE-0001', subtotal: 297n, tax: 56n, total: 353n, taxes: [tax] },
      lines: [{ tax: 19n }, { tax: 19n }, { tax: 18n }],
      billTo: { name: 'Jane', email: 'jane@startup.example', country: 'DE', taxExempt: false, address: null },
      settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n },
    })
  })

  test('a total of nothing is paid at once, without a posting', () => {
    const invoice = finalised(givenDraft([0n]))
    expect([invoice.status, balanceOf(invoice), invoicePostings(invoice)]).toEqual(['paid', 0n, null])
  })

  test('needs a tax for each line, and no negative total', () => {
    const draft = givenDraft([1n, 2n])
    const closing = { number: 'X', account: givenAccount(), zone: UTC, hasMethod: true }
    expect(() => finalise(draft, { ...closing, tax: { taxes: [], perLine: [0n] } }, at('2026-01-31'))).toThrow(
      InvariantViolation,
    )
    expect(() => finalised(givenDraft([-1n]))).toThrow(InvariantViolation)
  })

  test('posts what the customer owes against revenue and tax', () => {
    expect(invoicePostings(finalised(givenDraft([297n]), { taxes: [tax] }))?.postings).toEqual([
      { ledgerAccount: 'receivable', amount: 353n },
      { ledgerAccount: 'revenue', amount: -297n },
      { ledgerAccount: 'tax', amount: -56n },
    ])
  })
})

describe('FR-052 the balance', () => {
  test('of a draft is its total', () => {
    expect(balanceOf(givenDraft([100n]))).toBe(100n)
  })

  test('goes down with what comes in and what is let go; nothing left is paid', () => {
    const open = finalised(givenDraft([1239n]))
    const part = settle(open, { paid: 239n, writtenOff: 0n })
    expect([part.status, balanceOf(part), part.version]).toEqual(['open', 1000n, 2])
    const paid = settle(part, { paid: 991n, writtenOff: 9n })
    expect([paid.status, balanceOf(paid), paid.settlement.writtenOff]).toEqual(['paid', 0n, 9n])
  })

  test('is never negative, and nothing is not settled', () => {
    const open = finalised(givenDraft([100n]))
    for (const money of [
      { paid: 101n, writtenOff: 0n },
      { paid: 0n, writtenOff: 0n },
      { paid: 1n, writtenOff: -1n },
    ]) {
      expect(() => settle(open, money)).toThrow(InvariantViolation)
    }
  })

  test('is what no part has covered, whatever the parts', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(1n, 10n ** 9n), { minLength: 1, maxLength: 10 }), (parts) => {
        const total = parts.reduce((sum, part) => sum + part, 0n)
        const invoice = parts.reduce(
          (before, paid) => settle(before, { paid, writtenOff: 0n }),
          finalised(givenDraft([total])),
        )
        expect([invoice.status, balanceOf(invoice), invoice.settlement.paid]).toEqual(['paid', 0n, total])
      }),
    )
  })
})

describe('FR-042 a number', () => {
  test.each([
    [1, 'JANE-0001'],
    [9999, 'JANE-9999'],
    [10_000, 'JANE-10000'],
  ])('%s is %s', (sequence, number) => {
    expect(accountNumber('JANE', sequence)).toBe(number)
  })

  test('of the organization’s series is pending until the commit gives it', () => {
    expect(isPendingNumber(pendingNumber(id('invoice', 8)))).toBe(true)
    expect(isPendingNumber('JANE-0001')).toBe(false)
  })
})
