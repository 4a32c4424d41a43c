import type { Account } from '../../accounts/domain/account.ts'
import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { DraftInvoice, TaxAmount } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import type { ChargeOutcome } from '../../payments/domain/outcome.ts'
import type { ChargeOf } from '../../payments/domain/payment.ts'
import type { Plan, PlanVersion } from '../../plans/domain/plan.ts'
import type { CreateSubscription, SubscriptionCommand } from '../../subscriptions/domain/commands.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'

/**
 * All that a decision about one account may read. The versions of the account and of the subscriptions it changes guard
 * it; settings, plans and methods count as they were read.
 */
export type Snapshot = {
  readonly settings: Settings
  readonly account: Account
  /** Where the account's own clock stands; null where it lives in real time. */
  readonly clock: { readonly now: Instant; readonly advancing: boolean } | null
  /** Every live one, and the one a command is about. */
  readonly subscriptions: readonly Subscription[]
  readonly versions: ReadonlyMap<Id<'plan_version'>, PlanVersion>
  /** The account's way to be charged. */
  readonly method: PaymentMethod | null
  /** The plan a new subscription asks for. */
  readonly plan: Plan | null
  readonly draft: DraftInvoice | null
  readonly charges: readonly ChargeOf[]
}

/** A tax of an external engine, on the whole of the invoice. */
type TaxTold = Omit<TaxAmount, 'taxable'>

export type Command =
  | CreateSubscription
  | SubscriptionCommand
  /** Everything that falls due by now, at most so many invoices a subscription. */
  | { readonly type: 'advance' }
  /** The answer to a draft that awaited its tax. */
  | { readonly type: 'finalize_invoice'; readonly id: Id<'invoice'>; readonly taxes: readonly TaxTold[] }
  /** What the gateway said. */
  | { readonly type: 'record_outcomes'; readonly outcomes: ReadonlyMap<Id<'attempt'>, ChargeOutcome> }
