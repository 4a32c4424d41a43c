import fc from 'fast-check'
import type { Command } from '../../../src/billing/domain/command.ts'
import type { Coupon } from '../../../src/discounts/domain/coupon.ts'
import type { Currency } from '../../../src/kernel/currency.ts'
import { DAY_MS, HOUR_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Interval } from '../../../src/kernel/period.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import {
  granularities,
  invoicings,
  smallBalances,
  terminalActions,
} from '../../../src/organizations/domain/organization.ts'
import { disputeStatuses } from '../../../src/payments/domain/dispute.ts'
import { outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { refundOutcomeKinds } from '../../../src/payments/domain/refund.ts'
import { creditTargets, trialEnds } from '../../../src/subscriptions/domain/subscription.ts'
import type { UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, id, month, USD } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules } from '../../support/given-selling.ts'
import { card, dunning, retries } from './collecting.ts'
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
  ...(['detach', 'advance', 'advance', 'advance', 'advance', 'advance', 'refunded'] as const),
  ...(['outcome', 'outcome', 'outcome', 'outcome', 'outcome', 'pay', 'pay', 'record', 'attachCard'] as const),
  ...(['chooseCard', 'removeCard', 'renewCard', 'hold', 'release', 'contest', 'contest', 'giveBack'] as const),
  ...(['givenBack', 'resolve', 'collectOtherwise'] as const),
] as const

/** Mostly what happens to money. */
const moneyKinds = [
  ...Array.from({ length: 12 }, () => ['advance', 'outcome'] as const).flat(),
  ...(['pay', 'pay', 'record', 'attachCard', 'chooseCard', 'removeCard', 'renewCard', 'hold', 'release'] as const),
  ...(['collectOtherwise', 'collectOtherwise'] as const),
  ...(['release', 'contest', 'contest', 'giveBack', 'givenBack', 'refunded', 'resolve', 'create', 'write'] as const),
  ...(['change', 'cancel', 'void', 'note', 'note', 'unnote', 'grant', 'apply', 'uncollectible'] as const),
] as const

/** What may happen, some hours after the last; each number chooses among what there is by then. */
const happening = fc.record({
  hours: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(24 * 45)),
  what: fc.constantFrom<(typeof kinds | typeof moneyKinds)[number]>(...kinds),
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
  dispute: fc.constantFrom(...disputeStatuses),
})
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const world = fc.record({
  series: fc.constantFrom('account', 'organization'),
  engine: fc.constantFrom('none', 'rates', 'rates', 'external'),
  currency: fc.constantFrom(...currencies),
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca'),
  collection: fc.constantFrom('automatic', 'automatic', 'invoice'),
  cards: fc.constantFrom(0, 1, 2, 3),
  fallbacks: fc.boolean(),
  smallBalances: fc.constantFrom(...smallBalances),
  terminalAction: fc.constantFrom(...terminalActions),
  granularity: fc.constantFrom('day', 'second', 'none'),
  invoicing: fc.constantFrom(...invoicings),
  consolidate: fc.constantFrom(false, false, true),
  isUsed: fc.boolean(),
  graceMinutes: fc.constantFrom(0, 60, 1440),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

const moneyOutcomes = fc.constantFrom('succeeded', 'declined', 'declined', 'declined', ...outcomeKinds)

/** The first thing is a sale. */
const happenings = fc
  .array(happening, { minLength: 1, maxLength: 40, size: 'max' })
  .map(([first, ...rest]) => [...(first ? [{ ...first, what: 'create' } as const] : []), ...rest])

export const lives = fc.tuple(world, happenings)

const plainly = { collection: 'automatic', engine: 'none', graceMinutes: 0 } as const

/** Lives of who is charged: days pass, tries end one way or the other, and what is sold is plain. */
export const moneyLives = fc.tuple(
  world.map((given) => ({ ...given, ...plainly })),
  fc
    .array(
      fc.record({ one: happening, what: fc.constantFrom(...moneyKinds), days: fc.nat(4), outcome: moneyOutcomes }),
      { minLength: 5, maxLength: 60, size: 'max' },
    )
    .map((all) =>
      all.map(({ one, what, days, outcome }, index) => ({
        ...{ ...one, what: index === 0 ? ('create' as const) : what, outcome, hours: days * 24 },
        ...(index === 0 && { which: 6 }),
      })),
    ),
)
export type Life = readonly [World, readonly Happening[]]

const BORN = at('2026-01-31T22:30:00Z')

function born(given: World): History {
  const { series, engine, currency, timezone, collection, granularity, invoicing, consolidate } = given
  const { cards, fallbacks, smallBalances, terminalAction } = given
  const methods = Array.from({ length: cards }, (_, n) => card(n + 1))
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
      ...retries({ fallbacks, smallBalances }),
      ...dunning({ terminalAction }),
    }),
    account: givenCustomer({
      ...{ currency: currency as Currency, timezone: timezone as Zone, collection },
      defaultPaymentMethodId: methods[0]?.id ?? null,
    }),
    methods,
    ...(given.isUsed && { usageOf: threeAnHour }),
  })
}

/** Steady use, whatever window is asked for: what is used in two windows is used in both together. */
const threeAnHour: UsageOf = ({ period }) => {
  const upTo = (when: number) => Math.floor((when - BORN) / (HOUR_MS / 3))
  return { quantity: String(upTo(period.end) - upTo(period.start)) }
}

type Lived = { readonly history: History; readonly now: Instant; readonly all: readonly Moment[] }

/** The same life is asked for by every law. */
const known = new Map<string, Lived>()

export function live(life: Life): History {
  return remembered(life).history
}

export function remembered(life: Life): Lived {
  const key = JSON.stringify(life)
  const lived = known.get(key) ?? moments(life)
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
export function moments([given, happenings]: Life): Lived {
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
