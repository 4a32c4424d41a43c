import type { GatewayMethod } from '../../accounts/domain/payment-method.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { DisputeNews } from './dispute.ts'
import type { ChargeOutcome } from './outcome.ts'
import type { RefundOutcome } from './refund-outcome.ts'

type SavedMethod = Omit<GatewayMethod, 'gatewayAccountId'>

/**
 * How something stands at a gateway now, looked up because an event spoke of it. What is ours (`ourPayment`) is by the
 * metadata that we give, and null where it has none: then it is known by the gateway's id, or not ours.
 */
export type News =
  | {
      readonly kind: 'payment'
      readonly gatewayPayment: string
      readonly ourPayment: Id<'payment'> | null
      /** `unconfirmed`: nobody tried it, or nothing is known of a try. */
      readonly outcome: ChargeOutcome | { readonly kind: 'unconfirmed' }
    }
  | {
      readonly kind: 'refund'
      readonly gatewayRefund: string
      readonly ourRefund: Id<'refund'> | null
      readonly gatewayPayment: string
      /** Minor units: money goes back in the currency that it came in. */
      readonly amount: bigint
      readonly outcome: RefundOutcome
    }
  | {
      readonly kind: 'dispute'
      readonly gatewayPayment: string
      readonly news: DisputeNews
      /** Of its amount: nothing promises that it is the payment's. */
      readonly currency: Currency
    }
  | {
      readonly kind: 'method_saved'
      readonly account: Id<'account'> | null
      readonly method: SavedMethod
    }
  | { readonly kind: 'method_changed'; readonly gatewayMethod: string; readonly method: SavedMethod }
  | { readonly kind: 'method_gone'; readonly gatewayMethod: string }

export type GatewayNews = News & {
  readonly organizationId: Id<'organization'>
  readonly gatewayAccountId: Id<'gateway_account'>
}

/** What became of news. ignored: nothing of ours · later: what it is about is not here yet, so it is told again. */
export type NewsApplied = 'applied' | 'ignored' | 'later'
