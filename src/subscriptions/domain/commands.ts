import type { Metadata } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import { type Instant, toIso } from '../../kernel/instant.ts'
import type { IntervalUnit } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { cancelled, type Step } from './advance.ts'
import type { Subscription, SubscriptionStatus } from './subscription.ts'

export type CreateSubscription = {
  readonly type: 'create_subscription'
  readonly planCode: string
  /** null: the plan's only interval in the account's currency. */
  readonly interval: IntervalUnit | null
  readonly intervalCount: number
  readonly quantity: number
  /** null: now. In the past: every period begun since is billed at once. In the future: it waits. */
  readonly startAt: Instant | null
  /** null: the plan's. */
  readonly trialDays: number | null
  readonly externalKey: string | null
  readonly metadata: Metadata
}

/** Commands on one existing subscription. */
export type SubscriptionCommand =
  | { readonly type: 'cancel_subscription'; readonly id: Id<'subscription'>; readonly when: 'now' | 'period_end' }
  | { readonly type: 'uncancel_subscription'; readonly id: Id<'subscription'> }
  | {
      readonly type: 'update_subscription'
      readonly id: Id<'subscription'>
      readonly externalKey?: string | null | undefined
      readonly metadata?: Metadata | undefined
    }

type CommandType = SubscriptionCommand['type']

/** Which command makes sense in which state; a pair that is not here is refused, naming those that are. */
const possible = {
  scheduled: ['cancel_subscription', 'update_subscription'],
  trial: ['cancel_subscription', 'uncancel_subscription', 'update_subscription'],
  active: ['cancel_subscription', 'uncancel_subscription', 'update_subscription'],
  paused: ['cancel_subscription', 'update_subscription'],
  cancelled: ['update_subscription'],
  expired: ['update_subscription'],
} as const satisfies Record<SubscriptionStatus, readonly CommandType[]>

/** The step the command makes, or null when things are already as it wants them. */
export function decideCommand(
  subscription: Subscription,
  command: SubscriptionCommand,
  now: Instant,
): Result<Step | null, Rejection> {
  const allowed: readonly CommandType[] = possible[subscription.status]
  if (!allowed.includes(command.type)) {
    if (command.type === 'cancel_subscription') return alreadyEnded(subscription)
    return notPossible(subscription, command.type)
  }
  switch (command.type) {
    case 'cancel_subscription':
      return ok(cancel(subscription, command.when, now))
    case 'uncancel_subscription':
      return uncancel(subscription, now)
    case 'update_subscription':
      return ok(update(subscription, command, now))
  }
}

function cancel(subscription: Subscription, when: 'now' | 'period_end', now: Instant): Step | null {
  if (when === 'now' || subscription.status === 'scheduled') return cancelled(subscription, now)
  if (subscription.status === 'cancelled' || subscription.cancelAt !== null) return null
  const changed = { ...subscription, cancelAt: subscription.period.end }
  return { at: now, type: 'subscription.cancellation_scheduled', subscription: changed, billables: [] }
}

function uncancel(subscription: Subscription, now: Instant): Result<Step | null, Rejection> {
  if (subscription.status !== 'trial' && subscription.status !== 'active') {
    return notPossible(subscription, 'uncancel_subscription')
  }
  if (subscription.cancelAt === null) return ok(null)
  const changed = { ...subscription, cancelAt: null }
  return ok({ at: now, type: 'subscription.cancellation_revoked', subscription: changed, billables: [] })
}

function update(
  subscription: Subscription,
  command: Extract<SubscriptionCommand, { readonly type: 'update_subscription' }>,
  now: Instant,
): Step | null {
  const { externalKey = subscription.externalKey, metadata = subscription.metadata } = command
  const unchanged = externalKey === subscription.externalKey && sameMetadata(metadata, subscription.metadata)
  if (unchanged) return null
  const changed = { ...subscription, externalKey, metadata }
  return { at: now, type: 'subscription.updated', subscription: changed, billables: [] }
}

function sameMetadata(left: Metadata, right: Metadata): boolean {
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key])
}

function alreadyEnded(subscription: Subscription): Result<never, Rejection> {
  const since = subscription.status === 'cancelled' ? ` since ${toIso(subscription.endedAt)}` : ''
  return err({
    code: 'command_not_possible',
    detail: `The subscription is ${subscription.status}${since}: it cannot be cancelled again.`,
    hint: 'Nothing is billed any more. To sell to the account again, create a new subscription.',
  })
}

function notPossible(subscription: Subscription, type: CommandType): Result<never, Rejection> {
  const names = possible[subscription.status].map((name) => name.replace('_subscription', '')).join(', ')
  return err({
    code: 'command_not_possible',
    detail: `A subscription that is ${subscription.status} has no "${type.replace('_subscription', '')}".`,
    hint: `Possible now: ${names}.`,
  })
}
