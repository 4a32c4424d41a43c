import { describe, expect, test } from 'vitest'
import type { Coupon } from '../../../src/discounts/domain/coupon.ts'
import { at, id, price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { amountOff, givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules, offers, usageOfEvents } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived, refusal } from './history.ts'
import {
  advance,
  attaches,
  cancels,
  changes,
  documents,
  final,
  invoice,
  invoicesOf,
  subscribes,
  subscription,
  voids,
} from './words.ts'

const START = '2026-06-01'
const coupon = (n: number, about: Partial<Coupon>) =>
  givenCoupon({ id: id('coupon', 200 + n), code: `C${n}`, ...about })
const half = coupon(1, { terms: percentOff('50'), duration: { type: 'forever' } })
const tenth = coupon(2, { terms: percentOff('10'), duration: { type: 'forever' } })
const five = coupon(3, { terms: amountOff(500n), duration: { type: 'forever' } })
const once = coupon(4, { terms: percentOff('50'), duration: { type: 'once' } })
const twice = coupon(5, { terms: amountOff(900n), duration: { type: 'periods', count: 2 } })
const support = coupon(6, {
  terms: percentOff('50'),
  duration: { type: 'forever' },
  plans: [{ id: offers.support.id, code: 'support' }],
})
const begun = () =>
  beginning({ offered: [half, tenth, five, once, twice, support], account: givenCustomer({ collection: 'invoice' }) })
const nets = (history: Parameters<typeof invoicesOf>[0]) => documents(history).map((text) => text.split(': ')[1])

describe('a coupon on what is billed', () => {
  test.each([
    ['once', 'C4', ['+2450', '+4900', '+4900']],
    ['for two periods', 'C5', ['+4000', '+4000', '+4900']],
    ['forever', 'C1', ['+2450', '+2450', '+2450']],
  ])('%s', (_, couponCode, expected) => {
    const billed = lived(begun(), [START, subscribes({ couponCode })], ['2026-08-01', advance])
    expect(nets(billed)).toEqual(expected)
  })

  test('line before subscription before account, percent before amount', () => {
    const addOns = [{ planCode: 'support', quantity: 10, unitAmount: null }]
    const billed = lived(
      begun(),
      [START, attaches('C3')],
      [START, attaches('C2')],
      [START, attaches('C6')],
      [START, subscribes({ couponCode: 'C1', addOns, unitAmount: '10000' })],
    )
    // 10000 → half → less 10 % → less its share of 500; 10000 → half by plan → half → less 10 % → its share.
    expect(nets(billed)).toEqual(['+4167 +2083'])
    expect(final(billed).lines.map(({ discounts }) => discounts.map(({ scope }) => scope))).toEqual([
      ['subscription', 'account', 'account'],
      ['line', 'subscription', 'account', 'account'],
    ])
  })

  test('10 % and 500 off 10000 are 8500', () => {
    const billed = lived(
      begun(),
      [START, attaches('C3')],
      [START, attaches('C2')],
      [START, subscribes({ unitAmount: '10000' })],
    )
    expect(nets(billed)).toEqual(['+8500'])
  })

  test('of the account is used by the first of its subscriptions', () => {
    const billed = lived(
      begun(),
      [START, attaches('C4')],
      [START, subscribes()],
      [START, subscribes({ planCode: 'team' })],
    )
    expect(nets(billed)).toEqual(['+2450', '+9900'])
  })
})

test('of the account is taken off an invoice of several renewals once, and uses one period', () => {
  const fixed = coupon(9, { terms: amountOff(500n), duration: { type: 'periods', count: 3 } })
  const settings = givenRules({ invoicing: { consolidate: true } })
  const renewed = lived(
    beginning({ offered: [fixed], settings, account: givenCustomer({ collection: 'invoice' }) }),
    ['2026-06-01', subscribes()],
    ['2026-06-01T12:00:00Z', subscribes({ planCode: 'team' })],
    ['2026-06-02', attaches('C9')],
    ['2026-07-01', advance],
    ['2026-07-01T12:00:00Z', advance],
  )
  const left = (history: typeof renewed) => [...history.discounts.values()].map(({ remaining }) => remaining)
  expect(invoicesOf(renewed)[2]).toMatchObject({ status: 'draft', subtotal: 14800n, discount: 500n })
  expect(left(renewed)).toEqual([2])
  const voided = lived(renewed, ['2026-07-02', advance], ['2026-07-02', voids(2, false)])
  expect(left(voided)).toEqual([3])
})

describe('a coupon in the middle of a period', () => {
  test('in percent discounts the new charge too, and uses no period for it', () => {
    const changed = lived(
      begun(),
      [START, subscribes({ couponCode: 'C4' })],
      ['2026-06-16', changes({ planCode: 'team', invoicing: 'now' })],
      ['2026-07-01', advance],
    )
    expect(nets(changed)).toEqual(['+2450', '-1225 +2475', '+9900'])
  })

  test('of an amount moves the share that the line bore', () => {
    const changed = lived(
      begun(),
      [START, subscribes({ couponCode: 'C3' })],
      ['2026-06-16', changes({ planCode: 'team', invoicing: 'now' })],
    )
    expect(nets(changed)).toEqual(['+4400', '-2200 +4700'])
  })

  test('in percent goes for an item that is added', () => {
    const addOns = [{ planCode: 'support', quantity: 1, unitAmount: null }]
    const changed = lived(
      begun(),
      [START, subscribes({ couponCode: 'C1' })],
      ['2026-06-16', changes({ addOns, invoicing: 'now' })],
    )
    expect(nets(changed)).toEqual(['+2450', '+250'])
  })

  test('attached then discounts what comes, not what was billed', () => {
    const changed = lived(
      begun(),
      [START, subscribes()],
      ['2026-06-02', attaches('C1', 'subscription')],
      ['2026-06-16', changes({ quantity: 2, invoicing: 'now' })],
      ['2026-07-01', advance],
    )
    expect(nets(changed)).toEqual(['+4900', '-2450 +4900', '+4900'])
  })

  test('is taken back with what it discounted', () => {
    const ended = lived(begun(), [START, subscribes({ couponCode: 'C1' })], ['2026-06-16', cancels({ prorate: true })])
    expect(nets(ended)).toEqual(['+2450', '-1225'])
    expect(invoice(ended, 1)).toMatchObject({ subtotal: -2450n, discount: -1225n, total: -1225n })
  })
})

describe('a coupon and another interval, which begins a period of its own', () => {
  const toYears = (about = {}) => changes({ interval: { unit: 'year', count: 1 }, invoicing: 'now', ...about })

  test.each([
    ['used up by the month does not discount the year', 'C4', '-1225 +99900', []],
    ['takes one of its periods', 'C5', '-2000 +99000', []],
    ['of an amount comes off the year whole', 'C3', '-2200 +99400', [null]],
  ])('%s', (_, couponCode, expected, left) => {
    const changed = lived(begun(), [START, subscribes({ couponCode })], ['2026-06-16', toYears()])
    expect(nets(changed).at(-1)).toBe(expected)
    const present = [...changed.discounts.values()].filter(({ endedAt }) => endedAt === null)
    expect(present.map(({ remaining }) => remaining)).toEqual(left)
  })

  test('attached since discounts the year', () => {
    const deeds = [
      [START, subscribes()],
      ['2026-06-02', attaches('C1')],
      ['2026-06-16', toYears()],
    ] as const
    expect(nets(lived(begun(), ...deeds)).at(-1)).toBe('-2450 +49950')
  })

  test('is used once, however often the day is reckoned anew, and comes back with the day or its void', () => {
    const left = (history: ReturnType<typeof lived>) =>
      [...history.discounts.values()].map(({ remaining }) => remaining)
    const begins = lived(begun(), [START, subscribes()], ['2026-06-02', attaches('C4')])
    const daily = lived(begins, ['2026-06-16', toYears({ invoicing: 'end_of_day' })])
    const anew = lived(daily, ['2026-06-16', changes({ quantity: 2 })])
    expect([nets(daily).at(-1), left(daily)]).toEqual(['-2450 +49950', [0]])
    expect([nets(anew).at(-1), left(anew)]).toEqual(['-2450 +99900', [0]])
    const month = { unit: 'month', count: 1 } as const
    const back = lived(anew, ['2026-06-16', changes({ interval: month, quantity: 1 })])
    expect([nets(back), left(back)]).toEqual([['+4900'], [1]])
    const gone = lived(begins, ['2026-06-16', toYears()], ['2026-06-17', voids(1)])
    expect(left(gone)).toEqual([1])
  })
})

describe('a void', () => {
  test('gives a coupon its period back, which the correction uses again', () => {
    const billed = lived(begun(), [START, subscribes({ couponCode: 'C4' })])
    const gone = lived(billed, [START, voids(0, false)])
    expect([...gone.discounts.values()]).toMatchObject([{ remaining: 1, endedAt: null }])
    const corrected = lived(billed, [START, voids()])
    expect(nets(corrected)).toEqual(['+2450', '+2450'])
    expect([...corrected.discounts.values()]).toMatchObject([{ remaining: 0 }])
  })

  test('is corrected with the discounts of what a change credited', () => {
    const renewed = lived(
      begun(),
      [START, subscribes({ couponCode: 'C1' })],
      ['2026-06-16', changes({ planCode: 'team', invoicing: 'next_invoice' })],
      ['2026-07-01', advance],
      ['2026-07-01', voids(1)],
    )
    expect(nets(renewed).slice(1)).toEqual(['-1225 +2475 +4950', '-1225 +2475 +4950'])
  })

  test('is corrected by the coupons of today', () => {
    const billed = lived(begun(), [START, subscribes()], ['2026-06-05', attaches('C2')], ['2026-06-05', voids()])
    expect(nets(billed)).toEqual(['+4900', '+4410'])
  })
})

describe('a period of a coupon', () => {
  const left = ({ discounts }: History) => [...discounts.values()].map(({ remaining }) => remaining)
  const times = coupon(10, { terms: percentOff('50'), duration: { type: 'periods', count: 3 } })
  const forSupport = coupon(11, { ...times, id: id('coupon', 211), code: 'C11', plans: support.plans })
  const usage = usageOfEvents([{ metric: 'api_calls', at: '2026-06-10T00:00:00Z', quantity: 100n }])
  const year = { unit: 'year', count: 1 } as const
  const used = givenOffer(20, 'used', [price('49000', year)], { charges: [givenCharge()] })
  const sold = (about = {}) =>
    lived(
      beginning({
        ...{ offered: [times, forSupport], usageOf: usage, plans: [...Object.values(offers), used] },
        account: givenCustomer({ collection: 'invoice' }),
      }),
      [START, attaches('C11')],
      [START, subscribes({ couponCode: 'C10', ...about })],
    )

  test('is used by what a period costs, not by what was used meanwhile, which is discounted too', () => {
    const billed = lived(sold({ planCode: 'used', interval: 'year' }), ['2026-07-01', advance])
    expect(nets(billed)).toEqual(['+24500', '+50'])
    expect(left(billed)).toEqual([3, 2])
    expect(left(lived(billed, ['2026-07-02', voids(1, false)]))).toEqual([3, 2])
    expect(left(lived(billed, ['2026-07-02', voids(0, false)]))).toEqual([3, 3])
  })

  test('is not used by what it does not discount', () => {
    expect(left(sold())).toEqual([3, 2])
    expect(left(sold({ addOns: [{ planCode: 'support', quantity: 1, unitAmount: null }] }))).toEqual([2, 2])
  })
})

describe('a coupon is taken away', () => {
  const both = () =>
    lived(
      begun(),
      [START, attaches('C1')],
      [START, attaches('C2')],
      [START, subscribes()],
      [START, attaches('C3', 'subscription')],
      [START, attaches('C1', 'subscription')],
    )
  const detaches =
    (couponCode: string | null, to: 'account' | 'subscription' = 'account'): Asked =>
    (history) => ({
      ...{ type: 'detach_discounts', couponCode },
      subscriptionId: to === 'account' ? null : subscription(history).id,
    })
  const present = ({ discounts }: History) =>
    [...discounts.values()]
      .filter(({ endedAt }) => endedAt === null)
      .map(({ couponCode, subscriptionId }) => `${couponCode} ${subscriptionId === null ? 'account' : 'subscription'}`)

  test.each([
    ['by its code', detaches('C1'), ['C2 account', 'C3 subscription', 'C1 subscription']],
    ['of a subscription', detaches('C1', 'subscription'), ['C1 account', 'C2 account', 'C3 subscription']],
    ['with all of the account', detaches(null), ['C3 subscription', 'C1 subscription']],
    ['with all of a subscription', detaches(null, 'subscription'), ['C1 account', 'C2 account']],
  ])('%s alone', (_, asked, expected) => {
    const gone = lived(both(), ['2026-06-02', asked])
    expect(present(gone)).toEqual(expected)
    expect(gone.decisions.at(-1)?.discounts).toHaveLength(4 - expected.length)
    expect(gone.decisions.at(-1)?.discounts[0]?.after.endedAt).toBe(at('2026-06-02'))
  })

  test('only once', () => {
    const gone = lived(both(), ['2026-06-02', detaches('C1')])
    expect(refusal(gone, '2026-06-03', detaches('C1'))).toMatchObject({ code: 'not_found' })
    expect(lived(gone, ['2026-06-03', detaches(null)]).decisions.at(-1)?.discounts).toHaveLength(1)
  })

  test('and each time it is attached it counts', () => {
    const attached = lived(begun(), [START, subscribes({ couponCode: 'C1' })], [START, attaches('C1')])
    expect(attached.coupons.get(half.id)).toMatchObject({ redemptions: 2, version: 3 })
  })
})
