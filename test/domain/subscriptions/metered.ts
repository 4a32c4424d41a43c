import type { Interval } from '../../../src/kernel/period.ts'
import type { Charge, PriceModel } from '../../../src/plans/domain/charge.ts'
import type { PlanVersion, Terms } from '../../../src/plans/domain/plan.ts'
import type { Facts } from '../../../src/subscriptions/domain/begin-and-end.ts'
import type { SubscriptionCommand } from '../../../src/subscriptions/domain/command.ts'
import { at, givenPlan, givenScheduled, id, price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenFacts, versionsOf } from './life.ts'

/** What is metered, for the tests of subscriptions. */

export const year: Interval = { unit: 'year', count: 1 }
export const week: Interval = { unit: 'week', count: 1 }

/** Pro at 4900 a month, 49000 a year and 1200 a week, and what is metered. */
export function metered(charges: readonly Charge[], about: Partial<Terms> = {}, n = 6): PlanVersion {
  const prices = [price('4900'), price('49000', year), price('1200', week)]
  return { ...givenPlan(prices).current, id: id('plan_version', n), charges, ...about }
}

export function standard(unitAmount: string): PriceModel {
  return { type: 'standard', unitAmount }
}

export const perCall = givenCharge({ model: standard('2') })

export function factsOf(usageOf: Facts['usageOf'], ...versions: readonly PlanVersion[]): Facts {
  return givenFacts({ versions: versionsOf(...versions), usageOf })
}

/** It begins on 1 April, a month of 30 days. */
export function april(about: Parameters<typeof givenScheduled>[0] = {}) {
  return givenScheduled({ startAt: at('2026-04-01'), ...about })
}

export const cancelNow: SubscriptionCommand = {
  ...{ type: 'cancel_subscription', id: id('subscription', 7), when: 'now', prorate: false, credit: 'balance' },
}
