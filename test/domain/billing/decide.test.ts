import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/billing/domain/decide.ts'
import { isEmpty } from '../../../src/billing/domain/decision.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import { at, createCommand, givenAccount, givenPlan, givenSettings, id, idsOf, price } from '../../support/given.ts'
import { balances, beginning, bytesOf, following, type History, invoicesOf } from './history.ts'

const START = at('2026-01-31')
const advance = { type: 'advance' } as const
const weekly = { unit: 'week', count: 1 } as const

const subscribed = (about = {}, from = beginning()): History => following(from, createCommand(about), START)
const only = ({ subscriptions }: History) => {
  const [one] = subscriptions.values()
  if (one === undefined) throw new Error('there is none')
  return one
}

/** What two ways to the same invoice must agree on. */
const facts = ({ period, lines, total, reason }: Invoice) => ({
  ...{ period, total, reason },
  lines: lines.map(({ billingKey, amount, tax, description, quantity, unitAmount }) => ({
    billingKey,
    amount,
    tax,
    description,
    quantity,
    unitAmount,
  })),
})

describe('one decide', () => {
  test('makes the same bytes of the same arguments', () => {
    const { snapshot } = subscribed()
    const once = () => bytesOf(decide({ ...snapshot, plan: null }, advance, at('2026-06-15'), idsOf(7)))
    expect(once()).toBe(once())
    const created = () =>
      bytesOf(decide({ ...beginning().snapshot, plan: givenPlan() }, createCommand(), START, idsOf(7)))
    expect(created()).toBe(created())
  })

  test('says nothing when it is asked again: what is done is done', () => {
    const now = at('2026-06-15')
    const once = following(subscribed(), advance, now)
    const again = decide(once.snapshot, advance, now, idsOf(9))
    expect(again.ok && isEmpty(again.value)).toBe(true)
    expect(once.decisions.at(-1)?.behind).toBe(false)
  })

  test('a start in the past is a start and an advance', () => {
    const now = at('2026-06-15')
    const inOne = following(beginning(), createCommand({ startAt: START }), now)
    const inTwo = following(subscribed(), advance, now)
    expect(invoicesOf(inOne).map(facts)).toEqual(invoicesOf(inTwo).map(facts))
    const { createdAt: _, version: one, ...left } = only(inOne)
    const { createdAt: __, version: two, ...right } = only(inTwo)
    expect([left, one, two]).toEqual([right, 1, 2])
    expect(balances(inOne)).toEqual(balances(inTwo))
  })

  test.each([1, 7, 30, 100])('in one go or every %s days: the same invoices', (days) => {
    const end = at('2027-03-01')
    const inOne = following(subscribed({ trialDays: 10 }), advance, end)
    let inSteps = subscribed({ trialDays: 10 })
    for (let now = START; now < end; now = (now + days * 86_400_000) as typeof now)
      inSteps = following(inSteps, advance, now)
    inSteps = following(inSteps, advance, end)
    expect(invoicesOf(inSteps).map(facts)).toEqual(invoicesOf(inOne).map(facts))
    expect(invoicesOf(inOne).map((one) => 'number' in one && one.number)).toEqual(
      Array.from({ length: 13 }, (_, index) => `JANE-${String(index + 1).padStart(4, '0')}`),
    )
  })

  test('a command brings the subscription up to date first, whether the run has been there or not', () => {
    const now = at('2026-04-15')
    const cancel = (history: History) =>
      following(history, { type: 'cancel_subscription', id: only(history).id, when: 'now' }, now)
    const [before, after] = [cancel(subscribed()), cancel(following(subscribed(), advance, now))]
    expect(invoicesOf(before).map(facts)).toEqual(invoicesOf(after).map(facts))
    expect(invoicesOf(before)).toHaveLength(3)
    expect([only(before), only(after)]).toMatchObject([{ status: 'cancelled', endedAt: now }, { status: 'cancelled' }])
    expect(before.snapshot.account.nextBillingAt).toBeNull()
  })

  test('goes 24 steps at once, and says that it is behind', () => {
    const byWeek = givenPlan([price('100', weekly)])
    let history = following(beginning(), createCommand(), START, byWeek)
    const now = at('2026-08-29')
    history = following(history, advance, now, byWeek)
    expect([history.invoices.size, history.decisions.at(-1)?.behind]).toEqual([25, true])
    const refused = following(
      following(beginning(), createCommand(), START, byWeek),
      { type: 'cancel_subscription', id: only(history).id, when: 'now' },
      now,
    )
    expect(refused.rejections).toMatchObject([{ code: 'changed_meanwhile' }])
    history = following(history, advance, now, byWeek)
    expect([history.invoices.size, history.decisions.at(-1)?.behind]).toEqual([31, false])
  })

  test('keeps the account’s next date: the earliest of its subscriptions', () => {
    const history = subscribed()
    expect(history.snapshot.account).toMatchObject({ nextBillingAt: at('2026-02-28'), version: 2, invoiceSequence: 1 })
    const ending = following(
      history,
      { type: 'cancel_subscription', id: only(history).id, when: 'period_end' },
      at('2026-02-10'),
    )
    expect(ending.snapshot.account).toMatchObject({ nextBillingAt: at('2026-02-28'), version: 3 })
    expect(following(ending, advance, at('2026-02-28')).snapshot.account.nextBillingAt).toBeNull()
  })
})

describe('what an invoice is made with', () => {
  test('a method charges it in the same decision; without one, or by invoice, it waits', () => {
    const counts = (from: History) => subscribed({}, from).charges.size
    expect(counts(beginning())).toBe(1)
    expect(counts(beginning({ method: null }))).toBe(0)
    expect(counts(beginning({ account: givenAccount({ collection: 'invoice' }) }))).toBe(0)
  })

  test('an external engine leaves a draft, and its answer closes it', () => {
    const settings = givenSettings({ tax: { engine: 'external', rates: [] } })
    const drafted = subscribed({}, beginning({ settings }))
    const [draft] = invoicesOf(drafted)
    expect([draft?.status, drafted.ledger, drafted.charges.size]).toEqual(['draft', [], 0])
    expect(drafted.snapshot.account.invoiceSequence).toBe(0)
    const taxes = [{ name: 'VAT', country: 'DE', region: null, percent: '19', amount: 931n }]
    const closed = following(
      drafted,
      { type: 'finalize_invoice', id: draft?.id ?? id('invoice', 0), taxes },
      at('2026-02-02'),
    )
    expect(invoicesOf(closed)).toMatchObject([
      { status: 'open', number: 'JANE-0001', version: 2, total: 5831n, tax: 931n },
    ])
    expect(invoicesOf(closed)[0]?.taxes).toEqual(taxes.map((tax) => ({ ...tax, taxable: 4900n })))
    expect(balances(closed)).toEqual({ receivable: 5831n, revenue: -4900n, tax: -931n })
    const again = following(
      closed,
      { type: 'finalize_invoice', id: draft?.id ?? id('invoice', 0), taxes },
      at('2026-02-02'),
    )
    expect(again.rejections).toMatchObject([{ code: 'invoice_not_draft' }])
  })

  test('an organization’s series leaves the account’s alone, and its number to the commit', () => {
    const settings = givenSettings({ numbering: { series: 'organization', prefix: 'INV' } })
    const history = subscribed({}, beginning({ settings }))
    const [invoice] = invoicesOf(history)
    expect(invoice).toMatchObject({ number: `number:${invoice?.id}` })
    expect(history.snapshot.account.invoiceSequence).toBe(0)
  })

  test('events tell every change once, in order, with what was before', () => {
    const { decisions } = subscribed()
    expect(decisions[0]?.events.map(({ type, before }) => [type, before === null])).toEqual([
      ['subscription.created', true],
      ['subscription.activated', false],
      ['invoice.created', true],
      ['invoice.finalized', false],
      ['payment.created', true],
    ])
  })
})

describe('refused is', () => {
  test.each([
    ['a plan that is not there', () => decide(beginning().snapshot, createCommand(), START, idsOf(1)), 'not_found'],
    [
      'a subscription that is not there',
      () => decide(beginning().snapshot, { type: 'uncancel_subscription', id: id('subscription', 1) }, START, idsOf(1)),
      'not_found',
    ],
    [
      'an invoice that is not there',
      () =>
        decide(beginning().snapshot, { type: 'finalize_invoice', id: id('invoice', 1), taxes: [] }, START, idsOf(1)),
      'invoice_not_draft',
    ],
  ])('%s', (_, ask, code) => {
    expect(ask()).toMatchObject({ ok: false, error: { code, hint: expect.stringMatching(/./) } })
  })
})
