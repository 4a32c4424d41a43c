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
import {
  balanceOf,
  billToOf,
  type DraftInvoice,
  isFinal,
  settle,
  type TaxAmount,
} from '../../../src/invoices/domain/invoice.ts'
import { toIso } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { splitTax } from '../../../src/taxes/domain/tax.ts'
import { at, givenAccount, givenDraft, givenInvoice, givenLine, id, UTC } from '../../support/given.ts'

const tax: TaxAmount = { name: 'VAT', country: 'DE', region: null, percent: '19', taxable: 297n, amount: 56n }

type Given = { account?: Account; zone?: Zone; hasMethod?: boolean; at?: string; taxes?: readonly TaxAmount[] }

function finalised(draft: DraftInvoice, given: Given = {}) {
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
    ['terms of its own, where we charge', { termsDays: 5 }, '2026-02-06T00:00:00Z'],
    ['terms of its own, by invoice', { account: invoice, termsDays: 0 }, '2026-02-01T00:00:00Z'],
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
  ])('%s', (_, { termsDays = null, ...given }: Given & { readonly termsDays?: number | null }, due) => {
    expect(toIso(finalised(givenDraft([100n], { termsDays }), given).dueAt)).toBe(due)
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

  test('a total below nothing is printed as it is, and paid by what it gives', () => {
    const credit = givenLine(1, { kind: 'proration_credit', amount: -5000n, creditsLineId: id('line', 50) })
    const invoice = finalised(givenDraft([], { lines: [credit, givenLine(2, { amount: 990n })] }))
    expect(invoice).toMatchObject({ status: 'paid', subtotal: -4010n, total: -4010n })
    expect(invoice.settlement).toEqual({ paid: 0n, creditsApplied: -4010n, creditNotes: 0n, writtenOff: 0n })
    expect(balanceOf(invoice)).toBe(0n)
  })

  test('is net of discounts, and taxed on what is left', () => {
    const draft = givenDraft([], { lines: [givenLine(1, { amount: 397n, discount: 100n })] })
    const invoice = finalised(draft, { taxes: [tax] })
    expect(invoice).toMatchObject({ subtotal: 397n, discount: 100n, tax: 56n, total: 353n })
    expect(invoicePostings(invoice)?.postings[1]).toEqual({ ledgerAccount: 'revenue', amount: -297n })
  })

  test('keeps nothing of the draft that it waited for', () => {
    const invoice = finalised(givenDraft([100n], { awaits: 'day_end', finalizeAt: at('2026-02-01') }))
    expect(Object.keys(invoice)).not.toContain('awaits')
    expect(Object.keys(invoice)).not.toContain('finalizeAt')
    expect([isFinal(invoice), isFinal(givenDraft([1n]))]).toEqual([true, false])
    expect(invoice.billTo).toEqual(billToOf(givenAccount()))
  })

  test('needs the taxes of each line', () => {
    const closing = { number: 'X', account: givenAccount(), zone: UTC, hasMethod: true }
    const short = { ...closing, tax: { taxes: [], perLine: [[]] } }
    expect(() => finalise(givenDraft([1n, 2n]), short, at('2026-01-31'))).toThrow(InvariantViolation)
  })

  test('posts what the customer owes against revenue and tax', () => {
    expect(invoicePostings(finalised(givenDraft([297n]), { taxes: [tax] }))?.postings).toEqual([
      { ledgerAccount: 'receivable', amount: 353n },
      { ledgerAccount: 'revenue', amount: -297n },
      { ledgerAccount: 'tax', amount: -56n },
    ])
  })
})

describe('the surplus of a negative invoice', () => {
  const credit = givenLine(1, { amount: -5000n, tax: -950n, creditsLineId: id('line', 50) })
  const negative = givenInvoice([], { lines: [{ ...credit, taxes: [{ ...tax, amount: -950n }] }], status: 'paid' })

  test('takes back revenue and tax, and goes where it is said to go', () => {
    const posted = invoicePostings(negative, { noted: 1000n, refunded: 2000n, credited: 2950n })
    expect(posted?.postings).toEqual([
      { ledgerAccount: 'receivable', amount: -1000n },
      { ledgerAccount: 'refund', amount: -2000n },
      { ledgerAccount: 'credit', amount: -2950n },
      { ledgerAccount: 'revenue', amount: 5000n },
      { ledgerAccount: 'tax', amount: 950n },
    ])
  })

  test('that goes nowhere is a bug', () => {
    expect(() => invoicePostings(negative)).toThrow(InvariantViolation)
    expect(() => invoicePostings(negative, { noted: 0n, refunded: 0n, credited: 5949n })).toThrow(InvariantViolation)
  })
})

describe('FR-052 the balance', () => {
  test('of a draft is its total', () => {
    expect(balanceOf(givenDraft([100n]))).toBe(100n)
  })

  test('goes down with what comes in and what is let go; nothing left is paid', () => {
    const open = finalised(givenDraft([1239n]))
    const part = settle(open, { paid: 139n, creditsApplied: 60n, creditNotes: 40n })
    expect([part.status, balanceOf(part), part.version]).toEqual(['open', 1000n, open.version])
    const paid = settle(part, { paid: 991n, writtenOff: 9n })
    expect([paid.status, balanceOf(paid), paid.settlement.writtenOff]).toEqual(['paid', 0n, 9n])
  })

  test('that comes back opens nothing, and what was let go stays let go', () => {
    const open = finalised(givenDraft([100n]))
    const written = settle({ ...open, status: 'uncollectible' }, { paid: 40n, writtenOff: 60n })
    expect([written.status, balanceOf(written)]).toEqual(['uncollectible', 0n])
  })

  test('is never negative', () => {
    const open = finalised(givenDraft([100n]))
    for (const money of [{ paid: 101n }, { paid: 100n, writtenOff: 1n }, { creditNotes: 101n }]) {
      expect(() => settle(open, money)).toThrow(InvariantViolation)
    }
  })

  test('is what no part has covered, whatever the parts', () => {
    const kinds = fc.constantFrom('paid' as const, 'creditsApplied' as const, 'creditNotes' as const)
    const anyParts = fc.array(fc.tuple(kinds, fc.bigInt(1n, 10n ** 9n)), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(anyParts, (parts) => {
        let left = parts.reduce((sum, [, amount]) => sum + amount, 0n)
        let invoice = finalised(givenDraft([left]))
        for (const [kind, amount] of parts) {
          expect([invoice.status, balanceOf(invoice)]).toEqual(['open', left])
          invoice = settle(invoice, { [kind]: amount })
          left -= amount
        }
        expect([invoice.status, balanceOf(invoice)]).toEqual(['paid', 0n])
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
