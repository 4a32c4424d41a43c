import type { Account } from '../accounts/domain/account.ts'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import type { Result } from '../kernel/result.ts'
import type { ChargeOutcome } from './domain/outcome.ts'
import type { Payment } from './domain/payment.ts'
import type { Refund } from './domain/refund.ts'
import type { RefundOutcome } from './domain/refund-outcome.ts'

/**
 * What we ask of a gateway. Every call that changes something there can be repeated after a lost answer: what makes
 * something carries an idempotency key.
 */
export type Gateway = {
  /**
   * Saves a token as a method of the account's customer, who is made at the first.
   * @throws {GatewayUnavailable} when there is no answer; a refusal is a value.
   */
  readonly attach: (request: {
    readonly account: Account
    readonly customer: string | null
    readonly token: string
    readonly key: string
  }) => Promise<Result<AttachedMethod, { readonly code: string; readonly message: string }>>
  /** Takes the method from its customer; one that is gone already is fine. @throws {GatewayUnavailable} */
  readonly detach: (method: PaymentMethod) => Promise<void>
  /**
   * Makes the gateway's payment without confirming it, and answers its id.
   * @throws {GatewayUnavailable} when there is no answer; repeat it with the same payment.
   */
  readonly createPayment: (
    payment: Payment,
    method: PaymentMethod,
    description: string,
  ) => Promise<Result<string, ChargeOutcome>>
  /** Tries to take the money, under the attempt's key. Never throws: no answer is the outcome `unknown`. */
  readonly confirm: (gatewayPayment: string, method: PaymentMethod, key: string) => Promise<ChargeOutcome>
  /** How the payment stands; `unconfirmed`: nobody tried it, or nothing is known of a try. @throws {GatewayUnavailable} */
  readonly retrieve: (gatewayPayment: string) => Promise<ChargeOutcome | { readonly kind: 'unconfirmed' }>
  /**
   * Gives money of a payment back, once: a refund that the gateway knows is looked up, any other is made under its own
   * id as the key. Never throws: no answer is the outcome `unknown`.
   */
  readonly refund: (refund: Refund, gatewayPayment: string) => Promise<RefundOutcome>
}

export type AttachedMethod = Pick<
  PaymentMethod,
  'gatewayCustomer' | 'gatewayMethod' | 'kind' | 'brand' | 'last4' | 'expiryMonth' | 'expiryYear'
>

export class GatewayUnavailable extends Error {
  override readonly name = 'GatewayUnavailable'
}
