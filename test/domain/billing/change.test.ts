import { describe, expect, test } from 'vitest'
import { periodOf } from '../../../src/subscriptions/domain/subscription.ts'
import { at, price } from '../../support/given.ts'
import { givenOffer, givenRules, offers } from '../../support/given-selling.ts'
import { beginning, lived, refusal } from './history.ts'
import {
  advance,
  cancels,
  changes,
  documents,
  final,
  gateway,
  invoice,
  invoicesOf,
  pauses,
  subscribes,
  subscription,
} from './words.ts'

const START = '2026-06-01'
const sold = (about = {}, from = beginning()) => lived(from, [START, subscribes(about)], [START, gateway('succeeded')])
const team = { planCode: 'team' } as const

describe('FR-030 a change in the middle of a month', () => {
  test('is a draft of its day, which becomes final at the local midnight', () => {
    const changed = lived(sold(), ['2026-06-16T09:00:00Z', changes(team)])
    expect(documents(changed)).toEqual(['paid subscription: +4900', 'draft proration: -2450 +4950'])
    expect(invoice(changed, 1)).toMatchObject({ awaits: 'day_end', finalizeAt: at('2026-06-17') })
    const closed = lived(changed, ['2026-06-17', advance])
    expect(documents(closed)).toEqual(['paid subscription: +4900', 'open proration: -2450 +4950'])
    expect(documents(lived(closed, ['2026-07-01', advance])).at(-1)).toBe('open renewal: +9900')
  })

  test('left for the period’s end says only what it changes: add-ons that come before it stay', () => {
    const addOn = (planCode: string, quantity: number) => ({ planCode, quantity, unitAmount: null })
    const changed = lived(
      sold({ addOns: [addOn('support', 1)] }),
      ['2026-06-10', changes({ effective: 'period_end', addOns: [addOn('support', 0)] })],
      ['2026-06-11', changes({ addOns: [addOn('storage', 2)], invoicing: 'now' })],
      ['2026-07-01', advance],
    )
    expect(documents(changed).at(-1)).toBe('open renewal: +4900 +601')
  })

  test.each([
    ['end_of_day', ['draft proration: -2450 +4950']],
    ['now', ['open proration: -2450 +4950']],
    ['next_invoice', ['draft proration: -2450 +4950']],
  ] as const)('invoiced %s', (invoicing, made) => {
    const changed = lived(sold(), ['2026-06-16T09:00:00Z', changes({ ...team, invoicing })])
    expect(documents(changed).slice(1)).toEqual(made)
    expect(invoicesOf(lived(changed, ['2026-06-20', advance])).map(({ status }) => status)).toEqual([
      'paid',
      invoicing === 'next_invoice' ? 'draft' : 'open',
    ])
  })

  test('left for the next invoice, its lines come before the renewal’s, and its draft is no more', () => {
    const changed = lived(sold(), ['2026-06-16T09:00:00Z', changes({ ...team, invoicing: 'next_invoice' })])
    const renewed = lived(changed, ['2026-07-01', advance])
    expect(documents(renewed)).toEqual(['paid subscription: +4900', 'open renewal: -2450 +4950 +9900'])
    expect([...renewed.invoices.values()].map(({ status }) => status)).toEqual(['paid', 'deleted', 'open'])
  })

  test.each([
    ['day', '2026-06-16T12:00:00Z', '-2450 +4950'],
    ['second', '2026-06-16T12:00:00Z', '-2368 +4785'],
    ['second', '2026-06-16T00:00:00Z', '-2450 +4950'],
  ] as const)('by %s at %s: %s', (granularity, when, lines) => {
    const changed = lived(sold(), [when, changes({ ...team, granularity, invoicing: 'now' })])
    expect(documents(changed).slice(1)).toEqual([`open proration: ${lines}`])
  })

  test('by none, of the interval, there and back at one instant, bills each period under a key of its own', () => {
    const to = (unit: 'month' | 'year') => changes({ interval: { unit, count: 1 }, granularity: 'none' })
    const when = '2026-06-16'
    const changed = lived(sold(), [when, to('year')], [when, to('month')], [when, to('year')], [when, to('month')])
    const keys = invoicesOf(changed).flatMap(({ lines }) => lines.map(({ billingKey }) => billingKey))
    expect([keys.length, new Set(keys).size]).toEqual([5, 5])
  })

  test('by none: nothing is invoiced until the next period', () => {
    const changed = lived(sold(), ['2026-06-16', changes({ ...team, granularity: 'none' })], ['2026-07-01', advance])
    expect(documents(changed)).toEqual(['paid subscription: +4900', 'open renewal: +9900'])
  })

  test('follows the settings of the organization where it says nothing', () => {
    const settings = givenRules({ proration: { granularity: 'second', invoicing: 'now' } })
    const changed = lived(sold({}, beginning({ settings })), ['2026-06-16T12:00:00Z', changes(team)])
    expect(documents(changed).slice(1)).toEqual(['open proration: -2368 +4785'])
  })

  test('of seats credits all old ones and charges all new ones', () => {
    const changed = lived(sold({ quantity: 3 }), ['2026-06-16', changes({ quantity: 5, invoicing: 'now' })])
    expect(documents(changed).slice(1)).toEqual(['open proration: -7350 +12250'])
    expect(invoice(changed, 1).lines.map(({ quantity }) => quantity)).toEqual(['3', '5'])
  })

  test('of add-ons leaves the plan’s line alone', () => {
    const addOns = [{ planCode: 'support', quantity: 2, unitAmount: null }]
    const added = lived(sold(), ['2026-06-16', changes({ addOns, invoicing: 'now' })])
    expect(documents(added).slice(1)).toEqual(['open proration: +1000'])
    const none = [{ planCode: 'support', quantity: 0, unitAmount: null }]
    const gone = lived(added, ['2026-06-26', changes({ addOns: none, invoicing: 'now' })])
    expect(documents(gone).slice(2)).toEqual(['paid proration: -333'])
    expect(documents(lived(gone, ['2026-07-01', advance])).at(-1)).toBe('open renewal: +4900')
  })

  test('of the price of this subscription alone', () => {
    const changed = lived(sold(), ['2026-06-16', changes({ unitAmount: '4000', invoicing: 'now' })])
    expect(documents(changed).slice(1)).toEqual(['paid proration: -2450 +2000'])
    expect(documents(lived(changed, ['2026-07-01', advance])).at(-1)).toBe('open renewal: +4000')
  })

  test('credits what a charge of the same period has left', () => {
    const twice = lived(
      sold(),
      ['2026-06-11', changes({ ...team, invoicing: 'now' })],
      ['2026-06-21', changes({ planCode: 'starter', invoicing: 'now' })],
    )
    expect(documents(twice).slice(1)).toEqual(['open proration: -3267 +6600', 'paid proration: -3300 +1633'])
  })

  test('to the current version of the plan it has takes its price', () => {
    const raised = givenOffer(1, 'starter', [price('5900')], { version: 2 })
    const before = sold()
    const history = {
      ...before,
      plans: [...before.plans.filter(({ code }) => code !== 'starter'), raised],
      snapshot: { ...before.snapshot, versions: new Map([[offers.starter.current.id, offers.starter.current]]) },
    }
    const seats = lived(history, ['2026-06-16', changes({ quantity: 2, invoicing: 'now' })])
    expect(documents(seats).slice(1)).toEqual(['open proration: -2450 +4900'])
    const latest = lived(history, ['2026-06-16', changes({ latestVersion: true, invoicing: 'now' })])
    expect(documents(latest).slice(1)).toEqual(['open proration: -2450 +2950'])
  })

  test('as of an earlier instant of the period, but not before the last change', () => {
    const changed = lived(sold(), ['2026-06-20', changes({ ...team, effective: at('2026-06-11') })])
    expect(documents(changed).slice(1)).toEqual(['draft proration: -3267 +6600'])
    const early = { planCode: 'starter', effective: at('2026-06-10') }
    expect(refusal(changed, '2026-06-21', changes(early))).toMatchObject({ code: 'change_too_early' })
  })

  test('as of a day whose changes are final already is reckoned from how they left it', () => {
    const back = changes({ planCode: 'starter', effective: at('2026-06-16T20:00:00Z') })
    const changed = lived(
      sold(),
      ['2026-06-16T09:00:00Z', changes(team)],
      ['2026-06-17', advance],
      ['2026-06-18', back],
    )
    expect(documents(changed).slice(1)).toEqual(['open proration: -2450 +4950', 'draft proration: -4950 +2450'])
  })

  test('to a plan of the same price is invoiced not at all', () => {
    const twin = givenOffer(8, 'twin', [price('4900')])
    const changed = lived(sold({}, beginning({ plans: [...Object.values(offers), twin] })), [
      '2026-06-16',
      changes({ planCode: 'twin', invoicing: 'now' }),
    ])
    expect(documents(changed)).toEqual(['paid subscription: +4900'])
    const again = lived(changed, ['2026-06-21', changes({ ...team, invoicing: 'now' })])
    expect(documents(again).slice(1)).toEqual(['open proration: -1633 +3300'])
  })
})

describe('FR-030 several changes in one day', () => {
  test('net in one draft, made anew from how the day began', () => {
    const once = lived(sold(), ['2026-06-16T09:00:00Z', changes(team)])
    const twice = lived(once, ['2026-06-16T15:00:00Z', changes({ quantity: 3 })])
    expect(documents(twice).slice(1)).toEqual(['draft proration: -2450 +14850'])
    expect(invoice(twice, 1).id).toBe(invoice(once, 1).id)
    const direct = lived(sold(), ['2026-06-16T15:00:00Z', changes({ ...team, quantity: 3 })])
    expect(documents(direct)).toEqual(documents(twice))
  })

  test('back to how it was: there is nothing left to invoice, then or later', () => {
    const back = lived(
      sold(),
      ['2026-06-16T09:00:00Z', changes(team)],
      ['2026-06-16T15:00:00Z', changes({ planCode: 'starter' })],
    )
    expect(documents(back)).toEqual(['paid subscription: +4900'])
    expect([...back.invoices.values()].map(({ status }) => status)).toEqual(['paid', 'deleted'])
    expect(documents(lived(back, ['2026-07-02', advance]))).toEqual(['paid subscription: +4900', 'open renewal: +4900'])
  })

  test('after one that was final at once, a further one is reckoned from that', () => {
    const changed = lived(
      sold(),
      ['2026-06-16T09:00:00Z', changes({ ...team, invoicing: 'now' })],
      ['2026-06-16T15:00:00Z', changes({ planCode: 'starter', invoicing: 'now' })],
    )
    expect(documents(changed).slice(1)).toEqual(['open proration: -2450 +4950', 'paid proration: -4950 +2450'])
    expect(new Set(invoicesOf(changed).flatMap(({ lines }) => lines.map((line) => line.billingKey))).size).toBe(3)
  })

  test.each([
    ['a change that is final at once', changes({ quantity: 2, invoicing: 'now' }), 'open proration: -2450 +9900'],
    ['a cancellation', cancels(), 'open proration: -2450 +4950'],
    ['a pause', pauses(), 'open proration: -2450 +4950'],
  ])('are final with %s', (_, asked, made) => {
    const ended = lived(sold(), ['2026-06-16T09:00:00Z', changes(team)], ['2026-06-16T10:00:00Z', asked])
    expect(documents(ended).slice(1)).toEqual([made])
  })

  test('that ends with the period are numbered before its renewal', () => {
    const changed = lived(sold(), ['2026-06-30T09:00:00Z', changes(team)], ['2026-07-01', advance])
    expect(documents(changed).slice(1)).toEqual(['open proration: -163 +330', 'open renewal: +9900'])
    expect([final(changed, 1).number, final(changed, 2).number]).toEqual(['JANE-0002', 'JANE-0003'])
  })

  test('on the last day are final before the renewal, and leave nothing of the day behind', () => {
    const bought = lived(beginning(), ['2026-06-01T12:00:00Z', subscribes()])
    const changed = lived(bought, ['2026-07-01T09:00:00Z', changes(team)], ['2026-07-01T13:00:00Z', advance])
    expect(documents(changed)).toEqual(['open subscription: +4900', 'open renewal: +9900'])
    const after = lived(changed, ['2026-07-01T14:00:00Z', changes({ planCode: 'starter' })])
    expect(periodOf(subscription(after))?.end).toBe(at('2026-08-01T12:00:00Z'))
    expect(documents(after).slice(2)).toEqual(['draft proration: -9900 +4900'])
  })

  test('left for the next invoice and changed again after the renewal of that day', () => {
    const changed = lived(
      beginning(),
      ['2026-06-01T12:00:00Z', subscribes()],
      ['2026-07-01T09:00:00Z', changes({ quantity: 2, invoicing: 'next_invoice', granularity: 'second' })],
      ['2026-07-01T13:00:00Z', advance],
      ['2026-07-01T14:00:00Z', changes({ quantity: 3 })],
    )
    expect(periodOf(subscription(changed))?.start).toBe(at('2026-07-01T12:00:00Z'))
    expect(documents(changed).slice(1)).toEqual(['open renewal: -20 +41 +9800', 'draft proration: -9800 +14700'])
  })
})

describe('FR-031 a change for later', () => {
  test('waits for the period’s end, and no proration is made', () => {
    const stored = lived(sold(), ['2026-06-16', changes({ ...team, effective: 'period_end' })])
    expect(subscription(stored)).toMatchObject({ planId: offers.starter.id, scheduledChange: { at: 'period_end' } })
    expect(documents(lived(stored, ['2026-07-01', advance]))).toEqual([
      'paid subscription: +4900',
      'open renewal: +9900',
    ])
  })

  test('at an instant is prorated there; the last stored wins', () => {
    const stored = lived(
      sold(),
      ['2026-06-02', changes({ quantity: 9, effective: 'period_end' })],
      ['2026-06-03', changes({ ...team, effective: at('2026-06-16'), invoicing: 'now' })],
      ['2026-06-20', advance],
    )
    expect(documents(stored).slice(1)).toEqual(['open proration: -2450 +4950'])
    expect(subscription(stored)).toMatchObject({ quantity: 1, scheduledChange: null })
  })
})
