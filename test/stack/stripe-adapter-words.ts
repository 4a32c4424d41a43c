import type { Account } from '../../src/accounts/domain/account.ts'
import type { PaymentMethod } from '../../src/accounts/domain/payment-method.ts'
import type { Currency } from '../../src/kernel/currency.ts'
import { encodeId, type IdSource, idsOfCommit } from '../../src/kernel/id.ts'
import type { Payment } from '../../src/payments/domain/payment.ts'
import type { Refund } from '../../src/payments/domain/refund.ts'
import type { Gateway } from '../../src/payments/gateway.ts'
import { stripeGateway } from '../../src/payments/stripe.ts'
import { newCommitId } from '../../src/platform/clock.ts'
import { at, EUR, givenAccount, givenMethod, USD } from '../support/given.ts'
import { customerWithDebit } from './stripe-words.ts'
import type { World } from './stripe-world.ts'

/** Of this run alone: they are the gateway's idempotency keys, and Stripe remembers. */
const ids: IdSource = idsOfCommit(newCommitId())

export function ourAccount(about: Partial<Account> = {}): Account {
  return givenAccount({ id: ids('account'), ...about })
}

export function ourPayment(about: Partial<Payment> = {}): Payment {
  return {
    ...{ organizationId: ids('organization'), id: ids('payment'), accountId: ids('account') },
    ...{ invoiceId: ids('invoice'), version: 1, status: 'pending', amount: 1999n, currency: USD },
    ...{ paymentMethodId: ids('payment_method'), gatewayAccountId: ids('gateway_account'), gatewayPayment: null },
    ...{ manual: null, outcome: null, decline: null, createdAt: at('2026-01-01') },
    ...about,
  }
}

/** A refund of ours, which nothing is known of at the gateway. */
export function ourRefund(about: Partial<Refund> = {}): Refund {
  return {
    ...{ organizationId: ids('organization'), id: ids('refund'), accountId: ids('account') },
    ...{
      paymentId: ids('payment'),
      gatewayAccountId: ids('gateway_account'),
      clockId: null,
      creditNoteId: null,
      granted: null,
    },
    ...{ version: 1, status: 'pending', amount: 500n, writtenOff: 0n, currency: USD as Currency, reason: null },
    ...{ gatewayRefund: null, outcome: null, failure: null, resolution: null, endedAt: null },
    ...{ dueAt: at('2026-01-01'), createdAt: at('2026-01-01'), ...about },
  }
}

export function newKey(): string {
  return encodeId('attempt', ids('attempt'))
}

/** A payment of ours with its payment at the gateway, which nobody has confirmed. */
type Due = { readonly payment: Payment; readonly gatewayPayment: string; readonly method: PaymentMethod }

export type Product = {
  readonly gateway: Gateway
  /** A method that the gateway attached to a new customer. */
  readonly saved: (token: string) => Promise<PaymentMethod>
  readonly savedDebit: (iban?: string) => Promise<PaymentMethod>
  readonly due: (method: PaymentMethod, about?: Partial<Payment>) => Promise<Due>
  /** Tries to take it with its method, off-session, as a new attempt unless told otherwise. */
  readonly tried: (due: Due, key?: string, returnUrl?: string | null) => ReturnType<Gateway['confirm']>
  /** Gateway payment of one that has been taken. */
  readonly paid: (token: string, about?: Partial<Payment>) => Promise<string>
  /** What Stripe itself says was taken by a payment: how often, and how much of it. */
  readonly taken: (gatewayPayment: string) => Promise<{ readonly times: number; readonly amount: number }>
}

/** What the product does in a world, through its own gateway. */
export function productIn(world: World): Product {
  // Without its key a world's cases are skipped, and no call is made.
  const gateway = stripeGateway(world.key || 'sk_test_none', world.url)
  const saved: Product['saved'] = async (token) => {
    const attached = await gateway.attach({ account: ourAccount(), customer: null, token, key: newKey() })
    if (!attached.ok) throw new Error(`${token} was refused: ${attached.error.code}`)
    return givenMethod(attached.value)
  }
  const due: Product['due'] = async (method, about) => {
    const payment = ourPayment(about)
    const made = await gateway.createPayment(payment, method, 'Invoice JANE-0001')
    if (!made.ok) throw new Error(`no payment was made: ${made.error.kind}`)
    return { payment, gatewayPayment: made.value, method }
  }
  const tried: Product['tried'] = ({ gatewayPayment, method }, key = newKey(), returnUrl = null) =>
    gateway.confirm(gatewayPayment, method, { key, returnUrl })
  return {
    ...{ gateway, saved, due, tried },
    savedDebit: async (iban) => {
      const { customer, payment_method } = await customerWithDebit(world, iban)
      return givenMethod({ gatewayCustomer: customer, gatewayMethod: payment_method, kind: 'sepa_debit' })
    },
    paid: async (token, about) => {
      const payment = await due(await saved(token), about)
      const { kind } = await tried(payment)
      if (kind !== 'succeeded') throw new Error(`${token} was ${kind}`)
      return payment.gatewayPayment
    },
    taken: async (payment_intent) => {
      const { data } = await world.stripe.charges.list({ payment_intent, limit: 100 })
      const charges = data.filter(({ status }) => status === 'succeeded')
      return { times: charges.length, amount: charges.reduce((sum, { amount }) => sum + amount, 0) }
    },
  }
}

export const inEuros = { currency: EUR }
