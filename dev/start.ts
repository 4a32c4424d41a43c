import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './build.ts'
import { createDatabase, databaseUrl } from './database.ts'
import { migrate } from './migrate.ts'
import { startNeonProxy } from './neon-proxy.ts'
import { createOrganization } from './organization.ts'
import { startPostgres } from './postgres.ts'
import { startStripeEmulator } from './stripe/server.ts'
import { startWorker } from './worker.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    reset: { type: 'boolean', default: false },
    port: { type: 'string', default: '8787' },
    data: { type: 'string', default: join(root, '.perennial') },
  },
})
const port = Number(values.port)

/** What stays the same between two starts. */
type Kept = { readonly sealingKey: string; readonly organization: string; readonly key: string }

if (values.reset) rmSync(values.data, { recursive: true, force: true })
mkdirSync(values.data, { recursive: true })

const started = Date.now()
const stops: (() => Promise<void>)[] = []
let stopping = false

/** In the opposite order: nothing is asked of what has stopped already. */
async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  for (const end of stops.reverse()) await end()
  process.exit(code)
}
process.on('SIGINT', () => stop(0))
process.on('SIGTERM', () => stop(0))

try {
  say('Postgres')
  const postgres = await startPostgres({ dataDir: join(values.data, 'postgres') })
  stops.push(() => postgres.stop())
  const fresh = !existsSync(join(values.data, 'kept.json'))
  const url = fresh ? await createDatabase(postgres.url, 'perennial') : databaseUrl(postgres.url, 'perennial')
  await migrate(url)
  const neon = await startNeonProxy({ postgres: { host: '127.0.0.1', port: postgres.port } })
  stops.push(() => neon.stop())

  say('the Stripe emulator')
  const stripe = await startStripeEmulator({ dataFile: join(values.data, 'stripe.json') })
  stops.push(() => stripe.stop())
  const kept = fresh ? await seed(url) : readKept()

  say('the Worker')
  const worker = await startWorker({
    port,
    script: await build(),
    config: join(root, 'wrangler.toml'),
    persistDir: join(values.data, 'objects'),
    bindings: {
      DATABASE_URL: url,
      NEON_HTTP_ENDPOINT: `${neon.url}/sql`,
      SEALING_KEY: kept.sealingKey,
      STRIPE_API_URL: stripe.url,
    },
  })
  stops.push(() => worker.stop())
  stops.push(tick(() => worker.scheduled('* * * * *')))
  await listen(`${worker.url}/v1`, kept.key)
  console.log(`
Perennial is ready (${((Date.now() - started) / 1000).toFixed(1)} s).

  API             ${worker.url}/v1
  Documentation   ${worker.url}/docs
  Postgres        ${url}
  Stripe emulator ${stripe.url}

  Organization    ${kept.organization} (sandbox)
  API key         ${kept.key}

  export API=${worker.url}/v1 KEY=${kept.key}

Ctrl-C stops it and keeps the data in ${values.data}; \`npm start -- --reset\` begins anew.
`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await stop(1)
}

/** Cron never fires by itself here, and what the in-memory queues lost at the last stop is found by the first sweep. */
function tick(run: () => Promise<void>): () => Promise<void> {
  const EVERY_MS = 5_000
  let running: Promise<void> = Promise.resolve()
  const once = () => {
    running = running.then(run).catch((error: unknown) => console.error(error instanceof Error ? error.message : error))
  }
  once()
  const timer = setInterval(once, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await running
  }
}

/** The emulator tells of what happens there, at the port of this start. */
async function listen(api: string, key: string): Promise<void> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${api}${path}`, { ...init, headers })
    if (!response.ok) throw new Error(`${path} answered ${await response.text()}`)
    return response.json()
  }
  const { data } = (await call('/gateway_accounts')) as { readonly data: readonly { readonly id: string }[] }
  for (const { id } of data) await call(`/gateway_accounts/${id}/webhook`, { method: 'POST', body: '{}' })
}

async function seed(url: string): Promise<Kept> {
  const sealingKey = randomBytes(32).toString('base64')
  const sandbox = {
    name: 'Acme (sandbox)',
    mode: 'sandbox',
    stripeKey: 'sk_test_acme',
    sealingKey,
    operator: true,
  } as const
  const { id, key } = await createOrganization(url, sandbox)
  const kept: Kept = { sealingKey, organization: id, key }
  writeFileSync(join(values.data, 'kept.json'), JSON.stringify(kept, null, 2))
  return kept
}

function readKept(): Kept {
  return JSON.parse(readFileSync(join(values.data, 'kept.json'), 'utf8')) as Kept
}

function say(what: string): void {
  console.log(`Starting ${what} …`)
}
