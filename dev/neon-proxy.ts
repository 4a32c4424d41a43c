import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

// Neon's own limit, on requests and on answers.
const maxBytes = 64 * 1024 * 1024
const maxConnections = 40
// Idle connections go, so that a database can be dropped without anyone's telling us.
const idleMs = 5_000
// A statement waiting for a lock for ever must not hold a connection of the pool for ever.
const statementTimeoutMs = 60_000

export type NeonProxy = {
  /** `neonConfig.fetchEndpoint` is this with `/sql`; the controls for tests are under `/_control/`. */
  readonly url: string
  readonly port: number
  readonly stop: () => Promise<void>
  /** Round trips so far, of one database or of all. */
  readonly trips: (database?: string) => number
  /** While down, connections are destroyed: those asking, and those being answered. */
  readonly setDown: (down: boolean, database?: string) => void
  /** Closes pooled connections, so that plans cached in them are gone. */
  readonly recycle: (database?: string) => Promise<void>
}

type Options = { readonly port?: number; readonly postgres: { readonly host: string; readonly port: number } }
type Statement = { readonly query: string; readonly params?: readonly (string | null)[] }
type Body = Statement | { readonly queries: readonly Statement[] }
type FaultKind = 'drop_reply' | 'drop_request'

/** Neon's SQL over HTTP in front of a PostgreSQL of our own: what @neondatabase/serverless 1.2.0 sends and reads. */
export async function startNeonProxy({ port = 0, postgres }: Options): Promise<NeonProxy> {
  const pools = new Map<string, pg.Pool>()
  const trips = new Map<string, number>()
  const faults = createFaults()

  function poolFor(connectionString: string): pg.Pool {
    const known = pools.get(connectionString)
    if (known !== undefined) return known
    const pool = createPool(connectionString, postgres)
    pools.set(connectionString, pool)
    return pool
  }

  async function sql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket, headers } = request
    const text = await readBody(request)
    if (text === null) return answer(response, 413, `request is too large (max is ${maxBytes} bytes)`)
    const pool = poolFor(String(headers['neon-connection-string']))
    const database = pool.options.database ?? ''
    trips.set(database, (trips.get(database) ?? 0) + 1)
    const fault = faults.take(database, text)
    if (fault === 'drop_request' || faults.isDown(database)) return void socket.destroy()
    const outcome = await faults.during(socket, database, run(pool, JSON.parse(text), beginning(headers)))
    if (fault === 'drop_reply') return void socket.destroy()
    if (outcome instanceof pg.DatabaseError) {
      // The driver reads these very names; `message` and `name` are not enumerable.
      return answer(response, 400, JSON.stringify({ ...outcome, name: undefined, message: outcome.message }))
    }
    if (outcome instanceof Error) return answer(response, 502, outcome.message)
    const json = JSON.stringify(outcome)
    if (json.length > maxBytes) return answer(response, 507, `response is too large (max is ${maxBytes} bytes)`)
    answer(response, 200, json)
  }

  async function recycle(database = '*'): Promise<void> {
    const chosen = [...pools].filter(([, pool]) => database === '*' || pool.options.database === database)
    // From now on others ask a new pool; those already waiting for this one are served before it closes.
    for (const [connectionString] of chosen) pools.delete(connectionString)
    await Promise.all(
      chosen.map(async ([, pool]) => {
        while (pool.waitingCount > 0) await sleep(5)
        await pool.end()
      }),
    )
  }

  function countTrips(database = '*'): number {
    if (database !== '*') return trips.get(database) ?? 0
    return [...trips.values()].reduce((sum, count) => sum + count, 0)
  }

  /** `?database=` limits each of them to one; `matching=` of a fault is a text the request's SQL must contain. */
  const controls: Record<string, (query: URLSearchParams, database: string) => unknown> = {
    '/_control/trips': (_, database) => ({ trips: countTrips(database) }),
    '/_control/release': (_, database) => recycle(database),
    '/_control/down': (query, database) => faults.setDown(query.get('on') !== 'false', database),
    '/_control/drop_reply': (query, database) => faults.add('drop_reply', database, query.get('matching')),
    '/_control/drop_request': (query, database) => faults.add('drop_request', database, query.get('matching')),
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/sql') return sql(request, response)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://proxy')
    const control = controls[pathname]
    if (control === undefined) return answer(response, 404, 'not found')
    const result = await control(searchParams, searchParams.get('database') ?? '*')
    answer(response, 200, JSON.stringify(typeof result === 'object' ? result : {}))
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      // A client that went away, or a request that no driver sends.
      if (!response.headersSent) answer(response, 400, JSON.stringify({ message: String(error) }))
    })
  })
  // A connection closed on the very moment of its reuse would look like a lost reply.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the Neon proxy has no port')
  async function stop(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    // A statement that waits for a lock must not keep the stack from ending: PostgreSQL ends it then.
    await Promise.all([closed, Promise.race([recycle(), sleep(1_000, undefined, { ref: false })])])
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    stop,
    trips: countTrips,
    setDown: faults.setDown,
    recycle,
  }
}

/** What goes wrong on purpose, for one database or ('*') for all. */
function createFaults() {
  const down = new Set<string>()
  const planned: { kind: FaultKind; database: string; matching: string }[] = []
  const underway = new Map<Socket, string>()

  const isDown = (database: string): boolean => down.size > 0 && (down.has('*') || down.has(database))

  function setDown(on: boolean, database = '*'): void {
    if (!on) return void down.delete(database)
    down.add(database)
    for (const [socket, served] of underway) if (isDown(served)) socket.destroy()
  }

  /** Once, for the first request whose text matches. */
  function add(kind: FaultKind, database: string, matching: string | null): void {
    planned.push({ kind, database, matching: matching ?? '' })
  }

  function take(database: string, text: string): FaultKind | null {
    if (planned.length === 0) return null
    const index = planned.findIndex((f) => (f.database === '*' || f.database === database) && text.includes(f.matching))
    return index < 0 ? null : (planned.splice(index, 1)[0]?.kind ?? null)
  }

  /** While the work goes on, its socket is one that an outage cuts. */
  async function during<T>(socket: Socket, database: string, work: Promise<T>): Promise<T> {
    underway.set(socket, database)
    return work.finally(() => underway.delete(socket))
  }

  return { isDown, setDown, add, take, during }
}

const isolationLevels: Record<string, string> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
}

function beginning(headers: IncomingMessage['headers']): string {
  const level = isolationLevels[String(headers['neon-batch-isolation-level'])]
  const words = ['BEGIN']
  if (level !== undefined) words.push(`ISOLATION LEVEL ${level}`)
  if (headers['neon-batch-read-only'] === 'true') words.push('READ ONLY')
  if (headers['neon-batch-deferrable'] === 'true') words.push('DEFERRABLE')
  return words.join(' ')
}

async function run(pool: pg.Pool, body: Body, begin: string): Promise<object | Error> {
  const isBatch = 'queries' in body
  const statements = isBatch ? [{ query: begin }, ...body.queries, { query: 'COMMIT' }] : [body]
  try {
    const client = await pool.connect()
    // Only a connection outside any transaction may serve somebody else.
    const results = await inOneTrip(client, statements).finally(() =>
      client.release(client.getTransactionStatus() !== 'I'),
    )
    return isBatch ? { results: results.slice(1, -1).map(toWire) } : (results.map(toWire)[0] ?? {})
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/**
 * All statements are on the wire before the first answer. After an error the others of a batch fail by themselves
 * (25P02) and COMMIT becomes ROLLBACK; the first error is the one that says why.
 */
async function inOneTrip(client: pg.PoolClient, statements: readonly Statement[]): Promise<pg.QueryArrayResult[]> {
  const { stream } = client.connection
  stream.cork()
  const sent = statements.map(({ query: text, params = [] }) => {
    // The extended protocol always, as Neon does: it refuses several statements in one text.
    const config = { text, values: [...params], rowMode: 'array' as const, queryMode: 'extended' }
    return client.query<(string | null)[]>(config)
  })
  stream.uncork()
  const outcomes = await Promise.allSettled(sent)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

function toWire({ command, rowCount, fields, rows }: pg.QueryArrayResult): object {
  return {
    command,
    rowCount,
    fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rows,
    rowAsArray: true,
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function createPool(connectionString: string, { host, port }: Options['postgres']): pg.Pool {
  const { username, password, pathname } = new URL(connectionString)
  const pool = new pg.Pool({
    host,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    max: maxConnections,
    idleTimeoutMillis: idleMs,
    pipeline: true,
    statement_timeout: statementTimeoutMs,
    types: { getTypeParser: () => (text: string) => text },
  })
  // A connection ended by the server (its database dropped) leaves the pool by itself, and its statement fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}
