import type { Metadata } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

/**
 * How the events of a metering period become one quantity (semantics.md, Prices). `weighted_sum`: each quantity × the
 * share of the period that it was held for.
 */
export const aggregations = ['sum', 'count', 'unique_count', 'max', 'latest', 'weighted_sum'] as const
export type Aggregation = (typeof aggregations)[number]

/** What is measured. How it is measured never changes: invoices were made from it. */
export type Metric = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'metric'>
  readonly version: number
  readonly code: string
  readonly name: string
  readonly aggregation: Aggregation
  /** The property of an event that is aggregated; `quantity` is the event's own. Null for a count. */
  readonly field: string | null
  /** So many decimals a quantity may have, 12 at most. */
  readonly decimals: number
  /** Whether a quantity may be below zero: what is given back, or a level that falls. */
  readonly allowNegative: boolean
  readonly metadata: Metadata
  readonly createdAt: Instant
}

export type MetricPatch = { readonly name?: string | undefined; readonly metadata?: Metadata | undefined }

export function changeMetric(metric: Metric, patch: MetricPatch): Metric {
  return {
    ...metric,
    version: metric.version + 1,
    name: patch.name ?? metric.name,
    metadata: patch.metadata ?? metric.metadata,
  }
}
