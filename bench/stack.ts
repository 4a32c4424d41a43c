import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from '../dev/build.ts'
import { createDatabase } from '../dev/database.ts'
import { migrate } from '../dev/migrate.ts'
import { startPostgres } from '../dev/postgres.ts'
import { type LocalWorker, startWorker } from '../dev/worker.ts'
import { type Ends, say } from './bench.ts'
import type { Services } from './services.ts'

/** A throwaway stack of its own: a new cluster with fsync, the Neon proxy, the bundle as it is deployed. */
export type Stack = {
  /** Superuser's, on the database `postgres`. */
  readonly adminUrl: string
  /** A migrated, empty database. */
  readonly databaseUrl: string
  readonly neon: string
  readonly servicesPid: number
  readonly sealingKey: string
  readonly startWorker: (options?: WorkerOptions) => Promise<LocalWorker>
  /** Closes pooled connections, so that plans cached on an almost empty database are gone. */
  readonly recycle: () => Promise<void>
}

type WorkerOptions = { readonly consumers?: boolean; readonly emptyModule?: string }

export const databaseName = 'bench'
const root = join(import.meta.dirname, '..')
const sealingKey = randomBytes(32).toString('base64')

export async function startStack(ends: Ends, { stripe }: { readonly stripe: boolean }): Promise<Stack> {
  const directory = mkdtempSync(join(tmpdir(), 'perennial-bench-'))
  ends.push(async () => rmSync(directory, { recursive: true, force: true }))
  const script = await bundle(ends)
  say('starting Postgres and the Neon proxy')
  const postgres = await startPostgres({ dataDir: join(directory, 'postgres'), quiet: true })
  ends.push(() => postgres.stop())
  const databaseUrl = await createDatabase(postgres.url, databaseName)
  await migrate(databaseUrl)
  const services = await startServices(ends, postgres.port, stripe)

  return {
    ...{ databaseUrl, sealingKey, adminUrl: postgres.url },
    neon: services.neon,
    servicesPid: services.pid,
    recycle: async () => void (await fetch(`${services.neon}/_control/release`)),
    startWorker: async ({ consumers = true, ...rest } = {}) => {
      const worker = await startWorker({
        ...{ port: 0, script, persistDir: join(directory, 'objects') },
        ...rest,
        config: consumers ? join(root, 'wrangler.toml') : withoutConsumers(ends),
        bindings: {
          DATABASE_URL: databaseUrl,
          NEON_HTTP_ENDPOINT: `${services.neon}/sql`,
          SEALING_KEY: sealingKey,
          STRIPE_API_URL: services.stripe,
        },
      })
      ends.push(() => worker.stop())
      return worker
    },
  }
}

let built: Promise<string> | null = null

/** Copied: somebody else's build must not change what is being measured. workerd takes modules below its folder only. */
async function bundle(ends: Ends): Promise<string> {
  if (built === null) say('building the Worker')
  built ??= build()
  const copy = join(root, 'dist', `bench-${process.pid}.js`)
  copyFileSync(await built, copy)
  ends.push(async () => rmSync(copy))
  return copy
}

/** The same configuration, but what is sent to a queue stays there: a request's own round trips can be counted. */
function withoutConsumers(ends: Ends): string {
  const path = join(root, 'dist', `bench-${process.pid}.toml`)
  const text = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    .split(/\n(?=\[)/)
    .filter((section) => !section.startsWith('[[queues.consumers]]'))
    .join('\n')
    .replace('"src/index.ts"', JSON.stringify(join(root, 'src/index.ts')))
    .replace('"dist/assets"', JSON.stringify(join(root, 'dist/assets')))
  writeFileSync(path, text)
  ends.push(async () => rmSync(path))
  return path
}

async function startServices(ends: Ends, port: number, stripe: boolean): Promise<Services & { readonly pid: number }> {
  const script = join(import.meta.dirname, 'services.ts')
  const child = spawn(process.execPath, [script, String(port), stripe ? 'stripe' : ''], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  ends.push(async () => {
    child.stdin.end()
    await exited
  })
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('the proxy ended while starting'))),
  ])
  return { ...(JSON.parse(String(line)) as Services), pid: child.pid ?? 0 }
}
