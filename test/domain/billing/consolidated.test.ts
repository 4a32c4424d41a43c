import { describe, expect, test } from 'vitest'
import type { Zone } from '../../../src/kernel/zone.ts'
import { at, id } from '../../support/given.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenRules, offers } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived } from './history.ts'
import {
  advance,
  attaches,
  cancels,
  changes,
  documents,
  finalizes,
  invoice,
  invoicesOf,
  subscribes,
  voids,
  writes,
} from './words.ts'

const settings = givenRules({ invoicing: { consolidate: true } })
const offered = [
  givenCoupon({ id: id('coupon', 20), code: 'HALF', duration: { type: 'periods', count: 5 }, terms: percentOff('50') }),
]
const begun = (about = {}) =>
  beginning({ settings, offered, account: givenCustomer({ collection: 'invoice', paymentTermsDays: 60, ...about }) })
const later = changes({ quantity: 2, invoicing: 'next_invoice' })

/** Starter from the first at midnight, and a plan of its own from noon. */
const both = (from = begun()) =>
  lived(from, ['2026-06-01', subscribes()], ['2026-06-01T12:00:00Z', subscribes({ planCode: 'team' })])
const renewals = (history: History) => documents(history).slice(2)
const toldBy = (history: History, when: string, asked: Asked) =>
  lived(history, [when, asked])
    .events.slice(history.events.length)
    .map(({ type }) => type)

describe('renewals of one local date', () => {
  const first = () => lived(both(), ['2026-07-01', advance])

  test('are a draft of the account that ends with its day, and spans their periods', () => {
    expect(invoice(first(), 2)).toMatchObject({
      ...{ status: 'draft', reason: 'renewal', subscriptionId: null, awaits: 'day_end', finalizeAt: at('2026-07-02') },
      ...{ issuedAt: at('2026-07-01'), period: { start: at('2026-07-01'), end: at('2026-08-01') } },
    })
    const grown = lived(first(), ['2026-07-01T12:00:00Z', advance])
    expect(invoice(grown, 2)).toMatchObject({
      ...{ id: invoice(first(), 2).id, issuedAt: at('2026-07-01'), finalizeAt: at('2026-07-02') },
      period: { start: at('2026-07-01'), end: at('2026-08-01T12:00:00Z') },
    })
  })

  test('are told as one draft that grows', () => {
    expect(toldBy(both(), '2026-07-01', advance)).toEqual(['subscription.renewed', 'invoice.created'])
    expect(toldBy(first(), '2026-07-01T12:00:00Z', advance)).toEqual(['subscription.renewed', 'invoice.updated'])
    expect(toldBy(lived(first(), ['2026-07-01T12:00:00Z', advance]), '2026-07-02', advance)).toEqual([
      'invoice.finalized',
    ])
  })

  test('span what begins first too, where that joins last', () => {
    const behind = lived(
      begun({ timezone: 'America/New_York' as Zone }),
      ['2026-06-01T15:00:00Z', subscribes()],
      ['2026-06-01T16:00:00Z', subscribes({ planCode: 'team', startAt: at('2026-06-01T05:00:00Z') })],
      ['2026-07-01T20:00:00Z', advance],
    )
    expect(documents(behind).slice(2)).toEqual(['draft renewal: +9900 +4900'])
    expect(invoice(behind, 2)).toMatchObject({
      finalizeAt: at('2026-07-02T04:00:00Z'),
      period: { start: at('2026-07-01T05:00:00Z'), end: at('2026-08-01T15:00:00Z') },
    })
  })

  test('span what begins first too, where another one was billed before it', () => {
    const ahead = lived(both(), ['2026-07-01T20:00:00Z', cancels({ when: 'period_end' }, 1)])
    const joined = lived(ahead, ['2026-07-01T21:00:00Z', advance])
    expect([renewals(ahead), renewals(joined)]).toEqual([['draft renewal: +9900'], ['draft renewal: +9900 +4900']])
    expect(invoice(joined, 2).period).toEqual({ start: at('2026-07-01'), end: at('2026-08-01T12:00:00Z') })
  })

  test('are discounted each by the coupons of its plan', () => {
    const ofTeam = givenCoupon({
      code: 'TEAM',
      duration: { type: 'forever' },
      plans: [{ id: offers.team.id, code: 'team' }],
    })
    const account = givenCustomer({ collection: 'invoice' })
    const attached = lived(both(beginning({ settings, offered: [ofTeam], account })), ['2026-06-02', attaches('TEAM')])
    expect(renewals(lived(attached, ['2026-07-01T12:00:00Z', advance]))).toEqual(['draft renewal: +4900 +4950'])
  })

  test('are not joined to one of that day that awaits its tax', () => {
    const external = givenRules({ invoicing: { consolidate: true }, tax: { engine: 'external', rates: [] } })
    const awaiting = lived(
      both(beginning({ settings: external, account: givenCustomer({ collection: 'invoice' }) })),
      ['2026-07-01', advance],
      ['2026-07-01T06:00:00Z', finalizes(2)],
      ['2026-07-01T12:00:00Z', advance],
    )
    expect(renewals(awaiting)).toEqual(['draft renewal: +4900', 'draft renewal: +9900'])
  })

  test('are another draft the next day, and another one where that day’s is final already', () => {
    const two = lived(begun(), ['2026-06-01', subscribes()], ['2026-06-02', subscribes({ planCode: 'team' })])
    const next = lived(two, ['2026-07-01', advance], ['2026-07-02', advance])
    expect(renewals(next)).toEqual(['open renewal: +4900', 'draft renewal: +9900'])
    const closed = lived(first(), [
      '2026-07-01T06:00:00Z',
      (history) => ({ type: 'finalize_invoice', id: invoice(history, 2).id, taxes: null }),
    ])
    expect(renewals(lived(closed, ['2026-07-01T12:00:00Z', advance]))).toEqual([
      ...['open renewal: +4900', 'draft renewal: +9900'],
    ])
  })

  test('are joined by no change of that day, and by nothing that was written by hand', () => {
    const busy = lived(
      first(),
      ['2026-07-01T06:00:00Z', writes([['1', '5']], false)],
      ['2026-07-01T07:00:00Z', changes({ quantity: 2 })],
      ['2026-07-01T12:00:00Z', advance],
    )
    expect(renewals(busy)).toEqual(['draft renewal: +4900 +9900', 'draft one_off: +5', 'draft proration: -4900 +9800'])
    const ended = lived(busy, ['2026-07-02', advance])
    expect(invoicesOf(ended).map(({ status }) => status)).toEqual(['open', 'open', 'open', 'draft', 'open'])
  })

  test('come after what each left for its next invoice, which no coupon discounts anew', () => {
    const left = lived(both(), ['2026-06-16', later], ['2026-06-17', attaches('HALF')], ['2026-07-01', advance])
    expect(renewals(left)).toEqual(['draft renewal: -2450 +4900 +4900'])
    const grown = lived(left, ['2026-07-01T12:00:00Z', advance])
    expect(renewals(grown)).toEqual(['draft renewal: -2450 +4900 +4900 +4950'])
    expect([...grown.discounts.values()].map(({ remaining }) => remaining)).toEqual([4])
    const open = lived(grown, ['2026-07-02', advance])
    expect([...lived(open, ['2026-07-02', voids(2, false)]).discounts.values()]).toMatchObject([{ remaining: 5 }])
  })
})

describe('what a change left for the next invoice', () => {
  const apart = () => beginning({ account: givenCustomer({ collection: 'invoice' }), offered })

  test('waits for the renewal of its own subscription', () => {
    const left = lived(
      both(apart()),
      ['2026-06-16', later],
      ['2026-06-16', changes({ quantity: 3, invoicing: 'next_invoice' }, 1)],
    )
    expect(renewals(left)).toEqual(['draft proration: -2450 +4900', 'draft proration: -4950 +14850'])
    const renewed = lived(left, ['2026-07-01', advance])
    expect(renewals(renewed)).toEqual(['draft proration: -4950 +14850', 'open renewal: -2450 +4900 +9800'])
    expect(renewals(lived(renewed, ['2026-07-01T12:00:00Z', advance])).at(-1)).toBe('open renewal: -4950 +14850 +29700')
  })
})
