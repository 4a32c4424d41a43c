import { describe, expect, test } from 'vitest'
import type { FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import { type OutcomeKind, outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { payStateOf } from '../../../src/portal/domain/page-state.ts'
import { givenBill } from './pages.ts'

type Paying = NonNullable<Parameters<typeof payStateOf>[1]>

function state(invoice: FinalInvoice, payment: Partial<Paying> | null = null) {
  return payStateOf(invoice, payment && { status: 'pending', outcome: null, decline: null, ...payment })
}

const decline = { kind: 'soft', code: 'insufficient_funds' } as const

describe('an open invoice', () => {
  test('that nobody tried to pay is plain', () => {
    expect(state(givenBill())).toEqual({ kind: 'plain' })
  })

  const kinds = {
    succeeded: 'plain',
    processing: 'under_way',
    declined: 'failed',
    authentication_required: 'authentication_required',
    authenticating: 'authentication_required',
    canceled: 'plain',
    throttled: 'under_way',
    rejected: 'failed',
    unknown: 'under_way',
  } as const satisfies Record<OutcomeKind, string>

  test.each(outcomeKinds)('whose payment is %s says so', (outcome) => {
    expect(state(givenBill(), { outcome })).toEqual({ kind: kinds[outcome] })
  })

  test('whose payment was declined says by what', () => {
    const payment = { status: 'failed', outcome: 'declined', decline } as const
    expect(state(givenBill(), payment)).toEqual({ kind: 'declined', code: 'insufficient_funds' })
  })

  test('whose payment has no outcome yet is under way', () => {
    expect(state(givenBill(), {})).toEqual({ kind: 'under_way' })
  })

  test('of which a part was paid by hand is plain', () => {
    expect(state(givenBill({ paid: 1n }), { status: 'succeeded' })).toEqual({ kind: 'plain' })
  })
})

describe('an invoice that owes nothing', () => {
  const declined = { status: 'failed', outcome: 'declined', decline } as const

  test.each([
    ['paid', givenBill({ paid: 54502n }, { status: 'paid' })],
    ['paid', givenBill({ paid: 1n, creditsApplied: 54501n }, { status: 'paid' })],
    ['settled', givenBill({ creditsApplied: 54502n }, { status: 'paid' })],
    ['void', givenBill({}, { status: 'void' })],
    ['uncollectible', givenBill({ writtenOff: 54502n }, { status: 'uncollectible' })],
  ] as const)('is %s, whatever was tried before', (kind, invoice) => {
    expect(state(invoice)).toEqual({ kind })
    expect(state(invoice, declined)).toEqual({ kind })
  })
})
