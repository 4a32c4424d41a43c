import { spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { usageStanding } from '../../dev/verify-usage.ts'
import { caller, platformIn, root } from './platform.ts'

const platform = await platformIn('usage')

afterAll(platform.remove)

type Result = { readonly id: string; readonly status: string }

test('killed while usage comes in, it has every event that it acknowledged, once', async () => {
  const started = await platform.start()
  const call = caller(started)
  const origin = new URL(started.api).origin
  const { subscription, send } = await metered(call)
  const acknowledged = new Set<string>()
  let isKilled = false
  const sender = async (name: string) => {
    for (let n = 0; !isKilled; n++) {
      const ids = Array.from({ length: 10 }, (_, index) => `${name}-${n}-${index}`)
      const results = await send(ids).catch(() => [])
      for (const { id, status } of results) if (status === 'accepted') acknowledged.add(id)
    }
  }
  const senders = Promise.all(['a', 'b', 'c', 'd'].map(sender))
  while (acknowledged.size < 1_000) await new Promise((resolve) => setTimeout(resolve, 10))
  await platform.end('SIGKILL')
  isKilled = true
  await senders

  await platform.start()
  const ids = [...acknowledged]
  const again: Result[] = []
  for (let from = 0; from < ids.length; from += 500) again.push(...(await send(ids.slice(from, from + 500))))
  expect(again.filter(({ status }) => status !== 'duplicate')).toEqual([])

  // Asking for what was used flushes it.
  const { metrics } = (await call(`/subscriptions/${subscription}/usage`)) as unknown as {
    metrics: { quantity: string }[]
  }
  const { balanced, faults, events, set_aside, shards } = await usageStanding(origin, started.key)
  expect({ balanced, faults, set_aside }).toEqual({ balanced: true, faults: [], set_aside: 0 })
  expect(shards.reduce((sum, shard) => sum + shard.acknowledged, 0)).toBe(events)
  expect(events).toBeGreaterThanOrEqual(ids.length)
  expect(metrics.map(({ quantity }) => quantity)).toEqual([String(events)])

  const command = ['dev/verify-usage.ts', '--url', origin, '--key', started.key]
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining(`${events} stored`) })
}, 120_000)

/** A metered subscription in real time, and how it is told of events. */
async function metered(call: ReturnType<typeof caller>) {
  await call('/metrics', { code: 'api_calls', name: 'API calls', aggregation: 'sum' })
  await call('/plans', {
    ...{ code: 'metered', name: 'Metered', prices: [{ currency: 'USD', interval: 'month', unit_amount: '4900' }] },
    charges: [{ metric: 'api_calls', currency: 'USD', model: 'standard', unit_amount: '1' }],
  })
  const account = await call('/accounts', { email: 'k@x.example', name: 'Kill', timezone: 'UTC' })
  const { id: subscription } = await call('/subscriptions', { account: account.id, plan: 'metered' })
  const send = async (ids: readonly string[]): Promise<readonly Result[]> => {
    const events = ids.map((id) => ({ id, subscription, metric: 'api_calls', quantity: '1' }))
    return ((await call('/usage/events', { events })) as unknown as { results: readonly Result[] }).results
  }
  return { subscription, send }
}
