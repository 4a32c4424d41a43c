import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalText } from '../../../src/kernel/decimal.ts'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import { aggregate, type Measured, merge, usageOf } from '../../../src/plans/domain/aggregation.ts'
import { type Aggregation, aggregations } from '../../../src/plans/domain/metric.ts'
import { type Counted, type Known, totalOf } from '../../../src/usage/domain/totals.ts'
import { at } from '../../support/given.ts'

const april = { start: at('2026-04-01'), end: at('2026-05-01') }
const nothing: Known = { quantity: null, held: null, values: [], last: null }

const event = fc
  .record({
    id: fc.constantFrom('a', 'b', 'Z', '\u{fffd}', '\u{1f600}'),
    days: fc.integer({ min: -10, max: 40 }),
    value: fc.constantFrom('1', '2', '2.5', '0', '-3', '0.000000000001'),
  })
  .map(({ id, days, value }): Counted => ({ id, value, at: plusMs(april.start, days * DAY_MS) }))

function measured({ id, at: when, value }: Counted): Measured {
  return { id, at: when, quantity: value, properties: {} }
}

function metricOf(aggregation: Aggregation) {
  return { aggregation, field: aggregation === 'count' ? null : 'quantity' }
}

function quantityOf(aggregation: Aggregation, events: readonly Counted[]): string {
  return usageOf(aggregate(metricOf(aggregation), events.map(measured), april), april).quantity
}

/** What the database tells of some events. */
function knownOf(aggregation: Aggregation, events: readonly Counted[]): Known {
  const within = events.filter((one) => one.at < april.end && (one.at >= april.start || aggregation === 'weighted_sum'))
  const last = aggregate(metricOf('latest'), within.map(measured), april)
  const weighted = aggregate(metricOf('weighted_sum'), events.map(measured), april)
  return {
    quantity: within.length === 0 ? null : quantityOf(aggregation, events),
    held: weighted.type === 'weighted_sum' ? decimalText(weighted.held) : null,
    values: aggregation === 'unique_count' ? within.map(({ value }) => value) : [],
    last: last.type === 'latest' && last.last !== null ? { id: last.last.id, at: last.last.at } : null,
  }
}

describe.each(aggregations)('FR-074 a running %s', (aggregation) => {
  test('is what aggregating all of its events comes to, wherever Postgres ended and however they came', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(event), (before, after) => {
        const total = totalOf(aggregation, knownOf(aggregation, before), april)
        for (const one of after) total.add(one)
        expect(decimalText(total.used())).toBe(quantityOf(aggregation, [...before, ...after]))
      }),
    )
  })

  test('tells what it would be, and is not changed by being asked', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(event), (before, more) => {
        const total = totalOf(aggregation, nothing, april)
        for (const one of before) total.add(one)
        const used = decimalText(total.used())
        expect(decimalText(total.used(more))).toBe(quantityOf(aggregation, [...before, ...more]))
        expect(decimalText(total.used())).toBe(used)
      }),
    )
  })
})

test.each(['sum', 'max', 'latest', 'weighted_sum'] as const)(
  'FR-074 a %s of more digits than one event may have is known, and goes on',
  (aggregation) => {
    const known = '9'.repeat(40)
    const held = '9'.repeat(50)
    const before: Known = { quantity: known, held, values: [], last: { id: 'a', at: april.start } }
    const total = totalOf(aggregation, before, april)
    const used = total.used()
    expect(used.gt('9'.repeat(39))).toBe(true)
    total.add({ id: 'b', at: april.start, value: '1'.repeat(15) })
    expect(total.used().eq(used)).toBe(aggregation === 'max')
  },
)

test('two parts that merge are one total', () => {
  const [one, other] = [[{ id: 'a', at: april.start, value: '3' }], [{ id: 'b', at: april.start, value: '4' }]]
  const both = merge(
    aggregate(metricOf('max'), one.map(measured), april),
    aggregate(metricOf('max'), other.map(measured), april),
  )
  expect(decimalText(totalOf('max', knownOf('max', one), april).used(other))).toBe(usageOf(both, april).quantity)
})
