import type { Metadata } from '../../accounts/domain/account.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Interval, IntervalUnit } from '../../kernel/period.ts'
import type { Granularity, Invoicing, Settings } from '../../organizations/domain/organization.ts'
import type { Plan } from '../../plans/domain/plan.ts'
import type { Facts } from './begin-and-end.ts'
import type { Versions } from './billable.ts'
import type { CreditTarget, Subscription } from './subscription.ts'

export type CreateSubscription = {
  readonly type: 'create_subscription'
  readonly planCode: string
  /** null: the plan's only interval in the account's currency. */
  readonly interval: IntervalUnit | null
  readonly intervalCount: number
  readonly quantity: number
  /** A price of its own per seat; null: the plan's. */
  readonly unitAmount: string | null
  readonly addOns: readonly AddOnAsked[]
  readonly billingTime: Subscription['billingTime']
  /** null: now. In the past: every period begun since is billed at once. In the future: it waits. */
  readonly startAt: Instant | null
  /** null: the plan's. */
  readonly trialDays: number | null
  readonly trialEnd: Subscription['trialEnd']
  /** Billing begins at the first boundary from then on; the anchor stays the start. */
  readonly billFrom: Instant | null
  /** A fixed term. */
  readonly endsAt: Instant | null
  /** The code of a coupon to take off its invoices. */
  readonly couponCode: string | null
  readonly externalKey: string | null
  readonly metadata: Metadata
}

type About = { readonly id: Id<'subscription'> }

/** So much of an add-on; 0 takes it away. */
export type AddOnAsked = { readonly planCode: string; readonly quantity: number; readonly unitAmount: string | null }

export type ChangeSubscription = About & {
  readonly type: 'change_subscription'
  /** null: the plan it has, at the version it has. */
  readonly planCode: string | null
  /** The plan's version on sale, also where the plan stays. */
  readonly latestVersion: boolean
  readonly quantity: number | null
  readonly interval: Interval | null
  /** undefined: as it is, where plan and interval stay. null: the version's price. */
  readonly unitAmount: string | null | undefined
  readonly addOns: readonly AddOnAsked[]
  readonly effective: 'now' | 'period_end' | Instant
  /** null: as the organization's settings say. */
  readonly granularity: Granularity | null
  readonly invoicing: Invoicing | null
  /** Takes effect only once its invoice is paid. */
  readonly onlyIfPaid: boolean
  readonly credit: CreditTarget
}

/** Commands on one existing subscription. */
export type SubscriptionCommand =
  | ChangeSubscription
  | (About & { readonly type: 'unschedule_change' })
  | (About & {
      readonly type: 'cancel_subscription'
      readonly when: 'now' | 'period_end'
      /** Whether what was not served is credited; only with `now`. */
      readonly prorate: boolean
      readonly credit: CreditTarget
    })
  | (About & { readonly type: 'uncancel_subscription' })
  | (About & { readonly type: 'pause_subscription'; readonly resumesAt: Instant | null })
  | (About & { readonly type: 'resume_subscription' })
  /** `now` ends the trial, an instant moves its end. */
  | (About & { readonly type: 'change_trial'; readonly endsAt: Instant | 'now' })
  | (About & {
      readonly type: 'update_subscription'
      readonly externalKey?: string | null | undefined
      readonly metadata?: Metadata | undefined
    })

/** What is on sale and what is sold: the plans a command names, the versions in use, the account's live subscriptions. */
export type Catalogue = {
  readonly plans: readonly Plan[]
  readonly versions: Versions
  readonly live: readonly Subscription[]
}

/** What a command may depend on besides the subscription. */
export type CommandContext = {
  readonly now: Instant
  readonly facts: Facts
  readonly catalogue: Catalogue
  readonly settings: Settings
}
