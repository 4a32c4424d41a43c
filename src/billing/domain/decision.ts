import type { Account } from '../../accounts/domain/account.ts'
import type { Invoice } from '../../invoices/domain/invoice.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { LedgerTransaction } from '../../ledger/domain/posting.ts'
import type { Charge, Payment } from '../../payments/domain/payment.ts'
import type { SubscriptionEventType } from '../../subscriptions/domain/advance.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'

/** `before` is null for what the decision makes. */
export type Changed<T> = { readonly before: T | null; readonly after: T }

type InvoiceEventType = 'invoice.created' | 'invoice.finalized' | 'invoice.paid'
export type PaymentEventType =
  | 'payment.created'
  | 'payment.succeeded'
  | 'payment.failed'
  | 'payment.pending'
  | 'payment.action_required'

export type DomainEvent = { readonly at: Instant } & (
  | ({ readonly subject: 'subscription'; readonly type: SubscriptionEventType } & Changed<Subscription>)
  | ({ readonly subject: 'invoice'; readonly type: InvoiceEventType } & Changed<Invoice>)
  | ({ readonly subject: 'payment'; readonly type: PaymentEventType } & Changed<Payment>)
)

/** Everything that one commit makes true about one account. */
export type Decision = {
  readonly account: { readonly before: Account; readonly after: Account }
  readonly subscriptions: readonly Changed<Subscription>[]
  readonly invoices: readonly Changed<Invoice>[]
  readonly charges: readonly Changed<Charge>[]
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
  /** Something of the account is still due: it was further behind than one decision goes. */
  readonly behind: boolean
}

/** Nothing to write: things are already as the command wants them. */
export function isEmpty(decision: Decision): boolean {
  const { account, events } = decision
  return events.length === 0 && account.before.nextBillingAt === account.after.nextBillingAt
}
