import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

/**
 * What a customer is told. payment_failed: and when it is tried next, if at all · action_required: the bank wants to ask ·
 * method_missing: there is nothing to charge · reminder, warning, blocked: days past due · restored: all is paid ·
 * ended: the subscriptions were cancelled unpaid · receipt: money came in.
 */
export const noticeKinds = [
  'payment_failed',
  'payment_action_required',
  'payment_method_missing',
  'payment_reminder',
  'overdue_warning',
  'access_blocked',
  'access_restored',
  'subscription_ended_unpaid',
  'payment_receipt',
] as const
export type NoticeKind = (typeof noticeKinds)[number]

/** One thing a customer is told, committed with what it tells of. The words are made when it is read. */
export type Notice = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'notification'>
  readonly accountId: Id<'account'>
  readonly kind: NoticeKind
  /** What the link leads to: the invoice to pay. Null: to the card. */
  readonly invoiceId: Id<'invoice'> | null
  readonly paymentId: Id<'payment'> | null
  readonly facts: NoticeFacts
  /** In the account's time. */
  readonly createdAt: Instant
}

/** As they were then. Amounts are minor units as decimal strings: jsonb holds no bigint. */
export type NoticeFacts = {
  readonly to: { readonly name: string; readonly email: string }
  readonly currency: Currency
  /** What it is about: of the failed charge, of the receipt, or all that is past due. */
  readonly amount: string
  /** The invoices' numbers, oldest first. */
  readonly invoices: readonly string[]
  readonly dueAt: Instant | null
  /** When it is tried again by itself; null: it is not. */
  readonly nextAttemptAt: Instant | null
  /** When access ends if nothing is paid; null where that is over or not in sight. */
  readonly blockedAt: Instant | null
  readonly method: { readonly brand: string | null; readonly last4: string | null } | null
  /** The gateway's code of a decline. Lost, stolen and fraudulent are told as a plain one. */
  readonly decline: string | null
}
