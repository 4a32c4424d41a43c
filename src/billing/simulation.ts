import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { Metric } from '../plans/domain/metric.ts'
import { createFromWire } from '../subscriptions/command-schemas.ts'
import type { CreateSubscription } from '../subscriptions/domain/command.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import { namedFromWire } from '../subscriptions/script-schemas.ts'
import { forkOf } from './domain/fork.ts'
import { scriptedUsage, scriptRefused, usageOfOther } from './domain/scripted-usage.ts'
import type { Scenario } from './domain/simulate.ts'
import { commandTimeRefused, type Horizon, horizonRefused } from './domain/simulation-limits.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { namedIn } from './repository.ts'
import type { NewSimulation } from './simulation-schemas.ts'

type Asked = NewSimulation['scenarios'][number]

/** Of what is imagined, until it is sold: the simulation puts the real one in its place. */
const NOBODY = '00000000-0000-0000-0000-000000000000' as Id<'subscription'>

/** Every plan that a simulation names anywhere, and the coupon it begins with. */
export function namedInSimulation({ new_subscription, scenarios }: NewSimulation): ReturnType<typeof namedIn> {
  const begun = new_subscription === undefined ? null : namedIn(createFromWire(new_subscription))
  const named = scenarios.flatMap(({ commands, instead }) => [
    ...commands.flatMap((command) => namedIn(namedFromWire(NOBODY, command)).planCodes),
    ...(instead === undefined ? [] : [instead.plan]),
  ])
  return { planCodes: [...new Set([...(begun?.planCodes ?? []), ...named])], couponCode: begun?.couponCode ?? null }
}

export type Planned = { readonly snapshot: Snapshot; readonly scenario: Scenario; readonly horizon: Horizon }

type Given = {
  readonly body: NewSimulation
  readonly snapshot: Snapshot
  readonly metrics: ReadonlyMap<string, Metric>
  readonly now: Instant
  /** Of the scenario in the request. */
  readonly pointer: string
}

/**
 * The fork, the script and the span of one scenario. What is imagined begins where the request says; what is sold goes on
 * from now, because its past is what it is.
 */
export function plannedScenario(asked: Asked, given: Given): Result<Planned, Rejection> {
  const { body, snapshot, metrics, now, pointer } = given
  const sold = snapshot.subscriptions.find(({ id }) => id === body.subscription) ?? null
  const begins = beginningOf(asked, body, sold)
  const from = body.from ?? now
  const horizon = { from: begins === null && from < now ? now : from, until: body.until }
  const refused = horizonRefused(horizon) ?? scriptRefused(asked.usage, metrics, `${pointer}/usage`)
  if (refused !== null) return err(refused)
  const subject = begins === null ? (sold?.id ?? null) : null
  for (const [index, { at }] of asked.commands.entries()) {
    const misplaced = commandTimeRefused(at, horizon, `${pointer}/commands/${index}/at`)
    if (misplaced !== null) return err(misplaced)
  }
  const used = begins !== null && sold !== null ? usageOfOther(sold.id, snapshot.usageOf) : snapshot.usageOf
  const isAlone = begins !== null || sold !== null
  return ok({
    snapshot: isAlone ? forkOf(snapshot, subject) : snapshot,
    scenario: {
      ...{ begins, subject, payments: asked.payments },
      commands: asked.commands.map((command) => ({
        at: command.at,
        command: namedFromWire(subject ?? NOBODY, command),
      })),
      usageOf: scriptedUsage(asked.usage, metrics, used),
    },
    horizon,
  })
}

function beginningOf(
  { instead }: Asked,
  { new_subscription }: NewSimulation,
  sold: Subscription | null,
): CreateSubscription | null {
  if (instead !== undefined) return soldInstead(instead, sold)
  return new_subscription === undefined ? null : createFromWire(new_subscription)
}

/** By the interval and for the seats that are sold, unless said otherwise, and without a trial: it is compared with those. */
function soldInstead(instead: NonNullable<Asked['instead']>, sold: Subscription | null): CreateSubscription {
  const { plan, interval, quantity } = instead
  const own = interval === undefined ? (sold?.interval ?? null) : { unit: interval, count: 1 }
  return {
    ...{ type: 'create_subscription', planCode: plan, unitAmount: null, addOns: [], startAt: null, trialDays: 0 },
    ...{ trialEnd: 'invoice', billFrom: null, endsAt: null, couponCode: null, externalKey: null, metadata: {} },
    interval: own?.unit ?? null,
    intervalCount: own?.count ?? 1,
    quantity: quantity ?? sold?.quantity ?? 1,
    billingTime: sold?.billingTime ?? 'anniversary',
  }
}
