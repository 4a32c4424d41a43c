import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Plan, Terms } from './plan.ts'
import { sameTerms } from './same-terms.ts'

export type PlanPatch = { readonly [K in keyof Terms]?: Terms[K] | undefined } & {
  readonly name?: string | undefined
  readonly trialDays?: number | undefined
  readonly metadata?: Plan['metadata'] | undefined
}

/** Prices, charges and minimums as a patch leaves them: each that is given is replaced whole. */
export function patchedTerms({ current }: Plan, patch: PlanPatch): Terms {
  return {
    prices: patch.prices ?? current.prices,
    charges: patch.charges ?? current.charges,
    minimums: patch.minimums ?? current.minimums,
  }
}

/**
 * Another name, trial, price, charge or minimum makes a new version, which only new subscribers get; metadata does not.
 * The same terms make none.
 */
export function changePlan(plan: Plan, patch: PlanPatch, now: Instant, ids: IdSource): Plan {
  const { current } = plan
  const name = patch.name ?? plan.name
  const trialDays = patch.trialDays ?? current.trialDays
  const terms = patchedTerms(plan, patch)
  const isSame = name === current.planName && trialDays === current.trialDays && sameTerms(terms, current)
  const changed = { ...plan, version: plan.version + 1, name, metadata: patch.metadata ?? plan.metadata }
  if (isSame) return changed
  const next = { ...current, ...terms, id: ids('plan_version'), number: current.number + 1, planName: name, trialDays }
  return { ...changed, current: { ...next, createdAt: now } }
}
