import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { billPage } from '../../src/billing/page.ts'
import { insertRun } from '../../src/billing/run-repository.ts'
import { theAccounts } from '../../src/billing/snapshot-repository.ts'
import { knowingUsage, UsageUnknown } from '../../src/billing/usage.ts'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { newId } from '../../src/platform/clock.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import type { UsageShardStub } from '../../src/usage/objects.ts'
import { instantOf } from '../support/shard.ts'
import { meteredPlan, meters } from '../support/usage.ts'
import { newWorld } from '../support/world.ts'

const bindings = env as unknown as Env

/** Shards that answer so, whatever they are asked. */
function withShards(answer: () => Promise<unknown>): Env {
  const stub = { seal: answer, flush: answer } as unknown as UsageShardStub
  const namespace = { idFromName: () => null, get: () => stub } as unknown as Env['USAGE_SHARDS']
  return { ...bindings, USAGE_SHARDS: namespace }
}

const id = <K extends 'organization' | 'account'>(kind: K, wire: string) => decodeId(kind, wire) as Id<K>

test.each([
  ['says that it is busy', async () => ({ kind: 'busy' })],
  ['cannot reach the database', async () => ({ kind: 'unavailable' })],
  ['is gone', () => Promise.reject(new Error('Network connection lost.'))],
])('an account waits while a shard %s; its neighbours are billed', async (_, answer) => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await meteredPlan(world, 'metered')
  await world.plan('plain')
  const [ann, bob] = [await world.account({ name: 'Ann' }), await world.account({ name: 'Bob' })]
  const meter = await meters(world, ann, 'metered')
  await bob.subscribes('plain')
  await meter.uses(meter.event('a', { quantity: '5', timestamp: '2026-01-01T00:00:00Z' }))
  const organizationId = id('organization', world.client.organization)
  const chosen = theAccounts([ann, bob].map((one) => ({ organizationId, id: id('account', one.id) })))
  const now = instantOf('2026-02-01T00:00:00Z')
  const runId = newId('billing_run')
  await insertRun(connect(bindings), { id: runId, organizationId, asOf: now, startedAt: now, ranges: 1, due: 2 })
  const page = { now, cause: 'billing_run', runId }
  const done = await billPage(withShards(answer), connect(bindings), chosen, page)
  expect(done).toMatchObject({ accounts: 2, invoices: 1, left: 1, failed: 0 })
  expect((await ann.invoices()).map(({ reason }) => reason)).toEqual(['subscription'])
  expect((await bob.invoices()).map(({ reason }) => reason)).toEqual(['subscription', 'renewal'])
  const again = await billPage(bindings, connect(bindings), chosen, page)
  expect(again).toMatchObject({ invoices: 1, left: 0, failed: 0 })
  expect((await ann.invoices()).at(-1)).toMatchObject({ status: 'draft', total: 4905 })
})

test('what asks for usage is told so where nobody can know it', async () => {
  const source = { env: withShards(async () => ({ kind: 'busy' })), database: connect(bindings), how: 'look' } as const
  const start = instantOf('2026-01-01T00:00:00Z')
  const period = { start, end: instantOf('2026-02-01T00:00:00Z') }
  const subscriptionId = '00000000-0000-7000-8000-000000000001' as Id<'subscription'>
  const asked = { subscriptionId, metric: 'api_calls', filters: {}, period, of: period, perEvent: false, final: true }
  await expect(knowingUsage(source, (usageOf) => usageOf(asked))).rejects.toThrow(UsageUnknown)
})
