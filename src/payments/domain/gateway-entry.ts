import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

/**
 * charge: money of a payment came in · charge_failure: and bounced · refund: it goes back · refund_failure: and was
 * returned · dispute: a bank took it back · dispute_reversal: and gave it again · other: what no customer pays or gets,
 * such as payouts and fees.
 */
export type EntryKind =
  | 'charge'
  | 'charge_failure'
  | 'refund'
  | 'refund_failure'
  | 'dispute'
  | 'dispute_reversal'
  | 'other'

/** One movement of money in the gateway's books. */
export type GatewayEntry = {
  /** The gateway's id (`txn_…`). */
  readonly id: string
  readonly kind: EntryKind
  /** What moved it: the gateway's id of the payment, refund or dispute. */
  readonly gatewayObject: string
  /** The gateway's payment whose money it is. */
  readonly gatewayPayment: string | null
  /** In our minor units, before fees; what comes in is positive. */
  readonly amount: bigint
  readonly currency: Currency
  readonly at: Instant
  /** How a charge or refund stands by now, some are in the books before they succeed; any other has succeeded. */
  readonly state: 'pending' | 'succeeded' | 'failed'
  /** What we wrote to it when we made it. */
  readonly ours: { readonly payment: Id<'payment'> | null; readonly refund: Id<'refund'> | null }
}
