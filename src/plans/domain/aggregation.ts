import { type Decimal, decimal, decimalText, MAX_DECIMALS, parseDecimal } from '../../kernel/decimal.ts'
import type { Instant } from '../../kernel/instant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Aggregation, Metric } from './metric.ts'
import type { Usage } from './rating.ts'

/** Something that was used, as it is measured. `quantity` is a decimal string. */
export type Measured = {
  readonly id: string
  readonly at: Instant
  readonly quantity: string
  readonly properties: Readonly<Record<string, string>>
}

type Moment = Pick<Measured, 'at' | 'id'>

/** What is known of some of a period's events: two of these, of different events, merge into what is known of both. */
type Aggregates = {
  sum: { readonly amounts: readonly (Moment & { readonly amount: Decimal })[] }
  count: { readonly amounts: readonly (Moment & { readonly amount: Decimal })[] }
  unique_count: { readonly values: ReadonlySet<string> }
  max: { readonly most: Decimal | null }
  latest: { readonly last: (Moment & { readonly amount: Decimal }) | null }
  /** Units × milliseconds from when each was there to the period's end. */
  weighted_sum: { readonly held: Decimal }
}
export type Aggregate<A extends Aggregation = Aggregation> = { [K in A]: { readonly type: K } & Aggregates[K] }[A]

type Rules<A extends Aggregation> = {
  readonly nothing: Aggregate<A>
  /** Of one event: its value as `measuredValue` read it. */
  readonly of: (event: Moment & { readonly value: string }, period: Period) => Aggregate<A>
  readonly merge: (left: Aggregate<A>, right: Aggregate<A>) => Aggregate<A>
  readonly usage: (one: Aggregate<A>, period: Period) => Usage
}

const zero = decimal('0')

/** The sum of amounts, kept one by one because a percentage is taken of each. */
function amounts<A extends 'sum' | 'count'>(type: A, amountOf: (value: string) => Decimal): Rules<A> {
  type Of = Aggregate<A>
  return {
    nothing: { type, amounts: [] } as unknown as Of,
    of: ({ at, id, value }) => ({ type, amounts: [{ at, id, amount: amountOf(value) }] }) as unknown as Of,
    merge: (left, right) => ({ type, amounts: [...left.amounts, ...right.amounts] }) as unknown as Of,
    usage: (one) => {
      const inOrder = one.amounts.toSorted(byMoment).map(({ amount }) => amount)
      const quantity = decimalText(inOrder.reduce((sum, amount) => sum.plus(amount), zero))
      return { quantity, events: inOrder.map(decimalText) }
    },
  }
}

const rules: { readonly [A in Aggregation]: Rules<A> } = {
  sum: amounts('sum', decimal),
  count: amounts('count', () => decimal('1')),
  unique_count: {
    nothing: { type: 'unique_count', values: new Set() },
    of: ({ value }) => ({ type: 'unique_count', values: new Set([value]) }),
    merge: (left, right) => ({ type: 'unique_count', values: left.values.union(right.values) }),
    usage: ({ values }) => ({ quantity: String(values.size) }),
  },
  max: {
    nothing: { type: 'max', most: null },
    of: ({ value }) => ({ type: 'max', most: decimal(value) }),
    merge: (left, right) => (left.most === null || right.most?.gt(left.most) ? right : left),
    usage: ({ most }) => ({ quantity: decimalText(most ?? zero) }),
  },
  latest: {
    nothing: { type: 'latest', last: null },
    of: ({ at, id, value }) => ({ type: 'latest', last: { at, id, amount: decimal(value) } }),
    merge: (left, right) =>
      left.last === null || (right.last !== null && byMoment(right.last, left.last) > 0) ? right : left,
    usage: ({ last }) => ({ quantity: decimalText(last?.amount ?? zero) }),
  },
  weighted_sum: {
    nothing: { type: 'weighted_sum', held: zero },
    of: ({ at, value }, { start, end }) => ({
      type: 'weighted_sum',
      held: decimal(value).times(end - (at < start ? start : at)),
    }),
    merge: (left, right) => ({ type: 'weighted_sum', held: left.held.plus(right.held) }),
    usage: ({ held }, { start, end }) => ({ quantity: shareOf(held, end - start) }),
  },
}

/**
 * What counts of a metric's event: its quantity or the property that the metric names. Null where the event has none, or
 * nothing that can be added up.
 */
export function measuredValue(
  { aggregation, field }: Pick<Metric, 'aggregation' | 'field'>,
  event: Measured,
): string | null {
  if (aggregation === 'count') return '1'
  const value = field === null || field === 'quantity' ? event.quantity : event.properties[field]
  if (value === undefined) return null
  return aggregation === 'unique_count' || parseDecimal(value).ok ? value : null
}

/**
 * Some of a period's events, in any order. Those before it count for a weighted sum only, whose level they are; those after
 * it, and those without a value, for nothing.
 */
export function aggregate(
  metric: Pick<Metric, 'aggregation' | 'field'>,
  events: readonly Measured[],
  period: Period,
): Aggregate {
  return aggregateBy(metric.aggregation, metric, events, period)
}

function aggregateBy<A extends Aggregation>(
  aggregation: A,
  metric: Pick<Metric, 'aggregation' | 'field'>,
  events: readonly Measured[],
  period: Period,
): Aggregate {
  const own: Rules<A> = rules[aggregation]
  const counted = events.flatMap((event) => {
    const value = counts(aggregation, event.at, period) ? measuredValue(metric, event) : null
    return value === null ? [] : [own.of({ at: event.at, id: event.id, value }, period)]
  })
  return mergeAll(own, counted) as unknown as Aggregate
}

/** By halves: what is known of thousands is not copied for each. */
function mergeAll<A extends Aggregation>(own: Rules<A>, aggregates: readonly Aggregate<A>[]): Aggregate<A> {
  const [only] = aggregates
  if (only === undefined) return own.nothing
  if (aggregates.length === 1) return only
  const half = aggregates.length >> 1
  return own.merge(mergeAll(own, aggregates.slice(0, half)), mergeAll(own, aggregates.slice(half)))
}

function counts(aggregation: Aggregation, at: Instant, { start, end }: Period): boolean {
  return at < end && (at >= start || aggregation === 'weighted_sum')
}

/** What is known of both, which have no event in common. @throws {TypeError} for two of different aggregations. */
export function merge<A extends Aggregation>(left: Aggregate<A>, right: Aggregate<NoInfer<A>>): Aggregate<A> {
  if (left.type !== right.type) throw new TypeError(`${left.type} and ${right.type} do not merge`)
  const own: Rules<A> = rules[left.type as A]
  return own.merge(left, right)
}

/** The quantity of a period that is rated; a weighted sum is rounded once, half away from zero, to twelve decimals. */
export function usageOf<A extends Aggregation>(one: Aggregate<A>, period: Period): Usage {
  const own: Rules<A> = rules[one.type as A]
  return own.usage(one, period)
}

/** The order of a period's events: by timestamp, then id. */
export function byMoment(left: Moment, right: Moment): number {
  return left.at - right.at || byCodePoint(left.id, right.id)
}

/** As Postgres compares by collation C. UTF-16 puts what is beyond 0xFFFF before some of what is not. */
function byCodePoint(left: string, right: string): number {
  const others = Array.from(right)
  for (const [index, character] of Array.from(left).entries()) {
    const other = others[index]
    if (other === undefined) return 1
    if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
  }
  return left.length - right.length
}

/** Units × milliseconds over a period's milliseconds. */
function shareOf(held: Decimal, length: number): string {
  const scaled = roundHalfAwayFromZero(held.times(10 ** MAX_DECIMALS), BigInt(length))
  return decimalText(decimal('1').times(`${scaled}e-${MAX_DECIMALS}`))
}
