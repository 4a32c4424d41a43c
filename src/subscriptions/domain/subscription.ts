import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import { DAY_MS, type Instant } from '../../kernel/instant.ts'
import type { Interval, Period } from '../../kernel/period.ts'
import type { LocalDate, Zone } from '../../kernel/zone.ts'
import type { Granularity, Invoicing } from '../../organizations/domain/organization.ts'
import type { Agreement, Changes } from './agreement.ts'

/** granted · grace: a payment failed or is missing · blocked: it is time to stop access. */
export const accesses = ['granted', 'grace', 'blocked'] as const
export const subscriptionStatuses = ['scheduled', 'trial', 'active', 'paused', 'cancelled', 'expired'] as const
export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

/** What may still bill: an account has one of these at most on a plan. */
export const liveStatuses = ['scheduled', 'trial', 'active', 'paused'] as const satisfies readonly SubscriptionStatus[]

/** anniversary: periods are counted from the start · calendar: from the Monday, the 1st, the quarter's or year's first. */
export const billingTimes = ['anniversary', 'calendar'] as const
/** What happens when a trial ends and there is no way to be paid. */
export const trialEnds = ['invoice', 'pause', 'cancel'] as const
/** Where what is left over goes. */
export const creditTargets = ['balance', 'refund'] as const
export type CreditTarget = (typeof creditTargets)[number]

/** Seats, at most. */
export const MAX_QUANTITY = 1_000_000

/** Waits for its time. Its plan versions are frozen when it is made. */
export type ScheduledChange = {
  readonly at: Instant | 'period_end'
  /** Only what it changes: the rest is as it is by then. */
  readonly to: Changes
  readonly granularity: Granularity
  readonly invoicing: Invoicing
  readonly credit: CreditTarget
  readonly madeAt: Instant
}

/** How things stood before the changes of a day, whose proration is still a draft. */
export type Baseline = {
  readonly date: LocalDate
  readonly agreement: Agreement
  readonly anchorAt: Instant
  readonly period: Period
  readonly pausedMs: number
  readonly draftId: Id<'invoice'> | null
  /** Where it goes if the day’s draft comes to a credit; the last change of the day decides. */
  readonly credit: CreditTarget
}

/** Takes effect when its invoice is paid, or not at all. */
export type PendingChange = {
  readonly to: Agreement
  readonly at: Instant
  readonly invoiceId: Id<'invoice'>
  /** Given up then. */
  readonly expiresAt: Instant
}

/** How far what was used has been billed. */
export type Metering = {
  /** By metering interval: what was used before is billed. */
  readonly closed: readonly { readonly interval: Interval; readonly to: Instant }[]
  /** Which versions priced what was used until when, since the oldest of `closed`; the present ones price the rest. */
  readonly segments: readonly { readonly versionIds: readonly Id<'plan_version'>[]; readonly until: Instant }[]
  /** The next end of a metering period before the billing period's own; null: they end together. */
  readonly nextAt: Instant | null
}

/**
 * A metering period that has ended: the draft in its grace and what arrives late are rated by it. It is forgotten when
 * nothing more can arrive for it.
 */
export type MeteredPeriod = {
  readonly interval: Interval
  readonly period: Period
  /** The end of `period`, or of the pause that it stood still in. */
  readonly endedAt: Instant
  /** Which versions priced what was used until when; the last ends with the period. */
  readonly timeline: readonly { readonly versionIds: readonly Id<'plan_version'>[]; readonly until: Instant }[]
  /** As it was sold, and where its billing stood: what a minimum is reckoned from. */
  readonly agreement: Agreement
  readonly standing: { readonly anchorAt: Instant; readonly period: Period; readonly pausedMs: number }
  /** The invoice that bills it; null where nothing was used. */
  readonly invoiceId: Id<'invoice'> | null
  /** What arrived by then is on that invoice; what comes later is supplemental. */
  readonly sealedAt: Instant
  /** When what has arrived late is invoiced; null while nothing has. */
  readonly supplementAt: Instant | null
}

/** Usage that comes so long after the end of its period is not billed any more (semantics.md, Usage). */
export const LATE_MS = 7 * DAY_MS
/** A supplemental invoice is made a day after the first of what it bills, or two: then the period can be forgotten. */
export const REMEMBERED_MS = LATE_MS + 2 * DAY_MS

type Terms = Agreement & {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'subscription'>
  readonly accountId: Id<'account'>
  readonly version: number
  readonly currency: Currency
  readonly billingTime: (typeof billingTimes)[number]
  /** Frozen at creation: all its date arithmetic is in it. */
  readonly timezone: Zone
  readonly startAt: Instant
  /** When a trial ends or ended; null without one. */
  readonly trialEndsAt: Instant | null
  readonly trialEnd: (typeof trialEnds)[number]
  /** Nothing is billed before the first boundary at or after it; null: from the start on. */
  readonly billFrom: Instant | null
  /** A fixed term's end; null: it renews until it is cancelled. */
  readonly endsAt: Instant | null
  readonly scheduledChange: ScheduledChange | null
  /** In order of their ends. */
  readonly metered: readonly MeteredPeriod[]
  readonly externalKey: string | null
  readonly metadata: Metadata
  /** What the application should let the customer do, by how the account pays. */
  readonly access: (typeof accesses)[number]
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
  /** When its end was announced. */
  readonly noticedAt: Instant | null
}
/** Where its billing stands: counted from `anchorAt`; `period` is the one last billed. */
type Billing = {
  readonly anchorAt: Instant
  readonly period: Period
  /** By how much pauses have moved the end of this period. */
  readonly pausedMs: number
}
type Active = Billing & {
  readonly status: 'active'
  readonly cancelAt: Instant | null
  readonly baseline: Baseline | null
  readonly pendingChange: PendingChange | null
  /** The last change of what it is sold, or the resumption: nothing is changed as of before. */
  readonly changedAt: Instant
  /** Null where nothing it is sold is metered. */
  readonly metering: Metering | null
}
/** Bills nothing. `billing` is null where a trial ended in the pause: its first period begins when it resumes. */
type Paused = {
  readonly status: 'paused'
  readonly pausedAt: Instant
  readonly resumesAt: Instant | null
  readonly billing: (Billing & Pick<Active, 'cancelAt' | 'metering'>) | null
  /** When it was announced that it ends, being paused for too long. */
  readonly noticedAt: Instant | null
}
/** `anchorAt` and `period` are null where it ended before its first period. */
type Ended = {
  readonly status: 'cancelled' | 'expired'
  readonly anchorAt: Instant | null
  readonly period: Period | null
  readonly endedAt: Instant
}

/** One shape a status: a field that makes no sense in a state does not exist. */
export type Subscription = Terms & (Scheduled | Trial | Active | Paused | Ended)
export type SubscriptionIn<S extends Subscription['status']> = Extract<Subscription, { readonly status: S }>

/** The members that every status has. */
export function termsOf(subscription: Subscription): Terms {
  const { organizationId, id, accountId, version, currency, billingTime, timezone, startAt, trialEndsAt } = subscription
  const { planId, planVersionId, quantity, unitAmount, addOns, interval, scheduledChange, metered } = subscription
  const { trialEnd, billFrom, endsAt, externalKey, metadata, access, createdAt } = subscription
  return {
    ...{ organizationId, id, accountId, version, currency, billingTime, timezone, startAt, trialEndsAt },
    ...{ planId, planVersionId, quantity, unitAmount, addOns, interval, scheduledChange, metered },
    ...{ trialEnd, billFrom, endsAt, externalKey, metadata, access, createdAt },
  }
}

/** The period it is in, or was in last; null before its first. */
export function periodOf(subscription: Subscription): Period | null {
  if (subscription.status === 'paused') return subscription.billing?.period ?? null
  return subscription.status === 'scheduled' ? null : subscription.period
}
