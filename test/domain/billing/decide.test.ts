import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/billing/domain/decide.ts'
import { isEmpty } from '../../../src/billing/domain/decision.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import type { Currency } from '../../../src/kernel/currency.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { defaultSettings } from '../../../src/organizations/domain/organization.ts'
import { nextDueAt } from '../../../src/subscriptions/domain/due.ts'
import { at, id, idsOf, price } from '../../support/given.ts'
import {
  givenCancel,
  givenChange,
  givenCustomer,
  givenOffer,
  givenRules,
  givenSale,
} from '../../support/given-selling.ts'
import { beginning, following, type History, lived, refusal } from './history.ts'
import { loaded } from './loaded.ts'
import {
  advance,
  balances,
  bytesOf,
  cancels,
  changes,
  credits,
  documents,
  final,
  gateway,
  grants,
  invoice,
  invoicesOf,
  pauses,
  subscribes,
  subscription,
} from './words.ts'

const START = '2026-01-31'
const weekly = givenOffer(30, 'weekly', [price('100', { unit: 'week', count: 1 })])
const byWeek = () =>
  lived(beginning({ plans: [weekly] }), [START, subscribes({ planCode: 'weekly', interval: 'week' })])
const subscribed = (about = {}, from = beginning()): History => lived(from, [START, subscribes(about)])
const paid = (): History => lived(subscribed(), [START, gateway('succeeded')])

/** Who does not pay goes on being billed. */
const lenient = givenRules({ dunning: { ...defaultSettings.dunning, terminalAction: 'leave' } })

/** What two ways to the same invoice must agree on. */
const facts = ({ period, lines, total, reason }: Invoice) => ({
  ...{ period, total, reason },
  lines: lines.map(({ billingKey, amount, tax, description, quantity, unitAmount }) => ({
    ...{ billingKey, amount, tax, description, quantity, unitAmount },
  })),
})

describe('one decide', () => {
  test('makes the same bytes of the same arguments', () => {
    const history = subscribed()
    const asked = [advance, givenSale({ planCode: 'team' }), givenChange(subscription(history).id, { quantity: 7 })]
    for (const command of asked) {
      const once = () => bytesOf(decide(loaded(history, command), command, at('2026-06-15'), idsOf(7)))
      expect(once()).toBe(once())
    }
  })

  test('says nothing when it is asked again: what is done is done', () => {
    const now = at('2026-06-15')
    const once = following(subscribed(), advance, now)
    const again = decide(loaded(once, advance), advance, now, idsOf(9))
    expect(again.ok && isEmpty(again.value)).toBe(true)
    expect(once.decisions.at(-1)?.behind).toBe(false)
  })

  test('puts right a wrong date of the account, though nothing is told of it', () => {
    const { snapshot, ...history } = paid()
    const wrong = { ...history, snapshot: { ...snapshot, account: { ...snapshot.account, nextBillingAt: null } } }
    const right = following(wrong, advance, at(START))
    expect(right.snapshot.account.nextBillingAt).toBe(at('2026-02-28'))
    expect(right.events).toEqual(history.events)
  })

  test.each([
    ['a change', changes({ planCode: 'team' }), 'nothing_to_change'],
    ['a pause', pauses(), 'command_not_possible'],
    ['a cancellation', cancels(), 'command_not_possible'],
    ['a start', subscribes({ planCode: 'starter' }), 'already_subscribed'],
    ['a whole credit note', credits(0), 'credit_note_too_large'],
  ])('does not do %s twice', (_, asked, code) => {
    const once = code === 'already_subscribed' ? paid() : lived(paid(), ['2026-02-10', asked])
    expect(refusal(once, '2026-02-10', asked)).toMatchObject({ code })
  })

  test('FR-038 a start in the past is a start and an advance', () => {
    const now = '2026-06-15'
    const inOne = lived(beginning(), [now, subscribes({ startAt: at(START) })])
    const inTwo = lived(subscribed(), [now, advance])
    expect(invoicesOf(inOne).map(facts)).toEqual(invoicesOf(inTwo).map(facts))
    const { createdAt: _, version: one, ...left } = subscription(inOne)
    const { createdAt: __, version: two, ...right } = subscription(inTwo)
    expect([left, one, two]).toEqual([right, 1, 2])
    expect(balances(inOne)).toEqual(balances(inTwo))
  })

  test.each([1, 7, 30, 100])('in one go or every %s days: the same invoices', (days) => {
    const end = at('2027-03-01')
    const unpaid = beginning({ settings: lenient })
    const inOne = following(subscribed({ trialDays: 10 }, unpaid), advance, end)
    let inSteps = subscribed({ trialDays: 10 }, unpaid)
    for (let now = at(START); now < end; now = (now + days * DAY_MS) as Instant)
      inSteps = following(inSteps, advance, now)
    inSteps = following(inSteps, advance, end)
    expect(invoicesOf(inSteps).map(facts)).toEqual(invoicesOf(inOne).map(facts))
    expect(invoicesOf(inOne).map((_, index) => final(inOne, index).number)).toEqual(
      Array.from({ length: 13 }, (_, index) => `JANE-${String(index + 1).padStart(4, '0')}`),
    )
  })

  test('a command brings the subscription up to date first, whether the run has been there or not', () => {
    const now = '2026-04-15'
    const [before, after] = [
      lived(subscribed(), [now, cancels()]),
      lived(subscribed(), [now, advance], [now, cancels()]),
    ]
    expect(invoicesOf(before).map(facts)).toEqual(invoicesOf(after).map(facts))
    expect(invoicesOf(before)).toHaveLength(3)
    const gone = { status: 'cancelled', endedAt: at(now) }
    expect([subscription(before), subscription(after)]).toMatchObject([gone, gone])
    expect(nextDueAt(subscription(before))).toBeNull()
  })

  test('goes 24 steps at once, and says that it is behind', () => {
    const now = '2026-08-29'
    const behind = lived(byWeek(), [now, advance])
    expect([behind.invoices.size, behind.decisions.at(-1)?.behind]).toEqual([25, true])
    expect(refusal(byWeek(), now, cancels())).toMatchObject({ code: 'changed_meanwhile' })
    const caughtUp = lived(behind, [now, advance])
    expect([caughtUp.invoices.size, caughtUp.decisions.at(-1)?.behind]).toEqual([31, false])
  })

  test('keeps the account’s next date: the earliest of its subscriptions, drafts, credits and what is overdue', () => {
    const nextOf = ({ snapshot }: History) => snapshot.account.nextBillingAt
    const history = paid()
    expect(history.snapshot.account).toMatchObject({ nextBillingAt: at('2026-02-28'), version: 3, invoiceSequence: 1 })
    const changed = lived(history, ['2026-02-10T05:00:00Z', changes({ quantity: 2 })])
    expect(nextOf(changed)).toBe(at('2026-02-11'))
    expect(nextOf(lived(history, ['2026-02-10', grants(1n, '2026-02-20')]))).toBe(at('2026-02-20'))
    const ending = lived(history, ['2026-02-10', cancels({ when: 'period_end' })])
    expect(nextOf(ending)).toBe(at('2026-02-28'))
    expect(nextOf(lived(ending, ['2026-02-28', advance]))).toBeNull()
    // While it is being paid nothing more is expected of it.
    expect(nextOf(subscribed())).toBe(at('2026-02-28'))
    const declined = lived(subscribed(), [START, gateway('declined')])
    expect(nextOf(declined)).toBe(at('2026-02-01'))
    expect(nextOf(lived(declined, ['2026-02-01', advance]))).toBe(at('2026-02-03'))
  })
})

describe('what an invoice is made with', () => {
  test('FR-057 a method charges it in the same decision; without one, or by invoice, it waits', () => {
    const counts = (from: History) => subscribed({}, from).payments.size
    expect(counts(beginning())).toBe(1)
    expect(counts(beginning({ methods: [] }))).toBe(0)
    expect(counts(beginning({ account: givenCustomer({ collection: 'invoice' }) }))).toBe(0)
  })

  test('FR-097 an external engine leaves a draft, and its answer closes it', () => {
    const settings = givenRules({ tax: { engine: 'external', rates: [] } })
    const drafted = subscribed({}, beginning({ settings }))
    const { id: draft, status } = invoice(drafted)
    expect([status, drafted.ledger, drafted.payments.size]).toEqual(['draft', [], 0])
    expect(drafted.snapshot.account.invoiceSequence).toBe(0)
    const taxes = [{ name: 'VAT', country: 'DE', region: null, percent: '19', amount: 931n }]
    const closing = { type: 'finalize_invoice', id: draft, taxes } as const
    const closed = lived(drafted, ['2026-02-02', closing])
    expect(final(closed)).toMatchObject({ status: 'open', number: 'JANE-0001', version: 2, total: 5831n, tax: 931n })
    expect(final(closed).taxes).toEqual(taxes.map((tax) => ({ ...tax, taxable: 4900n })))
    expect(balances(closed)).toEqual({ receivable: 5831n, revenue: -4900n, tax: -931n })
    expect(refusal(closed, '2026-02-02', closing)).toMatchObject({ code: 'invoice_not_draft' })
  })

  test('FR-042 an organization’s series leaves the account’s alone, and its number to the commit', () => {
    const settings = givenRules({ numbering: { series: 'organization', prefix: 'INV' } })
    const history = subscribed({}, beginning({ settings }))
    expect(final(history).number).toBe(`number:${final(history).id}`)
    expect(history.snapshot.account.invoiceSequence).toBe(0)
  })

  test('events tell every change once, in order, with what was before', () => {
    expect(subscribed().events.map(({ type, before }) => [type, before === null])).toEqual([
      ['subscription.created', true],
      ['subscription.activated', false],
      ['invoice.created', true],
      ['invoice.finalized', false],
      ['payment.created', true],
    ])
  })

  test.each([
    ['KWD', '12390', 12390n, [{ amount: 12390n }]],
    ['KWD', '1239', 1239n, [{ amount: 1230n }]],
    ['JPY', '100.4', 100n, [{ amount: 100n }]],
    ['USD', '50.5', 51n, [{ amount: 51n }]],
    ['USD', '0.5', 1n, []],
    ['USD', '0.49', 0n, []],
  ] as const)('in %s at %s: it comes to %s, in the currency’s own units', (code, unitAmount, total, charged) => {
    const plan = givenOffer(31, 'local', [{ ...price(unitAmount), currency: code as Currency }])
    const history = subscribed(
      { planCode: 'local' },
      beginning({ plans: [plan], account: givenCustomer({ currency: code as Currency }) }),
    )
    expect(final(history).total).toBe(total)
    expect([...history.payments.values()]).toMatchObject(charged)
    expect(documents(lived(history, [START, gateway('succeeded')]))).toEqual([`paid subscription: +${total}`])
  })
})

describe('refused is', () => {
  const nothing = id('subscription', 1)
  test.each([
    ['a plan that is not there', givenSale({ planCode: 'gone' }), 'not_found'],
    ['a subscription that is not there', givenCancel(nothing), 'not_found'],
    [
      'an invoice that is not there',
      { type: 'finalize_invoice', id: id('invoice', 1), taxes: [] },
      'invoice_not_draft',
    ],
    [
      'a void of nothing',
      { type: 'void_invoice', id: id('invoice', 1), reason: '', regenerate: null },
      'invoice_not_voidable',
    ],
    ['a credit that is not there', { type: 'void_credit', creditId: id('credit', 1) }, 'not_found'],
    ['a coupon that is not there', { type: 'attach_coupon', couponCode: 'gone', subscriptionId: null }, 'not_found'],
    ['a discount that is not there', { type: 'detach_discounts', couponCode: null, subscriptionId: null }, 'not_found'],
  ] as const)('%s', (_, command, code) => {
    expect(refusal(beginning(), START, command)).toMatchObject({ code, hint: expect.stringMatching(/./) })
  })
})
