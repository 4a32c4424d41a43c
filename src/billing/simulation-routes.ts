import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { realNow } from '../platform/clock.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { problemOf } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { simulate } from './domain/simulate.ts'
import { horizonRefused } from './domain/simulation-limits.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { load } from './repository.ts'
import { namedInSimulation, plannedScenario } from './simulation.ts'
import { invoicedIn, metricsNamed } from './simulation-repository.ts'
import {
  actualToWire,
  type NewSimulation,
  newSimulationSchema,
  outcomeToWire,
  simulationSchema,
} from './simulation-schemas.ts'
import { theAccount, timeOf } from './snapshot-repository.ts'
import { knowingUsage, type UsageSource } from './usage.ts'

/** What would be, or would have been: the same decide on a fork that is thrown away. */
export const simulationRoutes = router()

route(
  simulationRoutes,
  {
    method: 'post',
    path: '/simulations',
    tags: ['Simulations'],
    summary: 'Live an account or a subscription forward',
    description:
      'Each scenario is a life of its own, from one due instant to the next, with its commands, its usage and its payments. With `instead` another plan is sold from `from` on, and `actual` is what was really invoiced. Nothing is written.',
    request: { body: jsonBody(newSimulationSchema) },
    responses: answers(200, simulationSchema, 'The invoices of each scenario, its totals and how it ends'),
  },
  async (c) => {
    const body = c.req.valid('json')
    const snapshot = await read(c, body)
    const now = timeOf(snapshot, realNow())
    const from = body.from ?? now
    refuse(horizonRefused({ from, until: body.until }))
    const codes = new Set(body.scenarios.flatMap(({ usage }) => usage.map(({ metric }) => metric)))
    const { organizationId } = c.get('caller')
    const metrics = await metricsNamed(c.get('database'), organizationId, [...codes])
    const source: UsageSource = { env: c.env, database: c.get('database'), how: 'look' }
    const scenarios = await knowingUsage(source, (usageOf) =>
      body.scenarios.map((asked, index) => {
        const given = { body, snapshot: { ...snapshot, usageOf }, metrics, now, pointer: `/scenarios/${index}` }
        const planned = plannedScenario(asked, given)
        if (!planned.ok) throw problemOf(planned.error)
        const lived = simulate(planned.value.snapshot, planned.value.scenario, planned.value.horizon)
        if (!lived.ok) throw problemOf(lived.error)
        return outcomeToWire(asked.name, lived.value)
      }),
    )
    const subscription = body.subscription ?? null
    const span = { start: from, end: now < body.until ? now : body.until }
    const actual =
      from < now && body.new_subscription === undefined
        ? await invoicedIn(c.get('database'), organizationId, { account: body.account, subscription }, span)
        : null
    return c.json({
      ...{ from: toIso(from), until: toIso(body.until), scenarios },
      actual: actual && actualToWire(actual),
    })
  },
)

async function read(c: AppContext, body: NewSimulation): Promise<Snapshot> {
  const { account, subscription } = body
  const { organizationId } = c.get('caller')
  const { snapshot } = await load(c.get('database'), {
    ...{ organizationId, chosen: theAccount(organizationId, account), idempotency: null },
    target: subscription === undefined ? {} : { subscriptionId: subscription },
    ...namedInSimulation(body),
  })
  if (snapshot === null) throw missing('account', encodeId('account', account))
  const isThere = snapshot.subscriptions.some(({ id, accountId }) => id === subscription && accountId === account)
  if (subscription !== undefined && !isThere) throw missing('subscription', encodeId('subscription', subscription))
  return snapshot
}

function refuse(rejection: Rejection | null): void {
  if (rejection !== null) throw problemOf(rejection)
}
