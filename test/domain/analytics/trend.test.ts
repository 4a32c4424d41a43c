import { expect, test } from 'vitest'
import { trendBuckets, trendOf } from '../../../src/analytics/domain/trend.ts'
import { toIso } from '../../../src/kernel/instant.ts'
import { at, UTC } from '../../support/given.ts'

test('whole intervals that a time touches are compared, and the one before them', () => {
  const told = (start: string, end: string, most = 10) =>
    trendBuckets({ start: at(start), end: at(end) }, { size: 'month', zone: UTC, most })?.map((one) =>
      [one.start, one.end].map((each) => toIso(each).slice(0, 10)).join(' '),
    )
  expect(told('2026-01-15', '2026-02-02')).toEqual([
    '2025-12-01 2026-01-01',
    '2026-01-01 2026-02-01',
    '2026-02-01 2026-03-01',
  ])
  expect(told('2026-01-01', '2026-02-01')).toEqual(['2025-12-01 2026-01-01', '2026-01-01 2026-02-01'])
  expect(told('2026-01-15', '2026-02-02', 2)?.length).toBe(3)
  expect(told('2026-01-15', '2026-02-02', 1)).toBeUndefined()
})

const buckets = [1, 2, 3].map((day) => ({ start: at(`2026-01-0${day}`), end: at(`2026-01-0${day + 1}`) }))

test.each<[before: string, after: string, growth: string | null]>([
  ['100', '125', '0.25'],
  ['3', '1', '-0.6667'],
  ['3', '2', '-0.3333'],
  ['0.000000000001', '1', '999999999999'],
  ['20000', '20001', '0.0001'],
  ['20000', '19999', '-0.0001'],
  ['40000', '40001', '0'],
  ['7', '7', '0'],
  ['5', '0', '-1'],
  ['0', '5', null],
  ['-1', '5', null],
])('from %s to %s it grows by %s', (before, after, growth) => {
  const [point, next] = trendOf(buckets, [before, after], at('2030-01-01'))
  expect(point).toEqual({ ...buckets[1], quantity: after, isComplete: true, growth })
  expect(next?.quantity).toBe('0')
})

test('what is not over is not compared', () => {
  const told = (now: string) =>
    trendOf(buckets, ['1', '2', '3'], at(now)).map(({ isComplete, growth }) => [isComplete, growth])
  expect(told('2026-01-03T23:59:59Z')).toEqual([
    [true, '1'],
    [false, null],
  ])
  expect(told('2026-01-04')).toEqual([
    [true, '1'],
    [true, '0.5'],
  ])
})
