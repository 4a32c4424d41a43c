import type { Id } from '../../kernel/id.ts'
import { type Instant, toIso } from '../../kernel/instant.ts'
import type { Lateness, UsageEvent } from './event.ts'
import type { Report } from './report.ts'

/** A report, and what it is about: the same is said once. */
export type Told = { readonly id: Id<'usage_report'>; readonly subject: string; readonly report: Report }

export type Acknowledged = {
  readonly organizationId: Id<'organization'>
  readonly event: UsageEvent
  /** What is aggregated of it. */
  readonly value: string
  readonly receivedAt: Instant
  readonly late: Lateness | null
  readonly tells: readonly Told[]
}

/** One line of JSON, as a flush sends it: members as the columns of `usage_events` are called, and its reports. */
export function toLine({ organizationId, event, value, receivedAt, late, tells }: Acknowledged): string {
  const { subscriptionId, id, metric, at, quantity, properties } = event
  return JSON.stringify({
    ...{ organization_id: organizationId, subscription_id: subscriptionId, event_id: id, metric, at: toIso(at) },
    ...{ quantity, properties, value, received_at: toIso(receivedAt), late },
    ...(tells.length > 0 && { tells }),
  })
}

/** What of a line a total is made of. */
export type Line = {
  readonly subscription_id: Id<'subscription'>
  readonly event_id: string
  readonly metric: string
  readonly at: string
  readonly properties: UsageEvent['properties']
  readonly value: string
}

export function fromLine(line: string): Line {
  return JSON.parse(line) as Line
}
