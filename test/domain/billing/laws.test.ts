import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../src/billing/domain/command.ts'
import { decide } from '../../../src/billing/domain/decide.ts'
import { isEmpty } from '../../../src/billing/domain/decision.ts'
import { type Invoice, netOf } from '../../../src/invoices/domain/invoice.ts'
import { linesInForce } from '../../../src/invoices/domain/proration.ts'
import { HOUR_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import { localDaysBetween, type Zone } from '../../../src/kernel/zone.ts'
import { pricedItems } from '../../../src/subscriptions/domain/billable.ts'
import type { ChangeSubscription } from '../../../src/subscriptions/domain/command.ts'
import type { Subscription, SubscriptionIn } from '../../../src/subscriptions/domain/subscription.ts'
import { at, idsOf } from '../../support/given.ts'
import { givenChange, givenCustomer, givenRules, givenSale } from '../../support/given-selling.ts'
import { attempts, beginning, following, type History } from './history.ts'
import { type Happening, type Life, later, lives, moments, plans } from './life.ts'
import { loaded } from './loaded.ts'
import { advance, bytesOf, creditLeft, documents, invoicesOf, owed, subscription } from './words.ts'

const runs = { numRuns: 60 }

/** What each bears, whenever it was made: the run may be early or late. */
const billed = (history: History) =>
  invoicesOf(history)
    .map(({ reason, period, lines }: Invoice) => ({
      ...{ reason, period },
      lines: lines.map((line) => [line.kind, netOf(line), line.description]),
    }))
    .map(bytesOf)
    .toSorted()

/** These say what is to be; the others add to what there is, and are kept from repetition by their idempotency key. */
const settles: readonly Command['type'][] = [
  ...(['unschedule_change', 'cancel_subscription', 'uncancel_subscription', 'pause_subscription'] as const),
  ...(['resume_subscription', 'update_subscription', 'delete_invoice', 'finalize_invoice'] as const),
  ...(['void_invoice', 'mark_uncollectible', 'void_credit_note', 'void_credit', 'attach_coupon'] as const),
  ...(['detach_discounts', 'advance', 'record_outcomes', 'record_refunds', 'attach_method'] as const),
  ...(['set_default_method', 'update_method', 'remove_method', 'place_hold', 'release_hold'] as const),
  ...(['record_dispute', 'record_foreign_refund'] as const),
]

/** A coupon may be used, or its subscription end, by what the same decision brings up to date. */
function isUsedUp({ decisions }: History): boolean {
  const { discounts = [], subscriptions = [] } = decisions.at(-1) ?? {}
  return discounts.some(({ after }) => after.endedAt !== null) || subscriptions.some(({ after }) => 'endedAt' in after)
}

/** Who does not pay is billed on. */
const lenient = lives.map(([given, all]): Life => [{ ...given, terminalAction: 'leave' }, all])

describe('in any life', () => {
  test('the same is decided of the same, and nothing is decided twice', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, command, now, after } of moments(life).all) {
          const once = () => decide(loaded(before, command), command, now, idsOf(attempts(before)))
          expect(bytesOf(once())).toBe(bytesOf(once()))
          if (!settles.includes(command.type) || (command.type === 'attach_coupon' && isUsedUp(after))) continue
          const again = decide(loaded(after, command), command, now, idsOf(attempts(after)))
          if (again.ok && !again.value.behind) expect(isEmpty(again.value), command.type).toBe(true)
        }
      }),
      runs,
    )
  })

  test('a preview of the instant at which something falls due next is what happens then', () => {
    fc.assert(
      fc.property(lives, fc.nat(100), (life, part) => {
        const { history, now } = moments(life)
        const next = history.snapshot.account.nextBillingAt
        if (next === null || next <= now) return
        const preview = decide(loaded(history, advance), advance, next, idsOf(7))
        const between = following(history, advance, plusMs(now, Math.floor(((next - now - 1) * part) / 100)))
        expect(between.events.length).toBe(history.events.length)
        const run = decide(loaded(between, advance), advance, next, idsOf(7))
        const documentsOf = (decided: typeof run) =>
          decided.ok ? bytesOf(decided.value.invoices.map(({ after }) => after)) : decided.error
        expect(documentsOf(run)).toEqual(documentsOf(preview))
      }),
      runs,
    )
  })

  test('catching up in one go bills what catching up in steps does', () => {
    const apart = lenient.filter(([{ consolidate }]) => !consolidate)
    fc.assert(
      fc.property(apart, fc.integer({ min: 1, max: 50 }), (life, days) => {
        const { history, now } = moments(life)
        const end = later(now, 100)
        let inSteps = history
        for (let step = later(now, days); step < end; step = later(step, days)) inSteps = caughtUp(inSteps, step)
        expect(billed(caughtUp(inSteps, end))).toEqual(billed(caughtUp(history, end)))
      }),
      runs,
    )
  })
})

/** Lives in which all that is sold is billed: nothing is void, written off, free or not prorated. */
const billable = lenient
  .filter(([{ granularity }]) => granularity !== 'none')
  .map(
    ([given, all]): Life => [
      given,
      all
        .filter(isBilled)
        .map((one) => ({ ...one, choice: one.choice === 3 ? 4 : one.choice, amount: 1000 * one.amount })),
    ],
  )

function isBilled({ what, granularity, plan, which }: Happening): boolean {
  if (what === 'void' || what === 'uncollectible') return false
  return granularity !== 'none' && !(what === 'attach' && plan === 3) && !(what === 'create' && which === 1)
}

/** All that is sold in its present period, unless a change comes to less than a unit, as it may in the last days. */
function isSettled(one: Subscription, now: Instant): one is SubscriptionIn<'active'> {
  if (one.status !== 'active' || one.pendingChange !== null || one.period.end <= now) return false
  const change = one.scheduledChange?.at ?? 'period_end'
  return (change === 'period_end' || change > now) && localDaysBetween(one.changedAt, one.period.end, one.timezone) > 10
}

test('in any life what is billed of the present period and not credited is what is sold', () => {
  fc.assert(
    fc.property(billable, (life) => {
      for (const { after, now } of moments(life).all) {
        const { versions } = loaded(after, advance)
        for (const one of [...after.subscriptions.values()].filter((each) => isSettled(each, now))) {
          const about = { subscriptionId: one.id, period: one.period, except: null }
          const inForce = linesInForce([...after.invoices.values()], about, new Map())
          const billedOf = inForce.map(({ line }) => [line.planVersionId, line.quantity, line.unitAmount])
          const soldOf = pricedItems(one, one, versions).map(({ item, unitAmount }) => [
            ...[item.planVersionId, String(item.quantity), unitAmount],
          ])
          expect(billedOf.toSorted()).toEqual(soldOf.toSorted())
        }
      }
    }),
    runs,
  )
})

function caughtUp(history: History, now: Instant): History {
  let next = following(history, advance, now)
  while (next.decisions.at(-1)?.behind) next = following(next, advance, now)
  return next
}

const terms = fc.record({
  planCode: fc.constantFrom('small', 'large'),
  quantity: fc.integer({ min: 1, max: 9 }),
  interval: fc.constantFrom({ unit: 'month', count: 1 } as const, { unit: 'year', count: 1 } as const),
})
const days = fc.record({
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe'),
  hours: fc.nat(24 * 27),
  granularity: fc.constantFrom('day', 'second'),
  changes: fc.array(terms, { minLength: 1, maxLength: 5 }),
})
type Days = typeof days extends fc.Arbitrary<infer T> ? T : never

/** Sold in May at noon, so that local days are not whole. */
function sold({ timezone, granularity }: Days, invoicing: 'end_of_day' | 'now'): History {
  const settings = givenRules({ proration: { granularity, invoicing } })
  const account = givenCustomer({ timezone: timezone as Zone, collection: 'invoice' })
  return following(
    beginning({ plans, settings, account }),
    givenSale({ planCode: 'small' }),
    at('2026-05-03T12:00:00Z'),
  )
}

function changed(history: History, to: Partial<ChangeSubscription>, now: Instant): History {
  return following(history, givenChange(subscription(history).id, to), now)
}

const asSold = { planCode: 'small', quantity: 1, interval: { unit: 'month', count: 1 } } as const
const instantOf = ({ hours }: Days) => plusMs(at('2026-05-03T12:00:00Z'), hours * HOUR_MS)

describe('whatever is changed', () => {
  test('a day’s changes come to what the last of them alone comes to', () => {
    fc.assert(
      fc.property(days, (given) => {
        const start = sold(given, 'end_of_day')
        const now = instantOf(given)
        const all = given.changes.reduce((history, to) => changed(history, to, now), start)
        const direct = changed(start, given.changes.at(-1) ?? asSold, now)
        expect(documents(all)).toEqual(documents(direct))
        expect(billed(caughtUp(all, later(now, 60)))).toEqual(billed(caughtUp(direct, later(now, 60))))
      }),
      runs,
    )
  })

  test('there and back at one instant comes to nothing', () => {
    fc.assert(
      fc.property(days, fc.constantFrom('end_of_day', 'now'), (given, invoicing) => {
        const start = sold(given, invoicing)
        const now = instantOf(given)
        const monthly = given.changes.map((to) => ({ ...to, interval: asSold.interval }))
        const there = monthly.reduce((history, to) => changed(history, to, now), start)
        const back = changed(there, asSold, now)
        expect(owed(back) - creditLeft(back)).toBe(owed(start))
        expect(subscription(back)).toMatchObject({ planId: plans[0].id, quantity: 1 })
        if (invoicing === 'end_of_day') expect(documents(back)).toEqual(documents(start))
      }),
      runs,
    )
  })
})
