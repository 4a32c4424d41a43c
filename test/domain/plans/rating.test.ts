import { Big } from 'big.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decimal, decimal, decimalText } from '../../../src/kernel/decimal.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import type { PriceModel, Tier } from '../../../src/plans/domain/charge.ts'
import { type Rated, rate } from '../../../src/plans/domain/rating.ts'
import { percentage, tier } from '../../support/given-charges.ts'

const falling = [tier('1000', '10'), tier('10000', '5'), tier(null, '1')]
const graduated: PriceModel = { type: 'graduated', tiers: falling }
const volume: PriceModel = { type: 'volume', tiers: falling }
const withFlats: readonly Tier[] = [tier('10', '1', '100'), tier('20', '2', '30'), tier(null, '0.5', '7')]
const packages: PriceModel = { type: 'package', packageSize: '100', unitAmount: '500', freeUnits: '10' }

function cost(model: PriceModel, quantity: string, events?: readonly string[]): string {
  return decimalText(rate(model, { quantity, ...(events && { events }) }).exact)
}

describe('FR-020 a quantity costs', () => {
  test.each([
    ['standard', { type: 'standard', unitAmount: '0.5' }, '3', '1.5'],
    [
      'standard, of fractions',
      { type: 'standard', unitAmount: '0.000000000001' },
      '0.000000000001',
      `0.${'0'.repeat(23)}1`,
    ],
    ['graduated, all tiers entered', graduated, '15000', '60000'],
    ['graduated, one beyond a bound', graduated, '1001', '10005'],
    ['graduated, at a bound', graduated, '1000', '10000'],
    ['graduated, of fractions', graduated, '1000.5', '10002.5'],
    ['graduated, the flat amount of each tier entered', { type: 'graduated', tiers: withFlats }, '25', '169.5'],
    ['graduated, at a bound without the next flat amount', { type: 'graduated', tiers: withFlats }, '20', '160'],
    ['graduated, just beyond it', { type: 'graduated', tiers: withFlats }, '20.01', '167.005'],
    ['volume, in the last tier', volume, '15000', '15000'],
    ['volume, one beyond a bound', volume, '1001', '5005'],
    ['volume, at a bound', volume, '1000', '10000'],
    ['volume, only the flat amount of its tier', { type: 'volume', tiers: withFlats }, '25', '19.5'],
    ['package, within the free units', packages, '10', '0'],
    ['package, begun', packages, '10.000000000001', '500'],
    ['package, full', packages, '110', '500'],
    ['package, the next begun', packages, '111', '1000'],
    ['package, of a fraction', { ...packages, packageSize: '0.1', freeUnits: '0' }, '0.3', '1500'],
    [
      'package, of many',
      { ...packages, packageSize: '0.000000000001', freeUnits: '0' },
      '1000000',
      `5${'0'.repeat(20)}`,
    ],
  ] as const)('%s', (_, model, quantity, expected) => {
    expect(cost(model, quantity)).toBe(expected)
  })

  test.each([
    ['rate × amount + fixed × count', percentage({ rate: '2.5', fixedAmount: '30' }), ['1000', '3000'], '160'],
    ['the first events free, in their order', percentage({ rate: '10', freeEvents: 1 }), ['5000', '100'], '10'],
    ['a minimum for each', percentage({ rate: '1', perEventMin: '20' }), ['100', '5000'], '70'],
    ['a maximum for each', percentage({ rate: '1', perEventMax: '20' }), ['100', '5000'], '21'],
    [
      'the fixed amount within the maximum',
      percentage({ rate: '1', fixedAmount: '30', perEventMax: '20' }),
      ['100'],
      '20',
    ],
    ['free, and so below the minimum', percentage({ rate: '1', freeEvents: 2, perEventMin: '20' }), ['1', '2'], '0'],
    ['amounts of their own decimals', percentage({ rate: '0.000000000001' }), ['0.5'], '0.000000000000005'],
  ] as const)('percentage: %s', (_, model, events, expected) => {
    expect(cost(model, sumOf(events), events)).toBe(expected)
  })

  const flats: readonly PriceModel[] = [
    { type: 'graduated', tiers: withFlats },
    { type: 'volume', tiers: withFlats },
    { type: 'standard', unitAmount: '5' },
    { ...packages, freeUnits: '0' },
    percentage({ fixedAmount: '30', perEventMin: '20' }),
  ]
  test.each(flats.map((model) => [model.type, model] as const))(
    '%s: nothing for zero units, flat amounts included, nor for less',
    (_, model) => {
      for (const quantity of ['0', '0.00', '-3']) {
        expect(rate(model, { quantity, events: [quantity] })).toEqual({ parts: [], exact: decimal('0') })
      }
    },
  )
})

describe('the parts of a rating', () => {
  test('name the tiers they fall in', () => {
    const { parts } = rate({ type: 'graduated', tiers: withFlats }, { quantity: '12.50' })
    expect(parts).toEqual([
      { from: '0', upTo: '10', quantity: '10', unitAmount: '1', flatAmount: '100', amount: '110' },
      { from: '10', upTo: '20', quantity: '2.5', unitAmount: '2', flatAmount: '30', amount: '35' },
    ])
    expect(rate(volume, { quantity: '1001' }).parts).toEqual([
      { from: '1000', upTo: '10000', quantity: '1001', unitAmount: '5', flatAmount: '0', amount: '5005' },
    ])
  })

  test('tell free units from packages', () => {
    expect(rate(packages, { quantity: '211' }).parts).toEqual([
      { from: '0', upTo: '10', quantity: '10', unitAmount: '0', flatAmount: '0', amount: '0' },
      { from: '10', upTo: null, quantity: '201', unitAmount: '0', flatAmount: '1500', amount: '1500' },
    ])
  })

  test('gather events of one treatment: free, as rated, raised, cut', () => {
    const limits = { rate: '2.5', fixedAmount: '30', freeEvents: 1, perEventMin: '50', perEventMax: '200' }
    const events = ['100', '500', '3000', '10000', '4000']
    const { parts } = rate(percentage(limits), { quantity: sumOf(events), events })
    expect(
      parts.map(({ quantity, unitAmount, flatAmount, amount }) => [quantity, unitAmount, flatAmount, amount]),
    ).toEqual([
      ['100', '0', '0', '0'],
      ['7000', '0.025', '60', '235'],
      ['500', '0', '50', '50'],
      ['10000', '0', '200', '200'],
    ])
  })

  test('a bug is no price: a closed last tier, or a percentage without its events', () => {
    const closed = { type: 'graduated', tiers: [tier('10', '1')] } as const
    expect(() => rate(closed, { quantity: '11' })).toThrow(InvariantViolation)
    expect(() => rate(percentage(), { quantity: '1' })).toThrow(InvariantViolation)
  })
})

describe('for all prices and quantities', () => {
  test('parts sum to the whole, in amount and in quantity', () => {
    fc.assert(
      fc.property(anyModel, fc.array(anyQuantity, { minLength: 1, maxLength: 8 }), (model, events) => {
        const quantity = sumOf(events)
        const { parts, exact } = rate(model, { quantity, events })
        expectSame(sum(parts.map(amountOf)), exact)
        if (!decimal(quantity).eq('0')) expect(sumOf(parts.map((part) => part.quantity))).toBe(quantity)
      }),
    )
  })

  test('more costs no less, but for volume prices', () => {
    fc.assert(
      fc.property(anyModel, fc.array(anyQuantity, { maxLength: 8 }), anyQuantity, (model, events, another) => {
        fc.pre(model.type !== 'volume')
        const before = rate(model, { quantity: sumOf(events), events })
        const after = rate(model, { quantity: sumOf([...events, another]), events: [...events, another] })
        expect(after.exact.gte(before.exact)).toBe(true)
      }),
    )
  })

  test('a graduated price is continuous at its bounds but for the flat amount of the tier entered', () => {
    fc.assert(
      fc.property(anyTiers, fc.integer({ min: 1, max: 1_000 }), (tiers, millionths) => {
        const step = decimal('0.000001').times(millionths)
        for (const [index, { upTo }] of tiers.entries()) {
          const entered = tiers[index + 1]
          if (upTo === null || entered === undefined) continue
          const at = rate({ type: 'graduated', tiers }, { quantity: upTo })
          const beyond = rate({ type: 'graduated', tiers }, { quantity: decimalText(decimal(upTo).plus(step)) })
          const most = step.times(decimal(entered.unitAmount)).plus(decimal(entered.flatAmount))
          expectSame(beyond.exact.minus(at.exact), most)
        }
      }),
    )
  })

  test('one open tier is the standard price, graduated or volume', () => {
    fc.assert(
      fc.property(anyAmount, anyQuantity, (unitAmount, quantity) => {
        const tiers = [tier(null, unitAmount)]
        const standard = rate({ type: 'standard', unitAmount }, { quantity })
        expect(rate({ type: 'graduated', tiers }, { quantity })).toEqual(standard)
        expect(rate({ type: 'volume', tiers }, { quantity })).toEqual(standard)
      }),
    )
  })

  test('packages of one unit are the standard price of whole units', () => {
    fc.assert(
      fc.property(anyAmount, fc.nat(), (unitAmount, units) => {
        const single: PriceModel = { type: 'package', packageSize: '1', unitAmount, freeUnits: '0' }
        expect(cost(single, String(units))).toBe(cost({ type: 'standard', unitAmount }, String(units)))
      }),
    )
  })

  test('it takes the fewest packages that hold the units', () => {
    fc.assert(
      fc.property(anyQuantity, anyQuantity, anyQuantity, (quantity, size, freeUnits) => {
        fc.pre(size !== '0' && quantity !== '0')
        const { exact } = rate({ type: 'package', packageSize: size, unitAmount: '1', freeUnits }, { quantity })
        const rest = decimal(quantity).minus(decimal(freeUnits))
        expect(exact.times(decimal(size)).gte(rest)).toBe(true)
        if (exact.gt('0')) expect(exact.minus('1').times(decimal(size)).lt(rest)).toBe(true)
        else expect(rest.lte('0')).toBe(true)
      }),
    )
  })

  test('a percentage of events split anywhere sums to the same', () => {
    fc.assert(
      fc.property(anyPercentage, fc.array(anyPositive, { maxLength: 12 }), fc.nat(12), (model, events, at) => {
        const part = (some: readonly string[], freeEvents = 0) =>
          rate({ ...model, freeEvents }, { quantity: sumOf(some), events: some }).exact
        const freeEvents = model.freeEvents
        const [first, second] = [events.slice(0, at), events.slice(at)]
        const left = Math.max(0, freeEvents - first.length)
        expectSame(part(first, freeEvents).plus(part(second, left)), part(events, freeEvents))
      }),
    )
  })
})

const anyQuantity = fc
  .tuple(fc.nat(100_000), fc.constantFrom('', '.5', '.25', '.000000000001'))
  .map(([whole, fraction]) => `${whole}${fraction}`)
const anyPositive = anyQuantity.filter((text) => text !== '0')
const anyAmount = fc
  .tuple(fc.nat(1_000), fc.constantFrom('', '.5', '.123456789012'))
  .map(([whole, rest]) => `${whole}${rest}`)
const anyTiers = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { maxLength: 4 }),
    fc.array(fc.tuple(anyAmount, anyAmount), { minLength: 5, maxLength: 5 }),
  )
  .map(([bounds, amounts]): readonly Tier[] => {
    const upTos = [...bounds.toSorted((left, right) => left - right).map(String), null]
    return upTos.map((upTo, index) => tier(upTo, ...(amounts[index] ?? ['0', '0'])))
  })
const anyPercentage = fc
  .record({
    rate: fc.constantFrom('0', '2.5', '100'),
    fixedAmount: anyAmount,
    freeEvents: fc.nat(3),
    perEventMin: fc.option(fc.constantFrom('0', '20', '20.5')),
    perEventMax: fc.option(fc.constantFrom('21', '1000')),
  })
  .map(percentage)
const anyModel: fc.Arbitrary<PriceModel> = fc.oneof(
  fc.record({ type: fc.constant('standard' as const), unitAmount: anyAmount }),
  fc.record({ type: fc.constantFrom('graduated' as const, 'volume' as const), tiers: anyTiers }),
  fc.record({
    ...{
      type: fc.constant('package' as const),
      packageSize: anyPositive,
      unitAmount: anyAmount,
      freeUnits: anyQuantity,
    },
  }),
  anyPercentage,
)

/** A part's amount from its other members: the text of it may be longer than what is read again. */
function amountOf({ quantity, unitAmount, flatAmount, amount }: Rated['parts'][number]): Decimal {
  const exact = wide(unitAmount).times(decimal(quantity)).plus(wide(flatAmount))
  expect(amount).toBe(decimalText(exact))
  return exact
}

/** A rate's share has more decimals, and a sum of tiny packages more digits, than what is read from outside. */
function wide(text: string): Decimal {
  return new Big(text)
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total.plus(amount), decimal('0'))
}

function sumOf(texts: readonly string[]): string {
  return decimalText(sum(texts.map((text) => decimal(text))))
}

function expectSame(left: Decimal, right: Decimal): void {
  expect(decimalText(left)).toBe(decimalText(right))
}
