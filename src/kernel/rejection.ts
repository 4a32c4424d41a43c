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
  | 'metric_code_taken'
  | 'price_not_found'
  | 'already_subscribed'
  | 'command_not_possible'
  | 'change_too_early'
  | 'nothing_to_change'
  | 'wrong_plan_kind'
  | 'too_many_periods'
  | 'amount_too_large'
  | 'credit_too_large'
  | 'credit_used_up'
  | 'payment_method_refused'
  | 'refund_too_large'
  | 'refund_too_small'
  | 'coupon_code_taken'
  | 'coupon_archived'
  | 'coupon_expired'
  | 'coupon_used_up'
  | 'coupon_not_for_plan'
  | 'coupon_already_applied'
  | 'invoice_not_draft'
  | 'payment_method_missing'
  | 'preview_outdated'
  | 'payment_under_way'
  | 'payment_too_large'
  | 'payment_too_small'
  | 'account_overdue'
  | 'invoice_not_voidable'
  | 'invoice_not_open'
  | 'credit_note_unbalanced'
  | 'credit_note_too_large'
  | 'clock_busy'
  | 'not_a_sandbox'
  | 'limit_reached'
  | 'not_measurable'
  | 'negative_quantity'
  | 'too_many_decimals'
  | 'too_many_digits'
  | 'too_old'
  | 'in_the_future'
  | 'not_started'
  | 'paused'
  | 'ended'
  | 'cap_reached'
  | 'more_than_reserved'
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

/** Another one of the organization has it. */
export function externalKeyTaken(what: 'account' | 'subscription', key: string | null | undefined): Rejection {
  return {
    code: 'external_key_taken',
    detail: `Another ${what} has the external key ${key}.`,
    hint: `Find it with GET /v1/${what}s?external_key=…, or use another key.`,
    pointer: '/external_key',
  }
}
