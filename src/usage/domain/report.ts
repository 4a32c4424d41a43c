import type { Instant } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'

/** What a shard reports to the subscription, which decides what follows. */
export type Report =
  /** Something that was used at that time arrived after its period was sealed, or was corrected since. */
  | { readonly type: 'late'; readonly usedAt: Instant }
  /** Something that was used at that time arrived so late that nothing bills it. */
  | { readonly type: 'unbilled'; readonly usedAt: Instant }
  /** Usage of a charge that is capped has come to so many percent of its limit. */
  | {
      readonly type: 'threshold'
      readonly metric: string
      readonly filters: Readonly<Record<string, string>>
      readonly period: Period
      readonly percent: number
      /** Decimal strings. */
      readonly quantity: string
      readonly limit: string
    }
