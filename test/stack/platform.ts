import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** `stripe`: where the emulator is. */
export type Started = { readonly api: string; readonly key: string; readonly stripe: string }

/** The README's first command, in a folder and on a port of its own, which it comes back to after an end. */
export async function platformIn(name: string) {
  const data = mkdtempSync(join(tmpdir(), `perennial-${name}-`))
  const port = await freePort()
  let platform: ChildProcess | null = null

  async function start(): Promise<Started> {
    await end('SIGTERM')
    const child = spawn(process.execPath, ['dev/start.ts', '--port', String(port), '--data', data], { cwd: root })
    platform = child
    return new Promise((resolve, reject) => {
      let output = ''
      const read = (chunk: Buffer) => {
        output += chunk
        const [, api, key] = /export API=(\S+) KEY=(\S+)/.exec(output) ?? []
        const [, stripe] = /Stripe emulator (http\S+)/.exec(output) ?? []
        if (api !== undefined && key !== undefined && stripe !== undefined) resolve({ api, key, stripe })
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', () => reject(new Error(`it did not start:\n${output}`)))
    })
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (platform === null || platform.exitCode !== null) return
    const exited = once(platform, 'exit')
    platform.kill(signal)
    await exited
    platform = null
  }

  async function remove(): Promise<void> {
    await end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  }

  return { data, start, end, remove }
}

/** A request as a program of the customer's makes it. */
export function caller({ api, key }: Started) {
  return async (path: string, body?: unknown) => {
    const response = await fetch(`${api}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as Record<string, string> & { data: Record<string, string>[] }
  }
}

/** Below those that systems give to connections: nobody else takes it between two starts. */
async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const server = createServer().listen(port, '127.0.0.1')
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true)).once('error', () => resolve(false))
  })
  server.close()
  return isFree ? port : freePort()
}
