import { HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { creditIn, type Refund, type RefundOutcomeKind } from './refund.ts'

/**
 * What the gateway said. `failed`: it tried, and the money came back. `rejected`: it refuses to try. `unknown` is no
 * answer, or one that proves nothing: never "failed".
 */
export type RefundOutcome =
  | { readonly kind: 'succeeded' | 'processing'; readonly gatewayRefund: string }
  | { readonly kind: 'failed'; readonly gatewayRefund: string; readonly failure: string }
  | { readonly kind: 'rejected'; readonly failure: string }
  | { readonly kind: 'throttled' | 'unknown' }

/** Where the refund stands after an outcome, and when the gateway is asked again; null: it has ended. */
const effects = {
  succeeded: { status: 'succeeded', askAgainMs: null },
  failed: { status: 'failed', askAgainMs: null },
  rejected: { status: 'failed', askAgainMs: null },
  processing: { status: 'pending', askAgainMs: HOUR_MS },
  throttled: { status: 'pending', askAgainMs: MINUTE_MS },
  unknown: { status: 'pending', askAgainMs: MINUTE_MS },
} as const satisfies Record<
  RefundOutcomeKind,
  { readonly status: Refund['status']; readonly askAgainMs: number | null }
>

/** In real time, whatever clock the account lives on: the gateway has no other. */
export function askRefundAgainAt(outcome: RefundOutcomeKind | null, realNow: Instant): Instant | null {
  const wait = outcome === null ? null : effects[outcome].askAgainMs
  return wait === null ? null : plusMs(realNow, wait)
}

type AppliedRefund = { readonly refund: Refund; readonly ledger: LedgerTransaction | null }

/**
 * The same monotonic step whoever brings the news, and however often: null when it tells nothing new. A refund that
 * failed is never changed; one that succeeded only fails, when the bank sends the money back days later (Stripe,
 * "Refunds", failed refunds). What failed stays owed on the ledger account `refund`, but
 * for what was given away.
 */
export function applyRefundOutcome(refund: Refund, outcome: RefundOutcome, now: Instant): AppliedRefund | null {
  if (refund.status === 'failed' || refund.outcome === outcome.kind) return null
  if (refund.status === 'succeeded' && outcome.kind !== 'failed') return null
  const gatewayRefund = 'gatewayRefund' in outcome ? outcome.gatewayRefund : refund.gatewayRefund
  invariant(
    refund.gatewayRefund === null || refund.gatewayRefund === gatewayRefund,
    `${refund.id} is ${refund.gatewayRefund} at the gateway, not ${gatewayRefund}`,
  )
  const { status, askAgainMs } = effects[outcome.kind]
  const changed: Refund = {
    ...refund,
    ...{ version: refund.version + 1, status, gatewayRefund, outcome: outcome.kind },
    failure: 'failure' in outcome ? outcome.failure : null,
    endedAt: askAgainMs === null ? now : null,
  }
  return { refund: changed, ledger: movedBy(refund, changed, now) }
}

/**
 * What is owed goes out in cash, less by what no gateway can send. Where it failed, or the bank sends it back, all of it is
 * owed again; what was only given away is not given, and the credit that it took is the customer's again.
 */
function movedBy(before: Refund, { status, ...refund }: Refund, at: Instant): LedgerTransaction | null {
  const { organizationId, accountId, id, currency, amount, writtenOff } = refund
  const sent = status === 'succeeded'
  const cameBack = !sent && before.status === 'succeeded'
  const isUndone = status === 'failed' && refund.granted !== null
  if (!sent && !cameBack && !isUndone) return null
  const sign = sent ? 1n : cameBack ? -1n : 0n
  return ledgerTransaction({
    ...{ organizationId, accountId, currency, at },
    document: id,
    kind: sent ? 'refund' : 'refund_failed',
    postings: [
      { ledgerAccount: 'refund', amount: sign * (amount + writtenOff) + (isUndone ? amount + writtenOff : 0n) },
      { ledgerAccount: 'granted', amount: isUndone ? -(refund.granted ?? 0n) : 0n },
      { ledgerAccount: 'credit', amount: isUndone ? -creditIn(refund) : 0n },
      { ledgerAccount: 'cash', amount: -sign * amount },
      { ledgerAccount: 'rounding', amount: -sign * writtenOff },
    ],
  })
}
