import type { Account } from '../accounts/domain/account.ts'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Result } from '../kernel/result.ts'
import type { GatewayEntry } from './domain/gateway-entry.ts'
import type { HeardEvent, ListedEvent } from './domain/gateway-event.ts'
import type { News } from './domain/gateway-news.ts'
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
   * Saves a token as a method of the account's customer, who is made at the first. A card is verified with its bank; of
   * one that is refused nothing is left there. @throws {GatewayUnavailable} when there is no answer; a refusal is a value.
   */
  readonly attach: (request: {
    readonly account: Account
    readonly customer: string | null
    readonly token: string
    readonly key: string
  }) => Promise<Result<AttachedMethod, Refusal>>
  /**
   * What the gateway says against the key, asked for a customer of its account: one who was deleted is shown too. Null:
   * nothing. @throws {GatewayUnavailable}
   */
  readonly refusalOfKey: (customer: string) => Promise<Refusal | null>
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
  /**
   * Brings the gateway's payment to what the payment asks for now, before it is tried again; `closed`: it has been taken,
   * is on its way or is over, and how it stands is to be looked up; `refused`: it is as it was.
   * @throws {GatewayUnavailable}
   */
  readonly changePayment: (
    gatewayPayment: string,
    payment: Payment,
    method: PaymentMethod,
    key: string,
  ) => Promise<'changed' | 'closed' | 'refused'>
  /**
   * Tries to take the money, under the attempt's key. With a `returnUrl` the customer is there, and their bank may ask
   * them on a page of its own. Never throws: no answer is the outcome `unknown`.
   */
  readonly confirm: (
    gatewayPayment: string,
    method: PaymentMethod,
    request: { readonly key: string; readonly returnUrl: string | null },
  ) => Promise<ChargeOutcome>
  /** How the payment stands; `unconfirmed`: nobody tried it, or nothing is known of a try. @throws {GatewayUnavailable} */
  readonly retrieve: (gatewayPayment: string) => Promise<ChargeOutcome | Unconfirmed>
  /** Closes a payment for good, or answers how it was taken meanwhile. Never throws. */
  readonly cancel: (gatewayPayment: string) => Promise<ChargeOutcome>
  /** The gateway's page where a customer gives a new method, which they come back from to `returnUrl`. */
  readonly setupPage: (request: {
    readonly account: Account
    readonly customer: string | null
    readonly returnUrl: string
    readonly cancelUrl: string
  }) => Promise<SetupPage>
  /** The method that was given on such a page of this account; null: none, or not yet. @throws {GatewayUnavailable} */
  readonly methodOfSetup: (session: string, account: Pick<Account, 'id'>) => Promise<AttachedMethod | null>
  /**
   * Gives money of a payment back, once: a refund that the gateway knows is looked up, any other is made under its own
   * id as the key. Never throws: no answer is the outcome `unknown`.
   */
  readonly refund: (refund: Refund, gatewayPayment: string) => Promise<RefundOutcome>
  /**
   * What its books have from `from` until before `to`, both whole seconds, in no order; null where that is too much to be
   * read at once and more than a second. @throws {GatewayUnavailable}
   */
  readonly listEntries: (window: {
    readonly from: Instant
    readonly to: Instant
  }) => Promise<readonly GatewayEntry[] | null>
  /** An entry by its id, or of a payment or refund by the gateway's id; null where no money moved. @throws {GatewayUnavailable} */
  readonly findEntry: (of: EntryOf) => Promise<GatewayEntry | null>
}

export type EntryOf = { readonly entry: string } | { readonly payment: string } | { readonly refund: string }

export type Unconfirmed = { readonly kind: 'unconfirmed' }

/** @see Gateway.setupPage */
type SetupPage = { readonly session: string; readonly url: string }

/** How we hear of what happens at a gateway. Nothing of it moves money. */
export type GatewayEvents = {
  /** How what an event is about stands now; null where it cannot be ours. @throws where the gateway does not say. */
  readonly newsOf: (event: HeardEvent) => Promise<News | null>
  /** What happened there after an instant of its time, oldest first, in pages. @throws where the gateway does not say. */
  readonly eventsSince: (since: Instant) => AsyncGenerator<readonly ListedEvent[]>
  /** Has its events sent to us, from one endpoint however often it is asked. @throws {GatewayUnavailable} */
  readonly listen: (wanted: Wanted) => Promise<Result<Listening, Refusal>>
  /** Ends endpoints; those that are gone already are fine. @throws where the gateway does not say. */
  readonly stopListening: (endpoints: readonly string[]) => Promise<void>
}

/**
 * `endpoint`: the one that was made before, and whether its secret is known. `key`: the same as long as nothing came of
 * asking.
 */
export type Wanted = {
  readonly url: string
  readonly endpoint: string | null
  readonly hasSecret: boolean
  readonly key: string
}

/** `secret` signs what the endpoint sends; null: as before. It takes the place of others, once it is kept. */
export type Listening = {
  readonly endpoint: string
  readonly secret: string | null
  readonly others: readonly string[]
}

export type Refusal = { readonly code: string; readonly message: string }

export type AttachedMethod = Pick<
  PaymentMethod,
  'gatewayCustomer' | 'gatewayMethod' | 'kind' | 'brand' | 'last4' | 'expiryMonth' | 'expiryYear'
>

export class GatewayUnavailable extends Error {
  override readonly name = 'GatewayUnavailable'
}
