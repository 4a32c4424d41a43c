import type { PlanVersion } from '../../../src/plans/domain/plan.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import type { UsageEvent } from '../../../src/usage/domain/event.ts'
import {
  cappedCharges,
  chargesByMetric,
  type Measure,
  type Pause,
  type Profile,
} from '../../../src/usage/domain/profile.ts'
import { at, id } from '../../support/given.ts'
import { lived, usedOn, versionsOf } from '../subscriptions/life.ts'
import { april, factsOf, metered, perCall } from '../subscriptions/metered.ts'

/** What a shard knows of a subscription, for the tests of judging. */

export function measure(about: Partial<Measure> = {}): Measure {
  return { code: 'api_calls', aggregation: 'sum', field: 'quantity', decimals: 12, allowNegative: false, ...about }
}

/** Of a month from 1 April, as it is on a day, where calls are sold. */
export function aprilOn(
  day: string,
  versions: readonly PlanVersion[] = [metered([perCall])],
  about = {},
): Subscription {
  return lived(april(about), day, factsOf(usedOn({}), ...versions))
}

export function profileOf(
  subscription: Subscription,
  about: { measures?: readonly Measure[]; pauses?: readonly Pause[]; versions?: readonly PlanVersion[] } = {},
): Profile {
  const { measures = [measure()], pauses = [], versions = [] } = about
  return {
    ...{ subscription, clock: null, pauses },
    metrics: new Map(measures.map((one) => [one.code, one])),
    capped: cappedCharges(subscription, versionsOf(...versions)),
    charges: chargesByMetric(subscription, versionsOf(...versions)),
  }
}

export function used(about: Partial<Omit<UsageEvent, 'at'>> & { readonly at?: string } = {}): UsageEvent {
  const { at: when = '2026-04-10T12:00:00Z', ...rest } = about
  return {
    ...{ subscriptionId: id('subscription', 7), id: 'e1', metric: 'api_calls', quantity: '1', properties: {} },
    ...rest,
    at: at(when),
  }
}
