import { env, exports } from 'cloudflare:workers'
import { expect, inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** dev/test-stack.ts tells its addresses. */
    readonly stack: { readonly control: string; readonly neon: string; readonly stripe: string }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are read as a client without types reads them
export type Json = any

/** `text` is the body as it travelled. */
export type Reply = { readonly status: number; readonly headers: Headers; readonly body: Json; readonly text: string }

type Options = { readonly headers?: Readonly<Record<string, string>>; readonly cf?: Readonly<Record<string, unknown>> }

/** One organization's key on the API, as a program of the customer's would use it. */
export type Client = {
  readonly key: string
  readonly organization: string
  /** The emulator's world of this organization. */
  readonly stripeKey: string
  readonly get: (path: string, options?: Options) => Promise<Reply>
  readonly post: (path: string, body?: unknown, options?: Options) => Promise<Reply>
  readonly patch: (path: string, body: unknown, options?: Options) => Promise<Reply>
  readonly put: (path: string, body: unknown, options?: Options) => Promise<Reply>
  readonly delete: (path: string, options?: Options) => Promise<Reply>
}

let organizations = 0

/** A new organization in this file's database. */
export async function organization(mode: 'sandbox' | 'live' = 'sandbox'): Promise<Client> {
  const { DATABASE_NAME: database, SEALING_KEY: sealingKey } = env as unknown as Record<string, string>
  organizations += 1
  const stripeKey = `sk_${mode === 'live' ? 'live' : 'test'}_${database}x${organizations}`
  const wanted = { database, name: `Organization ${organizations}`, mode, stripeKey, sealingKey, operator: true }
  const response = await fetch(`${inject('stack').control}/organizations`, {
    method: 'POST',
    body: JSON.stringify(wanted),
  })
  const { id, key } = (await response.json()) as { id: string; key: string }
  return { ...clientOf(key), organization: id, stripeKey }
}

export function clientOf(key: string): Omit<Client, 'organization' | 'stripeKey'> {
  const send =
    (method: string) =>
    (path: string, body?: unknown, options: Options = {}) => {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...options.headers }
      return request(path, { method, headers, ...(body !== undefined && { body: textOf(body) }), cf: options.cf })
    }
  const get = (path: string, options?: Options) => send('GET')(path, undefined, options)
  return {
    key,
    get,
    post: send('POST'),
    put: send('PUT'),
    patch: send('PATCH'),
    delete: (path, options) => send('DELETE')(path, undefined, options),
  }
}

/** A string goes as it is, so that a test can send what is no JSON. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

type Init = {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly cf?: unknown
}

export async function request(path: string, init: Init = {}): Promise<Reply> {
  const main = (exports as unknown as { default: Fetcher }).default
  const response = await main.fetch(
    new Request(`http://perennial.test${path}`, { redirect: 'manual', ...init } as RequestInit),
  )
  const text = await response.text()
  const isJson = response.headers.get('Content-Type')?.includes('json')
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : text,
    text,
  }
}

/** The body of an answer that must have succeeded. */
export function body(reply: Reply): Json {
  expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
  return reply.body
}
