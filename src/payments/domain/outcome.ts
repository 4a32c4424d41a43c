import type { Id } from '../../kernel/id.ts'
import { HOUR_MS, type Instant, MINUTE_MS, plusMs } from '../../kernel/instant.ts'
import type { Charge } from './charge.ts'
import type { Decline } from './decline.ts'
import type { Attempt, OutcomeKind, Payment } from './payment.ts'

/** How a charge stands. `unknown` is no answer, or one that proves nothing: never "failed". */
export type ChargeOutcome =
  | { readonly kind: Exclude<OutcomeKind, 'declined' | 'authenticating'> }
  | { readonly kind: 'declined'; readonly decline: Decline }
  /** `url`: the bank's page that the customer is sent to. */
  | { readonly kind: 'authenticating'; readonly url: string | null }

/** What the gateway said of a payment: to one of its attempts, or by itself, where it never takes that back. */
export type PaymentNews = { readonly paymentId: Id<'payment'> } & (
  | { readonly attemptId: Id<'attempt'>; readonly outcome: ChargeOutcome }
  | { readonly attemptId: null; readonly outcome: { readonly kind: 'succeeded' | 'canceled' } }
)

/** Where the payment stands after an outcome, and when the gateway is asked again; null: the attempt has ended. */
const effects = {
  succeeded: { status: 'succeeded', askAgainMs: null },
  declined: { status: 'failed', askAgainMs: null },
  rejected: { status: 'failed', askAgainMs: null },
  canceled: { status: 'failed', askAgainMs: null },
  authentication_required: { status: 'pending', askAgainMs: null },
  authenticating: { status: 'pending', askAgainMs: 15 * MINUTE_MS },
  processing: { status: 'pending', askAgainMs: HOUR_MS },
  throttled: { status: 'pending', askAgainMs: MINUTE_MS },
  unknown: { status: 'pending', askAgainMs: MINUTE_MS },
} as const satisfies Record<OutcomeKind, { readonly status: Payment['status']; readonly askAgainMs: number | null }>

/** In real time, whatever clock the account lives on: the gateway has no other. */
export function askAgainAt(outcome: OutcomeKind | null, realNow: Instant): Instant | null {
  const wait = outcome === null ? null : effects[outcome].askAgainMs
  return wait === null ? null : plusMs(realNow, wait)
}

const underWayThere: readonly (OutcomeKind | null)[] = ['processing', 'authenticating']

/** What the gateway knows of for certain, so that how its payment stands from then on tells of this attempt. */
export function isUnderWayThere({ outcome }: Pick<Attempt, 'outcome'>): boolean {
  return underWayThere.includes(outcome)
}

/**
 * The same monotonic step whoever brings the news, and however often: null when it tells nothing new. Success is never
 * taken back and always believed, also of a payment that had failed; what else an older attempt says never touches a
 * newer one.
 */
export function applyOutcome(
  { payment, attempt }: Charge,
  { attemptId, outcome }: PaymentNews,
  now: Instant,
): Charge | null {
  if (payment.status === 'succeeded') return null
  const effect = effects[outcome.kind]
  const news = { outcome: outcome.kind, decline: outcome.kind === 'declined' ? outcome.decline : null }
  const told = { ...payment, ...news, status: effect.status }
  const closes = outcome.kind === 'succeeded' || (outcome.kind === 'canceled' && payment.outcome !== 'canceled')
  if (attempt.endedAt !== null) return closes ? { payment: told, attempt } : null
  if (!closes && attemptId !== attempt.id) return null
  if (attempt.outcome === outcome.kind) return null
  return { payment: told, attempt: { ...attempt, ...news, endedAt: effect.askAgainMs === null ? now : null } }
}
