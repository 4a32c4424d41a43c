import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Rejection, RejectionCode } from '../../kernel/rejection.ts'

/** Refusals that only the edge knows, besides those of the domain. */
export type ProblemCode =
  | RejectionCode
  | 'malformed_json'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'unauthenticated'
  | 'forbidden'
  | 'route_not_found'
  | 'idempotency_key_reused'
  | 'idempotency_key_in_use'
  | 'too_busy'
  | 'too_many_events'
  | 'database_unavailable'
  | 'gateway_unavailable'
  | 'gateway_refused'
  | 'webhook_invalid'
  | 'internal_error'

/** The one table of what clients see. */
export const problems = {
  invalid_request: { status: 422, title: 'The request has members that cannot be accepted' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  unsupported_media_type: { status: 415, title: 'The body is not marked as JSON' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unauthenticated: { status: 401, title: 'No valid API key' },
  forbidden: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'Not found' },
  route_not_found: { status: 404, title: 'There is nothing at this address' },
  currency_mismatch: { status: 422, title: 'The currency is not the account’s' },
  account_exists: { status: 409, title: 'The account exists already' },
  external_key_taken: { status: 409, title: 'The external key is taken' },
  plan_code_taken: { status: 409, title: 'The plan code is taken' },
  plan_archived: { status: 422, title: 'The plan is archived' },
  plan_changed: { status: 409, title: 'The plan was changed meanwhile' },
  metric_code_taken: { status: 409, title: 'The metric code is taken' },
  price_not_found: { status: 422, title: 'The plan has no such price' },
  already_subscribed: { status: 409, title: 'The account has a live subscription to the plan' },
  command_not_possible: { status: 409, title: 'Not possible in this state' },
  wrong_plan_kind: { status: 422, title: 'The plan is not of that kind' },
  nothing_to_change: { status: 422, title: 'It is so already' },
  change_too_early: { status: 422, title: 'The change lies too far in the past' },
  too_many_periods: { status: 422, title: 'The start is too far in the past' },
  amount_too_large: { status: 422, title: 'The amount is too large' },
  credit_too_large: { status: 422, title: 'The account would have too much to its credit' },
  credit_used_up: { status: 409, title: 'Nothing is left of the credit' },
  refund_too_large: { status: 422, title: 'More than is left of what was paid' },
  refund_too_small: { status: 422, title: 'Less than a gateway can send' },
  payment_method_refused: { status: 422, title: 'The gateway refused the payment method' },
  coupon_code_taken: { status: 409, title: 'The coupon code is taken' },
  coupon_archived: { status: 422, title: 'The coupon is archived' },
  coupon_expired: { status: 422, title: 'The coupon has expired' },
  coupon_used_up: { status: 422, title: 'The coupon is used up' },
  coupon_not_for_plan: { status: 422, title: 'The coupon is for other plans' },
  coupon_already_applied: { status: 409, title: 'The coupon is applied already' },
  credit_note_too_large: { status: 422, title: 'More than is left to credit' },
  credit_note_unbalanced: { status: 422, title: 'The parts do not sum to the whole' },
  invoice_not_open: { status: 409, title: 'The invoice is not open' },
  invoice_not_voidable: { status: 409, title: 'The invoice cannot be voided' },
  payment_too_large: { status: 422, title: 'More than is owed' },
  payment_too_small: { status: 422, title: 'Less than a gateway charges' },
  account_overdue: { status: 409, title: 'The account is overdue' },
  payment_under_way: { status: 409, title: 'A payment is under way' },
  preview_outdated: { status: 409, title: 'Something changed since the preview' },
  payment_method_missing: { status: 422, title: 'The account has no way to be charged' },
  invoice_not_draft: { status: 409, title: 'The invoice is final' },
  clock_busy: { status: 409, title: 'The test clock is advancing' },
  not_a_sandbox: { status: 403, title: 'Only in a sandbox organization' },
  limit_reached: { status: 422, title: 'A limit is reached' },
  not_measurable: { status: 422, title: 'The event has no value that its metric could measure' },
  negative_quantity: { status: 422, title: 'The metric takes no quantity below zero' },
  too_many_decimals: { status: 422, title: 'The quantity has more decimals than its metric takes' },
  too_many_digits: { status: 422, title: 'The quantity is larger than what is counted' },
  too_old: { status: 422, title: 'The usage is too long ago' },
  in_the_future: { status: 422, title: 'The usage lies in the future' },
  not_started: { status: 409, title: 'The subscription had not begun by then' },
  paused: { status: 409, title: 'The subscription was paused then' },
  ended: { status: 409, title: 'The subscription had ended by then' },
  cap_reached: { status: 409, title: 'The usage would pass a cap' },
  more_than_reserved: { status: 422, title: 'More than was reserved' },
  changed_meanwhile: { status: 409, title: 'Changed by someone else meanwhile' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  idempotency_key_in_use: { status: 409, title: 'The first request with this key is still being worked on' },
  too_many_events: { status: 429, title: 'Usage events arrive faster than they are stored' },
  too_busy: { status: 503, title: 'Too many commands wait for this subscription' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  gateway_unavailable: { status: 503, title: 'The payment gateway does not answer' },
  gateway_refused: { status: 422, title: 'The payment gateway refused it' },
  webhook_invalid: { status: 400, title: 'Not a webhook of this gateway account' },
  internal_error: { status: 500, title: 'An error of ours' },
} as const satisfies Record<ProblemCode, { readonly status: ContentfulStatusCode; readonly title: string }>

export type Fault = { readonly pointer: string; readonly detail: string }

/** Thrown at the edge to answer with a problem document; the domain returns rejections instead. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly hint: string
  readonly errors: readonly Fault[]
  readonly retryAfterSeconds: number | null

  constructor(
    code: ProblemCode,
    about: {
      readonly detail: string
      readonly hint: string
      readonly errors?: readonly Fault[]
      readonly retryAfterSeconds?: number
    },
  ) {
    super(about.detail)
    this.code = code
    this.hint = about.hint
    this.errors = about.errors ?? []
    this.retryAfterSeconds = about.retryAfterSeconds ?? null
  }
}

/** Where problem types are documented: `/docs/problems/{code}` of the deployment itself. */
const PROBLEM_TYPES = '/docs/problems/'

/** RFC 9457, with the code, the hint and the request's id. */
export function problemBody(
  problem: Problem,
  { origin, requestId }: { readonly origin: string; readonly requestId: string },
) {
  const { status, title } = problems[problem.code]
  return {
    type: `${origin}${PROBLEM_TYPES}${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    hint: problem.hint,
    errors: problem.errors,
    request_id: requestId,
  }
}

/** What passes by itself; a charge without an answer is asked for after a minute. */
const passesAfterSeconds: Partial<Record<RejectionCode, number>> = { payment_under_way: 60 }

export function problemOf({ code, detail, hint, pointer }: Rejection): Problem {
  const errors = pointer ? [{ pointer, detail }] : []
  const retryAfterSeconds = passesAfterSeconds[code]
  return new Problem(code, { detail, hint, errors, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })
}

export function malformedJson(): Problem {
  return new Problem('malformed_json', {
    detail: 'The body cannot be read as JSON.',
    hint: 'Send a JSON object with Content-Type: application/json.',
  })
}

export function unsupportedMediaType(): Problem {
  return new Problem('unsupported_media_type', {
    detail: 'The body is not marked as JSON, so it was not read.',
    hint: 'Send a JSON object with Content-Type: application/json.',
  })
}

export function databaseUnavailable(): Problem {
  return new Problem('database_unavailable', {
    detail: 'The database did not answer in time, so the outcome may be unknown.',
    hint: 'Repeat the request with the same Idempotency-Key: it is done once.',
    retryAfterSeconds: 5,
  })
}
