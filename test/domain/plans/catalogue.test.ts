import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Interval, IntervalUnit } from '../../../src/kernel/period.ts'
import { faultsOf, metricFaultsOf, warningsOf } from '../../../src/plans/domain/catalogue.ts'
import { meteringInterval, type PriceModel, type Tier } from '../../../src/plans/domain/charge.ts'
import type { Metric } from '../../../src/plans/domain/metric.ts'
import type { Terms } from '../../../src/plans/domain/plan.ts'
import { rate } from '../../../src/plans/domain/rating.ts'
import { at, EUR, id, month, price, USD } from '../../support/given.ts'
import { givenCharge, givenTerms, percentage, tier } from '../../support/given-charges.ts'

const per = (unit: IntervalUnit, count = 1): Interval => ({ unit, count })
const charged = (model: PriceModel): Partial<Terms> => ({ charges: [givenCharge({ model })] })
const graduated = (...tiers: readonly Tier[]) => charged({ type: 'graduated', tiers })

const refusals: readonly [name: string, terms: Partial<Terms>, pointer: string, detail: string, hint: RegExp][] = [
  [
    'nothing to pay',
    { prices: [], charges: [] },
    '/prices',
    'must have at least one price, where there is no charge',
    /charge/,
  ],
  ['no tiers', graduated(), '/charges/0/tiers', 'must have at least one tier', /up_to null/],
  ...(
    [
      [
        'bounds that fall',
        [tier('10', '1'), tier('5', '1'), tier(null, '1')],
        1,
        'is not above 10, where the tier begins',
      ],
      [
        'a bound twice',
        [tier('10', '1'), tier('10.0', '1'), tier(null, '1')],
        1,
        'is not above 10, where the tier begins',
      ],
      ['an empty first tier', [tier('0', '1'), tier(null, '1')], 0, 'is not above 0, where the tier begins'],
      [
        'an open tier before the last',
        [tier(null, '1'), tier(null, '1')],
        0,
        'is open, so the tiers after it are never reached',
      ],
      ['a closed last tier', [tier('10', '1')], 0, 'leaves what is beyond 10 without a price'],
    ] as const
  ).map(([name, tiers, index, detail]): (typeof refusals)[number] => [
    ...([name, graduated(...tiers), `/charges/0/tiers/${index}/up_to`, detail, /up_to|bound/] as const),
  ]),
  [
    'a closed last tier by volume',
    charged({ type: 'volume', tiers: [tier('10', '1')] }),
    '/charges/0/tiers/0/up_to',
    'leaves what is beyond 10 without a price',
    /up_to null/,
  ],
  [
    'an empty package',
    charged({ type: 'package', packageSize: '0.0', unitAmount: '1', freeUnits: '0' }),
    '/charges/0/package_size',
    'is nothing',
    /units/,
  ],
  [
    'a rate beyond the whole',
    charged(percentage({ rate: '100.01' })),
    '/charges/0/rate',
    '100.01 % is no share of an amount',
    /0 to 100/,
  ],
  [
    'a rate below nothing',
    charged(percentage({ rate: '-1' })),
    '/charges/0/rate',
    '-1 % is no share of an amount',
    /0 to 100/,
  ],
  [
    'a minimum above the maximum',
    charged(percentage({ perEventMin: '11', perEventMax: '10' })),
    '/charges/0/per_event_min',
    'is more than the maximum, 10',
    /per_event_max/,
  ],
  [
    ...([
      'a charge twice',
      {
        charges: [
          givenCharge({ filters: { a: '1', b: '2' } }),
          givenCharge({ filters: { b: '2', a: '1' }, minimum: '5' }),
        ],
      },
    ] as const),
    ...(['/charges/1', 'repeats charge 0: the same metric, currency and filters', /filters/] as const),
  ],
  [
    'a charge in a currency without a price',
    { charges: [givenCharge({ currency: EUR })] },
    '/charges/0/currency',
    'the plan has no price in EUR, so nobody could be charged',
    /add a price in EUR/,
  ],
  [
    'weeks that are to fill months',
    { charges: [givenCharge({ interval: per('week') })] },
    '/charges/0/interval',
    'usage per week does not divide a price per month evenly',
    /null/,
  ],
  [
    'months that are to fill quarters',
    { prices: [price('1', per('quarter'))], charges: [givenCharge({ interval: per('month', 2) })] },
    '/charges/0/interval',
    'usage per 2 months does not divide a price per quarter evenly',
    /fills every/,
  ],
  [
    'usage of weeks and of months',
    {
      prices: [],
      charges: [givenCharge({ interval: month }), givenCharge({ metric: 'seats', interval: per('week') })],
    },
    '/charges/1/interval',
    'usage per week does not divide a price per month evenly',
    /fills every/,
  ],
  [
    'a minimum in a currency without a price',
    { minimums: [{ currency: EUR, amount: '1' }] },
    '/minimum/0/currency',
    'the plan is not sold in EUR',
    /add a price in EUR/,
  ],
  [
    'a minimum twice',
    {
      minimums: [
        { currency: USD, amount: '1' },
        { currency: USD, amount: '2' },
      ],
    },
    '/minimum/1/currency',
    'repeats minimum 0 (USD)',
    /keep one/,
  ],
]

describe('a catalogue refuses', () => {
  test.each(refusals)('%s', (_, terms, pointer, detail, hint) => {
    expect(faultsOf(givenTerms(terms))).toEqual([{ pointer, detail, hint: expect.stringMatching(hint) }])
  })

  test('everything at once', () => {
    const terms = refusals.flatMap(([, { charges = [] }]) => charges.slice(0, 1))
    const own = terms.map((charge, index) => ({ ...charge, filters: { index: String(index) } }))
    const pointers = faultsOf(givenTerms({ charges: own })).map(({ pointer }) => pointer)
    expect(new Set(pointers).size).toBe(pointers.length)
    expect(pointers.length).toBeGreaterThan(8)
  })

  const metric = (about: Partial<Metric> = {}): Metric => ({
    ...{ organizationId: id('organization', 1), id: id('metric', 1), version: 1, code: 'api_calls', name: 'API calls' },
    ...{ aggregation: 'sum', field: 'quantity', decimals: 12, allowNegative: false },
    ...{ metadata: {}, createdAt: at('2026-01-01') },
    ...about,
  })

  test('a metric that nobody made', () => {
    expect(metricFaultsOf([givenCharge(), givenCharge({ metric: 'seats' })], [metric()])).toEqual([
      {
        pointer: '/charges/1/metric',
        detail: 'there is no metric seats',
        hint: 'create it first with POST /v1/metrics',
      },
    ])
  })

  test.each([
    ['sum', true],
    ['count', true],
    ['unique_count', false],
    ['max', false],
    ['latest', false],
    ['weighted_sum', false],
  ] as const)('a percentage of a %s: allowed %s', (aggregation, allowed) => {
    const faults = metricFaultsOf([givenCharge({ model: percentage() })], [metric({ aggregation })])
    expect(faults.map(({ pointer }) => pointer)).toEqual(allowed ? [] : ['/charges/0/model'])
    expect(metricFaultsOf([givenCharge()], [metric({ aggregation })])).toEqual([])
  })
})

describe('a catalogue accepts', () => {
  const lawful: readonly [name: string, terms: Partial<Terms>][] = [
    ['a price alone', { charges: [] }],
    ['usage alone', { prices: [] }],
    [
      'months that fill quarters and years',
      { prices: [price('1', per('quarter')), price('2', per('year'))], charges: [givenCharge({ interval: month })] },
    ],
    [
      'the default under any price',
      { prices: [price('1', per('week', 2)), price('2', month), price('3', per('year', 2))] },
    ],
    [
      'usage of months and quarters, sold by quarters',
      {
        prices: [],
        charges: [givenCharge({ interval: month }), givenCharge({ metric: 'seats', interval: per('quarter') })],
      },
    ],
    ['one metric by filters', { charges: [givenCharge(), givenCharge({ filters: { region: 'eu' } })] }],
    [
      'one metric by currencies',
      { prices: [price('1'), price('1', month, EUR)], charges: [givenCharge(), givenCharge({ currency: EUR })] },
    ],
    ['a minimum of usage alone', { prices: [], minimums: [{ currency: USD, amount: '50000' }] }],
    [
      'tiers that rise in bounds',
      graduated(tier('9', '0'), tier('10.5', '1'), tier('1000', '2'), tier(null, '3', '5')),
    ],
  ]
  test.each(lawful)('%s', (_, terms) => {
    expect(faultsOf(givenTerms(terms))).toEqual([])
  })
})

describe('a warning', () => {
  test('tells each bound where a volume price falls in total', () => {
    const tiers = [tier('1000', '10'), tier('10000', '5'), tier(null, '5')]
    expect(warningsOf(givenTerms(charged({ type: 'volume', tiers })))).toEqual([
      {
        pointer: '/charges/0/tiers/1',
        detail: expect.stringContaining(
          'the total falls from 10000 to 5000 (minor units of USD) where the quantity passes 1000',
        ),
      },
    ])
  })

  test('is not for a total that only rises, nor for graduated tiers', () => {
    const rising = [tier('10', '1'), tier('20', '1', '5'), tier(null, '3')]
    expect(warningsOf(givenTerms(charged({ type: 'volume', tiers: rising })))).toEqual([])
    expect(warningsOf(givenTerms(graduated(tier('10', '5'), tier(null, '1'))))).toEqual([])
  })

  test('there is one exactly where a little more costs less', () => {
    const anyTiers = fc
      .array(fc.tuple(fc.nat(9), fc.nat(50)), { minLength: 1, maxLength: 4 })
      .map((amounts) =>
        amounts.map(([unit, flat], index) =>
          tier(index === amounts.length - 1 ? null : String((index + 1) * 10), String(unit), String(flat)),
        ),
      )
    fc.assert(
      fc.property(anyTiers, (tiers) => {
        const model: PriceModel = { type: 'volume', tiers }
        const falls = tiers.flatMap(({ upTo }, index) => {
          if (upTo === null) return []
          const [before, after] = [upTo, `${upTo}.000000000001`].map((quantity) => rate(model, { quantity }).exact)
          return before && after?.lt(before) ? [`/charges/0/tiers/${index + 1}`] : []
        })
        expect(warningsOf(givenTerms(charged(model))).map(({ pointer }) => pointer)).toEqual(falls)
      }),
    )
  })
})

describe('usage is metered', () => {
  test.each([
    ['monthly under a month', null, month, month],
    ['monthly under a quarter', null, per('quarter'), month],
    ['monthly under two years', null, per('year', 2), month],
    ['with a price by weeks', null, per('week', 5), per('week', 5)],
    ['as the charge says', per('quarter'), per('year'), per('quarter')],
  ])('%s', (_, interval, base, expected) => {
    expect(meteringInterval({ interval }, base)).toEqual(expected)
  })
})
