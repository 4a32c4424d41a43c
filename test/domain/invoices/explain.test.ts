import { describe, expect, test } from 'vitest'
import { creditedLinesOf, explainInvoice } from '../../../src/invoices/domain/explain.ts'
import type { Line } from '../../../src/invoices/domain/invoice.ts'
import { creditOf } from '../../../src/invoices/domain/proration.ts'
import type { Derivation } from '../../../src/invoices/domain/workings.ts'
import { ratioText } from '../../../src/kernel/ratio.ts'
import { rate } from '../../../src/plans/domain/rating.ts'
import { givenInvoice, givenLine, givenPlan, id } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'

const tiers = [tier('1000', '0'), tier('10000', '1', '50'), tier(null, '0.5')]
const graduated = { type: 'graduated', tiers } as const
const { current: version } = givenPlan()
const metered = { ...version, charges: [givenCharge({ model: graduated })] }
const percent = {
  discountId: id('discount', 1),
  couponCode: 'HALF',
  scope: 'line',
  percent: '50',
  planIds: null,
} as const
const amount = { ...percent, couponCode: 'OFF', scope: 'account', percent: null } as const
const vat = { name: 'VAT', country: 'DE', region: null, percent: '19' }
const source = givenLine(1, { discounts: [{ ...percent, amount: 2450n }], discount: 2450n })

function explained(about: Partial<Line>, derivation: Partial<Derivation> = {}) {
  const known = { versions: new Map([[metered.id, metered]]), credited: new Map(), ...derivation }
  const [line] = explainInvoice(givenInvoice([], { lines: [givenLine(9, about)] }), known).lines
  if (line === undefined) throw new Error('there is no line')
  return line
}

const usage = (quantity: string, earlier = 0n): Partial<Line> => ({
  ...{ kind: 'usage', quantity, unitAmount: null, billingKey: 'usage:0:api_calls:' },
  usage: { metric: 'api_calls', parts: rate(graduated, { quantity }).parts, earlier },
})
const credit = (most: bigint, numerator: number): Partial<Line> => ({
  ...{ kind: 'proration_credit', creditsLineId: source.id, proration: { numerator, denominator: 30 } },
  ...creditOf(source, most, { numerator, denominator: 30 }),
})

describe('FR-048 a line is explained:', () => {
  test.each<[string, Partial<Line>, string]>([
    [
      'a part of a period',
      { quantity: '5', unitAmount: '9900', proration: { numerator: 15, denominator: 30 }, amount: 24750n },
      '5 × 9900 × 15/30 = 24750 → 24750',
    ],
    [
      'a number that never ends',
      { unitAmount: '1000', proration: { numerator: 20, denominator: 30 }, amount: 667n },
      '1 × 1000 × 20/30 ≈ 666.666666666667 → 667',
    ],
    ['half a cent', { unitAmount: '0.5', amount: 1n }, '1 × 0.5 = 0.5 → 1'],
    [
      'discounts one after the other',
      {
        ...{ unitAmount: '10000', amount: 10000n, discount: 5500n },
        discounts: [
          { ...percent, amount: 5000n },
          { ...amount, amount: 500n },
        ],
      },
      '1 × 10000 = 10000 → 10000; − 5000 by 50 % (HALF) = 5000; − 500 by OFF = 4500',
    ],
    ['tiers', { ...usage('15000'), amount: 11550n }, '1000 × 0 + 9000 × 1 + 50 + 5000 × 0.5 = 11550 → 11550'],
    [
      'what was used after a price changed',
      { ...usage('15000', 4050n), amount: 7500n },
      '1000 × 0 + 9000 × 1 + 50 + 5000 × 0.5 = 11550 → 11550; − 4050 billed before = 7500',
    ],
    ['nothing used', { ...usage('0'), amount: 0n }, '0 = 0 → 0'],
    [
      'a minimum',
      { kind: 'minimum', unitAmount: '10000', covered: 4900n, amount: 5100n },
      '1 × 10000 = 10000 → 10000; − 4900 covered = 5100',
    ],
    [
      'a credit',
      credit(2450n, 15),
      '−(4900 − 2450) × 15/30 = −1225 → −1225; −2450 before discounts; + 1225 by 50 % (HALF) = −1225',
    ],
    [
      'a credit of what is left',
      credit(100n, 15),
      '−(4900 − 2450) × 15/30 = −1225 → −1225, of which −100 is left to credit; − 0 by 50 % (HALF) = −100',
    ],
  ])('%s', (_, about, sentence) => {
    expect(explained(about, { credited: new Map([[source.id, source]]) }).sentence).toBe(sentence)
  })

  test('its rounding, by how much', () => {
    const { rounding } = explained({ unitAmount: '1000', proration: { numerator: 20, denominator: 30 }, amount: 667n })
    expect(rounding && [ratioText(rounding.exact), rounding.rounded, ratioText(rounding.by)]).toEqual([
      '2000/3',
      667n,
      '1/3',
    ])
    expect(explained(credit(100n, 15), { credited: new Map([[source.id, source]]) }).rounding?.cappedTo).toBe(-100n)
    expect(explained(credit(100n, 15))).toMatchObject({ rounding: null, sentence: expect.stringMatching(/^−100/) })
  })

  test('its version and model, of several charges for one metric the one of its filters', () => {
    expect(explained(usage('5'))).toMatchObject({ version: { number: 1 }, charge: { model: graduated } })
    const other = givenCharge({ filters: { region: 'eu' }, model: { type: 'standard', unitAmount: '7' } })
    const both = { ...metered, charges: [...metered.charges, other] }
    const versions = new Map([[both.id, both]])
    const model = (billingKey: string) => explained({ ...usage('5'), billingKey }, { versions }).charge?.model.type
    expect(['usage:0:api_calls:', 'usage:0:api_calls:region=eu', 'correction:x:0'].map(model)).toEqual([
      ...['graduated', 'standard', undefined],
    ])
    expect(explained({ planVersionId: null })).toMatchObject({ version: null, charge: null })
  })

  test('its steps of discount and its taxes', () => {
    const taxes = [{ ...vat, amount: 466n }]
    const line = explained({ discounts: [{ ...percent, amount: 2450n }], discount: 2450n, taxes, tax: 466n })
    expect(line).toMatchObject({ net: 2450n, taxes, discounts: [{ before: 4900n, taken: 2450n, after: 2450n }] })
  })
})

test('FR-101 a tax is explained by its rate and what it is taken of', () => {
  const taxes = [
    { ...vat, taxable: 9900n, amount: 1881n },
    { ...vat, name: 'Levy', percent: null, taxable: 9900n, amount: -3n },
  ]
  const { taxes: told } = explainInvoice(givenInvoice([], { taxes }), { versions: new Map(), credited: new Map() })
  expect(told.map(({ sentence }) => sentence)).toEqual(['VAT 19 % of 9900 → 1881', 'Levy on 9900 → −3'])
})

test('the credited lines are those its credits name', () => {
  expect(creditedLinesOf(givenInvoice([], { lines: [givenLine(1), givenLine(2, credit(9n, 1))] }))).toEqual([source.id])
})
