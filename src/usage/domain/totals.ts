import { type Decimal, storedDecimal } from '../../kernel/decimal.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'
import { byMoment, usageOf } from '../../plans/domain/aggregation.ts'
import type { Aggregation } from '../../plans/domain/metric.ts'

/** What counts of an event. */
export type Counted = { readonly id: string; readonly at: Instant; readonly value: string }

/** What was used in a period as it grows, so that no event is counted anew for the next. Only `add` changes it. */
export type Total = {
  /** And what would be, with some events more. */
  readonly used: (more?: readonly Counted[]) => Decimal
  readonly add: (event: Counted) => void
}

/** What was counted before: how much in all, and what it takes to go on from there. */
export type Known = {
  /** Null where nothing was. */
  readonly quantity: string | null
  /** Of a weighted sum, before it is divided and rounded: units × milliseconds. */
  readonly held: string | null
  /** Of a unique count. */
  readonly values: readonly string[]
  /** Of the latest. */
  readonly last: Pick<Counted, 'id' | 'at'> | null
}

/** How a total goes on, by how its metric is aggregated (plans/domain/aggregation.ts). */
export function totalOf(aggregation: Aggregation, known: Known, period: Period): Total {
  const { start, end } = period
  const inPeriod = makers[aggregation](known, period)
  const counts = ({ at }: Counted) => at < end && (at >= start || aggregation === 'weighted_sum')
  return {
    used: (more = []) => inPeriod.used(more.filter(counts)),
    add: (event) => {
      if (counts(event)) inPeriod.add(event)
    },
  }
}

const makers: Readonly<Record<Aggregation, (known: Known, period: Period) => Total>> = {
  sum: ({ quantity }) => folded(storedDecimal(quantity ?? '0'), (sum, { value }) => sum.plus(value), itself),
  count: ({ quantity }) => folded(storedDecimal(quantity ?? '0'), (sum) => sum.plus(1), itself),
  max: ({ quantity }) =>
    folded<Decimal | null>(
      quantity === null ? null : storedDecimal(quantity),
      (most, { value }) => (most?.gt(value) ? most : storedDecimal(value)),
      (most) => most ?? storedDecimal('0'),
    ),
  latest: ({ quantity, last }) =>
    folded<Counted | null>(
      last && { ...last, value: quantity ?? '0' },
      (known, event) => (known === null || byMoment(event, known) > 0 ? event : known),
      (known) => storedDecimal(known?.value ?? '0'),
    ),
  weighted_sum: ({ held: before }, period) =>
    folded(
      storedDecimal(before ?? '0'),
      (held, { value, at }) => held.plus(storedDecimal(value).times(period.end - Math.max(at, period.start))),
      (held) => storedDecimal(usageOf({ type: 'weighted_sum', held }, period).quantity),
    ),
  unique_count: ({ values: known }) => {
    const values = new Set(known)
    return {
      used: (more = []) =>
        storedDecimal(String(values.size + new Set(more.map(({ value }) => value)).difference(values).size)),
      add: ({ value }) => void values.add(value),
    }
  },
}

function folded<S>(before: S, plus: (state: S, event: Counted) => S, read: (state: S) => Decimal): Total {
  let state = before
  return {
    used: (more = []) => read(more.reduce(plus, state)),
    add: (event) => {
      state = plus(state, event)
    },
  }
}

function itself(quantity: Decimal): Decimal {
  return quantity
}
