import type { Account } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import { type Instant, plusMs, toIso } from '../../kernel/instant.ts'
import { calendarAnchor, periodContaining } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import { choosePrice } from '../../plans/domain/plan.ts'
import {
  alreadySubscribed,
  calendarCountsOne,
  findTwin,
  noPlan,
  priceMissing,
  unsellable,
  withAddOns,
} from './agree.ts'
import type { Catalogue, CreateSubscription } from './command.ts'
import type { SubscriptionIn } from './subscription.ts'

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
  { account, catalogue }: { readonly account: Account; readonly catalogue: Catalogue },
  now: Instant,
  id: Id<'subscription'>,
): Result<SubscriptionIn<'scheduled'>, Rejection> {
  const plan = catalogue.plans.find(({ code }) => code === command.planCode)
  if (plan === undefined) return err(noPlan(command.planCode, '/plan'))
  const refused = unsellable(plan, 'plan', '/plan')
  if (refused !== null) return err(refused)
  const twin = findTwin(plan, catalogue.live, null)
  if (twin !== null) return err(alreadySubscribed(plan, twin.status))
  const asked = { unit: command.interval, count: command.intervalCount }
  const price = choosePrice(plan, plan.current, account.currency, asked)
  if (!price.ok) return price
  const addOns = withAddOns([], command.addOns, catalogue)
  if (!addOns.ok) return addOns
  const startAt = command.startAt ?? now
  const trialDays = command.trialDays ?? plan.current.trialDays
  const { quantity, unitAmount, billingTime, trialEnd, billFrom, endsAt, externalKey, metadata } = command
  const subscription: SubscriptionIn<'scheduled'> = {
    ...{ quantity, unitAmount, billingTime, trialEnd, billFrom, endsAt, externalKey, metadata },
    ...{ organizationId: account.organizationId, id, accountId: account.id, version: 1, status: 'scheduled' },
    ...{ planId: plan.id, planVersionId: plan.current.id, addOns: addOns.value, interval: price.value.interval },
    ...{
      currency: account.currency,
      timezone: account.timezone,
      startAt,
      scheduledChange: null,
      metered: [],
      access: 'granted',
      createdAt: now,
    },
    trialEndsAt: trialDays === 0 ? null : addLocalDays(startAt, trialDays, account.timezone),
  }
  if (billingTime === 'calendar' && subscription.interval.count !== 1) return err(calendarCountsOne('/billing_time'))
  const unpriced = priceMissing(subscription, subscription, catalogue)
  if (unpriced !== null) return err({ ...unpriced, pointer: '/add_ons' })
  const misdated = startRefused(subscription, now) ?? endRefused(subscription, now)
  return misdated === null ? ok(subscription) : err(misdated)
}

function startRefused(subscription: SubscriptionIn<'scheduled'>, now: Instant): Rejection | null {
  const { startAt, timezone, interval, billFrom, billingTime } = subscription
  if (startAt > now + MAX_AHEAD_MS) {
    return {
      code: 'invalid_request',
      detail: `The start ${toIso(startAt)} is more than 50 years ahead.`,
      hint: 'Give a start within 50 years.',
      pointer: '/start',
    }
  }
  const anchor = subscription.trialEndsAt ?? startAt
  if (anchor > now) return null
  const from = billingTime === 'calendar' ? calendarAnchor(anchor, interval.unit, timezone) : anchor
  const counted = { at: from, zone: timezone }
  // The last millisecond before billing begins is not billed: what begins at it or after it is.
  const unbilled =
    billFrom !== null && billFrom > anchor ? periodContaining(counted, interval, plusMs(billFrom, -1)).index + 1 : 0
  const periods = periodContaining(counted, interval, now).index + 1 - unbilled
  if (periods <= MAX_BACKDATED_PERIODS) return null
  return {
    code: 'too_many_periods',
    detail: `From ${toIso(startAt)} to now there are ${periods} periods, each an invoice; ${MAX_BACKDATED_PERIODS} is the most.`,
    hint: 'Choose a later start, or say with `bill_from` since when nobody else bills it.',
    pointer: '/start',
  }
}

/** A fixed term lies ahead, after its start and its trial. */
function endRefused({ endsAt, startAt, trialEndsAt }: SubscriptionIn<'scheduled'>, now: Instant): Rejection | null {
  if (endsAt === null) return null
  const from = trialEndsAt ?? startAt
  const after = from > now ? from : now
  if (endsAt > after && endsAt <= now + MAX_AHEAD_MS) return null
  return {
    code: 'invalid_request',
    detail: `A term cannot end at ${toIso(endsAt)}.`,
    hint: `Choose an end after ${toIso(after)}, where it begins to be billed, and within 50 years.`,
    pointer: '/ends_at',
  }
}
