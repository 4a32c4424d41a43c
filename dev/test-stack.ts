import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { cloneDatabase, createTemplate, databaseUrl, dropDatabase } from './database.ts'
import { startNeonProxy } from './neon-proxy.ts'
import { createOrganization, type NewOrganization } from './organization.ts'
import { startPostgres } from './postgres.ts'
import { startStripeEmulator } from './stripe/server.ts'

/** What the tests get to know: one line of JSON on stdout, passed on by vitest's provide and inject. */
export type TestStack = {
  /**
   * `POST /databases` clones the migrated template and answers `{ name, url }`; `DELETE /databases/<name>` drops it. `POST
   * /organizations` makes an organization in one of them and answers `{ id, key }`.
   */
  readonly control: string
  /** The fetchEndpoint of Neon's driver; the controls of dev/neon-proxy.ts are at `/_control/` of the same origin. */
  readonly neon: string
  readonly stripe: string
}

// A process of its own: servers inside vitest's resolve their imports with the conditions of workerd.
const dataDir = mkdtempSync(join(tmpdir(), 'perennial-test-'))
const postgres = await startPostgres({ dataDir, fsync: false, quiet: true })
const [proxy, stripe] = await Promise.all([
  startNeonProxy({ postgres: { host: '127.0.0.1', port: postgres.port } }),
  startStripeEmulator({}),
  createTemplate(postgres.url, 'template', process.argv[2]),
])
let clones = 0

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request
  const name = url.slice('/databases/'.length)
  if (method === 'POST' && url === '/databases') {
    const clone = { template: 'template', name: `test_${++clones}` }
    const body = { name: clone.name, url: await cloneDatabase(postgres.url, clone) }
    response.setHeader('content-type', 'application/json')
    return void response.end(JSON.stringify(body))
  }
  if (method === 'POST' && url === '/organizations') {
    const { database, ...wanted } = JSON.parse(await text(request)) as NewOrganization & { readonly database: string }
    response.setHeader('content-type', 'application/json')
    return void response.end(JSON.stringify(await createOrganization(databaseUrl(postgres.url, database), wanted)))
  }
  if (method === 'DELETE' && /^test_\d+$/.test(name)) {
    await proxy.recycle(name)
    await dropDatabase(postgres.url, name)
    return void response.writeHead(204).end()
  }
  response.writeHead(404).end()
}

const control = createServer((request, response) => {
  route(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
})
await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
const address = control.address()
if (address === null || typeof address === 'string') throw new Error('the control socket has no port')

const stack: TestStack = {
  control: `http://127.0.0.1:${address.port}`,
  neon: `${proxy.url}/sql`,
  stripe: stripe.url,
}
console.log(JSON.stringify(stack))

/** The pipe to our parent closes when it ends, however it ends: nothing is left behind. */
process.stdin.resume().once('close', async () => {
  control.close()
  control.closeAllConnections()
  await Promise.all([proxy.stop(), stripe.stop()])
  await postgres.stop()
  rmSync(dataDir, { recursive: true, force: true })
  process.exit(0)
})
process.on('SIGTERM', () => process.stdin.destroy())
// Ctrl-C reaches vitest too, whose tests still clear up after themselves: then its pipe says when.
process.on('SIGINT', () => process.stdin.isTTY && process.stdin.destroy())
