import { type Instant, toIso } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import type { CommandContext } from './command.ts'
import { PAUSE_LIMIT_DAYS } from './due.ts'
import { pauseStep, resumeStep } from './pause.ts'
import type { Step } from './step.ts'
import type { Subscription } from './subscription.ts'

/** Until it is resumed, or by itself at `resumesAt`; 90 local days at most. */
export function decidePause(
  subscription: Subscription,
  resumesAt: Instant | null,
  { now, facts }: CommandContext,
): Result<Step, Rejection> {
  invariant(subscription.status === 'active', `${subscription.id} must be active`)
  if (subscription.pendingChange !== null) return err(awaitsPayment)
  const last = addLocalDays(now, PAUSE_LIMIT_DAYS, subscription.timezone)
  if (resumesAt !== null && (resumesAt <= now || resumesAt > last)) return err(outOfRange(resumesAt, now, last))
  return ok(pauseStep(subscription, { at: now, resumesAt, granularity: facts.pausesBy }, facts))
}

export function decideResume(subscription: Subscription, { now, facts }: CommandContext): Result<Step, Rejection> {
  invariant(subscription.status === 'paused', `${subscription.id} must be paused`)
  return ok(resumeStep(subscription, now, facts.pausesBy, facts))
}

function outOfRange(resumesAt: Instant, now: Instant, last: Instant): Rejection {
  return {
    code: 'invalid_request',
    detail: `A pause from ${toIso(now)} cannot end at ${toIso(resumesAt)}.`,
    hint: `Choose an instant up to ${toIso(last)}: after ${PAUSE_LIMIT_DAYS} days a pause becomes a cancellation.`,
    pointer: '/resumes_at',
  }
}

export const awaitsPayment: Rejection = {
  code: 'command_not_possible',
  detail: 'A change of the subscription waits for its payment.',
  hint: 'Wait for the payment, or void its invoice to give the change up.',
}
