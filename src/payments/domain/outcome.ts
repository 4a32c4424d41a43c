import { balanceOf, type FinalInvoice, settle } from '../../invoices/domain/invoice.ts'
import { HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import type { Decline } from './decline.ts'
import { unchargeableBelow } from './gateway-amount.ts'
import type { Charge, OutcomeKind, Payment } from './payment.ts'

/** What the gateway said to one confirmation. `unknown` is no answer, or one that proves nothing: never "failed". */
export type ChargeOutcome =
  | { readonly kind: Exclude<OutcomeKind, 'declined'> }
  | { readonly kind: 'declined'; readonly decline: Decline }

/** Where the payment stands after an outcome, and when the gateway is asked again; null: the attempt has ended. */
const effects = {
  succeeded: { status: 'succeeded', askAgainMs: null },
  declined: { status: 'failed', askAgainMs: null },
  rejected: { status: 'failed', askAgainMs: null },
  authentication_required: { status: 'pending', askAgainMs: null },
  processing: { status: 'pending', askAgainMs: HOUR_MS },
  throttled: { status: 'pending', askAgainMs: MINUTE_MS },
  unknown: { status: 'pending', askAgainMs: MINUTE_MS },
} as const satisfies Record<OutcomeKind, { readonly status: Payment['status']; readonly askAgainMs: number | null }>

/** In real time, whatever clock the account lives on: the gateway has no other. */
export function askAgainAt(outcome: OutcomeKind | null, realNow: Instant): Instant | null {
  const wait = outcome === null ? null : effects[outcome].askAgainMs
  return wait === null ? null : plusMs(realNow, wait)
}

export type Applied = {
  readonly charge: Charge
  readonly invoice: FinalInvoice
  readonly ledger: LedgerTransaction | null
}

/**
 * The same monotonic step whoever brings the news, and however often: null when it tells nothing new. A payment that
 * succeeded or failed for good is not changed by what comes late.
 */
export function applyOutcome(
  charge: Charge,
  invoice: FinalInvoice,
  outcome: ChargeOutcome,
  now: Instant,
): Applied | null {
  const { payment, attempt } = charge
  if (payment.status === 'succeeded' || attempt.endedAt !== null || attempt.outcome === outcome.kind) return null
  const effect = effects[outcome.kind]
  const news = { outcome: outcome.kind, decline: outcome.kind === 'declined' ? outcome.decline : null }
  const changed: Charge = {
    payment: { ...payment, ...news, version: payment.version + 1, status: effect.status },
    attempt: { ...attempt, ...news, version: attempt.version + 1, endedAt: effect.askAgainMs === null ? now : null },
  }
  if (effect.status !== 'succeeded') return { charge: changed, invoice, ledger: null }
  invariant(invoice.id === payment.invoiceId, `payment ${payment.id} is not for invoice ${invoice.id}`)
  const writtenOff = balanceOf(invoice) - payment.amount
  invariant(
    writtenOff === 0n || writtenOff < unchargeableBelow(payment.currency),
    `${payment.id} must cover its invoice`,
  )
  const settled = settle(invoice, { paid: payment.amount, writtenOff })
  return { charge: changed, invoice: settled, ledger: receipt(payment, writtenOff, now) }
}

/** Cash comes in and the customer owes that much less, and less by what no gateway can charge. */
function receipt(payment: Payment, writtenOff: bigint, at: Instant): LedgerTransaction | null {
  return ledgerTransaction({
    organizationId: payment.organizationId,
    accountId: payment.accountId,
    document: payment.id,
    kind: 'payment',
    currency: payment.currency,
    at,
    postings: [
      { ledgerAccount: 'cash', amount: payment.amount },
      { ledgerAccount: 'rounding', amount: writtenOff },
      { ledgerAccount: 'receivable', amount: -(payment.amount + writtenOff) },
    ],
  })
}
