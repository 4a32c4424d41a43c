import fc from 'fast-check'
import type { Command } from '../../../src/billing/domain/command.ts'
import type { Coupon } from '../../../src/discounts/domain/coupon.ts'
import type { Currency } from '../../../src/kernel/currency.ts'
import { DAY_MS, HOUR_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Interval } from '../../../src/kernel/period.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { granularities, invoicings } from '../../../src/organizations/domain/organization.ts'
import { outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { refundOutcomeKinds } from '../../../src/payments/domain/refund.ts'
import { creditTargets, trialEnds } from '../../../src/subscriptions/domain/subscription.ts'
import type { UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, givenMethod, id, month, USD } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules } from '../../support/given-selling.ts'
import { commandOf } from './happening.ts'
import { beginning, following, type History } from './history.ts'

/** Any life of an account: what it begins with, and what happens to it. */

const currencies = ['USD', 'JPY', 'KWD'] as const
const weeks: Interval = { unit: 'week', count: 2 }
const year: Interval = { unit: 'year', count: 1 }

const priced = (...amounts: readonly string[]) =>
  currencies.flatMap((currency) =>
    [month, weeks, year].flatMap((interval, index) => {
      const unitAmount = amounts[index]
      return unitAmount === undefined ? [] : [{ currency: currency as Currency, interval, unitAmount }]
    }),
  )

const metered = currencies.map((currency) =>
  givenCharge({
    currency: currency as Currency,
    model: { type: 'graduated', tiers: [tier('100', '0.5', '7'), tier(null, '0.25')] },
  }),
)

export const plans = [
  givenOffer(40, 'small', priced('4900', '1239', '49999')),
  givenOffer(41, 'large', priced('9901.5', '5003', '99900')),
  givenOffer(42, 'metered', priced('1239', '611', '9000'), {
    charges: metered,
    minimums: [{ currency: USD, amount: '3000' }],
  }),
  givenOffer(43, 'extra', priced('333.3', '170', '3333'), { kind: 'add_on' }),
  givenOffer(44, 'hours', priced('990', '499', '9900'), { kind: 'add_on', charges: metered.slice(0, 1) }),
] as const

const coupons: readonly Coupon[] = [
  givenCoupon({ id: id('coupon', 240), code: 'HALF', terms: percentOff('50'), duration: { type: 'forever' } }),
  givenCoupon({ id: id('coupon', 241), code: 'ONCE', terms: percentOff('33.3') }),
  givenCoupon({
    ...{ id: id('coupon', 242), code: 'SMALL', terms: percentOff('10'), duration: { type: 'periods', count: 3 } },
    plans: [{ id: plans[0].id, code: 'small' }],
  }),
  givenCoupon({ id: id('coupon', 243), code: 'ALL', terms: percentOff('100') }),
]

const kinds = [
  ...(['create', 'create', 'change', 'change', 'change', 'change', 'change', 'change', 'unschedule', 'pause'] as const),
  ...(['pause', 'resume', 'resume', 'cancel', 'end', 'uncancel', 'trial', 'update', 'write', 'rewrite'] as const),
  ...(['delete', 'finalize', 'change', 'change', 'change'] as const),
  ...(['void', 'void', 'uncollectible', 'apply', 'note', 'note', 'unnote', 'grant', 'ungrant', 'attach'] as const),
  ...(['detach', 'advance', 'advance', 'advance', 'outcome', 'outcome', 'outcome', 'refunded'] as const),
] as const

/** What may happen, some hours after the last; each number chooses among what there is by then. */
const happening = fc.record({
  hours: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(24 * 45)),
  what: fc.constantFrom(...kinds),
  which: fc.nat(7),
  plan: fc.nat(4),
  choice: fc.nat(11),
  quantity: fc.integer({ min: 1, max: 9 }),
  amount: fc.integer({ min: 1, max: 12_000 }),
  granularity: fc.constantFrom(null, null, ...granularities),
  invoicing: fc.constantFrom(null, null, ...invoicings),
  credit: fc.constantFrom(...creditTargets),
  trialEnd: fc.constantFrom(...trialEnds),
  outcome: fc.constantFrom('succeeded', 'succeeded', ...outcomeKinds),
  refund: fc.constantFrom(...refundOutcomeKinds),
})
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const world = fc.record({
  series: fc.constantFrom('account', 'organization'),
  engine: fc.constantFrom('none', 'rates', 'rates', 'external'),
  currency: fc.constantFrom(...currencies),
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca'),
  collection: fc.constantFrom('automatic', 'automatic', 'invoice'),
  hasMethod: fc.constantFrom(true, true, false),
  granularity: fc.constantFrom('day', 'second', 'none'),
  invoicing: fc.constantFrom(...invoicings),
  consolidate: fc.constantFrom(false, false, true),
  isUsed: fc.boolean(),
  graceMinutes: fc.constantFrom(0, 60, 1440),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

/** The first thing is a sale. */
const happenings = fc
  .array(happening, { minLength: 1, maxLength: 40, size: 'max' })
  .map(([first, ...rest]) => [...(first ? [{ ...first, what: 'create' } as const] : []), ...rest])

export const lives = fc.tuple(world, happenings)
export type Life = readonly [World, readonly Happening[]]

const BORN = at('2026-01-31T22:30:00Z')

function born(given: World): History {
  const { series, engine, currency, timezone, collection, hasMethod, granularity, invoicing, consolidate } = given
  const rates = [
    { country: 'DE', region: null, name: 'VAT', percent: '19' },
    { country: 'DE', region: null, name: 'Levy', percent: '1.5' },
  ]
  return beginning({
    plans,
    offered: coupons,
    settings: givenRules({
      numbering: { series, prefix: 'INV' },
      tax: { engine, rates },
      proration: { granularity, invoicing },
      invoicing: { consolidate },
      usage: { graceMinutes: given.graceMinutes },
    }),
    account: givenCustomer({ currency: currency as Currency, timezone: timezone as Zone, collection }),
    method: hasMethod ? givenMethod() : null,
    ...(given.isUsed && { usageOf: threeAnHour }),
  })
}

/** Steady use, whatever window is asked for: what is used in two windows is used in both together. */
const threeAnHour: UsageOf = ({ period }) => {
  const upTo = (when: number) => Math.floor((when - BORN) / (HOUR_MS / 3))
  return { quantity: String(upTo(period.end) - upTo(period.start)) }
}

/** The same life is asked for by every law. */
const known = new Map<string, History>()

export function live(life: Life): History {
  const key = JSON.stringify(life)
  const lived = known.get(key) ?? moments(life).history
  known.set(key, lived)
  return lived
}

export type Moment = {
  readonly before: History
  readonly command: Command
  readonly now: Instant
  readonly after: History
}

/** All that was asked for, with what there was before and after. */
export function moments([given, happenings]: Life): {
  readonly history: History
  readonly now: Instant
  readonly all: readonly Moment[]
} {
  let history = born(given)
  let now: Instant = BORN
  const all: Moment[] = []
  for (const one of happenings) {
    now = plusMs(now, one.hours * HOUR_MS)
    const command = commandOf(history, one, now)
    const after = following(history, command, now)
    all.push({ before: history, command, now, after })
    history = after
  }
  return { history, now, all }
}

export function later(now: Instant, days: number): Instant {
  return plusMs(now, days * DAY_MS)
}
