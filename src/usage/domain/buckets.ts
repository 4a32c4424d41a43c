import { HOUR_MS, type Instant, plusMs } from '../../kernel/instant.ts'
import { toLocal } from '../../kernel/offset.ts'
import { calendarAnchor, type Period, periodContaining } from '../../kernel/period.ts'
import { localDateOf, nextLocalMidnight, startOfLocalDay, type Zone } from '../../kernel/zone.ts'

/** How finely a series is told: by hours, days, weeks from Monday and months of a zone's calendar. */
export const bucketSizes = ['hour', 'day', 'week', 'month'] as const
export type BucketSize = (typeof bucketSizes)[number]

/** The parts of a period, which tile it: the first and the last are cut by it. Null for more than so many. */
export function bucketsOf(
  period: Period,
  { size, zone, most }: { readonly size: BucketSize; readonly zone: Zone; readonly most: number },
): readonly Period[] | null {
  const buckets: Period[] = []
  for (let start = period.start; start < period.end; ) {
    if (buckets.length === most) return null
    const next = bounds[size](start, zone).end
    const end = next < period.end ? next : period.end
    buckets.push({ start, end })
    start = end
  }
  return buckets
}

/** The whole one that an instant is in. */
export function bucketContaining(at: Instant, size: BucketSize, zone: Zone): Period {
  return bounds[size](at, zone)
}

const bounds: Readonly<Record<BucketSize, (at: Instant, zone: Zone) => Period>> = {
  hour: (at, zone) => {
    const local = toLocal(at, zone)
    const start = plusMs(at, Math.floor(local / HOUR_MS) * HOUR_MS - local)
    return { start, end: plusMs(start, HOUR_MS) }
  },
  day: (at, zone) => ({ start: startOfLocalDay(localDateOf(at, zone), zone), end: nextLocalMidnight(at, zone) }),
  week: (at, zone) => calendarPeriod(at, 'week', zone),
  month: (at, zone) => calendarPeriod(at, 'month', zone),
}

function calendarPeriod(at: Instant, unit: 'week' | 'month', zone: Zone): Period {
  return periodContaining({ at: calendarAnchor(at, unit, zone), zone }, { unit, count: 1 }, at)
}
