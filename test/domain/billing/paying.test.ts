import { describe, expect, test } from 'vitest'
import { at, id } from '../../support/given.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { beginning, lived, refusal } from './history.ts'
import {
  advance,
  balances,
  changes,
  creditLeft,
  credits,
  documents,
  final,
  gateway,
  grants,
  invoice,
  invoicesOf,
  owed,
  subscribes,
  voids,
  writes,
} from './words.ts'

const START = '2026-06-01'
const byInvoice = () => beginning({ account: givenCustomer({ collection: 'invoice' }) })
const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
const taxing = (about = {}) =>
  beginning({
    settings: givenRules({ tax: { engine: 'rates', rates } }),
    account: givenCustomer({ collection: 'invoice' }),
    ...about,
  })

describe('FR-093 credit', () => {
  test('pays what is finalised: the soonest expiring first, then the oldest', () => {
    const paid = lived(
      byInvoice(),
      ['2026-05-01', grants(1000n)],
      ['2026-05-02', grants(2000n)],
      ['2026-05-03', grants(500n, '2026-06-30')],
      ['2026-05-04', grants(700n, '2026-06-15')],
      ['2026-05-05', grants(900n, START)],
      [START, subscribes({ unitAmount: '2500' })],
    )
    expect([...paid.credits.values()].map(({ remaining }) => remaining)).toEqual([0n, 1700n, 0n, 0n, 900n])
    expect(final(paid)).toMatchObject({ status: 'paid', settlement: { creditsApplied: 2500n } })
  })

  test('that expires is taken back at its instant, and a renewal of that instant has none of it', () => {
    const expired = lived(
      byInvoice(),
      [START, subscribes()],
      ['2026-06-02', grants(3000n, '2026-07-01')],
      ['2026-07-01', advance],
    )
    expect([owed(expired), creditLeft(expired)]).toEqual([9800n, 0n])
    expect([...expired.credits.values()]).toMatchObject([{ expired: 3000n, end: 'expired' }])
    expect(balances(expired)).toEqual({ receivable: 9800n, revenue: -9800n })
  })

  test('is never used twice by two renewals of one decision', () => {
    const paid = lived(
      byInvoice(),
      [START, subscribes()],
      [START, subscribes({ planCode: 'team' })],
      ['2026-06-02', grants(6000n)],
      ['2026-07-01', advance],
    )
    expect(
      invoicesOf(paid)
        .slice(2)
        .map((_, index) => final(paid, 2 + index).settlement.creditsApplied),
    ).toEqual([4900n, 1100n])
    expect(creditLeft(paid)).toBe(0n)
  })

  test('is put to an open invoice when that is asked for, no more than there is or is owed', () => {
    const open = lived(byInvoice(), [START, subscribes()], [START, grants(1000n)])
    const asked = (amount: bigint | null) => ({ type: 'apply_credit', id: invoice(open).id, amount }) as const
    expect(owed(lived(open, [START, asked(400n)]))).toBe(4500n)
    expect(owed(lived(open, [START, asked(null)]))).toBe(3900n)
    expect(refusal(open, START, asked(1001n))).toMatchObject({ code: 'credit_too_large' })
  })

  test('is not put to what is being paid', () => {
    const paying = lived(beginning(), [START, subscribes()], [START, grants(1000n)])
    const asked = { type: 'apply_credit', id: invoice(paying).id, amount: null } as const
    expect(refusal(paying, START, asked)).toMatchObject({ code: 'payment_under_way' })
    expect(refusal(paying, START, voids())).toMatchObject({ code: 'payment_under_way' })
    expect(refusal(paying, START, credits(0))).toMatchObject({ code: 'payment_under_way' })
    const declined = lived(paying, [START, gateway('declined')], [START, asked])
    expect(owed(declined)).toBe(3900n)
  })
})

describe('FR-070 a credit note', () => {
  test('first reduces the balance; with tax in proportion', () => {
    const noted = lived(taxing(), [START, subscribes()], [START, credits(0, { parts: [[0, 1000n]] })])
    expect([...noted.creditNotes.values()]).toMatchObject([{ total: 1190n, tax: 190n, reduced: 1190n, credited: 0n }])
    expect([owed(noted), balances(noted)]).toEqual([4641n, { receivable: 4641n, revenue: -3900n, tax: -741n }])
    expect(owed(lived(noted, [START, credits(0)]))).toBe(0n)
    expect(final(lived(noted, [START, credits(0)])).status).toBe('paid')
  })

  test('of what was paid is refunded, credited and out of band; unsaid, it is credited', () => {
    const paid = lived(beginning(), [START, subscribes()], [START, gateway('succeeded')])
    const split = lived(paid, [
      START,
      credits(0, { parts: [[0, 4000n]], refund: 1000n, credit: 2500n, outOfBand: 500n }),
    ])
    expect([...split.refunds.values()]).toMatchObject([
      { amount: 1000n, creditNoteId: [...split.creditNotes.keys()][0] },
    ])
    expect(balances(split)).toEqual({ cash: 4400n, credit: -2500n, refund: -1000n, revenue: -900n })
    expect(creditLeft(lived(paid, [START, credits(0)]))).toBe(4900n)
    expect(refusal(paid, START, credits(0, { refund: 1n }))).toMatchObject({ code: 'credit_note_unbalanced' })
  })

  test('is never above what is left of a line, in one note or in several', () => {
    const open = lived(byInvoice(), [START, subscribes()])
    const tooMuch = { code: 'credit_note_too_large' }
    expect(refusal(open, START, credits(0, { parts: [[0, 4901n]] }))).toMatchObject(tooMuch)
    expect(
      refusal(
        open,
        START,
        credits(0, {
          parts: [
            [0, 3000n],
            [0, 3000n],
          ],
        }),
      ),
    ).toMatchObject(tooMuch)
    const noted = lived(open, [START, credits(0, { parts: [[0, 4000n]] })])
    expect(refusal(noted, START, credits(0, { parts: [[0, 901n]] }))).toMatchObject(tooMuch)
    const changed = lived(noted, ['2026-06-16', changes({ planCode: 'team', invoicing: 'now' })])
    expect(documents(changed).at(-1)).toBe('open proration: -900 +4950')
    expect(refusal(changed, '2026-06-16', credits(0))).toMatchObject(tooMuch)
  })

  test('is taken back while nothing of it is used', () => {
    const taken = (history: Parameters<typeof final>[0]) =>
      ({
        type: 'void_credit_note',
        id: final(history).id,
        creditNoteId: [...history.creditNotes.values()][0]?.id ?? id('credit_note', 999),
      }) as const
    const noted = lived(taxing(), [START, subscribes()], [START, credits(0)])
    const back = lived(noted, [START, taken])
    expect([final(back).status, owed(back)]).toEqual(['open', 5831n])
    expect(balances(back)).toEqual({ receivable: 5831n, revenue: -4900n, tax: -931n })
    const paid = lived(beginning(), [START, subscribes()], [START, gateway('succeeded')], [START, credits(0)])
    expect(creditLeft(lived(paid, [START, taken]))).toBe(0n)
    const used = lived(paid, ['2026-07-01', advance])
    expect(refusal(used, '2026-07-01', taken)).toMatchObject({ code: 'command_not_possible' })
  })
})

describe('FR-043 an invoice by hand', () => {
  test('is final at once, or a draft that is changed, deleted or finalised', () => {
    expect(
      documents(
        lived(byInvoice(), [
          START,
          writes([
            ['3', '33.5'],
            ['0.5', '1'],
          ]),
        ]),
      ),
    ).toEqual(['open one_off: +101 +1'])
    const draft = lived(byInvoice(), [START, writes([['1', '100']], false)])
    expect([documents(draft), balances(draft)]).toEqual([['draft one_off: +100'], {}])
    const { id } = invoice(draft)
    const lines = [{ description: 'Set-up', quantity: '2', unitAmount: '100' }]
    const changed = lived(draft, [
      START,
      { type: 'update_invoice', id, patch: { lines, memo: 'Thanks', termsDays: 10 } },
    ])
    const closed = lived(changed, ['2026-06-05', { type: 'finalize_invoice', id, taxes: null }])
    expect(final(closed)).toMatchObject({ total: 200n, memo: 'Thanks', dueAt: at('2026-06-16') })
    expect(documents(lived(changed, [START, { type: 'delete_invoice', id }]))).toEqual([])
  })

  test('is the only kind of draft that is written by hand', () => {
    const changed = lived(byInvoice(), [START, subscribes()], ['2026-06-16', changes({ planCode: 'team' })])
    const { id } = invoice(changed, 1)
    expect(refusal(changed, '2026-06-16', { type: 'delete_invoice', id })).toMatchObject({ code: 'invoice_not_draft' })
    const now = lived(changed, ['2026-06-16', { type: 'finalize_invoice', id, taxes: null }])
    expect(documents(now).at(-1)).toBe('open proration: -2450 +4950')
  })
})
