import { type Instant, toIso } from '../../../src/kernel/instant.ts'
import type { PlanVersion } from '../../../src/plans/domain/plan.ts'
import { nextStep } from '../../../src/subscriptions/domain/advance.ts'
import type { Facts } from '../../../src/subscriptions/domain/begin-and-end.ts'
import { lineAmount, type Versions } from '../../../src/subscriptions/domain/billable.ts'
import type { CommandContext, SubscriptionCommand } from '../../../src/subscriptions/domain/command.ts'
import { decideCommand } from '../../../src/subscriptions/domain/commands.ts'
import type { Step } from '../../../src/subscriptions/domain/step.ts'
import type { Subscription, SubscriptionStatus } from '../../../src/subscriptions/domain/subscription.ts'
import type { UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, givenPlan, givenSettings } from '../../support/given.ts'

/** The life of one subscription, without the invoices that are made of it. */

export function versionsOf(...versions: readonly PlanVersion[]): Versions {
  return new Map(versions.map((version) => [version.id, version]))
}

/** Pro at 4900 a month, a card on file, nothing used. */
export function givenFacts(about: Partial<Facts> = {}): Facts {
  return {
    ...{ versions: versionsOf(givenPlan().current), usageOf: () => ({ quantity: '0' }) },
    ...{ now: at('2026-01-01'), graceMs: 0 },
    ...{ canPay: true, pausesBy: 'day' },
    ...about,
  }
}

/** What was used, day by day: `{ '2026-02-03': 100 }`. Of every metric, unless it is named. */
export function usedOn(days: Readonly<Record<string, number>>, metric?: string): UsageOf {
  return (asked) => {
    const own = metric === undefined || metric === asked.metric
    const within = Object.entries(days).filter(([day]) => at(day) >= asked.period.start && at(day) < asked.period.end)
    return { quantity: String(own ? within.reduce((sum, [, quantity]) => sum + quantity, 0) : 0) }
  }
}

/** Every step up to an instant, one after another. */
export function steps(from: Subscription, until: Instant, facts = givenFacts(), most = 500): readonly Step[] {
  const made: Step[] = []
  for (let current = from; made.length < most; ) {
    const step = nextStep(current, until, facts)
    if (step === null) break
    made.push(step)
    current = step.subscription
  }
  return made
}

/** How it is after all that falls due by an instant. */
export function lived(from: Subscription, until: string, facts = givenFacts()): Subscription {
  return steps(from, at(until), facts).at(-1)?.subscription ?? from
}

/** Day, event, and what each billable comes to: `2026-01-31 activated 4900`. */
export function told(all: readonly Step[]): readonly string[] {
  return all.map(({ at: when, type, billables }) =>
    [toIso(when).slice(0, 10), type.slice(13), ...billables.map(lineAmount)].join(' '),
  )
}

export function givenContext(now: string, about: Partial<CommandContext> = {}): CommandContext {
  const plan = givenPlan()
  return {
    ...{ now: at(now), facts: givenFacts(), settings: givenSettings() },
    catalogue: { plans: [plan], versions: versionsOf(plan.current), live: [] },
    ...about,
  }
}

/** The step a command makes. */
export function stepBy(subscription: Subscription, command: SubscriptionCommand, context: CommandContext): Step {
  const decided = decideCommand(subscription, command, context)
  if (!decided.ok) throw new Error(`${command.type}: ${decided.error.detail}`)
  if (decided.value === null) throw new Error(`${command.type} did nothing`)
  return decided.value
}

export function inStatus<S extends SubscriptionStatus>(
  subscription: Subscription,
  status: S,
): Extract<Subscription, { readonly status: S }> {
  if (subscription.status !== status) throw new Error(`it is ${subscription.status}, not ${status}`)
  return subscription as Extract<Subscription, { readonly status: S }>
}
