import type { Metadata } from '../../accounts/domain/account.ts'
import type { AccountPatch } from '../../accounts/domain/create.ts'
import type { CardFacts, GatewayMethod } from '../../accounts/domain/payment-method.ts'
import type { CreditAsked } from '../../invoices/domain/credit-note.ts'
import type { TaxAmount } from '../../invoices/domain/invoice.ts'
import type { DraftPatch, NewLine } from '../../invoices/domain/one-off.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { DisputeNews } from '../../payments/domain/dispute.ts'
import type { PaymentNews } from '../../payments/domain/outcome.ts'
import type { Attempt, Manual } from '../../payments/domain/payment.ts'
import type { askedResolutions } from '../../payments/domain/refund.ts'
import type { RefundOutcome } from '../../payments/domain/refund-outcome.ts'
import type { CreateSubscription, SubscriptionCommand } from '../../subscriptions/domain/command.ts'
import type { Report } from '../../usage/domain/report.ts'

/** A tax of an external engine, on the whole of the invoice. */
type TaxTold = Omit<TaxAmount, 'taxable'>

type OfInvoice = { readonly id: Id<'invoice'> }

/** Commands on one existing invoice, or on a credit note of one. */
export type InvoiceCommand =
  /** Closes a draft: with the taxes it awaited, or because it is wanted now. */
  | (OfInvoice & { readonly type: 'finalize_invoice'; readonly taxes: readonly TaxTold[] | null })
  | (OfInvoice & { readonly type: 'update_invoice'; readonly patch: DraftPatch })
  | (OfInvoice & { readonly type: 'delete_invoice' })
  | (OfInvoice & { readonly type: 'void_invoice'; readonly reason: string; readonly regenerate: boolean | null })
  | (OfInvoice & { readonly type: 'mark_uncollectible' })
  | (OfInvoice & { readonly type: 'apply_credit'; readonly amount: bigint | null })
  | (OfInvoice & {
      readonly type: 'pay_invoice'
      /** Minor units; null: all that is owed. */
      readonly amount: bigint | null
      /** Null: the default. */
      readonly methodId: Id<'payment_method'> | null
      readonly reason: Extract<Attempt['reason'], 'customer' | 'request'>
      readonly returnUrl: string | null
      /** A payment of it that the gateway has closed just now, for this one to take its place. */
      readonly insteadOf: Id<'payment'> | null
    })
  | (OfInvoice & { readonly type: 'record_payment'; readonly amount: bigint | null; readonly manual: Manual })
  | (OfInvoice & { readonly type: 'create_credit_note'; readonly asked: CreditAsked })
  | { readonly type: 'void_credit_note'; readonly creditNoteId: Id<'credit_note'> }

/** Commands on an account. */
export type AccountCommand =
  | { readonly type: 'update_account'; readonly patch: AccountPatch }
  | CreateSubscription
  | {
      readonly type: 'create_invoice'
      readonly lines: readonly NewLine[]
      readonly memo: string | null
      readonly termsDays: number | null
      /** Final at once; otherwise a draft until it is finalised. */
      readonly finalize: boolean
    }
  | {
      readonly type: 'grant_credit'
      readonly amount: bigint
      readonly reason: string
      readonly expiresAt: Instant | null
      readonly metadata: Metadata
    }
  | { readonly type: 'void_credit'; readonly creditId: Id<'credit'> }
  | { readonly type: 'attach_coupon'; readonly couponCode: string; readonly subscriptionId: Id<'subscription'> | null }
  | {
      readonly type: 'detach_discounts'
      readonly couponCode: string | null
      readonly subscriptionId: Id<'subscription'> | null
    }
  /** What the usage shards have to say to a subscription. */
  | {
      readonly type: 'report_usage'
      readonly subscriptionId: Id<'subscription'>
      readonly reports: readonly Report[]
    }
  /** if_new: news of it may come late, when its owner has chosen another since. */
  | { readonly type: 'attach_method'; readonly method: GatewayMethod; readonly asDefault: boolean | 'if_new' }
  | { readonly type: 'set_default_method'; readonly methodId: Id<'payment_method'> }
  /** The gateway knows better, as when a bank has sent a new card. */
  | { readonly type: 'update_method'; readonly methodId: Id<'payment_method'>; readonly facts: CardFacts }
  | { readonly type: 'remove_method'; readonly methodId: Id<'payment_method'> }
  | { readonly type: 'place_hold'; readonly reason: string }
  | { readonly type: 'release_hold' }
  | { readonly type: 'record_dispute'; readonly paymentId: Id<'payment'>; readonly news: DisputeNews }
  /** Money that is given back without a correction; null: all that is left of the payment. */
  | {
      readonly type: 'refund_payment'
      readonly paymentId: Id<'payment'>
      readonly amount: bigint | null
      readonly reason: string
    }
  /** What a document gave back and the gateway could not is given in another way, or sent again. */
  | {
      readonly type: 'resolve_refund'
      readonly refundId: Id<'refund'>
      readonly resolution: (typeof askedResolutions)[number]
    }
  /** Somebody gave money back at the gateway, past us. */
  | {
      readonly type: 'record_foreign_refund'
      readonly paymentId: Id<'payment'>
      readonly amount: bigint
      readonly outcome: RefundOutcome & { readonly gatewayRefund: string }
    }
  /** Everything that falls due by now. */
  | { readonly type: 'advance' }
  /** What the gateway said. */
  | { readonly type: 'record_outcomes'; readonly news: readonly PaymentNews[] }
  | { readonly type: 'record_refunds'; readonly outcomes: ReadonlyMap<Id<'refund'>, RefundOutcome> }

export type Command = AccountCommand | SubscriptionCommand | InvoiceCommand
export type CommandOf<T extends Command['type']> = Extract<Command, { readonly type: T }>
