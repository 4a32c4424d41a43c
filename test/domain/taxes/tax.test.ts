import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Settings } from '../../../src/organizations/domain/organization.ts'
import { splitTax, taxOf } from '../../../src/taxes/domain/tax.ts'
import { givenAccount, givenDraft } from '../../support/given.ts'

const vat = { country: 'DE', region: null, name: 'VAT', percent: '19' }
const byRates = (
  ...rates: readonly (typeof vat | { country: string; region: string; name: string; percent: string })[]
): Settings['tax'] => ({ engine: 'rates', rates })

describe('FR-098 a rate', () => {
  test('is taken on the sum of its lines, rounded once, and split by largest remainder', () => {
    expect(taxOf(givenDraft([99n, 99n, 99n]), givenAccount(), byRates(vat))).toEqual({
      kind: 'final',
      tax: {
        taxes: [{ name: 'VAT', country: 'DE', region: null, percent: '19', taxable: 297n, amount: 56n }],
        perLine: [19n, 19n, 18n],
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
    const answer = taxOf(givenDraft([amount]), givenAccount(), byRates({ ...vat, percent }))
    expect(answer).toMatchObject({ kind: 'final', tax: { perLine: [tax] } })
  })

  test('of a region applies there only, beside its country’s', () => {
    const rates = byRates(
      { ...vat, country: 'US', percent: '1' },
      { country: 'US', region: 'NY', name: 'State', percent: '4' },
    )
    const inRegion = (region: string | null) =>
      givenAccount({ country: 'US', address: { line1: null, line2: null, city: null, region, postalCode: null } })
    const perLine = (region: string | null) => {
      const answer = taxOf(givenDraft([100n]), inRegion(region), rates)
      return answer.kind === 'final' && answer.tax.perLine
    }
    expect([perLine('NY'), perLine('CA'), perLine(null)]).toEqual([[5n], [1n], [1n]])
  })

  test('is on the net', () => {
    const discounted = givenDraft([1000n], { discount: 100n, total: 900n })
    expect(taxOf(discounted, givenAccount(), byRates(vat))).toMatchObject({
      tax: { taxes: [{ taxable: 900n, amount: 171n }] },
    })
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
      tax: { taxes: [], perLine: [0n, 0n] },
    })
  })
})

describe('FR-045 an external engine', () => {
  const external: Settings['tax'] = { engine: 'external', rates: [vat] }
  test.each([
    [{}, 'awaited'],
    [{ locationSource: 'guessed' as const }, 'awaited'],
    [{ taxExempt: true }, 'final'],
  ])('of an account %o: %s', (about, kind) => {
    expect(taxOf(givenDraft([99n]), givenAccount(about), external).kind).toBe(kind)
  })
})

test('parts of taxes sum to the whole, line by line and tax by tax', () => {
  const amounts = fc
    .array(fc.bigInt(0n, 10n ** 9n), { minLength: 1, maxLength: 12 })
    .filter((all) => all.some((one) => one > 0n))
  fc.assert(
    fc.property(amounts, fc.array(fc.bigInt(0n, 10n ** 9n), { maxLength: 5 }), (lines, taxes) => {
      const told = taxes.map((amount) => ({ ...vat, taxable: 0n, amount }))
      const { perLine } = splitTax(givenDraft(lines), told)
      const sum = (all: readonly bigint[]) => all.reduce((total, one) => total + one, 0n)
      expect(sum(perLine)).toBe(sum(taxes))
      expect(perLine).toHaveLength(lines.length)
      for (const [index, line] of lines.entries()) if (line === 0n) expect(perLine[index]).toBe(0n)
    }),
  )
})
