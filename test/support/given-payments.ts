import type { Currency } from '../../src/kernel/currency.ts'
import { declineOf } from '../../src/payments/domain/decline.ts'
import type { ChargeOutcome } from '../../src/payments/domain/outcome.ts'
import type { Attempt, OutcomeKind, Payment } from '../../src/payments/domain/payment.ts'
import { at, id, USD } from './given.ts'

/** A payment and its tries in the tests of the domain, as in given.ts. */

const owner = { organizationId: id('organization', 1), accountId: id('account', 2) } as const
const way = { paymentMethodId: id('payment_method', 3), gatewayAccountId: id('gateway_account', 4) } as const

/** Begun and not told of yet: 4900 of the given invoice. */
export function givenPayment(about: Partial<Payment> = {}): Payment {
  return {
    ...{ ...owner, ...way, id: id('payment', 9), invoiceId: id('invoice', 8), version: 1, status: 'pending' },
    ...{ amount: 4900n, currency: USD, gatewayPayment: 'pi_1', manual: null, outcome: null, decline: null },
    createdAt: at('2026-01-31'),
    ...about,
  }
}

/** The n-th try of that payment, under way. */
export function givenAttempt(n: number, about: Partial<Attempt> = {}): Attempt {
  return {
    ...{ ...owner, ...way, id: id('attempt', 700 + n), paymentId: id('payment', 9), clockId: null, version: 1 },
    ...{ reason: 'first', amount: 4900n, returnUrl: null, dueAt: at('2026-01-31') },
    ...{ outcome: null, decline: null, endedAt: null },
    ...about,
  }
}

/** The n-th try, which was declined at once. */
export function givenDecline(n: number, code = 'insufficient_funds', about: Partial<Attempt> = {}): Attempt {
  const endedAt = about.dueAt ?? at('2026-01-31')
  return givenAttempt(n, { outcome: 'declined', decline: declineOf(code, null), endedAt, ...about })
}

export function givenOutcome(kind: OutcomeKind, code = 'insufficient_funds'): ChargeOutcome {
  if (kind === 'declined') return { kind, decline: declineOf(code, null) }
  return kind === 'authenticating' ? { kind, url: 'https://bank.example/ask' } : { kind }
}

export const currency = (code: string) => code as Currency
