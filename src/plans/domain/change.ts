import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { type Plan, type Price, samePrices } from './plan.ts'

export type PlanPatch = {
  readonly name?: string | undefined
  readonly trialDays?: number | undefined
  readonly prices?: readonly Price[] | undefined
  readonly metadata?: Plan['metadata'] | undefined
}

/**
 * Another name, trial or price makes a new version, which only new subscribers get; metadata does not. The same terms
 * make none.
 */
export function changePlan(plan: Plan, patch: PlanPatch, now: Instant, ids: IdSource): Plan {
  const { current } = plan
  const name = patch.name ?? plan.name
  const trialDays = patch.trialDays ?? current.trialDays
  const prices = patch.prices ?? current.prices
  const sameTerms = name === current.planName && trialDays === current.trialDays && samePrices(prices, current.prices)
  const changed = { ...plan, version: plan.version + 1, name, metadata: patch.metadata ?? plan.metadata }
  if (sameTerms) return changed
  const next = { ...current, id: ids('plan_version'), number: current.number + 1, planName: name, trialDays, prices }
  return { ...changed, current: { ...next, createdAt: now } }
}
