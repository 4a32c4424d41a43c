import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { taxed } from '../../../src/invoices/domain/finalise.ts'
import { type DraftInvoice, type LineTax, netOf } from '../../../src/invoices/domain/invoice.ts'
import type { Settings, TaxRate } from '../../../src/organizations/domain/organization.ts'
import { splitTax, taxableOf, taxOf } from '../../../src/taxes/domain/tax.ts'
import { givenAccount, givenDraft, givenLine, id } from '../../support/given.ts'

const vat = { country: 'DE', region: null, name: 'VAT', percent: '19' }
const byRates = (...rates: readonly TaxRate[]): Settings['tax'] => ({ engine: 'rates', rates })

/** What each line bears of all taxes. */
function perLine(draft: DraftInvoice, rates: Settings['tax'], account = givenAccount()) {
  const answer = taxOf(draft, account, rates)
  if (answer.kind !== 'final') throw new Error('it is awaited')
  return taxed(draft.lines, draft, answer.tax).lines.map(({ tax }) => tax)
}

describe('FR-098 a rate', () => {
  test('is taken on the sum of its lines, rounded once, and split by largest remainder', () => {
    const part = (amount: bigint): readonly LineTax[] => [{ ...vat, amount }]
    expect(taxOf(givenDraft([99n, 99n, 99n]), givenAccount(), byRates(vat))).toEqual({
      kind: 'final',
      tax: {
        taxes: [{ name: 'VAT', country: 'DE', region: null, percent: '19', taxable: 297n, amount: 56n }],
        perLine: [part(19n), part(19n), part(18n)],
      },
    })
  })

  test.each([
    ['8.875', 4900n, 435n],
    ['1', 50n, 1n],
    ['1', 49n, 0n],
    ['0', 4900n, 0n],
    ['100', 4900n, 4900n],
    ['33.333333333333', 300n, 100n],
  ])('of %s %% on %s is %s', (percent, amount, tax) => {
    expect(perLine(givenDraft([amount]), byRates({ ...vat, percent }))).toEqual([tax])
  })

  test('of a region applies there only, beside its country’s', () => {
    const rates = byRates(
      { ...vat, country: 'US', percent: '1' },
      { country: 'US', region: 'NY', name: 'State', percent: '4' },
    )
    const inRegion = (region: string | null) =>
      givenAccount({ country: 'US', address: { line1: null, line2: null, city: null, region, postalCode: null } })
    const of = (region: string | null) => perLine(givenDraft([100n]), rates, inRegion(region))
    expect([of('NY'), of('CA'), of(null)]).toEqual([[5n], [1n], [1n]])
    expect(taxOf(givenDraft([100n]), inRegion('NY'), rates)).toMatchObject({
      tax: {
        perLine: [
          [
            { name: 'VAT', amount: 1n },
            { name: 'State', amount: 4n },
          ],
        ],
      },
    })
  })

  test('is on the net', () => {
    const discounted = givenDraft([], { lines: [givenLine(1, { amount: 1000n, discount: 100n })] })
    expect(taxOf(discounted, givenAccount(), byRates(vat))).toMatchObject({
      tax: { taxes: [{ taxable: 900n, amount: 171n }] },
    })
    const nothing = givenDraft([], { lines: [givenLine(1, { amount: 1000n, discount: 1000n })] })
    expect(perLine(nothing, byRates(vat))).toEqual([0n])
  })
})

describe('FR-099 no tax', () => {
  test.each([
    ['of exempt accounts', { taxExempt: true }],
    ['by a location that is only guessed', { locationSource: 'guessed' as const }],
    ['without a country', { country: null }],
    ['in another country', { country: 'FR' }],
  ])('%s', (_, about) => {
    expect(taxOf(givenDraft([99n, 1n]), givenAccount(about), byRates(vat))).toEqual({
      kind: 'final',
      tax: { taxes: [], perLine: [[], []] },
    })
  })
})

describe('FR-045 an external engine', () => {
  const external: Settings['tax'] = { engine: 'external', rates: [vat] }
  const onlyCredits = givenDraft([], { lines: [givenLine(1, { amount: -99n, creditsLineId: id('line', 50) })] })
  test.each([
    ['usually', {}, givenDraft([99n]), 'awaited'],
    ['also by a location that is guessed', { locationSource: 'guessed' as const }, givenDraft([99n]), 'awaited'],
    ['not of exempt accounts', { taxExempt: true }, givenDraft([99n]), 'final'],
    ['not where nothing is taxable', {}, givenDraft([0n]), 'final'],
    ['not for credits alone', {}, onlyCredits, 'final'],
  ])('is asked: %s', (_, about, draft, kind) => {
    expect(taxOf(draft, givenAccount(about), external).kind).toBe(kind)
  })

  test('its amounts are taken as given', () => {
    const draft = givenDraft([100n, 50n])
    const told = { ...vat, percent: null, amount: 31n }
    expect(splitTax(draft, [told])).toMatchObject({
      ...{ taxes: [{ amount: 31n, taxable: 150n, percent: null }], perLine: [[{ amount: 21n }], [{ amount: 10n }]] },
    })
  })
})

describe('a credit is not taxed anew', () => {
  const credit = givenLine(1, {
    ...{ kind: 'proration_credit', amount: -2450n, creditsLineId: id('line', 50), tax: -172n },
    taxes: [{ ...vat, percent: '7', amount: -172n }],
  })
  const charge = givenLine(2, { kind: 'proration_charge', amount: 4950n })

  test('it brings the rate and the tax of the line it credits, whatever the rate is today', () => {
    const draft = givenDraft([], { lines: [credit, charge] })
    const answer = taxOf(draft, givenAccount(), byRates(vat))
    expect(answer).toMatchObject({
      tax: {
        taxes: [
          { percent: '7', amount: -172n, taxable: -2450n },
          { percent: '19', amount: 941n, taxable: 4950n },
        ],
        perLine: [[{ percent: '7', amount: -172n }], [{ percent: '19', amount: 941n }]],
      },
    })
    expect(taxableOf(draft)).toBe(4950n)
  })

  test('nor where no tax is due today', () => {
    const draft = givenDraft([], { lines: [credit] })
    expect(perLine(draft, { engine: 'none', rates: [] })).toEqual([-172n])
    expect(perLine(draft, byRates(vat), givenAccount({ taxExempt: true }))).toEqual([-172n])
  })

  test('of a line beside it, it gives back its part of what that bears', () => {
    const line = givenLine(5, { amount: 4900n })
    const back = givenLine(6, { kind: 'proration_credit', amount: -2450n, creditsLineId: line.id })
    expect(perLine(givenDraft([], { lines: [line, back] }), byRates(vat))).toEqual([931n, -466n])
  })
})

test('parts of taxes sum to the whole, line by line and tax by tax', () => {
  const amounts = fc
    .array(fc.bigInt(0n, 10n ** 9n), { minLength: 1, maxLength: 12 })
    .filter((all) => all.some((one) => one > 0n))
  fc.assert(
    fc.property(amounts, fc.array(fc.bigInt(0n, 10n ** 9n), { maxLength: 5 }), (lines, taxes) => {
      const draft = givenDraft(lines)
      const tax = splitTax(
        draft,
        taxes.map((amount, index) => ({ ...vat, name: `Tax ${index}`, amount })),
      )
      const sum = (all: readonly { readonly amount: bigint }[]) => all.reduce((total, { amount }) => total + amount, 0n)
      expect(tax.taxes.map(({ amount }) => amount)).toEqual(taxes)
      expect(sum(tax.perLine.flat())).toBe(taxes.reduce((total, one) => total + one, 0n))
      for (const [index, line] of draft.lines.entries()) {
        if (netOf(line) === 0n) expect(sum(tax.perLine[index] ?? [])).toBe(0n)
      }
      const { lines: all, total } = taxed(draft.lines, draft, tax)
      expect(total).toBe(all.reduce((whole, line) => whole + netOf(line) + line.tax, 0n))
    }),
  )
})
