import '../dev/node-version.js'
import { parseArgs } from 'node:util'
import { type Bench, type Result, say } from './bench.ts'
import { billingRun } from './billing-run.ts'
import { getSubscription } from './get-subscription.ts'
import { listInvoices } from './list-invoices.ts'
import { postSubscription } from './post-subscription.ts'
import { postSubscriptionCharged } from './post-subscription-charged.ts'
import { simulation } from './simulate.ts'
import { usageFlush } from './usage-flush.ts'
import { usageBatchOf10, usageBatchOf100, usageSingle } from './usage-ingest.ts'

const benches: Readonly<Record<string, Bench>> = {
  billing_run: billingRun,
  post_subscription: postSubscription,
  post_subscription_charged: postSubscriptionCharged,
  get_subscription: getSubscription,
  list_invoices: listInvoices,
  usage_single: usageSingle,
  usage_batch_10: usageBatchOf10,
  usage_batch_100: usageBatchOf100,
  usage_flush: usageFlush,
  simulate: simulation,
}

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, list: { type: 'boolean' }, only: { type: 'string', multiple: true } },
})
const chosen = Object.entries(benches).filter(([name]) => values.only?.includes(name) ?? true)

/** The Worker writes a line a request to our stdout, where nothing but results belongs; its errors go to stderr. */
const print = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true

const ends: (() => Promise<void>)[] = []
let stopping: Promise<void> | null = null

/** What cannot be stopped does not keep the rest from being stopped. */
async function stop(): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end().catch(fail)
}

/** A second Ctrl-C waits for the first. */
async function interrupted(): Promise<void> {
  stopping ??= stop()
  await stopping
  process.exit(130)
}
process.on('SIGINT', interrupted)
process.on('SIGTERM', interrupted)

if (values.list) for (const name of Object.keys(benches)) print(`${name}\n`)
else if (chosen.length === 0) fail(new Error(`there is no such bench; there are ${Object.keys(benches).join(', ')}`))
else await runAll()
// A runtime that did not start leaves handles behind that would keep us alive.
process.exit()

async function runAll(): Promise<void> {
  const results: Result[] = []
  for (const [name, bench] of chosen) {
    say(name)
    try {
      const measured = await bench(ends)
      results.push(...measured)
      if (values.json) for (const result of measured) print(`${JSON.stringify(result)}\n`)
    } catch (error) {
      if (stopping === null) fail(error)
    } finally {
      await (stopping ?? stop())
    }
    if (stopping !== null) return
  }
  if (!values.json) print(`${table(results)}\n`)
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
}

function table(results: readonly Result[]): string {
  const rows = results.map(({ bench, value, unit, ...details }) => [
    bench,
    value.toLocaleString('en'),
    unit,
    Object.entries(details)
      .map(([name, detail]) => `${name} ${text(detail)}`)
      .join('  '),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, at) => (at === 1 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))))
    .map((row) => row.join('  '))
    .join('\n')
}

function text(detail: Result[string]): string {
  if (detail === null || typeof detail !== 'object') return String(detail)
  return `(${Object.entries(detail)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')})`
}
