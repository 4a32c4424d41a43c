import { decimal, decimalText, MAX_DECIMALS } from '../../kernel/decimal.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Zone } from '../../kernel/zone.ts'
import { type BucketSize, bucketContaining, bucketsOf } from '../../usage/domain/buckets.ts'

/** What is compared. */
export type TrendPoint = Period & {
  /** A decimal string. */
  readonly quantity: string
  /** It is over: what comes now is of later ones, but for what comes late. */
  readonly isComplete: boolean
  /** Against the one before, as a share of it: "0.25" is a quarter more. Null where that was nothing, or this is not over. */
  readonly growth: string | null
}

/** The whole buckets that a period touches, and the one before them, which the first is compared with. Null for too many. */
export function trendBuckets(
  { start, end }: Period,
  about: { readonly size: BucketSize; readonly zone: Zone; readonly most: number },
): readonly Period[] | null {
  const { size, zone, most } = about
  const first = bucketContaining(start, size, zone)
  const before = bucketContaining(plusMs(first.start, -1), size, zone)
  const last = bucketContaining(plusMs(end, -1), size, zone)
  return bucketsOf({ start: before.start, end: last.end }, { size, zone, most: most + 1 })
}

/** One quantity a bucket; the first is only compared with. */
export function trendOf(
  buckets: readonly Period[],
  quantities: readonly string[],
  now: Instant,
): readonly TrendPoint[] {
  return buckets.slice(1).map((bucket, index) => {
    const [before, quantity] = [quantities[index] ?? '0', quantities[index + 1] ?? '0']
    const isComplete = bucket.end <= now
    return { ...bucket, quantity, isComplete, growth: isComplete ? growthOf(before, quantity) : null }
  })
}

/** (after − before) ÷ before, rounded half away from zero to four decimals; null where that was nothing or less. */
function growthOf(before: string, after: string): string | null {
  const [from, to] = [before, after].map((text) => decimal(text).times(10 ** MAX_DECIMALS))
  if (from === undefined || to === undefined || from.lte(0)) return null
  const growth = roundHalfAwayFromZero(to.minus(from).times(10_000), BigInt(decimalText(from)))
  return decimalText(decimal(growth).times('0.0001'))
}
