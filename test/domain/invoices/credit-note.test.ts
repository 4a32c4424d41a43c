import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CreditAsked,
  type CreditNote,
  creditedByLine,
  creditNoteFor,
  creditNotePostings,
} from '../../../src/invoices/domain/credit-note.ts'
import { creditNoteNumber } from '../../../src/invoices/domain/finalise.ts'
import { type FinalInvoice, type Line, type LineTax, settle } from '../../../src/invoices/domain/invoice.ts'
import { at, givenInvoice, givenLine, id } from '../../support/given.ts'

const NOW = at('2026-02-10')
const vat = (amount: bigint): LineTax => ({ name: 'VAT', country: 'DE', region: null, percent: '19', amount })
const taxed = (n: number, amount: bigint, tax: bigint) => givenLine(n, { amount, tax, taxes: [vat(tax)] })
const first = taxed(1, 4900n, 931n)
const second = taxed(2, 1000n, 190n)
const open = givenInvoice([], { lines: [first, second] })
const paid = settle(open, { paid: open.total })
const half = settle(open, { paid: 3000n })

const all: CreditAsked = { reason: 'Not as described', lines: null, refund: 0n, credit: 0n, outOfBand: 0n }
const of = (amount: bigint, line: Line = first): CreditAsked => ({ ...all, lines: [{ lineId: line.id, amount }] })

function note(
  invoice: FinalInvoice,
  asked: CreditAsked,
  { notes = [] as readonly CreditNote[], taken = new Map<Line['id'], bigint>() } = {},
) {
  const about = { id: id('credit_note', 40 + notes.length), notes, taken, number: 'JANE-CN-0001' }
  return creditNoteFor(invoice, asked, about, NOW)
}

function noted(...args: Parameters<typeof note>): CreditNote {
  const made = note(...args)
  if (!made.ok) throw new Error(made.error.detail)
  return made.value
}

describe('FR-050 a credit note', () => {
  test('of what is uncollectible gives back no more than was paid of it', () => {
    const unpaid: FinalInvoice = { ...settle(open, { writtenOff: open.total }), status: 'uncollectible' }
    expect(note(unpaid, all)).toMatchObject({ ok: false, error: { code: 'credit_note_too_large' } })
    expect(note(unpaid, of(1n))).toMatchObject({ ok: false, error: { code: 'credit_note_too_large' } })
    const partly: FinalInvoice = {
      ...settle(open, { paid: 3510n, writtenOff: open.total - 3510n }),
      status: 'uncollectible',
    }
    // Half of 7021 was paid, and so half of each line, rounded down.
    const { total, reduced, credited } = noted(partly, all)
    expect([total, reduced, credited]).toEqual([3509n, 0n, 3509n])
    expect(note(partly, of(2451n))).toMatchObject({ ok: false, error: { hint: expect.stringContaining('paid') } })
  })

  test.each<[string, FinalInvoice, CreditAsked, Partial<CreditNote>]>([
    ['of all that is open reduces the balance', open, all, { total: 7021n, tax: 1121n, reduced: 7021n, credited: 0n }],
    ['of all that is paid is credited', paid, all, { total: 7021n, reduced: 0n, credited: 7021n, refunded: 0n }],
    ['first reduces what is open', half, all, { total: 7021n, reduced: 4021n, credited: 3000n }],
    ['of a part is with its tax', paid, of(1000n), { total: 1190n, tax: 190n, credited: 1190n }],
    ['refunds when asked', paid, { ...of(1000n), refund: 1190n }, { refunded: 1190n, credited: 0n, outOfBand: 0n }],
    [
      'is divided as asked',
      half,
      { ...all, refund: 1000n, credit: 1500n, outOfBand: 500n },
      { reduced: 4021n, refunded: 1000n, credited: 1500n, outOfBand: 500n },
    ],
  ])('%s', (_, invoice, asked, expected) => {
    expect(noted(invoice, asked)).toMatchObject({
      status: 'issued',
      reason: 'Not as described',
      issuedAt: NOW,
      ...expected,
    })
  })

  test('that covers the balance makes it paid', () => {
    const { reduced } = noted(open, all)
    expect(settle(open, { creditNotes: reduced })).toMatchObject({ status: 'paid', settlement: { creditNotes: 7021n } })
  })

  test.each<[string, FinalInvoice, CreditAsked, object]>([
    ['more than the line', paid, of(4901n), { code: 'credit_note_too_large', pointer: '/lines/0' }],
    ['of a line that is another’s', paid, of(1n, givenLine(9)), { code: 'credit_note_too_large' }],
    [
      'less than it comes to',
      paid,
      { ...of(1000n), refund: 1189n },
      { code: 'credit_note_unbalanced', pointer: '/refund' },
    ],
    ['more than it comes to', paid, { ...of(1000n), refund: 1190n, credit: 1n }, { code: 'credit_note_unbalanced' }],
    ['a refund of what reduces the balance', open, { ...all, refund: 1n }, { code: 'credit_note_unbalanced' }],
  ])('is refused: %s', (_, invoice, asked, error) => {
    expect(note(invoice, asked)).toMatchObject({ ok: false, error })
  })

  test.each<[string, FinalInvoice, CreditAsked, string, RegExp]>([
    [
      'more than the line',
      paid,
      of(4901n),
      '4901 is more than the 4900 that is left of "Pro" after discounts and earlier credits.',
      /^GET the invoice shows its lines; amounts are net of tax/,
    ],
    ['a line that is another’s', paid, of(1n, givenLine(9)), 'The invoice has no such line.', /^GET the invoice/],
    [
      'another sum',
      half,
      { ...all, refund: 2999n },
      'The credit note comes to 7021 with tax, of which 4021 reduces the balance; ',
      /^Let refund \+ credit \+ out_of_band be 3000, or leave them out/,
    ],
  ])('says which values do not fit: %s', (_, invoice, asked, detail, hint) => {
    const error = { detail: expect.stringContaining(detail), hint: expect.stringMatching(hint) }
    expect(note(invoice, asked)).toMatchObject({ error })
  })

  test('of a line named twice is of their sum', () => {
    const twice = (one: bigint, other: bigint) =>
      note(paid, { ...all, lines: [one, other].map((amount) => ({ lineId: first.id, amount })) })
    expect(twice(4900n, 1n)).toMatchObject({ ok: false, error: { pointer: '/lines/1' } })
    expect(twice(2450n, 2450n)).toMatchObject({ value: { tax: 931n } })
  })

  test('counts what was credited before, but not by a void one', () => {
    const before = noted(paid, of(4000n))
    expect(note(paid, of(901n), { notes: [before] })).toMatchObject({ error: { code: 'credit_note_too_large' } })
    expect(noted(paid, all, { notes: [before] }).lines.map(({ amount }) => amount)).toEqual([900n, 1000n])
    const undone: CreditNote = { ...before, status: 'void' }
    expect(noted(paid, of(4900n), { notes: [undone] }).total).toBe(5831n)
    expect(creditedByLine([before, undone])).toEqual(new Map([[first.id, 4000n]]))
  })

  test('counts what a change took back', () => {
    const taken = new Map([[first.id, 2450n]])
    expect(note(paid, of(2451n), { taken })).toMatchObject({ error: { code: 'credit_note_too_large' } })
    // The change took back 466 of 931 tax: 465 are left.
    expect(noted(paid, of(2450n), { taken }).tax).toBe(465n)
  })

  test('of an invoice on which nothing is left is refused, and says so', () => {
    const before = noted(paid, all)
    expect(note(paid, all, { notes: [before] })).toMatchObject({
      error: {
        ...{ code: 'credit_note_too_large', detail: 'Everything on invoice JANE-0001 has been credited.' },
        hint: expect.stringMatching(/^GET \/v1\/credit_notes\?invoice/),
      },
    })
    expect(note(givenInvoice([0n, -5n]), all)).toMatchObject({ ok: false })
  })

  test('in parts credits the whole tax, and never more', () => {
    const amounts = fc.array(fc.bigInt(1n, 999n), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(amounts, fc.bigInt(0n, 500n), (parts, tax) => {
        const whole = parts.reduce((sum, part) => sum + part, 0n)
        const line = taxed(1, whole, tax)
        const invoice = givenInvoice([], { lines: [line] })
        const settled = settle(invoice, { paid: invoice.total })
        const notes: CreditNote[] = []
        for (const part of parts) notes.push(noted(settled, of(part, line), { notes }))
        expect(notes.reduce((sum, one) => sum + one.tax, 0n)).toBe(tax)
        expect(notes.reduce((sum, one) => sum + one.total, 0n)).toBe(invoice.total)
        for (const { total, reduced, refunded, credited, outOfBand } of notes)
          expect(reduced + refunded + credited + outOfBand).toBe(total)
      }),
    )
  })

  test('has numbers of its own', () => {
    expect(creditNoteNumber('JANE', 1)).toBe('JANE-CN-0001')
  })
})

describe('its ledger', () => {
  const made = noted(half, { ...all, refund: 1000n, credit: 1500n, outOfBand: 500n })
  const postings = [
    { ledgerAccount: 'revenue', amount: 5900n },
    { ledgerAccount: 'tax', amount: 1121n },
    { ledgerAccount: 'receivable', amount: -4021n },
    { ledgerAccount: 'refund', amount: -1000n },
    { ledgerAccount: 'credit', amount: -1500n },
    { ledgerAccount: 'cash', amount: -500n },
  ]
  test('takes revenue and tax back, and owes it', () => {
    const { organizationId, accountId, id: document, currency } = made
    expect(creditNotePostings(made, 'credit_note', NOW)).toEqual({
      ...{ organizationId, accountId, document, kind: 'credit_note', currency, at: NOW, postings },
    })
    expect(postings.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n)
  })

  test('is the mirror image when it is void', () => {
    const mirrored = postings.map(({ ledgerAccount, amount }) => ({ ledgerAccount, amount: -amount }))
    expect(creditNotePostings(made, 'credit_note_void', NOW)?.postings).toEqual(mirrored)
  })

  test('is that of the negative invoice where it carries over a surplus', () => {
    expect(creditNotePostings({ ...made, sourceInvoiceId: open.id }, 'credit_note', NOW)).toBeNull()
  })
})
