import type { Account } from '../../accounts/domain/account.ts'
import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { CreditApplication } from '../../credits/domain/application.ts'
import type { Credit } from '../../credits/domain/credit.ts'
import type { Coupon } from '../../discounts/domain/coupon.ts'
import type { Discount } from '../../discounts/domain/discount.ts'
import type { CreditNote } from '../../invoices/domain/credit-note.ts'
import type { Invoice } from '../../invoices/domain/invoice.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { LedgerTransaction } from '../../ledger/domain/posting.ts'
import type { Notice } from '../../notifications/domain/notice.ts'
import type { Dispute } from '../../payments/domain/dispute.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import type { Refund } from '../../payments/domain/refund.ts'
import type { SubscriptionEventType } from '../../subscriptions/domain/step.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import type { Changed } from './book.ts'

type AccountEventType =
  | 'account.updated'
  | 'account.payment_method_attached'
  | 'account.default_payment_method_changed'
  | 'account.payment_method_changed'
  | 'account.payment_method_removed'
  | 'account.overdue_changed'
  | 'account.dispute_hold_placed'
  | 'account.dispute_hold_released'
  | 'account.dispute_opened'
  | 'account.dispute_ended'
type InvoiceEventType =
  | 'invoice.created'
  | 'invoice.updated'
  | 'invoice.deleted'
  | 'invoice.finalized'
  | 'invoice.paid'
  | 'invoice.voided'
  | 'invoice.marked_uncollectible'
  | 'invoice.credited'
  | 'invoice.written_off'
  | 'invoice.reopened'
export type PaymentEventType =
  | 'payment.created'
  | 'payment.retried'
  | 'payment.succeeded'
  | 'payment.failed'
  | 'payment.pending'
  | 'payment.action_required'
type CreditEventType = 'credit.granted' | 'credit.applied' | 'credit.released' | 'credit.expired' | 'credit.voided'
type CreditNoteEventType = 'credit_note.created' | 'credit_note.voided'
type DiscountEventType = 'discount.created' | 'discount.used' | 'discount.given_back' | 'discount.ended'
type RefundEventType = `refund.${'created' | 'succeeded' | 'failed' | 'pending' | 'resolved'}`
type DisputeEventType = 'dispute.created' | 'dispute.updated' | 'dispute.won' | 'dispute.lost' | 'dispute.closed'

/** What happens to each kind of thing. */
type Happenings = {
  subscription: readonly [SubscriptionEventType, Subscription]
  invoice: readonly [InvoiceEventType, Invoice]
  payment: readonly [PaymentEventType, Payment]
  credit: readonly [CreditEventType, Credit]
  credit_note: readonly [CreditNoteEventType, CreditNote]
  discount: readonly [DiscountEventType, Discount]
  refund: readonly [RefundEventType, Refund]
  dispute: readonly [DisputeEventType, Dispute]
  account: readonly [AccountEventType, Account]
}

export type EventSubject = keyof Happenings
export type EventOf<S extends EventSubject> = {
  readonly at: Instant
  readonly subject: S
  readonly type: Happenings[S][0]
  /** What made it happen, where the thing itself does not say. */
  readonly occasion?: unknown
} & Changed<Happenings[S][1]> &
  (S extends 'account' ? { readonly methods: Methods } : unknown)

/** An account is shown with its methods. */
type Methods = { readonly before: readonly PaymentMethod[]; readonly after: readonly PaymentMethod[] }

export type DomainEvent = { [S in EventSubject]: EventOf<S> }[EventSubject]

/** Everything that one commit makes true about one account. */
export type Decision = {
  readonly account: { readonly before: Account; readonly after: Account }
  readonly subscriptions: readonly Changed<Subscription>[]
  readonly invoices: readonly Changed<Invoice>[]
  readonly creditNotes: readonly Changed<CreditNote>[]
  readonly credits: readonly Changed<Credit>[]
  readonly applications: readonly Changed<CreditApplication>[]
  readonly discounts: readonly Changed<Discount>[]
  readonly coupons: readonly Changed<Coupon>[]
  readonly methods: readonly Changed<PaymentMethod>[]
  readonly payments: readonly Changed<Payment>[]
  readonly attempts: readonly Changed<Attempt>[]
  readonly refunds: readonly Changed<Refund>[]
  readonly disputes: readonly Changed<Dispute>[]
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
  readonly notices: readonly Notice[]
  /** Something of the account is still due: it was further behind than one decision goes. */
  readonly behind: boolean
}

/** Nothing to write: things are already as the command wants them. */
export function isEmpty(decision: Decision): boolean {
  const { account, events } = decision
  return events.length === 0 && account.before.nextBillingAt === account.after.nextBillingAt
}
