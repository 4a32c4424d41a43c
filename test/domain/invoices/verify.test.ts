import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FinalInvoice, type Invoice, isFinal, type Line } from '../../../src/invoices/domain/invoice.ts'
import { creditOf } from '../../../src/invoices/domain/proration.ts'
import { differencesIn } from '../../../src/invoices/domain/verify.ts'
import type { Derivation } from '../../../src/invoices/domain/workings.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { rate } from '../../../src/plans/domain/rating.ts'
import { taxDifferencesIn } from '../../../src/taxes/domain/verify-tax.ts'
import { at, EUR, givenInvoice, givenLine, givenPlan, id } from '../../support/given.ts'
import { givenCharge, percentage, tier } from '../../support/given-charges.ts'
import { givenRules, offers } from '../../support/given-selling.ts'
import { beginning, following } from '../billing/history.ts'
import { cancels, changes, invoicesOf, pauses, resumes, subscribes } from '../billing/words.ts'

const graduated = { type: 'graduated', tiers: [tier('1000', '0'), tier(null, '0.5')] } as const
/** Besides other charges for the same metric and in the same currency. */
const charges = [givenCharge({ currency: EUR }), givenCharge({ metric: 'mails' }), givenCharge({ model: graduated })]
const metered = { ...givenPlan().current, charges }
const tenth = percentage({ rate: '10' })
const byRate = { ...metered, id: id('plan_version', 61), charges: [givenCharge({ model: tenth })] }
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
  versions: new Map([metered, byRate].map((version) => [version.id, version])),
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
const used = (quantity: string, { parts } = rate(graduated, { quantity })): Partial<Line> => ({
  ...{ kind: 'usage', quantity, unitAmount: null, billingKey: 'usage:0:api_calls:' },
  usage: { metric: 'api_calls', parts, earlier: 0n },
})
const dearer = rate({ ...graduated, tiers: [tier('1000', '0'), tier(null, '0.6')] }, { quantity: '1003' })
/** Taken off in this order, in minor units. */
const off = (...amounts: readonly (readonly [percent: string | null, amount: bigint])[]): Partial<Line> => ({
  discounts: amounts.map(([part, amount]) => ({ ...percent, percent: part, amount })),
  discount: amounts.reduce((sum, [, amount]) => sum + amount, 0n),
})

describe('what its inputs come to is identical:', () => {
  test.each<[string, Partial<Line>]>([
    ['a price', { quantity: '5', unitAmount: '9900', proration: half, amount: 24750n }],
    ['tiers', { ...used('1001'), amount: 1n }],
    ['a discount', { discounts: [{ ...percent, amount: 2450n }], discount: 2450n }],
    ['tiers of a price that is no longer known', { ...used('1003', dearer), amount: 2n, planVersionId: null }],
    ['the rest of tiers that another price began', { ...used('1500'), quantity: '500', amount: 250n }],
    [
      'a part of what was paid',
      { ...used('100', rate(tenth, { quantity: '100', events: ['100'] })), amount: 10n, planVersionId: byRate.id },
    ],
    ['half, and half of the rest', off(['50', 2450n], ['50', 1225n])],
    ['all of it taken off', off([null, 4900n])],
    ['an amount taken off', { discounts: [{ ...percent, percent: null, amount: 900n }], discount: 900n }],
    ['a minimum', { kind: 'minimum', unitAmount: '10000', covered: 4900n, amount: 5100n }],
    ['a credit', credit(2450n)],
    ['a credit that was cut', credit(100n)],
  ])('%s', (_, line) => {
    expect(found(line)).toEqual([])
  })
})

test('a settlement of every kind sums to the total', () => {
  const settlement = { paid: 1000n, creditsApplied: 900n, creditNotes: 2000n, writtenOff: 1000n }
  expect(found({}, { status: 'paid', settlement })).toEqual([])
  expect(found({}, { status: 'paid', settlement: { ...settlement, writtenOff: 999n } })).toEqual(['/balance 1 ≠ 0'])
})

describe('told is what differs, and what it should be:', () => {
  test.each<[string, Partial<Line>, Partial<FinalInvoice>, string]>([
    ['a line', { unitAmount: '4901' }, {}, '/lines/0/amount 4900 ≠ 4901'],
    [
      'a tier',
      {
        ...used('1003', dearer),
        amount: 2n,
      },
      {},
      '/lines/0/tiers',
    ],
    [
      'a tier of the only price for it',
      { ...used('1003', dearer), amount: 2n, billingKey: null },
      {},
      '/lines/0/tiers [',
    ],
    [
      'what a tier comes to',
      { ...used('1001', { ...dearer, parts: dearer.parts.map((part) => ({ ...part, amount: '9' })) }), amount: 18n },
      {},
      '/lines/0/tiers/1/amount 9 ≠ 1.8',
    ],
    ['nothing taken off', off([null, 0n]), {}, '/lines/0/discounts/0/amount 0 ≠ 1 to 4900'],
    ['more taken off of nothing', off([null, 5000n], [null, 1n]), {}, '/lines/0/discounts/1/amount 1 ≠ 1 to 0'],
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
    [
      'a credit’s discount',
      { ...credit(2450n), ...off(['50', -1224n]) },
      {},
      '/lines/0/discounts/0/amount -1224 ≠ -1225',
    ],
    [
      'one that what it credits had not',
      { ...credit(2450n), ...off(['50', -1225n], ['50', -5n]) },
      {},
      '/lines/0/discounts/1/amount -5 ≠ 0',
    ],
    [
      'a tax that what it credits had not',
      { ...credit(2450n), taxes: [{ ...vat, amount: -5n }], tax: -5n },
      {},
      '/lines/0/taxes/0/amount -5 ≠ 0',
    ],
    [
      'a credit of what is not known',
      { ...credit(2450n), creditsLineId: id('line', 999) },
      {},
      `/lines/0/credits_line ${id('line', 999)} ≠ `,
    ],
    ['the discount', {}, { discount: 1n, total: 4899n }, '/discount 1 ≠ 0'],
    ['the tax', {}, { tax: 1n, total: 4901n }, '/tax 1 ≠ 0'],
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
      let life = following(beginning({ settings }), subscribes({ quantity: 3 }), now)
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
