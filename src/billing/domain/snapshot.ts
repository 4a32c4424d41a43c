import type { Account } from '../../accounts/domain/account.ts'
import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { CreditApplication } from '../../credits/domain/application.ts'
import type { Credit } from '../../credits/domain/credit.ts'
import type { Coupon } from '../../discounts/domain/coupon.ts'
import type { Discount } from '../../discounts/domain/discount.ts'
import type { CreditNote } from '../../invoices/domain/credit-note.ts'
import type { Invoice } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import type { Dispute } from '../../payments/domain/dispute.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import type { Refund } from '../../payments/domain/refund.ts'
import type { Plan, PlanVersion } from '../../plans/domain/plan.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import type { UsageOf } from '../../subscriptions/domain/usage-billable.ts'

/**
 * All that a decision about one account may read. The versions of the account and of the subscriptions it changes guard
 * it; settings, plans, methods and usage count as they were read.
 */
export type Snapshot = {
  readonly settings: Settings
  readonly account: Account
  /** Where the account's own clock stands; null where it lives in real time. */
  readonly clock: { readonly now: Instant; readonly advancing: boolean } | null
  /** Every live one, and the one a command is about. */
  readonly subscriptions: readonly Subscription[]
  readonly versions: ReadonlyMap<Id<'plan_version'>, PlanVersion>
  /** What was used of the account's subscriptions. */
  readonly usageOf: UsageOf
  /** The account's ways to be charged, and what a command removes. */
  readonly methods: readonly PaymentMethod[]
  /** The plans that a command names. */
  readonly plans: readonly Plan[]
  /** The coupon that a command names. */
  readonly coupon: Coupon | null
  /**
   * Drafts, what is open, what bills the present period of a subscription that a step may credit, what a command is about, and what
   * corrects or credits that.
   */
  readonly invoices: readonly Invoice[]
  readonly creditNotes: readonly CreditNote[]
  /** Of the invoices: every payment, the tries of those that are not paid, what goes back of them, and who contests it. */
  readonly payments: readonly Payment[]
  readonly attempts: readonly Attempt[]
  readonly disputes: readonly Dispute[]
  readonly refunds: readonly Refund[]
  /** Those with something left, and those applied to the invoice a command is about. */
  readonly credits: readonly Credit[]
  readonly applications: readonly CreditApplication[]
  /** Those that have not ended, and those on the invoice a command is about. */
  readonly discounts: readonly Discount[]
}
