import { balanceOf, type FinalInvoice } from '../../invoices/domain/invoice.ts'
import type { OutcomeKind, Payment } from '../../payments/domain/payment.ts'

/**
 * plain: nothing was tried · declined: the bank said no · failed: the gateway would not try · under_way: it is not known
 * yet · settled: nothing is owed, though nothing was paid.
 */
export const payStateKinds = [
  ...(['plain', 'declined', 'failed', 'under_way', 'authentication_required'] as const),
  ...(['paid', 'settled', 'void', 'uncollectible'] as const),
] as const
type PayStateKind = (typeof payStateKinds)[number]

/** How the paying of an invoice stands, for the one who pays. `code`: the gateway's, of the decline. */
export type PayState =
  | { readonly kind: Exclude<PayStateKind, 'declined'> }
  | { readonly kind: 'declined'; readonly code: string }

/** charging: the new card is saved, and open invoices are charged to it. `code`: null where the gateway named none. */
export type CardState =
  | { readonly kind: 'plain' | 'saved' | 'charging' | 'cancelled' }
  | { readonly kind: 'failed'; readonly code: string | null }

/** `payment`: the invoice's newest; null: it has none. */
export function payStateOf(
  invoice: FinalInvoice,
  payment: Pick<Payment, 'status' | 'outcome' | 'decline'> | null,
): PayState {
  if (invoice.status === 'void' || invoice.status === 'uncollectible') return { kind: invoice.status }
  if (balanceOf(invoice) === 0n) return { kind: invoice.settlement.paid > 0n ? 'paid' : 'settled' }
  if (payment === null) return { kind: 'plain' }
  if (payment.outcome === null) return { kind: payment.status === 'pending' ? 'under_way' : 'plain' }
  if (payment.decline !== null) return { kind: 'declined', code: payment.decline.code }
  return { kind: byOutcome[payment.outcome] }
}

/** Of an invoice that still owes. */
const byOutcome = {
  // A part was paid.
  succeeded: 'plain',
  processing: 'under_way',
  declined: 'failed',
  authentication_required: 'authentication_required',
  // Who comes back from the bank's page unheard may go there again: the payment is the same.
  authenticating: 'authentication_required',
  canceled: 'plain',
  throttled: 'under_way',
  rejected: 'failed',
  unknown: 'under_way',
} as const satisfies Record<OutcomeKind, PayStateKind>
