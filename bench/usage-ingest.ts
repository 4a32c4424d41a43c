import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalWorker } from '../dev/worker.ts'
import type { Id } from '../src/kernel/id.ts'
import { type Bench, type Result, round, say } from './bench.ts'
import { coresBusy, cpuNow } from './cpu.ts'
import { type Load, load } from './load.ts'
import { eventRequests, flushed, flushedSoFar, type UsageWorld, usageWorld, verifyUsage } from './usage-world.ts'

const SUBSCRIPTIONS = [1, 100, 10_000]
const CLIENTS = 32
const SECONDS = 4
/** Before and after, so that another load on the machine meets both. */
const EMPTY_SECONDS = 2
const WARM_UP_EVENTS = 1_000
/** What must be kept up: as many single events a second as a customer of ours may send. */
const SUSTAINED = { perSecond: 167, seconds: 10 }

export const usageSingle: Bench = (ends) => measure(ends, { name: 'usage_single', batch: 1 })
export const usageBatchOf10: Bench = (ends) => measure(ends, { name: 'usage_batch_10', batch: 10 })
export const usageBatchOf100: Bench = (ends) => measure(ends, { name: 'usage_batch_100', batch: 100 })

type Scenario = { readonly name: string; readonly batch: number }

/** Events acknowledged a second, beside a route that reads the same JSON in the same runtime and does nothing. */
async function measure(ends: Parameters<Bench>[0], { name, batch }: Scenario): Promise<readonly Result[]> {
  const world = await usageWorld(ends, Math.max(...SUBSCRIPTIONS))
  const worker = await world.stack.startWorker({ emptyModule })
  const meter = await meterOf(world, worker, batch)
  const results: Result[] = []
  for (const count of SUBSCRIPTIONS) {
    say(`${count} subscriptions`)
    const measured = await meter.full(world.subscriptions.slice(0, count))
    results.push({ bench: name, ...measured, fsync_ms: fsyncMs() })
  }
  if (batch === 1) results.push({ bench: `${name}_sustained`, ...(await meter.sustained(world.subscriptions)) })
  await verifyUsage(world.client, meter.acknowledged())
  return results
}

const emptyModule = `export default {
  async fetch(request) {
    const { events } = await request.json()
    return Response.json({ accepted: events?.length ?? 1 })
  },
}`

const SYNCS = 50

/** How long the disk takes to write for good, where the objects' storage is: workerd waits for it, one object after another. */
function fsyncMs(): number {
  const directory = mkdtempSync(join(tmpdir(), 'perennial-fsync-'))
  const file = openSync(join(directory, 'file'), 'w')
  const startMs = performance.now()
  for (let n = 0; n < SYNCS; n++) {
    writeSync(file, 'x'.repeat(4_096))
    fsyncSync(file)
  }
  const took = (performance.now() - startMs) / SYNCS
  closeSync(file)
  rmSync(directory, { recursive: true })
  return round(took, 2)
}

async function meterOf({ stack, client, key }: UsageWorld, { bareUrl, emptyUrl }: LocalWorker, batch: number) {
  const pid = Number((await client.query('select pg_backend_pid() as pid')).rows[0]?.pid)
  const cpu = () => cpuNow({ backendPid: pid, proxyPid: stack.servicesPid })
  let acknowledged = 0

  /** What is known of every subscription is read, as it is once a minute. */
  async function warmUp(subscriptions: readonly Id<'subscription'>[]): Promise<void> {
    const requests = Math.ceil(subscriptions.length / WARM_UP_EVENTS)
    const known = eventRequests(key, subscriptions, WARM_UP_EVENTS).take(requests)
    await counted(load(bareUrl, known, { clients: 1, seconds: SECONDS }), WARM_UP_EVENTS)
    await counted(load(bareUrl, eventRequests(key, subscriptions, batch), { clients: CLIENTS, seconds: 1 }), batch)
    await flushed(client, acknowledged)
  }

  async function counted(loaded: Promise<Load>, events: number): Promise<Load> {
    const done = await loaded
    acknowledged += done.answered * events
    return done
  }

  async function empty(subscriptions: readonly Id<'subscription'>[]): Promise<number> {
    const asks = eventRequests(key, subscriptions, batch)
    const { answered, seconds } = await load(emptyUrl ?? '', asks, { clients: CLIENTS, seconds: EMPTY_SECONDS })
    return (answered * batch) / seconds
  }

  async function full(subscriptions: readonly Id<'subscription'>[]) {
    await warmUp(subscriptions)
    const emptyBefore = await empty(subscriptions)
    const before = cpu()
    const asks = eventRequests(key, subscriptions, batch)
    const { answered, seconds, ...latencies } = await counted(
      load(bareUrl, asks, { clients: CLIENTS, seconds: SECONDS }),
      batch,
    )
    const cores_busy = coresBusy(before, cpu(), seconds)
    const pending = acknowledged - (await flushedSoFar(client))
    await flushed(client, acknowledged)
    const emptyRate = (emptyBefore + (await empty(subscriptions))) / 2
    const rate = (answered * batch) / seconds
    return {
      ...{ value: round(rate), unit: 'events/s', subscriptions: subscriptions.length, clients: CLIENTS },
      ...{ ratio: round(rate / emptyRate, 3), empty: round(emptyRate), ...latencies, answered, pending, cores_busy },
    }
  }

  async function sustained(subscriptions: readonly Id<'subscription'>[]) {
    say(`${SUSTAINED.perSecond} requests a second`)
    const asks = eventRequests(key, subscriptions, batch)
    const { answered, seconds, ...latencies } = await counted(
      load(bareUrl, asks, { clients: CLIENTS, ...SUSTAINED }),
      batch,
    )
    const about = { subscriptions: subscriptions.length, ...latencies, answered }
    return { value: round(answered / seconds), unit: 'events/s', ...about }
  }

  return { full, sustained, acknowledged: () => acknowledged }
}
