import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balanceOf, type FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import { currencyCodes } from '../../../src/kernel/currency.ts'
import { chargeable } from '../../../src/payments/domain/gateway-amount.ts'
import type { Manual } from '../../../src/payments/domain/payment.ts'
import { receiptOf } from '../../../src/payments/domain/receipt.ts'
import { at, givenInvoice } from '../../support/given.ts'
import { currency, givenPayment } from '../../support/given-payments.ts'

const NOW = at('2026-02-03')
const transfer: Manual = { kind: 'bank_transfer', reference: 'RF18' }

type Given = { readonly code?: string; readonly manual?: Manual | null; readonly about?: Partial<FinalInvoice> }

function receipt(owed: bigint, amount: bigint, { code = 'USD', manual = null, about = {} }: Given = {}) {
  const invoice = givenInvoice([owed], { currency: currency(code), ...about })
  return receiptOf(givenPayment({ amount, currency: currency(code), manual }), invoice, NOW)
}

const posted = (of: ReturnType<typeof receipt>) =>
  Object.fromEntries((of.ledger?.postings ?? []).map(({ ledgerAccount, amount }) => [ledgerAccount, amount]))

describe('FR-066 money that comes in', () => {
  test('pays an invoice that it covers, and ends its collection', () => {
    const failed = { state: 'retrying', failedAt: NOW, nextAttemptAt: NOW, heldDays: 2 } as const
    const paid = receipt(4900n, 4900n, { about: { collection: failed } })
    expect(paid.invoice).toMatchObject({ status: 'paid', settlement: { paid: 4900n, writtenOff: 0n } })
    expect(paid.invoice.collection).toEqual({ state: 'idle', failedAt: null, nextAttemptAt: null, heldDays: 2 })
    expect([paid.surplus, posted(paid)]).toEqual([0n, { cash: 4900n, receivable: -4900n }])
    expect(paid.ledger).toMatchObject({ kind: 'payment', document: givenPayment().id, at: NOW })
  })

  test('FR-070 pays a part, and the rest is owed', () => {
    const part = receipt(4900n, 1000n)
    expect([part.invoice.status, balanceOf(part.invoice), part.surplus]).toEqual(['open', 3900n, 0n])
    expect(posted(part)).toEqual({ cash: 1000n, receivable: -1000n })
  })

  test('FR-067 beyond what is owed is credit', () => {
    const over = receipt(4900n, 6000n)
    expect([over.invoice.status, over.invoice.settlement.paid, over.surplus]).toEqual(['paid', 4900n, 1100n])
    expect(posted(over)).toEqual({ cash: 6000n, receivable: -4900n, credit: -1100n })
  })

  test('FR-105 leaves of three decimals what no gateway charges: that is written off', () => {
    const paid = receipt(1239n, 1230n, { code: 'KWD' })
    expect(paid.invoice).toMatchObject({ status: 'paid', settlement: { paid: 1230n, writtenOff: 9n } })
    expect(posted(paid)).toEqual({ cash: 1230n, rounding: 9n, receivable: -1239n })
    const part = receipt(1239n, 1220n, { code: 'KWD' })
    expect([part.invoice.status, balanceOf(part.invoice)]).toEqual(['open', 19n])
    expect(balanceOf(receipt(1240n, 1230n, { code: 'KWD' }).invoice)).toBe(10n)
    expect(balanceOf(receipt(4900n, 4899n).invoice)).toBe(1n)
  })

  test('by hand is counted to the last unit', () => {
    const part = receipt(1239n, 1230n, { code: 'KWD', manual: transfer })
    expect([part.invoice.status, balanceOf(part.invoice)]).toEqual(['open', 9n])
    expect(posted(part)).toEqual({ cash: 1230n, receivable: -1230n })
  })

  test.each<FinalInvoice['status']>(['paid', 'void', 'uncollectible'])(
    'FR-067 for an invoice that is %s by then is credit, all of it',
    (status) => {
      const gone = { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 4900n }
      const late = receipt(4900n, 4900n, { about: { status, settlement: gone } })
      expect(late.invoice).toMatchObject({ status, settlement: gone })
      expect([late.surplus, posted(late)]).toEqual([4900n, { cash: 4900n, credit: -4900n }])
    },
  )

  test('is where it went, to the last unit, in any currency', () => {
    const amounts = fc.tuple(fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 9n), fc.boolean())
    fc.assert(
      fc.property(fc.constantFrom(...currencyCodes), amounts, (code, [owed, asked, isManual]) => {
        const amount = isManual ? asked : chargeable(asked, currency(code))
        if (amount === 0n) return
        const { invoice, surplus, ledger } = receipt(owed, amount, { code, manual: isManual ? transfer : null })
        const { paid, writtenOff } = invoice.settlement
        expect(paid + surplus).toBe(amount)
        expect(paid + writtenOff + balanceOf(invoice)).toBe(owed)
        expect(invoice.status).toBe(balanceOf(invoice) === 0n ? 'paid' : 'open')
        expect(ledger?.postings.reduce((sum, posting) => sum + posting.amount, 0n)).toBe(0n)
      }),
    )
  })
})
