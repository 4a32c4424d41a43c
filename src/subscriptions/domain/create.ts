import type { Account } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import { type Instant, toIso } from '../../kernel/instant.ts'
import { periodContaining } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import { choosePrice, type Plan } from '../../plans/domain/plan.ts'
import type { CreateSubscription } from './commands.ts'
import type { Subscription, SubscriptionIn } from './subscription.ts'

/** A start further back than this many periods is refused: each would be an invoice of its own. */
export const MAX_BACKDATED_PERIODS = 120
/** Half a century: what is further away is a slip of the keyboard. */
const MAX_AHEAD_MS = 50 * 366 * 86_400_000

/**
 * The subscription as it is sold, still `scheduled`: `nextStep` starts it, and every period up to now, so that a start
 * now, in the past and in the future are one thing.
 */
export function createSubscription(
  command: CreateSubscription,
  { account, plan, live }: { readonly account: Account; readonly plan: Plan; readonly live: readonly Subscription[] },
  now: Instant,
  id: Id<'subscription'>,
): Result<SubscriptionIn<'scheduled'>, Rejection> {
  if (plan.archivedAt !== null) return err(archived(plan))
  const twin = live.find((subscription) => subscription.planId === plan.id)
  if (twin !== undefined) return err(alreadySubscribed(plan, twin.status))
  const price = choosePrice(plan, account.currency, { unit: command.interval, count: command.intervalCount })
  if (!price.ok) return price
  const startAt = command.startAt ?? now
  const trialDays = command.trialDays ?? plan.current.trialDays
  const subscription: SubscriptionIn<'scheduled'> = {
    organizationId: account.organizationId,
    id,
    accountId: account.id,
    version: 1,
    status: 'scheduled',
    planId: plan.id,
    planVersionId: plan.current.id,
    quantity: command.quantity,
    currency: account.currency,
    interval: price.value.interval,
    timezone: account.timezone,
    startAt,
    trialEndsAt: trialDays === 0 ? null : addLocalDays(startAt, trialDays, account.timezone),
    externalKey: command.externalKey,
    metadata: command.metadata,
    createdAt: now,
  }
  return startRefused(subscription, now) ?? ok(subscription)
}

function startRefused(subscription: SubscriptionIn<'scheduled'>, now: Instant): Result<never, Rejection> | null {
  const { startAt, timezone, interval } = subscription
  if (startAt > now + MAX_AHEAD_MS) {
    return err({
      code: 'invalid_request',
      detail: `The start ${toIso(startAt)} is more than 50 years ahead.`,
      hint: 'Give a start within 50 years.',
      pointer: '/start',
    })
  }
  const anchor = subscription.trialEndsAt ?? startAt
  if (anchor > now) return null
  const { index } = periodContaining({ at: anchor, zone: timezone }, interval, now)
  if (index < MAX_BACKDATED_PERIODS) return null
  return err({
    code: 'too_many_periods',
    detail: `From ${toIso(startAt)} to now there are ${index + 1} periods, each an invoice; ${MAX_BACKDATED_PERIODS} is the most.`,
    hint: 'Choose a later start.',
    pointer: '/start',
  })
}

function archived(plan: Plan): Rejection {
  return {
    code: 'plan_archived',
    detail: `Plan ${plan.code} is archived and takes no new subscriptions.`,
    hint:
      plan.replacedBy === null
        ? 'List the plans on sale with GET /v1/plans.'
        : `Subscribe to plan ${plan.replacedBy} instead.`,
    pointer: '/plan',
  }
}

function alreadySubscribed(plan: Plan, status: Subscription['status']): Rejection {
  return {
    code: 'already_subscribed',
    detail: `The account already has a subscription to ${plan.code} (${status}).`,
    hint: 'Change or cancel that one, or raise its quantity. A seat is not a second subscription.',
    pointer: '/plan',
  }
}
