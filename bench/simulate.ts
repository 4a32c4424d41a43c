import { simulate } from '../src/billing/domain/simulate.ts'
import type { Snapshot } from '../src/billing/domain/snapshot.ts'
import { isFinal } from '../src/invoices/domain/invoice.ts'
import { type Currency, findCurrency } from '../src/kernel/currency.ts'
import { type Id, type IdKind, uuidV7 } from '../src/kernel/id.ts'
import { type Instant, instant } from '../src/kernel/instant.ts'
import { findZone, type Zone } from '../src/kernel/zone.ts'
import { defaultSettings } from '../src/organizations/domain/organization.ts'
import type { Plan } from '../src/plans/domain/plan.ts'
import type { CreateSubscription } from '../src/subscriptions/domain/command.ts'
import { type Bench, round, say } from './bench.ts'

const FROM = instant(Date.UTC(2026, 0, 31))
const YEARS = 10
const MONTHS = YEARS * 12
const LIVES = 200
const AMOUNT = 4_900n

/** Subscription-months of lives of ten years, invoiced and paid, in memory: no stack. */
export const simulation: Bench = async () => {
  const until = instant(Date.UTC(2026 + YEARS, 0, 30))
  const snapshot = snapshotOf()
  say(`living ${LIVES} subscriptions for ${YEARS} years`)
  live(snapshot, until)
  const started = performance.now()
  let invoiced = 0n
  for (let lives = 0; lives < LIVES; lives++) invoiced += live(snapshot, until)
  const seconds = (performance.now() - started) / 1_000
  const months = LIVES * MONTHS
  if (invoiced !== BigInt(months) * AMOUNT) throw new Error(`${months} months were invoiced at ${invoiced}`)
  return [
    { bench: 'simulate', value: round(months / seconds), unit: 'subscription-months/s', lives: LIVES, years: YEARS },
  ]
}

/** What is invoiced, all of it paid. */
function live(snapshot: Snapshot, until: Instant): bigint {
  const scenario = {
    begins: sale,
    subject: null,
    commands: [],
    payments: 'succeed',
    usageOf: snapshot.usageOf,
  } as const
  const lived = simulate(snapshot, scenario, { from: FROM, until })
  if (!lived.ok) throw new Error(lived.error.detail)
  return lived.value.invoices.filter(isFinal).reduce((sum, { settlement }) => sum + settlement.paid, 0n)
}

const sale: CreateSubscription = {
  ...{ type: 'create_subscription', planCode: 'pro', interval: 'month', intervalCount: 1, quantity: 1 },
  ...{ unitAmount: null, addOns: [], billingTime: 'anniversary', startAt: null, trialDays: null },
  ...{ trialEnd: 'invoice', billFrom: null, endsAt: null, couponCode: null, externalKey: null, metadata: {} },
}

function snapshotOf(): Snapshot {
  const organizationId = idOf<'organization'>(1)
  const accountId = idOf<'account'>(2)
  const currency = known<Currency>(findCurrency('USD'))
  const timezone = known<Zone>(findZone('America/New_York'))
  return {
    settings: {
      ...defaultSettings,
      ...{ defaultCurrency: currency, numbering: { series: 'account', prefix: 'INV' } },
      tax: { engine: 'none', rates: [] },
    },
    account: {
      ...{ organizationId, id: accountId, version: 1, bucket: 0, clockId: null, email: 'jane@bench.example' },
      ...{ name: 'Jane', currency, timezone, country: 'US', locationSource: 'given', address: null },
      ...{ taxExempt: false, externalKey: null, collection: 'automatic', paymentTermsDays: 30 },
      ...{ defaultPaymentMethodId: idOf<'payment_method'>(3), metadata: {}, invoicePrefix: 'JANE' },
      ...{ invoiceSequence: 0, creditNoteSequence: 0, nextBillingAt: null, createdAt: FROM },
      ...{ overdue: { status: 'current', step: 'none', since: null }, disputeHold: null, openDisputes: 0 },
    },
    methods: [
      {
        ...{ organizationId, id: idOf<'payment_method'>(3), accountId, gatewayAccountId: idOf<'gateway_account'>(4) },
        ...{ gatewayCustomer: 'cus_1', gatewayMethod: 'pm_1', kind: 'card', brand: 'visa', last4: '4242' },
        ...{ version: 1, expiryMonth: 12, expiryYear: 2040, createdAt: FROM, renewedAfter: null, removedAt: null },
      },
    ],
    ...{ plans: [planOf(organizationId, currency)], clock: null, coupon: null, versions: new Map() },
    usageOf: () => ({ quantity: '0', events: [] }),
    ...{ subscriptions: [], invoices: [], creditNotes: [], payments: [], refunds: [] },
    ...{ credits: [], applications: [], discounts: [], attempts: [], disputes: [] },
  }
}

function planOf(organizationId: Id<'organization'>, currency: Currency): Plan {
  const planId = idOf<'plan'>(5)
  const prices = [{ currency, interval: { unit: 'month', count: 1 }, unitAmount: String(AMOUNT) }] as const
  return {
    ...{ organizationId, id: planId, version: 1, kind: 'plan', code: 'pro', name: 'Pro', metadata: {} },
    current: {
      ...{ organizationId, id: idOf<'plan_version'>(6), planId, number: 1, planName: 'Pro', trialDays: 0 },
      ...{ prices, charges: [], minimums: [], createdAt: FROM },
    },
    ...{ archivedAt: null, replacedBy: null, createdAt: FROM },
  }
}

function idOf<K extends IdKind>(n: number): Id<K> {
  return uuidV7(FROM, new Uint8Array(10).fill(n)) as Id<K>
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error('the currency and the zone are known')
  return value
}
