import { describe, expect, test } from 'vitest'
import type { Zone } from '../../../src/kernel/zone.ts'
import { at } from '../../support/given.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived } from './history.ts'
import {
  advance,
  changes,
  documents,
  final,
  finalizes,
  gateway,
  invoice,
  invoicesOf,
  subscribes,
  updates,
  writes,
} from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16'
const half = givenCoupon({ code: 'HALF', terms: percentOff('50'), duration: { type: 'forever' } })
const onTerms = () =>
  beginning({
    settings: givenRules({ tax: { engine: 'external', rates: [] } }),
    ...{ account: givenCustomer({ collection: 'invoice' }), offered: [half] },
  })
const sold = (about = {}) => lived(onTerms(), [START, subscribes(about)], [START, finalizes(0, [931n])])
const toldBy = (history: History, when: string, asked: Asked) =>
  lived(history, [when, asked])
    .events.slice(history.events.length)
    .map(({ type }) => type)

describe('an invoice whose tax is told from elsewhere', () => {
  test('awaits it as a draft, and is told of as one', () => {
    expect(toldBy(onTerms(), START, subscribes())).toEqual([
      ...['subscription.created', 'subscription.activated', 'invoice.created'],
    ])
    const changed = lived(sold(), [LATER, changes({ planCode: 'team' })])
    expect(invoice(changed, 1)).toMatchObject({ status: 'draft', awaits: 'day_end', finalizeAt: at('2026-06-17') })
    expect(toldBy(changed, '2026-06-17', advance)).toEqual(['invoice.updated'])
    const ended = lived(changed, ['2026-06-17', advance])
    expect(invoice(ended, 1)).toMatchObject({ status: 'draft', awaits: 'tax', finalizeAt: null })
    expect(toldBy(ended, '2026-06-18', advance)).toEqual([])
  })

  test('carries on what it credits the tax of that, before and after its own is told', () => {
    const changed = lived(sold(), [LATER, changes({ planCode: 'team', invoicing: 'now' })])
    expect(invoice(changed, 1).lines.map(({ amount, tax }) => [amount, tax])).toEqual([
      [-2450n, -466n],
      [4950n, 0n],
    ])
    expect(invoice(changed, 1)).toMatchObject({ subtotal: 2500n, tax: -466n, total: 2034n })
    const told = lived(changed, [LATER, finalizes(1, [941n])])
    expect(final(told, 1).lines.map(({ tax }) => tax)).toEqual([-466n, 941n])
    expect(final(told, 1)).toMatchObject({ tax: 475n, total: 2975n })
  })

  test('goes on to await it when the next one is made', () => {
    const renewed = lived(lived(onTerms(), [START, subscribes()]), ['2026-07-01', advance])
    expect(documents(renewed)).toEqual(['draft subscription: +4900', 'draft renewal: +4900'])
  })

  test('is discounted before it is taxed', () => {
    const discounted = lived(onTerms(), [START, subscribes({ couponCode: 'HALF' })])
    const most = 2n ** 53n - 1n - 2450n
    expect(final(lived(discounted, [START, finalizes(0, [most])]))).toMatchObject({ discount: 2450n, tax: most })
    const changed = lived(
      discounted,
      [START, finalizes(0, [466n])],
      [LATER, changes({ quantity: 2, invoicing: 'now' })],
    )
    expect(invoice(changed, 1)).toMatchObject({ subtotal: 2450n, discount: 1225n, tax: -233n, total: 992n })
  })

  test('may be told that there is none of nothing', () => {
    const nothing = lived(onTerms(), [START, writes([['1', '0']], false)])
    expect(final(lived(nothing, [START, finalizes(0, [0n])]))).toMatchObject({ status: 'paid', total: 0n, tax: 0n })
    expect(final(lived(nothing, [START, finalizes(0, [])]))).toMatchObject({ status: 'paid', total: 0n })
  })
})

describe('a draft', () => {
  test('by hand is for its moment, and waits to be asked for', () => {
    const draft = invoice(lived(onTerms(), [START, writes([['1', '5']], false)]))
    expect(draft).toMatchObject({
      ...{ awaits: 'request', finalizeAt: null, reason: 'one_off' },
      period: { start: at(START), end: at('2026-06-01T00:00:00.001Z') },
    })
  })

  test('of a subscription takes a memo and terms, and keeps its lines', () => {
    const changed = lived(sold(), [LATER, changes({ planCode: 'team' })])
    const noted = lived(changed, [LATER, updates(1, { memo: 'Welcome', termsDays: 5 })], [LATER, updates(1, {})])
    expect(invoice(noted, 1)).toMatchObject({ memo: 'Welcome', termsDays: 5, lines: invoice(changed, 1).lines })
  })

  test('that is finalised by hand is what the day goes on from', () => {
    const paid = lived(beginning(), [START, subscribes()], [START, gateway('succeeded')])
    const closed = lived(paid, [LATER, changes({ planCode: 'team' })], [LATER, finalizes(1)])
    const back = lived(closed, [LATER, changes({ planCode: 'starter' })])
    expect(documents(back).slice(1)).toEqual(['open proration: -2450 +4950', 'draft proration: -4950 +2450'])
  })
})

describe('an invoice is due at a day’s end', () => {
  const moved = (history: History): History => {
    const { account } = history.snapshot
    return { ...history, snapshot: { ...history.snapshot, account: { ...account, timezone: 'Asia/Tokyo' as Zone } } }
  }
  const dueOf = (history: History) => invoicesOf(history).map((_, nth) => final(history, nth).dueAt)

  test('in the zone of its subscription, or in the account’s where it has none', () => {
    const both = lived(
      moved(lived(beginning(), [START, subscribes()])),
      ['2026-07-01', advance],
      ['2026-07-01', writes([['1', '5']])],
    )
    expect(dueOf(both)).toEqual([at('2026-06-02'), at('2026-07-02'), at('2026-07-01T15:00:00Z')])
  })

  test('the same day with a card, and with so many days where there is none', () => {
    const due = (about = {}) => dueOf(lived(beginning(about), [START, subscribes()]))
    expect([due(), due({ methods: [] })]).toEqual([[at('2026-06-02')], [at('2026-06-09')]])
  })
})
