import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'

/** What may be shown of it. */
export type CardFacts = Pick<PaymentMethod, 'brand' | 'last4' | 'expiryMonth' | 'expiryYear'>

/** As the gateway knows it. */
export type GatewayMethod = CardFacts &
  Pick<PaymentMethod, 'gatewayAccountId' | 'gatewayCustomer' | 'gatewayMethod' | 'kind'>

/** A gateway's token for a way to pay, with what may be shown of it. A card number never comes near us. */
export type PaymentMethod = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'payment_method'>
  readonly accountId: Id<'account'>
  readonly version: number
  readonly gatewayAccountId: Id<'gateway_account'>
  /** The customer and the method at the gateway: `cus_…`, `pm_…`. */
  readonly gatewayCustomer: string
  readonly gatewayMethod: string
  readonly kind: string
  readonly brand: string | null
  readonly last4: string | null
  readonly expiryMonth: number | null
  readonly expiryYear: number | null
  readonly createdAt: Instant
  /**
   * The last try before its bank sent a new card for it: what was said to that one and earlier ones is of another card. By
   * their order, because a clock may stand still; null: it is the first card, or was not tried before.
   */
  readonly renewedAfter: Id<'attempt'> | null
  /** Never charged again from then on. */
  readonly removedAt: Instant | null
}
