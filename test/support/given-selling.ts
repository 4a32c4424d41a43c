import type { Account, Metadata } from '../../src/accounts/domain/account.ts'
import type { Id } from '../../src/kernel/id.ts'
import type { Settings } from '../../src/organizations/domain/organization.ts'
import type { Charge } from '../../src/plans/domain/charge.ts'
import type { Minimum, Plan, Price } from '../../src/plans/domain/plan.ts'
import type {
  ChangeSubscription,
  CreateSubscription,
  SubscriptionCommand,
} from '../../src/subscriptions/domain/command.ts'
import type { UsageOf } from '../../src/subscriptions/domain/usage-billable.ts'
import { at, givenAccount, givenPlan, givenSettings, id, price, UTC } from './given.ts'

/** What is sold and asked for in the tests of `decide`, as in given.ts. */

/** The n-th thing on sale: its ids follow from n. */
export function givenOffer(
  n: number,
  code: string,
  prices: readonly Price[],
  about: Partial<Pick<Plan, 'kind' | 'version'>> & {
    readonly charges?: readonly Charge[]
    readonly minimums?: readonly Minimum[]
    readonly trialDays?: number
  } = {},
): Plan {
  const { charges = [], minimums = [], trialDays = 0, kind = 'plan', version = 1 } = about
  const plan = givenPlan(prices)
  const [planId, versionId] = [id('plan', 500 + n), id('plan_version', 600 + 10 * n + version)]
  return {
    ...plan,
    ...{ id: planId, code, name: code, kind, version },
    current: {
      ...plan.current,
      ...{ id: versionId, planId, number: version, planName: code, prices, charges, minimums, trialDays },
    },
  }
}

const year = { unit: 'year', count: 1 } as const

/** Three plans and two add-ons, the numbers of semantics.md among their prices. */
export const offers = {
  starter: givenOffer(1, 'starter', [price('4900'), price('99900', year)]),
  team: givenOffer(2, 'team', [price('9900'), price('99900', year)]),
  free: givenOffer(3, 'free', [price('0')]),
  support: givenOffer(4, 'support', [price('1000'), price('10000', year)], { kind: 'add_on' }),
  storage: givenOffer(5, 'storage', [price('300.5'), price('3000', year)], { kind: 'add_on' }),
} as const

export function givenCustomer(about: Partial<Account> = {}): Account {
  return { ...givenAccount(), invoiceSequence: 0, creditNoteSequence: 0, timezone: UTC, ...about }
}

export function givenRules(about: Partial<Settings> = {}): Settings {
  return {
    ...givenSettings(),
    ...{ proration: { granularity: 'day', invoicing: 'end_of_day' }, invoicing: { consolidate: false } },
    usage: { graceMinutes: 0 },
    ...about,
  }
}

export function givenSale(about: Partial<CreateSubscription> = {}): CreateSubscription {
  return {
    ...{ type: 'create_subscription', planCode: 'starter', interval: 'month', intervalCount: 1, quantity: 1 },
    ...{ unitAmount: null, addOns: [], billingTime: 'anniversary', startAt: null, trialDays: null },
    ...{ trialEnd: 'invoice', billFrom: null, endsAt: null, couponCode: null, externalKey: null, metadata: {} },
    ...about,
  }
}

/** Now, as the organization's settings say, unless said otherwise. */
export function givenChange(of: Id<'subscription'>, about: Partial<ChangeSubscription> = {}): ChangeSubscription {
  return {
    ...{ type: 'change_subscription', id: of, planCode: null, latestVersion: false, quantity: null, interval: null },
    ...{ unitAmount: undefined, addOns: [], effective: 'now', granularity: null, invoicing: null },
    ...{ onlyIfPaid: false, credit: 'balance' },
    ...about,
  }
}

type Cancel = Extract<SubscriptionCommand, { readonly type: 'cancel_subscription' }>

export function givenCancel(of: Id<'subscription'>, about: Partial<Cancel> = {}): Cancel {
  return { type: 'cancel_subscription', id: of, when: 'now', prorate: false, credit: 'balance', ...about }
}

/** Something used, whoever's subscription it is of. */
export type Used = {
  readonly metric: string
  readonly at: string
  readonly quantity: bigint
  readonly about?: Metadata
}

/** Sums what was used in a window of time, of events with the properties asked for. */
export function usageOfEvents(events: readonly Used[]): UsageOf {
  return ({ metric, filters, period }) => {
    const own = events.filter(
      (event) =>
        event.metric === metric &&
        at(event.at) >= period.start &&
        at(event.at) < period.end &&
        Object.entries(filters).every(([key, value]) => event.about?.[key] === value),
    )
    const amounts = own.map(({ quantity }) => quantity)
    return { quantity: String(amounts.reduce((sum, one) => sum + one, 0n)), events: amounts.map(String) }
  }
}
