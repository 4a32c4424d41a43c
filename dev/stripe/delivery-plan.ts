import { invalidRequest } from './errors.ts'

/** What is to go wrong between Stripe and the endpoints, until another plan is made. */
export type DeliveryPlan = {
  /** How often each event arrives. */
  readonly copies: number
  /** Every second event sets out this much later, so that those behind overtake it. */
  readonly late_ms: number
  /** So many of the next events never arrive: only the list of events knows of them. */
  lose: number
  /** How many events have set out under this plan. */
  started: number
}

const limits = { copies: 10, late_ms: 10_000, lose: 10_000 } as const

/** What the body leaves out is as it should be: each event once, at once, in order. */
export function deliveryPlan(body: Readonly<Record<string, unknown>>): DeliveryPlan {
  const within = (name: keyof typeof limits, least: number) => {
    const value = body[name] ?? least
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= limits[name]) return Number(value)
    throw invalidRequest(`${name} is a whole number from ${least} to ${limits[name]}`)
  }
  return { copies: within('copies', 1), late_ms: within('late_ms', 0), lose: within('lose', 0), started: 0 }
}
