import type { Currency } from '../../../src/kernel/currency.ts'
import { type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Payment } from '../../../src/payments/domain/payment.ts'
import { type Refund, type Refundable, refundsFor } from '../../../src/payments/domain/refund.ts'
import { at, id, idsOf } from '../../support/given.ts'

export const NOW = at('2026-03-01')
export const about = { clockId: null, creditNoteId: id('credit_note', 30), reason: 'broken' }

export function givenPayment(n: number, amount: bigint, given: Partial<Payment> = {}): Payment {
  return {
    ...{ organizationId: id('organization', 1), id: id('payment', 40 + n), accountId: id('account', 2), version: 2 },
    ...{ invoiceId: id('invoice', 8), status: 'succeeded', amount, currency: 'USD' as Currency },
    ...{ paymentMethodId: id('payment_method', 3), gatewayAccountId: id('gateway_account', 4) },
    ...{ gatewayPayment: `pi_${n}`, manual: null, outcome: 'succeeded', decline: null },
    createdAt: plusMs(at('2026-01-31'), n),
    ...given,
  }
}

/** Payments of these amounts, oldest first, of which so much is refunded. */
export function paid(...amounts: readonly (readonly [amount: bigint, refunded: bigint])[]): readonly Refundable[] {
  return amounts.map(([amount, refunded], n) => ({ payment: givenPayment(n, amount), refunded }))
}

export function refunded(paid: readonly Refundable[], amount: bigint, now: Instant = NOW): readonly Refund[] {
  const made = refundsFor(paid, amount, about, now, idsOf(1))
  if (!made.ok) throw new Error(JSON.stringify(made.error))
  return made.value
}
