import { type Instant, toIso } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import { activateStep } from './begin-and-end.ts'
import type { CommandContext } from './command.ts'
import { freeStep, type Step } from './step.ts'
import type { Subscription } from './subscription.ts'

/** Local days from its start that a trial may last, as on a plan. */
export const MAX_TRIAL_DAYS = 730

/** Ends the trial now, with the first invoice; or moves its end, and the first period with it. */
export function decideTrial(
  subscription: Subscription,
  endsAt: Instant | 'now',
  { now, facts }: Pick<CommandContext, 'now' | 'facts'>,
): Result<Step | null, Rejection> {
  invariant(subscription.status === 'trial', `${subscription.id} must be in trial`)
  if (endsAt === 'now') return ok(activateStep({ ...subscription, trialEndsAt: now }, now, facts))
  if (endsAt === subscription.trialEndsAt) return ok(null)
  const last = addLocalDays(subscription.startAt, MAX_TRIAL_DAYS, subscription.timezone)
  if (endsAt <= now || endsAt > last) return err(outOfRange(endsAt, now, last))
  const changed = {
    ...subscription,
    trialEndsAt: endsAt,
    period: { ...subscription.period, end: endsAt },
    cancelAt: subscription.cancelAt === null ? null : endsAt,
    noticedAt: null,
  }
  return ok(freeStep(now, 'subscription.trial_changed', changed))
}

function outOfRange(endsAt: Instant, now: Instant, last: Instant): Rejection {
  return {
    code: 'invalid_request',
    detail: `A trial cannot end at ${toIso(endsAt)}.`,
    hint: `Choose an instant after ${toIso(now)} and up to ${toIso(last)}, or "now".`,
    pointer: '/end',
  }
}
