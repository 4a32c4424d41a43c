import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Interval, Period } from '../../kernel/period.ts'
import type { Zone } from '../../kernel/zone.ts'

export const subscriptionStatuses = ['scheduled', 'trial', 'active', 'paused', 'cancelled', 'expired'] as const
export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

/** What may still bill: an account has one of these at most on a plan. */
export const liveStatuses = ['scheduled', 'trial', 'active', 'paused'] as const satisfies readonly SubscriptionStatus[]

/** Seats, at most. */
export const MAX_QUANTITY = 1_000_000

type Terms = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'subscription'>
  readonly accountId: Id<'account'>
  readonly version: number
  readonly planId: Id<'plan'>
  readonly planVersionId: Id<'plan_version'>
  readonly quantity: number
  readonly currency: Currency
  readonly interval: Interval
  /** Frozen at creation: all its date arithmetic is in it. */
  readonly timezone: Zone
  readonly startAt: Instant
  /** When a trial ends or ended; null without one. */
  readonly trialEndsAt: Instant | null
  readonly externalKey: string | null
  readonly metadata: Metadata
  readonly createdAt: Instant
}

/** Begins at `startAt`. */
type Scheduled = { readonly status: 'scheduled' }
/** Costs nothing until `trialEndsAt`, which is the end of `period`. */
type Trial = {
  readonly status: 'trial'
  readonly trialEndsAt: Instant
  readonly period: Period
  readonly cancelAt: Instant | null
}
/** Billed in advance; `period` is the one last billed, counted from `anchorAt`. */
type Active = {
  readonly status: 'active'
  readonly anchorAt: Instant
  readonly period: Period
  readonly cancelAt: Instant | null
}
/** `anchorAt` and `period` are null where it ended before its first period. */
type Cancelled = {
  readonly status: 'cancelled'
  readonly anchorAt: Instant | null
  readonly period: Period | null
  readonly endedAt: Instant
}

/** One shape a status: a field that makes no sense in a state does not exist. */
export type Subscription = Terms & (Scheduled | Trial | Active | Cancelled)
export type SubscriptionIn<S extends Subscription['status']> = Extract<Subscription, { readonly status: S }>

/** When something happens to it by itself next; null when nothing does. */
export function nextDueAt(subscription: Subscription): Instant | null {
  switch (subscription.status) {
    case 'scheduled':
      return subscription.startAt
    case 'trial':
    case 'active':
      return subscription.cancelAt ?? subscription.period.end
    case 'cancelled':
      return null
  }
}
