import type { Metadata } from '../../accounts/domain/account.ts'
import { type Instant, toIso } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { endStep } from './begin-and-end.ts'
import type { CommandContext, SubscriptionCommand } from './command.ts'
import { decideChange, decideUnschedule } from './decide-change.ts'
import { awaitsPayment, decidePause, decideResume } from './decide-pause.ts'
import { decideTrial } from './decide-trial.ts'
import { creditOfRest } from './pause.ts'
import { freeStep, type Step } from './step.ts'
import type { Subscription, SubscriptionStatus } from './subscription.ts'

type CommandType = SubscriptionCommand['type']

/** Which command makes sense in which state; a pair that is not here is refused, naming those that are. */
const possible = {
  scheduled: ['change_subscription', 'cancel_subscription', 'update_subscription'],
  trial: [
    ...(['change_subscription', 'unschedule_change', 'change_trial', 'cancel_subscription'] as const),
    ...(['uncancel_subscription', 'update_subscription'] as const),
  ],
  active: [
    ...(['change_subscription', 'unschedule_change', 'pause_subscription', 'cancel_subscription'] as const),
    ...(['uncancel_subscription', 'update_subscription'] as const),
  ],
  paused: ['resume_subscription', 'unschedule_change', 'cancel_subscription', 'update_subscription'],
  cancelled: ['update_subscription'],
  expired: ['update_subscription'],
} as const satisfies Record<SubscriptionStatus, readonly CommandType[]>

/** What people call them: as in the paths of the API. */
const names = {
  change_subscription: 'change',
  unschedule_change: 'scheduled_change',
  cancel_subscription: 'cancel',
  uncancel_subscription: 'uncancel',
  pause_subscription: 'pause',
  resume_subscription: 'resume',
  change_trial: 'trial',
  update_subscription: 'update',
} as const satisfies Record<CommandType, string>

/** The step the command makes, or null when things are already as it wants them. */
export function decideCommand(
  subscription: Subscription,
  command: SubscriptionCommand,
  context: CommandContext,
): Result<Step | null, Rejection> {
  const allowed: readonly CommandType[] = possible[subscription.status]
  if (!allowed.includes(command.type)) {
    return err(command.type === 'cancel_subscription' ? alreadyEnded(subscription) : notPossible(subscription, command))
  }
  switch (command.type) {
    case 'change_subscription':
      return decideChange(subscription, command, context)
    case 'unschedule_change':
      return decideUnschedule(subscription, context.now)
    case 'pause_subscription':
      return decidePause(subscription, command.resumesAt, context)
    case 'resume_subscription':
      return decideResume(subscription, context)
    case 'change_trial':
      return decideTrial(subscription, command.endsAt, context)
    case 'cancel_subscription':
      return cancel(subscription, command, context)
    case 'uncancel_subscription':
      return uncancel(subscription, context.now)
    case 'update_subscription':
      return ok(update(subscription, command, context.now))
  }
}

type Asked<T extends CommandType> = Extract<SubscriptionCommand, { readonly type: T }>

function cancel(
  subscription: Subscription,
  { when, prorate, credit }: Asked<'cancel_subscription'>,
  { now, facts }: CommandContext,
): Result<Step | null, Rejection> {
  if (when === 'now' || subscription.status === 'scheduled') {
    if (subscription.status === 'active' && subscription.pendingChange !== null) return err(awaitsPayment)
    const ended = endStep(subscription, now, 'cancelled', facts)
    if (!prorate) return ok(ended)
    // What is paused is served no further than to the pause.
    const from = subscription.status === 'paused' ? subscription.pausedAt : now
    return ok({ ...ended, proration: creditOfRest(from, facts.pausesBy, credit) })
  }
  if (prorate) return err(nothingToProrate)
  if (subscription.status === 'paused') return err(pausedHasNoEnd)
  if (subscription.status !== 'trial' && subscription.status !== 'active') return ok(null)
  if (subscription.cancelAt !== null) return ok(null)
  const changed = { ...subscription, cancelAt: subscription.period.end }
  return ok(freeStep(now, 'subscription.cancellation_scheduled', changed))
}

function uncancel(subscription: Subscription, now: Instant): Result<Step | null, Rejection> {
  if (subscription.status !== 'trial' && subscription.status !== 'active') return ok(null)
  if (subscription.cancelAt === null) return ok(null)
  return ok(freeStep(now, 'subscription.cancellation_revoked', { ...subscription, cancelAt: null }))
}

function update(subscription: Subscription, command: Asked<'update_subscription'>, now: Instant): Step | null {
  const { externalKey = subscription.externalKey, metadata = subscription.metadata } = command
  const unchanged = externalKey === subscription.externalKey && sameMetadata(metadata, subscription.metadata)
  return unchanged ? null : freeStep(now, 'subscription.updated', { ...subscription, externalKey, metadata })
}

function sameMetadata(left: Metadata, right: Metadata): boolean {
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key])
}

function alreadyEnded(subscription: Subscription): Rejection {
  const since = 'endedAt' in subscription ? ` since ${toIso(subscription.endedAt)}` : ''
  return {
    code: 'command_not_possible',
    detail: `The subscription is ${subscription.status}${since}: it cannot be cancelled again.`,
    hint: 'Nothing is billed any more. To sell to the account again, create a new subscription.',
  }
}

function notPossible(subscription: Subscription, { type }: SubscriptionCommand): Rejection {
  return {
    code: 'command_not_possible',
    detail: `A subscription that is ${subscription.status} has no "${names[type]}".`,
    hint: `Possible now: ${possible[subscription.status].map((one) => names[one]).join(', ')}.`,
  }
}

const nothingToProrate: Rejection = {
  code: 'invalid_request',
  detail: 'At the end of its period a subscription has nothing left to prorate.',
  hint: 'Cancel with "when": "now" to credit what was not served, or leave `prorate` out.',
  pointer: '/prorate',
}

const pausedHasNoEnd: Rejection = {
  code: 'command_not_possible',
  detail: 'The period of a paused subscription has no end: it goes on when it resumes.',
  hint: 'Cancel with "when": "now", with `prorate` to credit what is left; or resume it first.',
  pointer: '/when',
}
