import { decimal, decimalText } from '../../kernel/decimal.ts'
import type { Instant } from '../../kernel/instant.ts'
import { toIso } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'
import { type Refused, refused } from './judge.ts'
import { type CappedCharge, cappedPeriod, type Profile } from './profile.ts'
import type { Report } from './report.ts'
import type { Counted, Total } from './totals.ts'

/** A limit in one period, with what is used of it, and what is held for others. */
export type Cap = {
  readonly charge: CappedCharge
  readonly period: Period
  readonly total: Total
  readonly held: readonly Counted[]
}

type Use = { readonly metric: string; readonly at: Instant; readonly properties: Readonly<Record<string, string>> }

/** Which limits something used would count for. */
export function capsOn(profile: Profile, use: Use): readonly Pick<Cap, 'charge' | 'period'>[] {
  return profile.capped.flatMap((charge) => {
    if (!countsFor(charge, use)) return []
    const period = cappedPeriod(profile, charge, use.at)
    return period === null ? [] : [{ charge, period }]
  })
}

/** An event counts for a charge by its metric and all of the charge's filters. */
export function countsFor(
  { metric, filters }: Pick<CappedCharge, 'metric' | 'filters'>,
  use: Omit<Use, 'at'>,
): boolean {
  return use.metric === metric && Object.entries(filters).every(([name, value]) => use.properties[name] === value)
}

/** An event that would pass a limit is refused whole; one that uses nothing more is not (semantics.md, Usage). */
export function refusalByCaps(event: Counted, caps: readonly Cap[]): Refused | null {
  for (const { charge, period, total, held } of caps) {
    if (charge.cap.over === 'bill') continue
    const after = total.used([...held, event])
    if (after.lte(charge.cap.limit) || after.lte(total.used(held))) continue
    const reserved = held.length === 0 ? '' : `, ${decimalText(total.used(held).minus(total.used()))} reserved`
    return refused(
      'cap_reached',
      `${charge.metric} is limited to ${charge.cap.limit} from ${toIso(period.start)} to ${toIso(period.end)}: ${decimalText(total.used())} are used${reserved}, and this event would bring it to ${decimalText(after)}.`,
      `Use less, wait until ${toIso(period.end)}, or change the subscription to a plan that allows more.`,
    )
  }
  return null
}

/** It is told when so many percent of a limit are used. */
const PERCENTS = [80, 100] as const

export type Passed = { readonly subject: string; readonly report: Extract<Report, { type: 'threshold' }> }

/** Every threshold that what is used has come to, whether it was told before or not. */
export function thresholdsPassed({ charge, period, total }: Cap): readonly Passed[] {
  const { name, metric, filters, cap } = charge
  const used = total.used()
  if (used.lte(0)) return []
  return PERCENTS.filter((percent) => used.times(100).gte(decimal(cap.limit).times(percent))).map((percent) => ({
    subject: `threshold:${name}:${period.start}:${percent} of ${cap.limit}`,
    report: {
      ...{ type: 'threshold', metric, filters, period, percent },
      ...{ quantity: decimalText(used), limit: cap.limit },
    },
  }))
}
