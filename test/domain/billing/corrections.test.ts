import { describe, expect, test } from 'vitest'
import { netOf } from '../../../src/invoices/domain/invoice.ts'
import { at, id, price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { amountOff, givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer, givenRules, offers, usageOfEvents } from '../../support/given-selling.ts'
import { beginning, type History, lived } from './history.ts'
import {
  advance,
  attaches,
  balances,
  changes,
  creditLeft,
  credits,
  documents,
  final,
  finalizes,
  grants,
  invoice,
  invoicesOf,
  subscribes,
  takesNoteBack,
  voids,
  writes,
  writesOff,
} from './words.ts'

const START = '2026-01-31'
const LATER = '2026-02-10'
const support = [{ planCode: 'support', quantity: 1, unitAmount: null }]
const coupons = [
  givenCoupon({ id: id('coupon', 20), code: 'ALL', terms: percentOff('10'), duration: { type: 'forever' } }),
  givenCoupon({
    ...{ id: id('coupon', 21), code: 'SUPPORT', terms: amountOff(300n), duration: { type: 'forever' } },
    plans: [{ id: offers.support.id, code: 'support' }],
  }),
]
const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
const onTerms = (about: Parameters<typeof beginning>[0] = {}) =>
  beginning({
    ...{ account: givenCustomer({ collection: 'invoice' }), offered: coupons },
    ...{ settings: givenRules({ tax: { engine: 'rates', rates } }), ...about },
  })
const sold = (about = {}, from = onTerms()) => lived(from, [START, subscribes(about)])
const ledgerOf = ({ decisions }: History) => decisions.at(-1)?.ledger ?? []
const corrected = (history: History, nth = 0, when = LATER) => {
  const done = lived(history, [when, voids(nth, true)])
  return { done, before: final(done, nth), correction: final(done, invoicesOf(done).length - 1) }
}

describe('a correction', () => {
  test('takes its coupons and its taxes anew, each once and of the plans they are for', () => {
    const both = lived(sold({ addOns: support, couponCode: 'SUPPORT' }, lived(onTerms(), [START, attaches('ALL')])))
    const { before, correction } = corrected(both)
    expect(before.lines.map(netOf)).toEqual([4410n, 630n])
    expect(correction.lines.map(netOf)).toEqual([4410n, 630n])
    expect(correction).toMatchObject({ subtotal: 5900n, discount: 860n, tax: 958n, total: 5998n, memo: null })
    expect(correction.taxes).toEqual(before.taxes)
  })

  test('has no coupon that was taken away meanwhile', () => {
    const gone = lived(sold({}, lived(onTerms(), [START, attaches('ALL')])), [
      LATER,
      { type: 'detach_discounts', couponCode: 'ALL', subscriptionId: null },
    ])
    const { before, correction } = corrected(gone)
    expect([before.discount, correction.discount, correction.lines[0]?.discounts]).toEqual([490n, 0n, []])
    expect(correction).toMatchObject({ subtotal: 4900n, total: 5831n })
  })

  test('awaits its tax anew, where that is told from elsewhere', () => {
    const settings = givenRules({ tax: { engine: 'external', rates: [] } })
    const taxed = lived(sold({}, onTerms({ settings })), [START, finalizes(0, [931n])])
    const draft = invoice(lived(taxed, [LATER, voids()]), 1)
    expect(draft).toMatchObject({ status: 'draft', awaits: 'tax', reason: 'correction', tax: 0n, total: 4900n })
    expect(draft.lines).toMatchObject([{ tax: 0n, taxes: [] }])
  })

  test('claims keys of its own, which say what it corrects', () => {
    const { before, correction } = corrected(sold({ addOns: support }))
    const keys = correction.lines.map(({ billingKey }) => billingKey)
    expect(keys).toEqual(keys.map(() => expect.stringMatching(`^correction:${before.id}:.`)))
    expect(new Set(keys).size).toBe(2)
    expect(new Set([...before.lines, ...correction.lines].map((line) => line.id)).size).toBe(4)
  })

  test('of what was written by hand is made when it is asked for, and claims nothing', () => {
    const { correction } = corrected(lived(onTerms(), [START, writes([['3', '100']])]))
    expect(correction.lines).toMatchObject([{ billingKey: null, quantity: '3', unitAmount: '100', amount: 300n }])
    expect(correction).toMatchObject({ reason: 'correction', tax: 57n })
  })

  test('bills what was used as it was, beside the price of today', () => {
    const metered = givenOffer(20, 'metered', [price('4900')], { charges: [givenCharge()] })
    const usageOf = usageOfEvents([{ metric: 'api_calls', at: '2026-02-05T00:00:00Z', quantity: 70n }])
    const renewed = lived(
      sold({ planCode: 'metered' }, onTerms({ plans: [metered], usageOf })),
      [START, changes({ unitAmount: '3900', effective: 'period_end' })],
      ['2026-02-28', advance],
    )
    const { before, correction } = corrected(renewed, 1, '2026-03-01')
    expect(before.lines.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['base', 3900n],
      ['usage', 70n],
    ])
    expect(correction.lines.map(({ kind, unitAmount, amount }) => [kind, unitAmount, amount])).toEqual([
      ['base', '3900', 3900n],
      ['usage', null, 70n],
    ])
  })

  test('bills each item at its own price of today', () => {
    const changed = lived(sold({ addOns: support }), [
      LATER,
      changes({ addOns: [{ planCode: 'support', quantity: 1, unitAmount: '700' }], effective: 'period_end' }),
    ])
    const renewed = lived(
      changed,
      ['2026-02-28', changes({ unitAmount: '4000', effective: 'period_end' })],
      ['2026-03-31', advance],
    )
    expect(documents(renewed)).toEqual([
      'open subscription: +4900 +1000',
      'open renewal: +4900 +700',
      'open renewal: +4000 +700',
    ])
    expect(corrected(renewed, 0, '2026-04-01').correction.lines.map(netOf)).toEqual([4000n, 700n])
    // From 28 February to 31 March: three days more than the month that begins on that day.
    expect(corrected(renewed, 1, '2026-04-01').correction.lines.map(netOf)).toEqual([4000n, 700n])
  })
})

describe('a void', () => {
  test('says when and why, that nothing is owed any more, and posts it as a void', () => {
    const gone = lived(sold(), [LATER, voids(0, false)])
    expect(final(gone)).toMatchObject({
      voided: { at: at(LATER), reason: 'Wrong' },
      settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 5831n },
    })
    expect(ledgerOf(gone)).toMatchObject([{ kind: 'void', document: final(gone).id, at: at(LATER) }])
  })

  test('gives back the credit of this invoice alone', () => {
    const two = lived(
      onTerms(),
      [START, grants(6000n)],
      [START, subscribes()],
      [START, subscribes({ planCode: 'team' })],
    )
    expect(creditLeft(two)).toBe(0n)
    expect(creditLeft(lived(two, [LATER, voids(1, false)]))).toBe(169n)
    expect(creditLeft(lived(two, [LATER, voids(0, false)]))).toBe(5831n)
  })

  test('is not held up by a note on another invoice, nor by one that was taken back', () => {
    const two = lived(sold(), [START, subscribes({ planCode: 'team' })], [START, credits(1)])
    expect(documents(lived(two, [LATER, voids(0, false)]))[0]).toBe('void subscription: +4900')
    const back = lived(sold(), [START, credits(0)], [START, takesNoteBack], [LATER, voids(0, false)])
    expect([documents(back), balances(back)]).toEqual([['void subscription: +4900'], {}])
  })

  test('of what comes to nothing is possible', () => {
    const free = sold({ planCode: 'free' })
    expect(documents(lived(free, [LATER, voids(0, false)]))).toEqual(['void subscription: +0'])
  })
})

test('a bad debt is posted as one', () => {
  const bad = lived(sold(), [LATER, writesOff()])
  expect(ledgerOf(bad)).toMatchObject([{ kind: 'uncollectible', document: final(bad).id }])
  expect(final(bad)).toMatchObject({ status: 'uncollectible', settlement: { writtenOff: 5831n, paid: 0n } })
})
