import pg from 'pg'
import { encodeId, type Id } from '../src/kernel/id.ts'
import { shardOf } from '../src/usage/objects.ts'
import { type Bench, type Result, round, say } from './bench.ts'
import { coresBusy, cpuNow } from './cpu.ts'
import { ask, load } from './load.ts'
import { eventRequests, flushed, type UsageWorld, usageWorld, verifyUsage } from './usage-world.ts'

const SUBSCRIPTIONS = 1_000
const EVENTS = 50_000
const BATCH = 1_000
const CLIENTS = 4
const FILL_SECONDS = 30

/** Events a second that go from their shards to Postgres: all that waits in one shard, and in all of them at once. */
export const usageFlush: Bench = async (ends) => {
  const world = await usageWorld(ends, SUBSCRIPTIONS)
  const { bareUrl } = await world.stack.startWorker()
  const results: Result[] = []
  let acknowledged = 0
  for (const subscriptions of [world.subscriptions.slice(0, 1), world.subscriptions]) {
    // One of each shard: what is asked of it waits for everything that its shard has taken before.
    const last = [...new Map(subscriptions.map((id) => [shardOf(id), id])).values()]
    say(`filling ${last.length} shards`)
    const { events, seconds, cores_busy } = await drain(world, bareUrl, { subscriptions, last, acknowledged })
    acknowledged += events
    const about = { shards: last.length, subscriptions: subscriptions.length, seconds: round(seconds, 2), cores_busy }
    results.push({ bench: 'usage_flush', value: round(EVENTS / seconds), unit: 'events/s', events: EVENTS, ...about })
  }
  await verifyUsage(world.client, acknowledged)
  return results
}

type Filling = {
  readonly subscriptions: readonly Id<'subscription'>[]
  readonly last: readonly Id<'subscription'>[]
  readonly acknowledged: number
}

/** Nothing is flushed while the table of the shards is locked. */
async function drain(world: UsageWorld, url: string, { subscriptions, last, acknowledged }: Filling) {
  const { client, key, stack } = world
  let events = 0
  const send = async (to: readonly Id<'subscription'>[], batch: number, requests: number) => {
    const asks = eventRequests(key, to, batch).take(requests)
    const { answered } = await load(url, asks, { clients: CLIENTS, seconds: FILL_SECONDS })
    if (answered < requests) throw new Error(`the shards were not full after ${FILL_SECONDS} seconds`)
    events += answered * batch
  }

  await send(subscriptions, BATCH, CLIENTS)
  await flushed(client, acknowledged + events)
  const before = events
  const holder = new pg.Client({ connectionString: stack.databaseUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query('lock table usage_shards in access exclusive mode')
  await send(subscriptions, BATCH, EVENTS / BATCH)
  await send(last, last.length, 1)
  say(`flushing ${events - before} events`)
  const pid = Number((await client.query('select pg_backend_pid() as pid')).rows[0]?.pid)
  const cpu = () => cpuNow({ backendPid: pid, proxyPid: stack.servicesPid })
  const started = { cpu: cpu(), at: performance.now() }
  const barriers = last.map((id) => {
    const path = `/v1/usage/events?limit=1&subscription=${encodeId('subscription', id)}`
    return ask(url, { method: 'GET', path, key })
  })
  await holder.query('commit')
  await flushed(client, acknowledged + events)
  const seconds = (performance.now() - started.at) / 1_000
  const cores_busy = coresBusy(started.cpu, cpu(), seconds)
  await Promise.all(barriers)
  await holder.end()
  return { events, seconds, cores_busy }
}
