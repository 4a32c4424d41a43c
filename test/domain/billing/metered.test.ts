import { describe, expect, test } from 'vitest'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import { at, price, USD } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenCustomer, givenOffer, givenRules, type Used, usageOfEvents } from '../../support/given-selling.ts'
import { beginning, lived } from './history.ts'
import {
  advance,
  balances,
  cancels,
  changes,
  documents,
  final,
  invoice,
  invoicesOf,
  pauses,
  resumes,
  subscribes,
} from './words.ts'

const START = '2026-06-01'
const year = { unit: 'year', count: 1 } as const
const calls = (at: string, quantity: bigint): Used => ({ metric: 'api_calls', at, quantity })
const tiers = [tier('1000', '10'), tier('10000', '5'), tier(null, '1')]
const metered = (charge: Partial<Charge> = {}, about: Parameters<typeof givenOffer>[3] = {}) =>
  givenOffer(20, 'metered', [price('4900'), price('49000', year)], { charges: [givenCharge(charge)], ...about })
const begun = (used: readonly Used[], ...plans: readonly ReturnType<typeof metered>[]) =>
  beginning({ plans, usageOf: usageOfEvents(used), account: givenCustomer({ collection: 'invoice' }) })
const sale = (about = {}) => subscribes({ planCode: 'metered', ...about })

describe('FR-019 what was used', () => {
  test.each([
    ['standard', { type: 'standard', unitAmount: '0.5' }, 15_000n, '+7500'],
    ['graduated', { type: 'graduated', tiers }, 15_000n, '+60000'],
    ['volume', { type: 'volume', tiers }, 15_000n, '+15000'],
    ['graduated, one beyond', { type: 'graduated', tiers }, 1001n, '+10005'],
    ['volume, one beyond', { type: 'volume', tiers }, 1001n, '+5005'],
  ] as const)('by %s comes in arrears beside the next period', (_, model, quantity, amount) => {
    const used = [calls('2026-06-30T23:59:59Z', quantity), calls('2026-07-01', 77n)]
    const billed = lived(begun(used, metered({ model })), [START, sale()], ['2026-07-01', advance])
    expect(documents(billed)).toEqual(['open subscription: +4900', `open renewal: +4900 ${amount}`])
  })

  test('of a year is billed by the month', () => {
    const used = [calls('2026-06-10', 100n), calls('2026-07-10', 200n)]
    const billed = lived(begun(used, metered()), [START, sale({ interval: 'year' })], ['2026-08-01', advance])
    expect(documents(billed)).toEqual(['open subscription: +49000', 'open usage: +100', 'open usage: +200'])
  })

  test('is charged by the plan and by an add-on that charges for the same', () => {
    const extra = givenOffer(21, 'extra', [price('100')], {
      kind: 'add_on',
      charges: [givenCharge({ model: { type: 'standard', unitAmount: '2' }, minimum: '900' })],
    })
    const billed = lived(
      begun([calls('2026-06-10', 100n)], metered(), extra),
      [START, sale({ addOns: [{ planCode: 'extra', quantity: 1, unitAmount: null }] })],
      ['2026-07-01', advance],
    )
    expect(documents(billed).at(-1)).toBe('open renewal: +4900 +100 +100 +200 +700')
  })

  test('in a trial costs nothing', () => {
    const billed = lived(
      begun([calls('2026-06-10', 100n)], metered()),
      [START, sale({ trialDays: 14 })],
      ['2026-07-15', advance],
    )
    expect(documents(billed)).toEqual(['open subscription: +4900', 'open renewal: +4900'])
  })

  test('before the boundary since when it is billed costs nothing', () => {
    const start = { startAt: at('2026-06-01'), billFrom: at('2026-07-01') }
    const used = [calls('2026-06-10', 100n), calls('2026-07-10', 30n)]
    const billed = lived(begun(used, metered()), ['2026-06-15', sale(start)], ['2026-08-01', advance])
    expect(documents(billed)).toEqual(['open renewal: +4900', 'open renewal: +4900 +30'])
  })

  test('is billed when the subscription ends', () => {
    const billed = lived(
      begun([calls('2026-06-10', 100n), calls('2026-06-12', 5n)], metered()),
      [START, sale()],
      ['2026-06-11', cancels()],
    )
    expect(documents(billed)).toEqual(['open subscription: +4900', 'open usage: +100'])
  })

  test('in a pause does not stop what was used before', () => {
    const used = [calls('2026-06-05', 100n), calls('2026-06-25', 20n)]
    const billed = lived(
      begun(used, metered()),
      [START, sale()],
      ['2026-06-11', pauses()],
      ['2026-06-21', resumes],
      ['2026-07-11', advance],
    )
    expect(documents(billed).at(-1)).toBe('open renewal: +4900 +120')
  })
})

describe('a price that changes while it is used', () => {
  test('bills each part by its own price, in the order of time', () => {
    const other = givenOffer(21, 'other', [price('9900')], {
      charges: [givenCharge({ model: { type: 'standard', unitAmount: '0.5' } })],
    })
    const used = [calls('2026-06-10', 1001n), calls('2026-06-20', 1002n)]
    const billed = lived(
      begun(used, metered({ model: { type: 'standard', unitAmount: '0.7' } }), other),
      [START, sale()],
      ['2026-06-16', changes({ planCode: 'other', invoicing: 'now' })],
      ['2026-07-01', advance],
    )
    // round(700.7), and round(0.5 × 2003) − round(0.5 × 1001).
    expect(documents(billed).at(-1)).toBe('open renewal: +9900 +701 +501')
  })

  test('of another interval ends what was used at once', () => {
    const billed = lived(
      begun([calls('2026-06-10', 100n)], metered()),
      [START, sale()],
      ['2026-06-16', changes({ interval: year, invoicing: 'now' })],
    )
    expect(documents(billed).slice(1).toSorted()).toEqual(['open proration: -2450 +49000', 'open usage: +100'])
  })
})

describe('the least that a period comes to', () => {
  test.each([
    ['is met', 6000n, '+4900 +6000'],
    ['is made up', 100n, '+4900 +100 +5000'],
    ['of nothing used', 0n, '+4900 +5100'],
  ])('%s', (_, quantity, amounts) => {
    const plan = metered({}, { minimums: [{ currency: USD, amount: '10000' }] })
    const used = quantity === 0n ? [] : [calls('2026-06-10', quantity)]
    const billed = lived(begun(used, plan), [START, sale()], ['2026-07-01', advance])
    expect(documents(billed).at(-1)).toBe(`open renewal: ${amounts}`)
  })

  test('of a charge is for its own usage, and for the days served', () => {
    const billed = lived(
      begun([calls('2026-06-10', 100n)], metered({ minimum: '900' })),
      [START, sale()],
      ['2026-06-16', cancels()],
    )
    expect(documents(billed).at(-1)).toBe('open usage: +100 +350')
  })
})

describe('FR-097 an external tax engine', () => {
  const settings = givenRules({ tax: { engine: 'external', rates: [] } })
  const account = givenCustomer({ collection: 'invoice' })
  const taxes = (amount: bigint) => [{ name: 'VAT', country: 'DE', region: null, percent: '19', amount }]
  const told = (nth: number, amount: bigint) => (history: Parameters<typeof invoice>[0]) =>
    ({ type: 'finalize_invoice', id: invoice(history, nth).id, taxes: taxes(amount) }) as const
  const sold = () => lived(beginning({ settings, account }), [START, subscribes()], [START, told(0, 931n)])

  test('is waited for by a proration once its day is over, and its credit brings the tax it had', () => {
    const changed = lived(sold(), ['2026-06-16T09:00:00Z', changes({ planCode: 'team' })], ['2026-06-17', advance])
    expect(invoice(changed, 1)).toMatchObject({ status: 'draft', awaits: 'tax', finalizeAt: null })
    expect(changed.events.findLast(({ subject }) => subject === 'invoice')?.after).toEqual(invoice(changed, 1))
    const closed = lived(changed, ['2026-06-17', told(1, 941n)])
    expect(final(closed, 1)).toMatchObject({ total: 2500n - 466n + 941n, tax: 475n })
    expect(balances(closed)).toEqual({ receivable: 5831n + 2975n, revenue: -7400n, tax: -1406n })
  })

  test('told before the day is over ends the day’s changes', () => {
    const changed = lived(
      sold(),
      ['2026-06-16T09:00:00Z', changes({ planCode: 'team' })],
      ['2026-06-16T10:00:00Z', told(1, 941n)],
      ['2026-06-16T11:00:00Z', changes({ planCode: 'starter' })],
    )
    expect(documents(changed).slice(1)).toEqual(['open proration: -2450 +4950', 'draft proration: -4950 +2450'])
  })

  test('must be told before the draft is final; none at all is an answer', () => {
    const wanted = (taxes: [] | null) => (history: Parameters<typeof invoice>[0]) =>
      ({ type: 'finalize_invoice', id: invoice(history).id, taxes }) as const
    const draft = lived(beginning({ settings, account }), [START, subscribes()])
    expect(() => lived(draft, [START, wanted(null)])).toThrow(/awaits its tax/)
    expect(final(lived(draft, [START, wanted([])]))).toMatchObject({ total: 4900n, tax: 0n })
  })

  test('has nothing to say of a credit alone', () => {
    const ended = lived(sold(), ['2026-06-16', cancels({ prorate: true })])
    expect(invoicesOf(ended)[1]).toMatchObject({ status: 'paid', total: -2916n, tax: -466n })
  })

  test('has a change that is left for the next invoice taxed with it, once', () => {
    const renewed = lived(
      sold(),
      ['2026-06-11', changes({ quantity: 2, invoicing: 'next_invoice' })],
      ['2026-06-21', changes({ quantity: 3, invoicing: 'next_invoice' })],
      ['2026-07-01', advance],
    )
    expect(documents(renewed).at(-1)).toBe('draft renewal: -3267 +6533 -3267 +4900 +14700')
    const closed = lived(renewed, ['2026-07-01', told(1, 4965n)])
    expect(final(closed, 1).lines.map(({ tax }) => tax)).toEqual([-621n, 1241n, -621n, 931n, 2793n])
  })
})
