import { describe, expect, test } from 'vitest'
import { periodOf } from '../../../src/subscriptions/domain/subscription.ts'
import { at, price } from '../../support/given.ts'
import { amountOff, givenCoupon } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules, offers } from '../../support/given-selling.ts'
import { beginning, lived } from './history.ts'
import {
  advance,
  cancels,
  changes,
  documents,
  finalizes,
  gateway,
  invoice,
  invoicesOf,
  movesTrial,
  pauses,
  resumes,
  subscribes,
  subscription,
} from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16T09:00:00Z'
const year = { unit: 'year', count: 1 } as const
const begun = (about = {}) => beginning({ account: givenCustomer({ collection: 'invoice' }), ...about })
const sold = (about = {}, from = begun()) => lived(from, [START, subscribes(about)])
const added = (planCode: string) => ({ addOns: [{ planCode, quantity: 1, unitAmount: null }] })
const made = (history: ReturnType<typeof lived>) => documents(history).slice(1)

describe('the draft of a day', () => {
  const draftAt = (start: string, when: string, about = {}) =>
    invoice(lived(begun(), [start, subscribes()], [when, changes({ quantity: 2, ...about })]), 1)

  test('is for the rest of the period, under the key of its date', () => {
    const draft = draftAt(START, LATER)
    expect(draft.period).toEqual({ start: at(LATER), end: at('2026-07-01') })
    expect(draft.lines.map(({ billingKey }) => billingKey)).toEqual(['proration:2026-06-16', 'proration:2026-06-16'])
  })

  test.each([
    ['its midnight', START, LATER, {}, '2026-06-17T00:00:00Z'],
    [
      'its period, where that is first',
      '2026-06-01T12:00:00Z',
      '2026-07-01T09:00:00Z',
      { granularity: 'second' },
      '2026-07-01T12:00:00Z',
    ],
    ['its next invoice, whenever that is', START, LATER, { invoicing: 'next_invoice' }, null],
  ])('waits for %s', (_, start, when, about, end) => {
    expect(draftAt(start, when, about)).toMatchObject({ finalizeAt: end === null ? null : at(end) })
  })

  test('is followed by another one of the same date under a key of its own', () => {
    const closed = lived(
      sold(),
      [LATER, changes({ quantity: 2 })],
      [LATER, finalizes(1)],
      [LATER, changes({ quantity: 3 })],
    )
    expect(invoice(closed, 2).lines.map(({ billingKey }) => billingKey)).toEqual([
      'proration:2026-06-16#2',
      'proration:2026-06-16#2',
    ])
  })

  test('is not that of the day before', () => {
    const next = lived(
      sold(),
      [LATER, changes({ quantity: 2, invoicing: 'next_invoice' })],
      ['2026-06-17T08:00:00Z', changes({ quantity: 3, invoicing: 'next_invoice' })],
    )
    expect(made(next)).toEqual(['draft proration: -2450 +4900', 'draft proration: -4573 +6860'])
    expect(documents(lived(next, ['2026-07-01', advance])).slice(1)).toEqual([
      'open renewal: -2450 +4900 -4573 +6860 +14700',
    ])
  })
})

test('an older draft that is finalised by hand leaves the day that goes on alone', () => {
  const left = (quantity: number) => changes({ quantity, invoicing: 'next_invoice' })
  const both = lived(
    sold(),
    [LATER, left(2)],
    ['2026-06-17T08:00:00Z', left(3)],
    ['2026-06-17T09:00:00Z', finalizes(1)],
  )
  expect(made(both)).toEqual(['open proration: -2450 +4900', 'draft proration: -4573 +6860'])
  expect(made(lived(both, ['2026-06-17T10:00:00Z', left(2)]))).toEqual(['open proration: -2450 +4900'])
})

describe('what changes within a period', () => {
  test('is told apart by its plan, not by its price', () => {
    const twin = givenOffer(8, 'twin', [price('4900')], { kind: 'add_on' })
    const plans = [...Object.values(offers), twin]
    const both = lived(sold({}, begun({ plans })), [LATER, changes({ ...added('twin'), invoicing: 'now' })])
    expect(made(both)).toEqual(['open proration: +2450'])
  })

  test('of an amount takes nothing off an item that is added while all else goes on', () => {
    const five = givenCoupon({ code: 'FIVE', terms: amountOff(500n), duration: { type: 'forever' } })
    const discounted = sold({ couponCode: 'FIVE' }, begun({ offered: [five] }))
    expect(made(lived(discounted, [LATER, changes({ ...added('support'), invoicing: 'now' })]))).toEqual([
      'open proration: +500',
    ])
  })

  test('and begins another one is invoiced even where it comes to nothing', () => {
    const gift = givenOffer(9, 'gift', [price('0'), price('0', year)])
    const given = sold({ planCode: 'gift' }, begun({ plans: [gift] }))
    const yearly = lived(given, [LATER, changes({ interval: year, invoicing: 'now' })])
    expect(documents(yearly)).toEqual(['paid subscription: +0', 'paid proration: +0 +0'])
    expect(invoice(yearly, 1).lines.map(({ kind }) => kind)).toEqual(['proration_credit', 'base'])
  })

  test('in its last instant is for some time', () => {
    const ended = lived(sold(), ['2026-06-30T23:59:59.999Z', cancels({ prorate: true })])
    for (const { period } of invoicesOf(ended)) expect(period.end).toBeGreaterThan(period.start)
  })
})

describe('before a subscription stops', () => {
  const both = () =>
    lived(
      sold(),
      [START, subscribes({ planCode: 'team' })],
      [LATER, changes({ quantity: 2, invoicing: 'next_invoice' })],
      [LATER, changes({ quantity: 2 }, 1)],
    )

  test.each([
    ['cancelled', cancels()],
    ['paused', pauses()],
  ])('%s, what it left for its next invoice is final, and that of others is not', (_, asked) => {
    const stopped = lived(both(), [LATER, asked])
    expect(documents(stopped).slice(2)).toEqual(['open proration: -2450 +4900', 'draft proration: -4950 +9900'])
  })

  test('what awaits its tax goes on to wait', () => {
    const settings = givenRules({ tax: { engine: 'external', rates: [] } })
    const stopped = lived(sold({}, begun({ settings })), [LATER, cancels()])
    expect(documents(stopped)).toEqual(['draft subscription: +4900'])
    expect(invoice(stopped)).toMatchObject({ awaits: 'tax', version: 1 })
  })

  test('it pauses by the second where time is divided so', () => {
    const settings = givenRules({ proration: { granularity: 'second', invoicing: 'end_of_day' } })
    const end = (about = {}) =>
      periodOf(subscription(lived(sold({}, begun(about)), [LATER, pauses()], ['2026-06-18T10:30:00Z', resumes])))?.end
    expect([end(), end({ settings })]).toEqual(['2026-07-03', '2026-07-03T01:30:00Z'].map(at))
  })
})

describe('a trial that ends', () => {
  const trial = (about: Parameters<typeof beginning>[0]) =>
    lived(beginning(about), [START, subscribes({ trialDays: 14, trialEnd: 'pause' })], ['2026-06-15', advance])

  test.each([
    ['goes on with a card', {}, 'active'],
    ['goes on on terms', { methods: [], account: givenCustomer({ collection: 'invoice' }) }, 'active'],
    ['goes on on terms beside a card', { account: givenCustomer({ collection: 'invoice' }) }, 'active'],
    ['is paused where nothing can be charged', { methods: [] }, 'paused'],
  ])('%s', (_, about, status) => {
    expect(subscription(trial(about)).status).toBe(status)
  })

  test('at once is billed at once', () => {
    const moved = lived(
      beginning(),
      [START, subscribes({ trialDays: 14 })],
      ['2026-06-03', movesTrial('now')],
      ['2026-06-03', gateway('succeeded')],
    )
    expect(documents(moved)).toEqual(['paid subscription: +4900'])
  })
})

test('what one decision makes and takes up again is never written', () => {
  const stored = lived(sold(), [START, changes({ quantity: 2, effective: at(LATER), invoicing: 'next_invoice' })])
  const renewed = lived(stored, ['2026-07-05', advance])
  expect(made(renewed)).toEqual(['open renewal: -2450 +4900 +9800'])
  expect(renewed.decisions.at(-1)?.invoices.map(({ after }) => after.status)).toEqual(['open'])
})
