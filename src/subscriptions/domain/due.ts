import { earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import { REMEMBERED_MS, type Subscription, type SubscriptionIn } from './subscription.ts'

/** What can happen to a subscription by itself. */
type DueKind =
  | 'supplement'
  | 'start'
  | 'trial_notice'
  | 'trial_end'
  | 'resume'
  | 'pause_notice'
  | 'pause_limit'
  | 'cancel'
  | 'expire'
  | 'pending_change'
  | 'metering'
  | 'change'
  | 'renewal'
  | 'forget'

export type Due = { readonly kind: DueKind; readonly at: Instant }

/** Longer than this a pause cancels (FR-034), in local days. */
export const PAUSE_LIMIT_DAYS = 90
const PAUSE_NOTICE_DAYS = 7
const TRIAL_NOTICE_DAYS = 3

/** What falls due next. At one instant: resume, cancel or expire, trial end, scheduled change, renewal (semantics.md). */
export function nextDue(subscription: Subscription): Due | null {
  let next: Due | null = null
  for (const [kind, at] of [supplementDue(subscription), ...dues(subscription)]) {
    if (at !== null && (next === null || at < next.at)) next = { kind, at }
  }
  return next
}

/** When something happens to it by itself next; null when nothing does. */
export function nextDueAt(subscription: Subscription): Instant | null {
  return nextDue(subscription)?.at ?? null
}

type Dues = readonly (readonly [kind: DueKind, at: Instant | null])[]

/** In any state, also after it has ended. */
function supplementDue({ metered }: Subscription): Dues[number] {
  return ['supplement', earliest(...metered.map(({ supplementAt }) => supplementAt))]
}

/** In the order of one instant. */
function dues(subscription: Subscription): Dues {
  switch (subscription.status) {
    case 'scheduled':
      return [['start', subscription.startAt]]
    case 'trial':
      return [
        ['trial_notice', subscription.noticedAt === null ? trialNoticeAt(subscription) : null],
        ['cancel', subscription.cancelAt],
        ['expire', subscription.endsAt],
        ['change', changeAt(subscription, subscription.trialEndsAt)],
        ['trial_end', subscription.trialEndsAt],
      ]
    case 'active':
      // What its next period is billed for depends on the gateway's answer to the change: everything waits for that.
      if (subscription.pendingChange !== null) return [['pending_change', subscription.pendingChange.expiresAt]]
      return [
        ['cancel', subscription.cancelAt],
        ['expire', subscription.endsAt],
        ['metering', subscription.metering?.nextAt ?? null],
        ['change', noEarlier(changeAt(subscription, subscription.period.end), subscription.changedAt)],
        ['renewal', subscription.period.end],
      ]
    case 'paused':
      return [
        ['pause_notice', pauseNoticeAt(subscription)],
        ['resume', subscription.resumesAt],
        ['pause_limit', pauseLimitAt(subscription)],
        ['expire', subscription.endsAt],
      ]
    case 'cancelled':
    case 'expired':
      return [['forget', forgottenAt(subscription)]]
  }
}

/** When nothing more can come for what it used, it is over for good. */
function forgottenAt({ metered }: Subscription): Instant | null {
  const last = metered.at(-1)
  const isOwed = metered.some(({ supplementAt }) => supplementAt !== null)
  return last === undefined || isOwed ? null : plusMs(last.endedAt, REMEMBERED_MS)
}

function pauseLimitAt({ pausedAt, timezone }: SubscriptionIn<'paused'>): Instant {
  return addLocalDays(pausedAt, PAUSE_LIMIT_DAYS, timezone)
}

/** Announced a week ahead, where no resumption is planned. */
function pauseNoticeAt(paused: SubscriptionIn<'paused'>): Instant | null {
  if (paused.noticedAt !== null || paused.resumesAt !== null) return null
  return addLocalDays(paused.pausedAt, PAUSE_LIMIT_DAYS - PAUSE_NOTICE_DAYS, paused.timezone)
}

/** Three local days before its end; at once where it is shorter. One that is cancelled ends without notice. */
function trialNoticeAt({ trialEndsAt, period, cancelAt, timezone }: SubscriptionIn<'trial'>): Instant | null {
  if (cancelAt !== null) return null
  const at = addLocalDays(trialEndsAt, -TRIAL_NOTICE_DAYS, timezone)
  return at > period.start ? at : period.start
}

/** What was meant for a day of a pause happens when it is over. */
function noEarlier(at: Instant | null, than: Instant): Instant | null {
  return at !== null && at < than ? than : at
}

function changeAt({ scheduledChange }: Subscription, periodEnd: Instant): Instant | null {
  if (scheduledChange === null) return null
  return scheduledChange.at === 'period_end' ? periodEnd : scheduledChange.at
}
