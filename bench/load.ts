import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export type Ask = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly key: string
  readonly body?: string
  /** Goes without an Idempotency-Key. */
  readonly repeatable?: boolean
}

export type Load = {
  readonly answered: number
  readonly seconds: number
  readonly p50_ms: number
  readonly p95_ms: number
  readonly p99_ms: number
}

type Options = {
  readonly clients: number
  readonly seconds: number
  /** So many requests a second at most, each at its time; how long it took is counted from then. */
  readonly perSecond?: number
}

/** So many clients, each on a kept connection, ask one thing after another until the time or the things are over. */
export async function load(
  url: string,
  asks: Iterator<Ask, undefined>,
  { clients, seconds, perSecond = Number.POSITIVE_INFINITY }: Options,
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const took: number[] = []
  const startMs = performance.now()
  const endMs = startMs + seconds * 1_000
  let asked = 0
  try {
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < endMs) {
          const next = asks.next()
          if (next.done) break
          const dueMs = startMs + (asked++ / perSecond) * 1_000
          const earlyMs = dueMs - performance.now()
          if (earlyMs > 0) await sleep(earlyMs)
          const askedMs = perSecond === Number.POSITIVE_INFINITY ? performance.now() : dueMs
          await ask(url, next.value, agent)
          took.push(performance.now() - askedMs)
        }
      }),
    )
    const elapsed = (performance.now() - startMs) / 1_000
    took.sort((left, right) => left - right)
    const at = (part: number) =>
      Number((took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0).toFixed(1))
    return { answered: took.length, seconds: elapsed, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
  } finally {
    agent.destroy()
  }
}

const TIMEOUT_MS = 30_000

/** The whole answer. @throws {Error} for any status but 200 and 201. */
export function ask(url: string, { method, path, key, body, repeatable }: Ask, agent?: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const headers = {
    Authorization: `Bearer ${key}`,
    ...(body !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    }),
    ...(body !== undefined && !repeatable && { 'Idempotency-Key': crypto.randomUUID() }),
  }
  const options = { method, headers, timeout: TIMEOUT_MS, ...(agent && { agent }) }
  const asked = request(`${url}${path}`, options, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      if (response.statusCode === 200 || response.statusCode === 201) resolve(text)
      else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`))
    })
  })
  asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} got no answer in ${TIMEOUT_MS} ms`)))
  asked.on('error', reject)
  asked.end(body)
  return promise
}
