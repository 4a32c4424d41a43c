import type { Account } from '../../src/accounts/domain/account.ts'
import type { PaymentMethod } from '../../src/accounts/domain/payment-method.ts'
import { type DraftInvoice, type FinalInvoice, idle, type Line } from '../../src/invoices/domain/invoice.ts'
import type { Currency } from '../../src/kernel/currency.ts'
import { type Id, type IdKind, type IdSource, idsOfCommit } from '../../src/kernel/id.ts'
import { type Instant, parseInstant } from '../../src/kernel/instant.ts'
import { type Interval, periodContaining } from '../../src/kernel/period.ts'
import type { Zone } from '../../src/kernel/zone.ts'
import { defaultSettings, type Settings } from '../../src/organizations/domain/organization.ts'
import type { Plan, PlanVersion, Price } from '../../src/plans/domain/plan.ts'
import type { ChangeSubscription, CreateSubscription } from '../../src/subscriptions/domain/command.ts'
import type { ScheduledChange, SubscriptionIn } from '../../src/subscriptions/domain/subscription.ts'

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
export const EUR = 'EUR' as Currency
export const UTC = 'UTC' as Zone
export const month: Interval = { unit: 'month', count: 1 }
const organizationId = id('organization', 1)

export function givenAccount(about: Partial<Account> = {}): Account {
  return {
    ...{ organizationId, id: id('account', 2), version: 1, bucket: 0, clockId: null },
    ...{ email: 'jane@startup.example', name: 'Jane', currency: USD, timezone: UTC, country: 'DE' },
    ...{ locationSource: 'given', address: null, taxExempt: false, externalKey: null, collection: 'automatic' },
    ...{ paymentTermsDays: 30, defaultPaymentMethodId: null, metadata: {}, invoicePrefix: 'JANE', invoiceSequence: 0 },
    ...{ creditNoteSequence: 0, nextBillingAt: null, disputeHold: null, openDisputes: 0, createdAt: at('2026-01-01') },
    overdue: { status: 'current', step: 'none', since: null },
    ...about,
  }
}

export function givenMethod(about: Partial<PaymentMethod> = {}): PaymentMethod {
  return {
    ...{ organizationId, id: id('payment_method', 3), accountId: id('account', 2) },
    ...{ gatewayAccountId: id('gateway_account', 4), gatewayCustomer: 'cus_1', gatewayMethod: 'pm_1', kind: 'card' },
    ...{ brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2030, createdAt: at('2026-01-01') },
    ...{ version: 1, renewedAfter: null, removedAt: null },
    ...about,
  }
}

export function price(unitAmount: string, interval: Interval = month, currency: Currency = USD): Price {
  return { currency, interval, unitAmount }
}

export function givenPlan(prices: readonly Price[] = [price('4900')], about: Partial<Plan> = {}, trialDays = 0): Plan {
  const planId = id('plan', 5)
  const current: PlanVersion = {
    ...{ organizationId, id: id('plan_version', 6), planId, number: 1, planName: 'Pro', trialDays, prices },
    ...{ charges: [], minimums: [] },
    createdAt: at('2026-01-01'),
  }
  return {
    ...{ organizationId, id: planId, version: 1, kind: 'plan', code: 'pro', name: 'Pro', metadata: {} },
    current,
    ...{ archivedAt: null, replacedBy: null, createdAt: at('2026-01-01') },
    ...about,
  }
}

/** What subscriptions of every status have. */
const sold = {
  ...{ organizationId, id: id('subscription', 7), accountId: id('account', 2), version: 1 },
  ...{ planId: id('plan', 5), planVersionId: id('plan_version', 6), quantity: 1, unitAmount: null, addOns: [] },
  ...{ currency: USD, interval: month, billingTime: 'anniversary', timezone: UTC, startAt: at('2026-01-31') },
  ...{ trialEndsAt: null, trialEnd: 'invoice', billFrom: null, endsAt: null, scheduledChange: null, metered: [] },
  ...{ externalKey: null, metadata: {}, access: 'granted', createdAt: at('2026-01-01') },
} as const satisfies Partial<SubscriptionIn<'scheduled'>>

export function givenScheduled(about: Partial<SubscriptionIn<'scheduled'>> = {}): SubscriptionIn<'scheduled'> {
  return { ...sold, status: 'scheduled', ...about }
}

/** Two weeks of trial from 31 January. */
export function givenTrial(about: Partial<SubscriptionIn<'trial'>> = {}): SubscriptionIn<'trial'> {
  const trialEndsAt = about.trialEndsAt ?? at('2026-02-14')
  const period = { start: about.startAt ?? sold.startAt, end: trialEndsAt }
  return { ...sold, status: 'trial', trialEndsAt, period, cancelAt: null, noticedAt: null, ...about }
}

/** In its first month, from 31 January to 28 February. */
export function givenActive(about: Partial<SubscriptionIn<'active'>> = {}): SubscriptionIn<'active'> {
  const anchorAt = about.anchorAt ?? about.startAt ?? sold.startAt
  return {
    ...{ ...sold, status: 'active', startAt: anchorAt, anchorAt, pausedMs: 0 },
    ...{ period: periodContaining({ at: anchorAt, zone: about.timezone ?? UTC }, about.interval ?? month, anchorAt) },
    ...{ cancelAt: null, baseline: null, pendingChange: null, changedAt: anchorAt, metering: null },
    ...about,
  }
}

/** Stored for the period's end. */
export function givenChange(to: ScheduledChange['to'], about: Partial<ScheduledChange> = {}): ScheduledChange {
  const madeAt = at('2026-01-01')
  return { at: 'period_end', to, granularity: 'day', invoicing: 'now', credit: 'balance', madeAt, ...about }
}

/** Paused on 10 February in its first month, until somebody resumes it. */
export function givenPaused(about: Partial<SubscriptionIn<'paused'>> = {}): SubscriptionIn<'paused'> {
  const { anchorAt, period, pausedMs, cancelAt, metering } = givenActive()
  return {
    ...{ ...sold, status: 'paused', pausedAt: at('2026-02-10'), resumesAt: null, noticedAt: null },
    billing: { anchorAt, period, pausedMs, cancelAt, metering },
    ...about,
  }
}

type Ended = SubscriptionIn<'cancelled' | 'expired'>

/** Cancelled on 10 February in its first month. */
export function givenEnded(about: Partial<Ended> = {}): Ended {
  const { anchorAt, period } = givenActive()
  return { ...sold, status: 'cancelled', anchorAt, period, endedAt: at('2026-02-10'), ...about }
}

export function createCommand(about: Partial<CreateSubscription> = {}): CreateSubscription {
  return {
    ...{ type: 'create_subscription', planCode: 'pro', interval: null, intervalCount: 1, quantity: 1 },
    ...{ unitAmount: null, addOns: [], billingTime: 'anniversary', startAt: null, trialDays: null },
    ...{ trialEnd: 'invoice', billFrom: null, endsAt: null, couponCode: null, externalKey: null, metadata: {} },
    ...about,
  }
}

/** Changes nothing but what a test says. */
export function changeCommand(about: Partial<ChangeSubscription> = {}): ChangeSubscription {
  return {
    ...{ type: 'change_subscription', id: id('subscription', 7), planCode: null, latestVersion: false, quantity: null },
    ...{ interval: null, unitAmount: undefined, addOns: [], effective: 'now', granularity: null, invoicing: null },
    ...{ onlyIfPaid: false, credit: 'balance' },
    ...about,
  }
}

/** The n-th line: a month of Pro at 4900, billed whole. */
export function givenLine(n: number, about: Partial<Line> = {}): Line {
  const amount = about.amount ?? 4900n
  return {
    ...{ id: id('line', 100 + n), subscriptionId: id('subscription', 7), planVersionId: id('plan_version', 6) },
    ...{ billingKey: `base:${n}`, kind: 'base', description: 'Pro', quantity: '1', unitAmount: String(amount) },
    ...{ proration: null, usage: null, covered: null, amount, discounts: [], discount: 0n, tax: 0n, taxes: [] },
    ...{ period: { start: at('2026-01-31'), end: at('2026-02-28') }, creditsLineId: null },
    ...about,
  }
}

/** A draft with a line for each amount. */
export function givenDraft(amounts: readonly bigint[], about: Partial<DraftInvoice> = {}): DraftInvoice {
  const lines = about.lines ?? amounts.map((amount, index) => givenLine(index, { amount }))
  const sum = (part: (line: Line) => bigint) => lines.reduce((total, line) => total + part(line), 0n)
  const [subtotal, discount, tax] = [sum(({ amount }) => amount), sum((line) => line.discount), sum((line) => line.tax)]
  return {
    ...{ organizationId, id: id('invoice', 8), accountId: id('account', 2), subscriptionId: id('subscription', 7) },
    ...{ version: 1, status: 'draft', reason: 'subscription', currency: USD, issuedAt: at('2026-01-31') },
    ...{ period: { start: at('2026-01-31'), end: at('2026-02-28') }, awaits: 'request', finalizeAt: null },
    ...{ lines, subtotal, discount, tax, taxes: [], total: subtotal - discount + tax },
    ...{ corrects: null, memo: null, termsDays: null },
    ...about,
  }
}

/** An open invoice with a line for each amount, nothing of it paid. */
export function givenInvoice(amounts: readonly bigint[], about: Partial<FinalInvoice> = {}): FinalInvoice {
  const { status: _, awaits: __, finalizeAt: ___, ...body } = givenDraft(amounts, about.lines && { lines: about.lines })
  return {
    ...{ ...body, status: 'open', number: 'JANE-0001', finalizedAt: at('2026-01-31'), dueAt: at('2026-02-01') },
    billTo: { name: 'Jane', email: 'jane@startup.example', country: 'DE', address: null, taxExempt: false },
    ...{ settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n }, voided: null },
    collection: idle,
    ...about,
  }
}

export function givenSettings(about: Partial<Settings> = {}): Settings {
  return {
    ...defaultSettings,
    defaultCurrency: USD,
    numbering: { series: 'account', prefix: 'INV' },
    tax: { engine: 'none', rates: [] },
    ...about,
  }
}
