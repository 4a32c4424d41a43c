import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { control } from './control.ts'
import { invalidRequest, StripeError, unauthorized } from './errors.ts'
import { exchange, type Outcome } from './exchange.ts'
import { checkOperations } from './operations.ts'
import { pageAt } from './pages.ts'
import { openStore, type Store } from './persistence.ts'
import { createDeliveries, type Deliveries } from './webhooks.ts'
import { createWorld, newId, type World } from './world.ts'

export type StripeEmulator = { readonly url: string; readonly port: number; readonly stop: () => Promise<void> }

/**
 * Serves Stripe's API on loopback. Each secret key (Bearer, `sk_test_…`) is a world of its own; with `dataFile` the
 * worlds outlive the process.
 */
export async function startStripeEmulator(options: { port?: number; dataFile?: string } = {}): Promise<StripeEmulator> {
  checkOperations()
  const store = openStore(options.dataFile)
  const deliveries = createDeliveries(store.changed)
  const server = createServer((request, response) => {
    const site = { store, deliveries, baseUrl: `http://127.0.0.1:${portOf(server)}` }
    serve(site, request, response).catch((error: unknown) => fail(response, error))
  })
  // Longer than any client keeps a connection idle, so that the only resets a test sees are the ones it asked for.
  server.keepAliveTimeout = keepAlive_ms
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  for (const world of store.worlds.values()) deliveries.start(world)
  const port = portOf(server)
  return { url: `http://127.0.0.1:${port}`, port, stop: () => stop(server, store, deliveries) }
}

const keepAlive_ms = 120_000

async function stop(server: Server, store: Store, deliveries: Deliveries): Promise<void> {
  deliveries.stop()
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
  store.close()
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

type Site = { readonly store: Store; readonly deliveries: Deliveries; readonly baseUrl: string }

async function serve(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', site.baseUrl)
  const method = request.method ?? 'GET'
  const body = await readBody(request)
  const page = pageAt({ worlds: site.store.worlds, method, url, body })
  if (page) {
    response.writeHead(page.status, page.headers).end(page.body)
    if (method === 'POST') {
      site.store.changed()
      for (const world of site.store.worlds.values()) site.deliveries.start(world)
    }
    return
  }
  const key = secretKey(request)
  if (key instanceof StripeError) {
    json(response, key.status, key.toWire(), { 'request-id': newId('req', 14) })
    return
  }
  const world = worldOf(site.store, key)
  if (url.pathname.startsWith('/_control/')) {
    await serveControl(site, world, { method, path: url.pathname, body }, response)
  } else {
    await serveApi(site, world, { request, url, method, body }, response)
  }
  if (method !== 'GET') site.store.changed()
  site.deliveries.start(world)
}

async function serveApi(
  site: Site,
  world: World,
  { request, url, method, body }: { request: IncomingMessage; url: URL; method: string; body: string },
  response: ServerResponse,
): Promise<void> {
  if (world.down) {
    request.socket.destroy()
    return
  }
  const outcome = await exchange(world, {
    method,
    path: url.pathname,
    query: url.search.slice(1),
    body,
    idempotencyKey: header(request, 'idempotency-key'),
    version: header(request, 'stripe-version'),
    baseUrl: site.baseUrl,
  })
  // Taken down while it executed: the effect stays, the answer is lost.
  send(request, response, world.down ? { kind: 'dropped' } : outcome)
}

async function serveControl(
  site: Site,
  world: World,
  { method, path, body }: { method: string; path: string; body: string },
  response: ServerResponse,
): Promise<void> {
  try {
    const parsed = body === '' ? {} : parseJson(body)
    json(response, 200, await control(method, path, { world, ...site, body: parsed }))
  } catch (error) {
    if (!(error instanceof StripeError)) throw error
    json(response, error.status, error.toWire())
  }
}

function parseJson(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body)
  } catch {
    throw invalidRequest('Control routes take JSON')
  }
}

function send(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  if (outcome.kind === 'dropped') {
    request.socket.destroy()
    return
  }
  const { status, body } = outcome.answer
  const bytes = Buffer.from(body)
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length, ...outcome.headers }
  response.writeHead(status, headers)
  if (outcome.kind === 'answer') response.end(bytes)
  else response.write(bytes.subarray(0, bytes.length >> 1), () => request.socket.destroy())
}

function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** A bug outside any operation; said aloud, because a client sees a broken connection at most. */
function fail(response: ServerResponse, error: unknown): void {
  if (error instanceof StripeError && !response.headersSent) {
    json(response, error.status, error.toWire())
    return
  }
  console.error('Stripe emulator:', error)
  response.destroy()
}

const maxBody_bytes = 1_000_000

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > maxBody_bytes) throw invalidRequest('Request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' ? value : null
}

function secretKey(request: IncomingMessage): string | StripeError {
  const authorization = header(request, 'authorization')
  const [scheme = '', token = ''] = (authorization ?? '').split(' ')
  const key = scheme.toLowerCase() === 'basic' ? Buffer.from(token, 'base64').toString().split(':')[0] : token
  if (!key) {
    return unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
  }
  if (/^(sk|rk)_test_\w+$/.test(key)) return key
  return unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}****. The emulator takes sk_test_… only.`)
}

function worldOf(store: Store, key: string): World {
  const world = store.worlds.get(key) ?? createWorld(key)
  store.worlds.set(key, world)
  return world
}
