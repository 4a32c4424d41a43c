import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Command } from '../../../src/billing/domain/snapshot.ts'
import { balanceOf } from '../../../src/invoices/domain/invoice.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { declineOf } from '../../../src/payments/domain/decline.ts'
import type { ChargeOutcome } from '../../../src/payments/domain/outcome.ts'
import { outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { nextDueAt } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  createCommand,
  givenAccount,
  givenMethod,
  givenPlan,
  givenSettings,
  id,
  month,
  price,
} from '../../support/given.ts'
import { balances, beginning, following, type History, invoicesOf } from './history.ts'

const plans = [0, 1, 2].map((index) => {
  const plan = givenPlan([price(['4900', '1239', '0'][index] ?? '', month), price('990', { unit: 'week', count: 2 })])
  const planId = id('plan', 500 + index)
  const current = { ...plan.current, id: id('plan_version', 600 + index), planId }
  return { ...plan, id: planId, code: `plan${index}`, current }
})

/** What may happen, each after some days. */
const happening = fc.record({
  days: fc.nat(40),
  what: fc.constantFrom('create', 'cancel', 'end', 'uncancel', 'update', 'advance', 'advance', 'outcome', 'tax'),
  plan: fc.nat(2),
  which: fc.nat(5),
  trialDays: fc.constantFrom(0, 0, 14),
  backdated: fc.constantFrom(0, 0, 100, -20),
  outcome: fc.constantFrom(...outcomeKinds),
  quantity: fc.integer({ min: 1, max: 9 }),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

function commandOf(history: History, one: Happening, now: Instant): Command {
  const all = [...history.subscriptions.values()]
  const target = all[one.which % Math.max(1, all.length)]?.id ?? id('subscription', 999)
  const drafts = invoicesOf(history).filter(({ status }) => status === 'draft')
  switch (one.what) {
    case 'create':
      return createCommand({
        ...{
          planCode: `plan${one.plan}`,
          interval: one.which % 2 === 0 ? 'month' : 'week',
          intervalCount: one.which % 2 === 0 ? 1 : 2,
        },
        ...{ trialDays: one.trialDays, quantity: one.quantity, startAt: (now - one.backdated * DAY_MS) as Instant },
      })
    case 'cancel':
      return { type: 'cancel_subscription', id: target, when: 'now' }
    case 'end':
      return { type: 'cancel_subscription', id: target, when: 'period_end' }
    case 'uncancel':
      return { type: 'uncancel_subscription', id: target }
    case 'update':
      return { type: 'update_subscription', id: target, metadata: { n: String(one.which) } }
    case 'tax': {
      const taxes = [{ name: 'VAT', country: null, region: null, percent: null, amount: BigInt(one.quantity) }]
      return { type: 'finalize_invoice', id: drafts[0]?.id ?? id('invoice', 999), taxes }
    }
    case 'outcome': {
      const outcome: ChargeOutcome =
        one.outcome === 'declined' ? { kind: 'declined', decline: declineOf('lost_card', null) } : { kind: one.outcome }
      return {
        type: 'record_outcomes',
        outcomes: new Map([...history.charges.values()].map(({ attempt }) => [attempt.id, outcome])),
      }
    }
    case 'advance':
      return { type: 'advance' }
  }
}

const worlds = fc.record({
  series: fc.constantFrom('account', 'organization') as fc.Arbitrary<'account' | 'organization'>,
  engine: fc.constantFrom('none', 'rates', 'external') as fc.Arbitrary<'none' | 'rates' | 'external'>,
  currency: fc.constantFrom('USD'),
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe') as fc.Arbitrary<Zone>,
  collection: fc.constantFrom('automatic', 'invoice') as fc.Arbitrary<'automatic' | 'invoice'>,
  method: fc.constantFrom(givenMethod(), null),
})
type Given = typeof worlds extends fc.Arbitrary<infer T> ? T : never

function live(given: Given, happenings: readonly Happening[]): History {
  const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
  let history = beginning({
    settings: givenSettings({
      numbering: { series: given.series, prefix: 'INV' },
      tax: { engine: given.engine, rates },
    }),
    account: givenAccount({ timezone: given.timezone, collection: given.collection }),
    method: given.method,
  })
  let now = at('2026-01-31T22:30:00Z')
  for (const one of happenings) {
    now = (now + one.days * DAY_MS) as Instant
    history = following(history, commandOf(history, one, now), now, plans[one.plan])
  }
  return history
}

const lives = fc.tuple(worlds, fc.array(happening, { maxLength: 30 }))
const runs = { numRuns: 150 }

test('in any life the trial balance is zero, and the customer owes what the open invoices say', () => {
  fc.assert(
    fc.property(lives, ([given, happenings]) => {
      const history = live(given, happenings)
      const sums = balances(history)
      expect(Object.values(sums).reduce((sum, one) => sum + one, 0n)).toBe(0n)
      const finals = invoicesOf(history).filter(({ status }) => status !== 'draft')
      expect(sums.receivable ?? 0n).toBe(finals.reduce((sum, invoice) => sum + balanceOf(invoice), 0n))
      const taken = [...history.charges.values()].filter(({ payment }) => payment.status === 'succeeded')
      expect(sums.cash ?? 0n).toBe(taken.reduce((sum, { payment }) => sum + payment.amount, 0n))
    }),
    runs,
  )
})

test('in any life the periods of a subscription tile, and none is billed twice', () => {
  fc.assert(
    fc.property(lives, ([given, happenings]) => {
      const history = live(given, happenings)
      const lines = invoicesOf(history).flatMap((invoice) => invoice.lines)
      expect(new Set(lines.map(({ subscriptionId, billingKey }) => `${subscriptionId} ${billingKey}`)).size).toBe(
        lines.length,
      )
      for (const own of Map.groupBy(lines, ({ subscriptionId }) => subscriptionId).values()) {
        for (const [index, { period }] of own.entries())
          if (index > 0) expect(period.start).toBe(own[index - 1]?.period.end)
      }
    }),
    runs,
  )
})

test('in any life numbers follow one another, and versions count the changes', () => {
  fc.assert(
    fc.property(lives, ([given, happenings]) => {
      const history = live(given, happenings)
      const finalized = history.decisions
        .flatMap(({ events }) => events)
        .filter(({ type }) => type === 'invoice.finalized')
      const numbers = finalized.map(({ after }) => ('number' in after ? after.number : null))
      const wanted = finalized.map(({ after }, index) =>
        given.series === 'account' ? `JANE-${String(index + 1).padStart(4, '0')}` : `number:${after.id}`,
      )
      expect(numbers).toEqual(wanted)
      for (const { account } of history.decisions) expect(account.after.version).toBe(account.before.version + 1)
      for (const { subscriptions } of history.decisions) {
        for (const { before, after } of subscriptions) expect(after.version).toBe((before?.version ?? 0) + 1)
      }
    }),
    runs,
  )
})

test('in any life the account knows when it is due next, and one live subscription holds a plan', () => {
  fc.assert(
    fc.property(lives, ([given, happenings]) => {
      const history = live(given, happenings)
      const { account, subscriptions } = history.snapshot
      const due = subscriptions.map(nextDueAt).filter((one) => one !== null)
      expect(account.nextBillingAt).toBe(due.length === 0 ? null : Math.min(...due))
      expect(new Set(subscriptions.map(({ planId }) => planId)).size).toBe(subscriptions.length)
    }),
    runs,
  )
})

test('in any life folding the events gives what there is', () => {
  fc.assert(
    fc.property(lives, ([given, happenings]) => {
      const history = live(given, happenings)
      const last = new Map<string, unknown>()
      for (const { events } of history.decisions) for (const { after } of events) last.set(after.id, after)
      for (const [key, subscription] of history.subscriptions) expect(last.get(key)).toEqual(subscription)
      for (const [key, invoice] of history.invoices) expect(last.get(key)).toEqual(invoice)
      for (const [key, { payment }] of history.charges) expect(last.get(key)).toEqual(payment)
    }),
    runs,
  )
})
