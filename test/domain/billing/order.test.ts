import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/billing/domain/decide.ts'
import { at, idsOf, price } from '../../support/given.ts'
import { givenCoupon } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules } from '../../support/given-selling.ts'
import { attempts, beginning, type History, lived, refusal } from './history.ts'
import { loaded } from './loaded.ts'
import { advance, cancels, changes, documents, final, grants, invoicesOf, subscribes } from './words.ts'

const START = '2026-06-01'
const onTerms = (about = {}) => beginning({ account: givenCustomer({ collection: 'invoice' }), ...about })
const sold = (history: History, ...codes: readonly string[]) =>
  codes.reduce((next, planCode) => lived(next, [START, subscribes({ planCode })]), history)
const toldBy = (history: History, when: string) => lived(history, [when, advance]).events.slice(history.events.length)

describe('what falls due at one instant', () => {
  test('happens by subscription, each draft before its step, and what is of no subscription last', () => {
    const late = lived(
      sold(onTerms(), 'starter', 'team'),
      [START, grants(100n, '2026-07-01')],
      ['2026-06-30T12:00:00Z', changes({ quantity: 2 }, 1)],
      ['2026-06-30T13:00:00Z', changes({ quantity: 3 }, 0)],
    )
    expect(toldBy(late, '2026-07-01').map(({ type }) => type)).toEqual([
      ...['invoice.finalized', 'subscription.renewed', 'invoice.created', 'invoice.finalized'],
      ...['invoice.finalized', 'subscription.renewed', 'invoice.created', 'invoice.finalized', 'credit.expired'],
    ])
  })

  test('is decided the same in whatever order it was read', () => {
    const two = sold(onTerms(), 'starter', 'team', 'free')
    const read = loaded(two, advance)
    const [once, again] = [read, { ...read, subscriptions: read.subscriptions.toReversed() }].map((snapshot) =>
      decide(snapshot, advance, at('2026-07-01'), idsOf(attempts(two))),
    )
    expect(again?.ok && again.value.events).toEqual(once?.ok && once.value.events)
  })

  test('is gone through by instant, whichever subscription it is of', () => {
    const two = lived(onTerms(), ['2026-06-02', subscribes()], ['2026-06-01', subscribes({ planCode: 'team' })])
    const due = lived(two, ['2026-08-10', advance])
    expect(
      invoicesOf(due)
        .slice(2)
        .map(({ period }) => period.start),
    ).toEqual(['2026-07-01', '2026-07-02', '2026-08-01', '2026-08-02'].map(at))
  })
})

describe('an account that is far behind', () => {
  const weekly = (n: number) => givenOffer(30 + n, `weekly${n}`, [price('100', { unit: 'week', count: 1 })])
  const plans = Array.from({ length: 21 }, (_, n) => weekly(n))
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => n).reduce(
      (history, n) => lived(history, [START, subscribes({ planCode: `weekly${n}`, interval: 'week' })]),
      onTerms({ plans }),
    )
  const stepsOf = (count: number, when: string) =>
    toldBy(many(count), when).filter(({ type }) => type === 'subscription.renewed')

  test.each([
    [1, 24],
    [2, 48],
    [20, 480],
    [21, 480],
  ])('of %s subscriptions gets %s steps in one decision', (count, steps) => {
    expect(stepsOf(count, '2027-06-01')).toHaveLength(steps)
  })

  test('is still behind where the next step is due that very instant', () => {
    const behind = (when: string) => lived(many(1), [when, advance]).decisions.at(-1)?.behind
    expect([behind('2026-11-22T23:59:59Z'), behind('2026-11-23')]).toEqual([false, true])
  })

  test('gets no fewer steps for one that is not behind', () => {
    const one = lived(many(1), [
      '2026-06-01',
      subscribes({ planCode: 'weekly1', interval: 'week', startAt: at('2028-01-01') }),
    ])
    expect(toldBy(one, '2027-06-01').filter(({ type }) => type === 'subscription.renewed')).toHaveLength(24)
  })
})

test('a command brings no other subscription up to date than its own', () => {
  const ended = lived(sold(onTerms(), 'starter', 'team'), ['2026-08-10', cancels({}, 1)])
  expect(documents(ended).slice(2)).toEqual(['open renewal: +9900', 'open renewal: +9900'])
})

describe('a sale', () => {
  const offered = [givenCoupon({ redeemBy: at('2026-05-01') })]

  test('whose coupon is refused is refused with it', () => {
    expect(refusal(onTerms({ offered }), START, subscribes({ couponCode: 'WELCOME' }))).toMatchObject({
      code: 'coupon_expired',
    })
  })

  test('in the past bills all its periods in one decision', () => {
    const plan = givenOffer(60, 'monthly', [price('100')])
    const start = subscribes({ planCode: 'monthly', startAt: at('2025-06-15') })
    const made = lived(onTerms({ plans: [plan] }), [START, start])
    expect([invoicesOf(made).length, made.decisions.at(-1)?.behind]).toEqual([12, false])
    expect(final(made, 11)).toMatchObject({ period: { start: at('2026-05-15') }, finalizedAt: at(START) })
  })

  test('that is to start later bills nothing yet', () => {
    expect(documents(lived(onTerms(), [START, subscribes({ startAt: at('2026-07-01') })]))).toEqual([])
  })
})

test('numbers are the organization’s for credit notes too, where its invoices have its series', () => {
  const settings = givenRules({ numbering: { series: 'organization', prefix: 'INV' } })
  const noted = lived(sold(onTerms({ settings }), 'starter'), [
    START,
    (history) => ({
      ...{ type: 'create_credit_note', id: final(history).id },
      asked: { reason: 'Wrong', lines: null, refund: 0n, credit: 0n, outOfBand: 0n },
    }),
  ])
  const [note] = noted.creditNotes.values()
  expect(note?.number).toBe(`number:${note?.id}`)
  expect(noted.snapshot.account.creditNoteSequence).toBe(0)
})
