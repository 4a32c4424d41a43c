import { describe, expect, test } from 'vitest'
import { at } from '../../support/given.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { beginning, lived, refusal } from './history.ts'
import {
  advance,
  balances,
  cancels,
  changes,
  credits,
  documents,
  final,
  gateway,
  grants,
  invoice,
  owed,
  subscribes,
  voids,
} from './words.ts'

const START = '2026-06-01'
const byInvoice = () => beginning({ account: givenCustomer({ collection: 'invoice' }) })
const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
const taxing = (about = {}) =>
  beginning({
    settings: givenRules({ tax: { engine: 'rates', rates } }),
    account: givenCustomer({ collection: 'invoice' }),
    ...about,
  })

describe('FR-050 a void', () => {
  test('gives credit back with the time it had left, and makes a correction of today', () => {
    const made = lived(taxing(), [START, grants(1000n, '2026-06-11')], [START, subscribes()])
    expect(final(made)).toMatchObject({ total: 5831n, settlement: { creditsApplied: 1000n } })
    const later = { ...made, snapshot: { ...made.snapshot, account: { ...made.snapshot.account, taxExempt: true } } }
    const corrected = lived(later, ['2026-07-01', voids()])
    expect(documents(corrected)).toEqual(['void subscription: +4900', 'open correction: +4900'])
    expect(final(corrected, 1)).toMatchObject({
      corrects: final(made).id,
      tax: 0n,
      period: final(made).period,
      number: 'JANE-0002',
    })
    expect([...corrected.credits.values()]).toMatchObject([{ remaining: 0n, expiresAt: at('2026-07-11') }])
    expect(balances(corrected)).toEqual({ granted: 1000n, receivable: 3900n, revenue: -4900n })
  })

  test('of a period before another interval bills that period, not one of the interval of today', () => {
    const toYears = changes({ interval: { unit: 'year', count: 1 }, effective: 'period_end' })
    const changed = lived(byInvoice(), [START, subscribes()], [START, toYears], ['2026-07-01', advance])
    expect(documents(lived(changed, ['2026-07-02', voids(0)])).at(-1)).toBe('open correction: +4900')
    expect(documents(lived(changed, ['2026-07-02', voids(1)])).at(-1)).toBe('open correction: +99900')
  })

  test('of a price of its own bills the one of today', () => {
    const own = changes({ unitAmount: '3900', effective: 'period_end' })
    const changed = lived(byInvoice(), [START, subscribes()], [START, own], ['2026-07-01', advance])
    expect(documents(lived(changed, ['2026-07-02', voids(0)])).at(-1)).toBe('open correction: +3900')
  })

  test('without a correction leaves nothing', () => {
    const gone = lived(taxing(), [START, subscribes()], [START, voids(0, false)])
    expect([documents(gone), balances(gone)]).toEqual([['void subscription: +4900'], {}])
  })

  test('of a proration has no correction of its own', () => {
    const changed = lived(
      taxing(),
      [START, subscribes()],
      ['2026-06-16', changes({ planCode: 'team', invoicing: 'now' })],
    )
    const gone = lived(changed, ['2026-06-17', voids(1)])
    expect(documents(gone)).toEqual(['open subscription: +4900', 'void proration: -2450 +4950'])
    const seats = lived(gone, ['2026-06-21', changes({ quantity: 2, invoicing: 'now' })])
    expect(documents(seats).at(-1)).toBe('open proration: -1633 +6600')
    expect(refusal(changed, '2026-06-17', voids(0))).toMatchObject({ code: 'invoice_not_voidable' })
    expect(documents(lived(gone, ['2026-06-17', voids(0)])).at(-1)).toBe('open correction: +4900')
  })

  test('of a void, paid or noted invoice is refused', () => {
    const paid = lived(beginning(), [START, subscribes()], [START, gateway('succeeded')])
    expect(refusal(paid, START, voids())).toMatchObject({
      code: 'invoice_not_voidable',
      hint: expect.stringContaining('credit note'),
    })
    const noted = lived(byInvoice(), [START, subscribes()], [START, credits(0, { parts: [[0, 100n]] })])
    expect(refusal(noted, START, voids())).toMatchObject({ code: 'invoice_not_voidable' })
    const gone = lived(byInvoice(), [START, subscribes()], [START, voids(0, false)])
    expect(refusal(gone, START, voids())).toMatchObject({ code: 'invoice_not_voidable' })
  })

  test('of what is uncollectible takes the bad debt back', () => {
    const bad = lived(
      byInvoice(),
      [START, subscribes()],
      [START, (history) => ({ type: 'mark_uncollectible', id: invoice(history).id })],
    )
    expect([owed(bad), balances(bad)]).toEqual([0n, { bad_debt: 4900n, revenue: -4900n }])
    expect(balances(lived(bad, [START, voids(0, false)]))).toEqual({})
  })

  test('what is uncollectible is credited by no more than was paid of it', () => {
    const bad = lived(
      byInvoice(),
      [START, subscribes()],
      [START, (history) => ({ type: 'mark_uncollectible', id: invoice(history).id })],
    )
    expect(documents(lived(bad, ['2026-06-16', cancels({ prorate: true })]))).toEqual([
      'uncollectible subscription: +4900',
    ])
  })
})
