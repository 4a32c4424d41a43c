/** Every way a request can be refused that its author can cause. Statuses belong to the edge (platform/http/problem.ts). */
export type RejectionCode =
  | 'invalid_request'
  | 'not_found'
  | 'currency_mismatch'
  | 'account_exists'
  | 'external_key_taken'
  | 'plan_code_taken'
  | 'plan_archived'
  | 'plan_changed'
  | 'price_not_found'
  | 'already_subscribed'
  | 'command_not_possible'
  | 'too_many_periods'
  | 'amount_too_large'
  | 'payment_method_refused'
  | 'invoice_not_draft'
  | 'clock_busy'
  | 'not_a_sandbox'
  | 'limit_reached'
  | 'changed_meanwhile'

/** A refusal with its evidence and the way out. Nothing was written. */
export type Rejection = {
  readonly code: RejectionCode
  /** What is wrong, with the values concerned. */
  readonly detail: string
  /** What to do about it. */
  readonly hint: string
  /** The member of the request at fault, as a JSON pointer. */
  readonly pointer?: string
}
