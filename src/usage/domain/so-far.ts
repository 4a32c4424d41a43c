import { decimal, decimalText, storedDecimal } from '../../kernel/decimal.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Period } from '../../kernel/period.ts'
import type { Metric } from '../../plans/domain/metric.ts'
import { lineAmount } from '../../subscriptions/domain/billable.ts'
import {
  heldUntil,
  type RunningCharge,
  type RunningUsage,
  runningUsage,
  type UsageFacts,
} from '../../subscriptions/domain/running-usage.ts'
import { periodOf, type Subscription } from '../../subscriptions/domain/subscription.ts'
import type { UsageAsked, UsageOf } from '../../subscriptions/domain/usage-billable.ts'

/** What one subscription has used until an instant, and what that costs. Amounts in minor units, before discounts and taxes. */
export type SoFar = {
  readonly at: Instant
  readonly cost: bigint
  readonly free: RunningUsage['free']
  readonly charges: readonly ChargeSoFar[]
  /** Of every metric that was used or is charged for, whatever its properties. */
  readonly metrics: readonly MetricSoFar[]
}
export type ChargeSoFar = RunningCharge & { readonly cost: bigint; readonly cap: CapSoFar | null }
export type MetricSoFar = { readonly metric: Metric; readonly period: Period; readonly quantity: string }

/** Decimal strings. */
type CapSoFar = {
  readonly limit: string
  readonly over: 'bill' | 'reject'
  readonly used: string
  readonly remaining: string
  readonly resetsAt: Instant
}

export type SoFarFacts = Omit<UsageFacts, 'metrics'> & {
  readonly metrics: ReadonlyMap<string, Metric>
  /** The codes of those that are told of. */
  readonly used: readonly string[]
}

/** Without a window, the metrics are those of the present period. By one metric, only what is about it. */
export function soFar(
  subscription: Subscription,
  at: Instant,
  wanted: { readonly metric: string | null; readonly window: Period | null },
  facts: SoFarFacts,
): SoFar {
  const running = runningUsage(subscription, at, facts)
  const isWanted = (metric: string) => wanted.metric === null || wanted.metric === metric
  const charges = running.charges.filter(({ charge }) => isWanted(charge.metric)).map(chargeSoFar)
  const period = wanted.window ?? periodOf(subscription)
  const charged = running.charges.map(({ charge }) => charge.metric)
  const codes = wanted.metric === null ? [...new Set([...charged, ...facts.used])] : [wanted.metric]
  return {
    ...{ at, free: running.free, charges },
    cost: charges.reduce((sum, { cost }) => sum + cost, 0n),
    metrics: codes.flatMap((code) => {
      const metric = facts.metrics.get(code)
      if (metric === undefined || period === null) return []
      const asked = { metric: code, filters: {}, period, of: period, perEvent: false, final: false }
      const { quantity } = heldUntil(at, period, facts)({ ...asked, subscriptionId: subscription.id })
      return [{ metric, period, quantity }]
    }),
  }
}

/** Every window that is asked for while a question is answered as if nothing had been used: what is asked does not depend on it. */
export function askedBy(question: (usageOf: UsageOf) => unknown): readonly UsageAsked[] {
  const asked: UsageAsked[] = []
  question((window) => {
    asked.push(window)
    return { quantity: '0', events: [] }
  })
  return asked
}

function chargeSoFar(running: RunningCharge): ChargeSoFar {
  const { charge, lines, period, quantityAtEnd } = running
  const cap = charge.cap && {
    ...{ ...charge.cap, used: quantityAtEnd, resetsAt: period.end },
    remaining: left(charge.cap.limit, quantityAtEnd),
  }
  return { ...running, cap, cost: lines.reduce((sum, line) => sum + lineAmount(line), 0n) }
}

function left(limit: string, used: string): string {
  const rest = decimal(limit).minus(storedDecimal(used))
  return rest.gt(0) ? decimalText(rest) : '0'
}
