import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FinalInvoice, type Invoice, isFinal, type Line } from '../../../src/invoices/domain/invoice.ts'
import { creditOf } from '../../../src/invoices/domain/proration.ts'
import { differencesIn } from '../../../src/invoices/domain/verify.ts'
import type { Derivation } from '../../../src/invoices/domain/workings.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { rate } from '../../../src/plans/domain/rating.ts'
import { taxDifferencesIn } from '../../../src/taxes/domain/verify-tax.ts'
import { at, givenInvoice, givenLine, givenMethod, givenPlan, id } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenRules, offers } from '../../support/given-selling.ts'
import { beginning, following } from '../billing/history.ts'
import { cancels, changes, invoicesOf, pauses, resumes, subscribes } from '../billing/words.ts'

const graduated = { type: 'graduated', tiers: [tier('1000', '0'), tier(null, '0.5')] } as const
const metered = { ...givenPlan().current, charges: [givenCharge({ model: graduated })] }
const percent = {
  discountId: id('discount', 1),
  couponCode: 'HALF',
  scope: 'line',
  percent: '50',
  planIds: null,
} as const
const vat = { name: 'VAT', country: 'DE', region: null, percent: '19' }
const source = givenLine(1, { discounts: [{ ...percent, amount: 2450n }], discount: 2450n })
const known: Derivation = {
  versions: new Map([[metered.id, metered]]),
  credited: new Map([[source.id, source]]),
}

/** An invoice of one line, right but for what a test says. */
function invoice(line: Partial<Line>, about: Partial<FinalInvoice> = {}): FinalInvoice {
  const of = givenInvoice([], { lines: [givenLine(9, line)] })
  return {
    ...of,
    status: of.total > 0n ? 'open' : 'paid',
    settlement: { ...of.settlement, creditsApplied: of.total > 0n ? 0n : of.total },
    ...about,
  }
}

const found = (line: Partial<Line>, about: Partial<FinalInvoice> = {}) =>
  differencesIn(invoice(line, about), known).map(
    ({ pointer, stored, computed }) => `${pointer} ${stored} ≠ ${computed}`,
  )

const half = { numerator: 15, denominator: 30 }
const credit = (most: bigint): Partial<Line> => ({
  ...{ kind: 'proration_credit', creditsLineId: source.id, proration: half, ...creditOf(source, most, half) },
})
const used = (quantity: string): Partial<Line> => ({
  ...{ kind: 'usage', quantity, unitAmount: null, billingKey: 'usage:0:api_calls:' },
  usage: { metric: 'api_calls', parts: rate(graduated, { quantity }).parts, earlier: 0n },
})

describe('what its inputs come to is identical:', () => {
  test.each<[string, Partial<Line>]>([
    ['a price', { quantity: '5', unitAmount: '9900', proration: half, amount: 24750n }],
    ['tiers', { ...used('1001'), amount: 1n }],
    ['a discount', { discounts: [{ ...percent, amount: 2450n }], discount: 2450n }],
    ['an amount taken off', { discounts: [{ ...percent, percent: null, amount: 900n }], discount: 900n }],
    ['a minimum', { kind: 'minimum', unitAmount: '10000', covered: 4900n, amount: 5100n }],
    ['a credit', credit(2450n)],
    ['a credit that was cut', credit(100n)],
  ])('%s', (_, line) => {
    expect(found(line)).toEqual([])
  })
})

describe('told is what differs, and what it should be:', () => {
  test.each<[string, Partial<Line>, Partial<FinalInvoice>, string]>([
    ['a line', { unitAmount: '4901' }, {}, '/lines/0/amount 4900 ≠ 4901'],
    [
      'a tier',
      {
        ...used('1003'),
        quantity: '1003',
        amount: 2n,
        usage: {
          metric: 'api_calls',
          parts: rate({ ...graduated, tiers: [tier('1000', '0'), tier(null, '0.6')] }, { quantity: '1003' }).parts,
          earlier: 0n,
        },
      },
      {},
      '/lines/0/tiers',
    ],
    [
      'a percentage',
      { discounts: [{ ...percent, amount: 2449n }], discount: 2449n },
      {},
      '/lines/0/discounts/0/amount 2449 ≠ 2450',
    ],
    [
      'more taken off than there is',
      { discounts: [{ ...percent, percent: null, amount: 4901n }], discount: 4901n },
      {},
      '/lines/0/discounts/0/amount 4901 ≠ 1 to 4900',
    ],
    [
      'a sum of discounts',
      { discounts: [{ ...percent, amount: 2450n }], discount: 2451n },
      {},
      '/lines/0/discount 2451 ≠ 2450',
    ],
    ['a sum of taxes', { taxes: [{ ...vat, amount: 931n }], tax: 930n }, {}, '/lines/0/tax 930 ≠ 931'],
    ['a credit of more than there was', { ...credit(2450n), amount: -2452n }, {}, '/lines/0/amount -2452 ≠ -2450'],
    ['the subtotal', {}, { subtotal: 4901n, total: 4901n }, '/subtotal 4901 ≠ 4900'],
    ['the total', {}, { total: 4901n }, '/total 4901 ≠ 4900'],
    ['a paid one that owes', {}, { status: 'paid' }, '/balance 4900 ≠ 0'],
    [
      'an open one that owes nothing',
      {},
      { settlement: { paid: 4900n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n } },
      '/balance 0 ≠ above 0',
    ],
  ])('%s', (_, line, about, difference) => {
    expect(found(line, about).filter((one) => one.startsWith(difference))).not.toEqual([])
  })
})

describe('taxes', () => {
  const taxed = (...amounts: readonly bigint[]) => {
    const lines = amounts.map((amount, index) =>
      givenLine(index, { amount: 99n, taxes: [{ ...vat, amount }], tax: amount }),
    )
    const sum = amounts.reduce((total, one) => total + one, 0n)
    return givenInvoice([], { lines, taxes: [{ ...vat, taxable: 297n, amount: sum }] })
  }

  test('are the rate on the sum, divided over the lines', () => {
    expect(taxDifferencesIn(taxed(19n, 19n, 18n), true)).toEqual([])
    expect(taxDifferencesIn(taxed(19n, 18n, 19n), true).map(({ pointer }) => pointer)).toEqual([
      '/lines/1/taxes',
      '/lines/2/taxes',
    ])
    expect(taxDifferencesIn(taxed(19n, 19n, 19n), true)).toContainEqual({
      ...{ pointer: '/taxes', stored: 'VAT 19 % 57', computed: 'VAT 19 % 56' },
    })
  })

  test('that were computed elsewhere are taken as given, and divided', () => {
    expect(taxDifferencesIn(taxed(19n, 19n, 19n), false)).toEqual([])
    expect(taxDifferencesIn(taxed(20n, 18n, 19n), false)).not.toEqual([])
  })
})

const deeds = fc.array(
  fc.record({
    days: fc.integer({ min: 0, max: 40 }),
    what: fc.constantFrom('team', 'starter', 'seats', 'year', 'pause', 'resume', 'cancel'),
    quantity: fc.integer({ min: 1, max: 9 }),
    invoicing: fc.constantFrom('end_of_day', 'now', 'next_invoice'),
  }),
  { maxLength: 12 },
)

test('FR-054 in any life every final invoice comes to the same again', () => {
  const settings = givenRules({ tax: { engine: 'rates', rates: [{ ...vat, country: 'DE' }] } })
  fc.assert(
    fc.property(deeds, (script) => {
      let now = at('2026-01-31')
      let life = following(beginning({ settings, method: givenMethod() }), subscribes({ quantity: 3 }), now)
      for (const { days, what, quantity, invoicing } of script) {
        now = (now + days * DAY_MS) as Instant
        life = following(life, { type: 'advance' }, now)
        life = following(
          life,
          {
            team: changes({ planCode: 'team', invoicing }),
            starter: changes({ planCode: 'starter', invoicing }),
            seats: changes({ quantity, invoicing }),
            year: changes({ interval: { unit: 'year', count: 1 } }),
            pause: pauses(),
            resume: resumes,
            cancel: cancels({ prorate: true }),
          }[what],
          now,
        )
      }
      const all = invoicesOf(life)
      const derivation: Derivation = {
        versions: new Map(Object.values(offers).map(({ current }) => [current.id, current])),
        credited: new Map(all.flatMap(({ lines }) => lines).map((line) => [line.id, line])),
      }
      const wrong = (one: Invoice) => [...differencesIn(one, derivation), ...taxDifferencesIn(one, true)]
      expect(all.filter(isFinal).flatMap(wrong)).toEqual([])
    }),
    { numRuns: 150 },
  )
})
