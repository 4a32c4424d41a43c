import { describe, expect, test } from 'vitest'
import { chargeFor } from '../../../src/payments/domain/charge.ts'
import type { Payment } from '../../../src/payments/domain/payment.ts'
import { at, givenInvoice, givenMethod, id, idsOf } from '../../support/given.ts'
import { givenPayment } from '../../support/given-payments.ts'

const NOW = at('2026-02-03')
const invoice = givenInvoice([4900n])
const method = givenMethod()
const clockId = id('test_clock', 90)
const charge = (payment: Payment | null, by = method) =>
  chargeFor(
    invoice,
    { payment, method: by, clockId, reason: 'retry', returnUrl: 'https://app.example/', amount: 4000n },
    NOW,
    idsOf(1),
  )

describe('FR-062 a try to be paid', () => {
  test('FR-059 is a new payment at first, and an attempt with all of it frozen', () => {
    const { payment, attempt } = charge(null)
    const { organizationId, accountId, currency } = invoice
    const { id: paymentMethodId, gatewayAccountId } = method
    const whole = { organizationId, accountId, gatewayAccountId, paymentMethodId, amount: 4000n, version: 1 }
    expect(payment).toEqual({
      ...{ ...whole, currency, id: idsOf(1)('payment'), invoiceId: invoice.id, status: 'pending', createdAt: NOW },
      ...{ gatewayPayment: null, manual: null, outcome: null, decline: null },
    })
    expect(attempt).toEqual({
      ...{ ...whole, clockId, id: attempt.id, paymentId: payment.id, reason: 'retry', dueAt: NOW },
      ...{ returnUrl: 'https://app.example/', outcome: null, decline: null, endedAt: null },
    })
    expect(attempt.id).not.toBe(payment.id)
  })

  test('goes on with the gateway’s payment that is there, so that it can succeed once only', () => {
    const failed = givenPayment({ status: 'failed', outcome: 'declined', version: 3, amount: 4900n })
    const { payment, attempt } = charge(failed)
    expect(payment).toMatchObject({
      ...{ id: failed.id, gatewayPayment: 'pi_1', createdAt: failed.createdAt, version: 3 },
      ...{ status: 'pending', amount: 4000n, outcome: null, decline: null },
    })
    expect(attempt).toMatchObject({ paymentId: failed.id, version: 1, amount: 4000n })
    const other = givenMethod({ id: id('payment_method', 33) })
    expect(charge(failed, other).payment).toMatchObject({ id: failed.id, paymentMethodId: other.id })
    expect(charge(givenPayment({ outcome: 'authentication_required' })).payment.id).toBe(failed.id)
  })

  test.each<readonly [string, Partial<Payment>]>([
    ['is paid', { status: 'succeeded', outcome: 'succeeded' }],
    ['is closed at the gateway', { status: 'failed', outcome: 'canceled' }],
    ['is another gateway’s', { status: 'failed', gatewayAccountId: id('gateway_account', 44) }],
  ])('begins anew where the last payment %s', (_, about) => {
    const { payment } = charge(givenPayment(about))
    expect(payment).toMatchObject({ id: idsOf(1)('payment'), gatewayPayment: null, createdAt: NOW, version: 1 })
  })
})
