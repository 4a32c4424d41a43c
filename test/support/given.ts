import type { Account } from '../../src/accounts/domain/account.ts'
import type { PaymentMethod } from '../../src/accounts/domain/payment-method.ts'
import type { DraftInvoice } from '../../src/invoices/domain/invoice.ts'
import type { Currency } from '../../src/kernel/currency.ts'
import { type Id, type IdKind, type IdSource, idsOfCommit } from '../../src/kernel/id.ts'
import { type Instant, parseInstant } from '../../src/kernel/instant.ts'
import type { Interval } from '../../src/kernel/period.ts'
import type { Zone } from '../../src/kernel/zone.ts'
import type { Settings } from '../../src/organizations/domain/organization.ts'
import type { Plan, PlanVersion, Price } from '../../src/plans/domain/plan.ts'
import type { CreateSubscription } from '../../src/subscriptions/domain/commands.ts'
import type { SubscriptionIn } from '../../src/subscriptions/domain/subscription.ts'

/** Facts for the tests of the domain: each whole and plain, with what a test says of it. No I/O, no clock, no randomness. */

export function at(iso: string): Instant {
  const parsed = parseInstant(iso.includes('T') ? iso : `${iso}T00:00:00Z`)
  if (!parsed.ok) throw new Error(`${iso} is no instant`)
  return parsed.value
}

/** The n-th id there is, the same each time. */
export function id<K extends IdKind>(_kind: K, n: number): Id<K> {
  return `01945a3e-7c00-7a10-8000-${n.toString(16).padStart(12, '0')}` as Id<K>
}

/** The ids of the n-th commit. */
export function idsOf(n: number): IdSource {
  return idsOfCommit(`01945a3e-7c00-7a10-9${n.toString(16).padStart(3, '0')}-aaaaaaaa0000` as Id<'commit'>)
}

export const USD = 'USD' as Currency
export const UTC = 'UTC' as Zone
export const month: Interval = { unit: 'month', count: 1 }
const organizationId = id('organization', 1)

export function givenAccount(about: Partial<Account> = {}): Account {
  return {
    ...{ organizationId, id: id('account', 2), version: 1, bucket: 0, clockId: null },
    ...{ email: 'jane@startup.example', name: 'Jane', currency: USD, timezone: UTC, country: 'DE' },
    ...{ locationSource: 'given', address: null, taxExempt: false, externalKey: null, collection: 'automatic' },
    ...{ paymentTermsDays: 30, defaultPaymentMethodId: null, metadata: {}, invoicePrefix: 'JANE', invoiceSequence: 0 },
    ...{ nextBillingAt: null, createdAt: at('2026-01-01') },
    ...about,
  }
}

export function givenMethod(): PaymentMethod {
  return {
    ...{ organizationId, id: id('payment_method', 3), accountId: id('account', 2) },
    ...{ gatewayAccountId: id('gateway_account', 4), gatewayCustomer: 'cus_1', gatewayMethod: 'pm_1', kind: 'card' },
    ...{ brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2030, createdAt: at('2026-01-01') },
  }
}

export function price(unitAmount: string, interval: Interval = month, currency: Currency = USD): Price {
  return { currency, interval, unitAmount }
}

export function givenPlan(prices: readonly Price[] = [price('4900')], about: Partial<Plan> = {}, trialDays = 0): Plan {
  const planId = id('plan', 5)
  const current: PlanVersion = {
    ...{ organizationId, id: id('plan_version', 6), planId, number: 1, planName: 'Pro', trialDays, prices },
    createdAt: at('2026-01-01'),
  }
  return {
    ...{ organizationId, id: planId, version: 1, code: 'pro', name: 'Pro', metadata: {}, current },
    ...{ archivedAt: null, replacedBy: null, createdAt: at('2026-01-01') },
    ...about,
  }
}

export function givenScheduled(about: Partial<SubscriptionIn<'scheduled'>> = {}): SubscriptionIn<'scheduled'> {
  return {
    ...{ organizationId, id: id('subscription', 7), accountId: id('account', 2), version: 1, status: 'scheduled' },
    ...{ planId: id('plan', 5), planVersionId: id('plan_version', 6), quantity: 1, currency: USD, interval: month },
    ...{ timezone: UTC, startAt: at('2026-01-31'), trialEndsAt: null, externalKey: null, metadata: {} },
    createdAt: at('2026-01-01'),
    ...about,
  }
}

export function createCommand(about: Partial<CreateSubscription> = {}): CreateSubscription {
  return {
    ...{ type: 'create_subscription', planCode: 'pro', interval: null, intervalCount: 1, quantity: 1 },
    ...{ startAt: null, trialDays: null, externalKey: null, metadata: {} },
    ...about,
  }
}

/** A draft with a line for each amount. */
export function givenDraft(amounts: readonly bigint[], about: Partial<DraftInvoice> = {}): DraftInvoice {
  const period = { start: at('2026-01-31'), end: at('2026-02-28') }
  const subtotal = amounts.reduce((sum, amount) => sum + amount, 0n)
  return {
    ...{ organizationId, id: id('invoice', 8), accountId: id('account', 2), subscriptionId: id('subscription', 7) },
    ...{ version: 1, status: 'draft', reason: 'subscription', currency: USD, period, issuedAt: at('2026-01-31') },
    lines: amounts.map((amount, index) => ({
      ...{ id: id('line', 100 + index), subscriptionId: id('subscription', 7), planVersionId: id('plan_version', 6) },
      ...{ billingKey: `base:${index}`, kind: 'base', description: 'Pro', quantity: '1', unitAmount: String(amount) },
      ...{ amount, tax: 0n, period },
    })),
    ...{ subtotal, discount: 0n, tax: 0n, taxes: [], total: subtotal },
    ...about,
  }
}

export function givenSettings(about: Partial<Settings> = {}): Settings {
  return {
    defaultCurrency: USD,
    numbering: { series: 'account', prefix: 'INV' },
    tax: { engine: 'none', rates: [] },
    ...about,
  }
}
