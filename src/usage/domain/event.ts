import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

/** Something that was used, as its sender tells it. Known by (subscription, id), whatever else it says. */
export type UsageEvent = {
  readonly subscriptionId: Id<'subscription'>
  /** The sender's own, up to 200 characters. */
  readonly id: string
  /** A metric's code. */
  readonly metric: string
  readonly at: Instant
  /** A decimal string. */
  readonly quantity: string
  readonly properties: Readonly<Record<string, string>>
}

/** As it was sent; its time null where it was left out: now, by the clock of its account. */
export type SentEvent = Omit<UsageEvent, 'at'> & { readonly at: Instant | null }

/** supplemental: its period's invoice is final, a supplemental one bills it · unbilled: too late for that too; reported. */
export const latenesses = ['supplemental', 'unbilled'] as const
export type Lateness = (typeof latenesses)[number]

/** What becomes of an event. A duplicate is a success: it changes nothing. Nothing is remembered of a rejected one. */
export type Ingested =
  | { readonly status: 'accepted'; readonly late: Lateness | null }
  | { readonly status: 'duplicate' }
  | { readonly status: 'rejected'; readonly code: UsageRefusal; readonly detail: string; readonly hint: string }

export const usageRefusals = [
  'subscription_not_found',
  'metric_not_found',
  'not_measurable',
  'negative_quantity',
  'too_many_decimals',
  'too_many_digits',
  'too_old',
  'in_the_future',
  'not_started',
  'paused',
  'ended',
  'cap_reached',
] as const
export type UsageRefusal = (typeof usageRefusals)[number]
