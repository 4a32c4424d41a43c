import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal } from '../../../src/kernel/decimal.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import { aggregate, type Measured, measuredValue, merge, usageOf } from '../../../src/plans/domain/aggregation.ts'
import { type Aggregation, aggregations } from '../../../src/plans/domain/metric.ts'
import { at } from '../../support/given.ts'

const january = { start: at('2026-01-01'), end: at('2026-02-01') }
const february = { start: january.end, end: at('2026-03-01') }

function event(id: string, day: string, quantity: string, properties: Measured['properties'] = {}): Measured {
  return { id, at: at(day), quantity, properties }
}

const total = (aggregation: Aggregation, events: readonly Measured[], period = january, field: string | null = null) =>
  usageOf(aggregate({ aggregation, field }, events, period), period).quantity

const some = [event('b', '2026-01-20', '2.5'), event('a', '2026-01-05', '7'), event('c', '2026-01-20', '-1')]

describe('FR-074 events come to', () => {
  test.each([
    ['sum', '8.5'],
    ['count', '3'],
    ['unique_count', '3'],
    ['max', '7'],
    ['latest', '-1'],
  ] as const)('their %s', (aggregation, quantity) => {
    expect(total(aggregation, some)).toBe(quantity)
    expect(total(aggregation, some.toReversed())).toBe(quantity)
    expect(total(aggregation, [])).toBe('0')
  })

  test('of one instant the one whose id is the last, by its characters as Postgres orders them', () => {
    const ids = ['a', 'ab', '\u{fffd}', '\u{1f600}', '\u{1f600}b']
    for (const [index, last] of ids.entries()) {
      const among = ids.slice(0, index + 1).map((id) => event(id, '2026-01-05', id === last ? '7' : '1'))
      expect(total('latest', among)).toBe('7')
      expect(total('latest', among.toReversed())).toBe('7')
    }
  })

  test('a weighted sum: +10 on the 16th of January is held for 16 of 31 days, and then for all of February', () => {
    const held = [event('a', '2026-01-16', '10')]
    expect(total('weighted_sum', held)).toBe('5.161290322581')
    expect(total('weighted_sum', held, february)).toBe('10')
    const gone = [...held, event('b', '2026-02-15', '-10')]
    expect(total('weighted_sum', gone, february)).toBe('5')
    expect(total('weighted_sum', gone, { start: february.end, end: at('2026-04-01') })).toBe('0')
  })

  test('nothing of another period: its start belongs to it, its end does not', () => {
    const bounds = [event('a', '2026-01-01', '1'), event('b', '2026-02-01', '2'), event('c', '2025-12-31', '4')]
    expect(total('sum', bounds)).toBe('1')
    expect(total('max', bounds, february)).toBe('2')
  })

  test('what a property says, and nothing where there is none or it is no number', () => {
    const events = [
      event('a', '2026-01-02', '1', { seconds: '90', region: 'eu' }),
      event('b', '2026-01-03', '1', { seconds: 'many', region: 'us' }),
      event('c', '2026-01-04', '1', { region: 'eu' }),
    ]
    expect(total('sum', events, january, 'seconds')).toBe('90')
    expect(total('unique_count', events, january, 'region')).toBe('2')
    expect(events.map((one) => measuredValue({ aggregation: 'max', field: 'seconds' }, one))).toEqual([
      '90',
      null,
      null,
    ])
    expect(measuredValue({ aggregation: 'count', field: null }, event('d', '2026-01-04', 'x'))).toBe('1')
  })

  test('amounts one by one for a percentage, by time and then id, that sum to the quantity', () => {
    expect(usageOf(aggregate({ aggregation: 'sum', field: null }, some, january), january)).toEqual({
      quantity: '8.5',
      events: ['7', '2.5', '-1'],
    })
    expect(usageOf(aggregate({ aggregation: 'count', field: null }, some, january), january).events).toEqual(
      Array.from({ length: 3 }, () => '1'),
    )
  })
})

const events = fc
  .array(
    fc.record({
      day: fc.integer({ min: -20, max: 50 }),
      quantity: fc.integer({ min: -500, max: 500 }).map((tenths) => (tenths / 10).toFixed(1)),
    }),
    { maxLength: 20 },
  )
  .map((all) =>
    all.map(
      ({ day, quantity }, index): Measured => ({
        ...{ id: `e${index}`, quantity, properties: {} },
        at: (january.start + day * DAY_MS) as Instant,
      }),
    ),
  )

test.each(aggregations)(
  'FR-074 shards agree: however events are divided and in whatever order, %s is the same',
  (aggregation) => {
    const metric = { aggregation, field: null }
    fc.assert(
      fc.property(events, fc.array(fc.nat(2), { minLength: 20, maxLength: 20 }), (all, shardOf) => {
        const shards = [0, 1, 2].map((shard) => all.filter((_, index) => shardOf[index] === shard).toReversed())
        const merged = shards
          .map((own) => aggregate(metric, own, january))
          .reduceRight((left, right) => merge(left, right))
        expect(usageOf(merged, january)).toEqual(usageOf(aggregate(metric, all, january), january))
      }),
    )
  },
)

test.each(['sum', 'count'] as const)(
  'FR-074 periods tile: the %s of two halves is that of the whole',
  (aggregation) => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 30 }), (all, day) => {
        const middle = (january.start + day * DAY_MS) as Instant
        const halves = [
          total(aggregation, all, { start: january.start, end: middle }),
          total(aggregation, all, { start: middle, end: january.end }),
        ]
        expect(
          decimal(halves[0] ?? '')
            .plus(halves[1] ?? '')
            .toFixed(),
        ).toBe(total(aggregation, all))
      }),
    )
  },
)

test('different aggregations do not merge', () => {
  const one = aggregate({ aggregation: 'max', field: null }, [], january)
  expect(() => merge(one, aggregate({ aggregation: 'sum', field: null }, [], january))).toThrow('do not merge')
})
