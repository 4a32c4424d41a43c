import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4WorkerOptions,
  type V4WorkerOptionsShape,
} from 'miniflare'
import { unstable_getMiniflareWorkerOptions as readWranglerConfig } from 'wrangler'
import { endWithUs } from './postgres.ts'

export type LocalWorker = {
  /** As in production: static assets, then the Worker. */
  readonly url: string
  /** The Worker itself without the assets in front of it: what to measure on. */
  readonly bareUrl: string
  /** The empty Worker beside it, where there is one. */
  readonly emptyUrl: string | null
  /** Runs the cron handler and waits for it; nothing fires by itself here. */
  readonly scheduled: (cron: string) => Promise<void>
  readonly stop: () => Promise<void>
}

export type LocalWorkerOptions = {
  readonly port: number
  readonly barePort?: number
  /** Set over the vars of the configuration. */
  readonly bindings: Readonly<Record<string, string>>
  /** Where Durable Objects live on; without it they end with the process. Queues are in memory always. */
  readonly persistDir?: string
  /** The module that dev/build.ts made. */
  readonly script: string
  readonly config: string
  /** The text of a module that runs beside it in the same runtime: what a route costs that does nothing. */
  readonly emptyModule?: string
}

/** Runs the built bundle in workerd with the bindings of wrangler.toml, offline. */
export async function startWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { workerOptions } = readWranglerConfig(options.config)
  // wrangler's type of them lost its properties to an index signature.
  const configured: V4WorkerOptionsShape = workerOptions
  const name = configured.name ?? 'worker'
  const worker: V4WorkerOptions = {
    ...configured,
    name,
    bindings: { ...configured.bindings, ...options.bindings },
    modules: [{ type: 'ESModule', path: resolve(options.script) }],
    unsafeDirectSockets: [{ host: '127.0.0.1', port: options.port }],
  }
  // The direct socket of a Worker with assets goes through their router; one that belongs to another Worker does not.
  const bare: V4WorkerOptions = {
    name: 'bare-socket',
    modules: [{ type: 'ESModule', path: 'bare.js', contents: 'export default {}' }],
    unsafeDirectSockets: [{ host: '127.0.0.1', port: options.barePort ?? 0, serviceName: name }],
  }
  const empty: V4WorkerOptions = {
    name: 'empty',
    modules: [{ type: 'ESModule', path: 'empty.js', contents: options.emptyModule ?? '' }],
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  }
  const hasEmpty = options.emptyModule !== undefined
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.WARN),
      unsafeTriggerHandlers: true, // cron, which only the entry socket knows
      ...(options.persistDir === undefined ? {} : { resourcePersistencePath: resolve(options.persistDir) }),
      workers: [worker, bare, ...(hasEmpty ? [empty] : [])],
    }),
  )
  const before = new Set(runtimes())
  const entry = await miniflare.ready
  // Miniflare's workerd outlives a parent killed by -9, and then holds the port.
  const release = runtimes()
    .filter((pid) => !before.has(pid))
    .map((pid) => endWithUs(pid, 'KILL'))
  const [url, bareUrl, emptyUrl] = await Promise.all([
    miniflare.unsafeGetDirectURL(name),
    miniflare.unsafeGetDirectURL('bare-socket'),
    hasEmpty ? miniflare.unsafeGetDirectURL('empty') : null,
  ])

  async function scheduled(cron: string): Promise<void> {
    const response = await fetch(new URL(`/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}`, entry))
    if (!response.ok) throw new Error(`cron "${cron}" ended with ${await response.text()}`)
  }

  async function stop(): Promise<void> {
    await miniflare.dispose()
    for (const end of release) end()
  }
  return { url: url.origin, bareUrl: bareUrl.origin, emptyUrl: emptyUrl?.origin ?? null, scheduled, stop }
}

/** The workerd processes that are our children. */
function runtimes(): readonly number[] {
  const lines =
    process.platform === 'linux'
      ? readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .map(processLine)
      : execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === process.pid && command.endsWith('workerd') ? [Number(pid)] : []
  })
}

/** As ps would print it; images of servers often have no ps. */
function processLine(pid: string): string {
  try {
    const [, command, parent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return `${pid} ${parent} ${command}`
  } catch {
    return '' // it has ended meanwhile
  }
}
