import { createRoute, OpenAPIHono, type RouteConfig, type RouteHandler, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Id } from '../../kernel/id.ts'
import type { Database } from '../db/client.ts'
import type { Env } from '../env.ts'
import { faultsIn, mayBeUnstorable } from './faults.ts'
import { type Fault, Problem } from './problem.ts'

/** Who asks, as their API key says. */
export type Caller = {
  readonly organizationId: Id<'organization'>
  readonly mode: 'live' | 'sandbox'
  readonly keyId: Id<'api_key'>
  readonly scopes: readonly string[]
  /** The web pages that a publishable key is for; null of a secret key. */
  readonly origins: readonly string[] | null
}

/** What makes a POST safe to repeat. */
export type Idempotency = { readonly key: string; readonly fingerprint: string }

export type AppEnv = {
  Bindings: Env
  Variables: {
    requestId: string
    database: Database
    /** Set behind `authenticate`. */
    caller: Caller
    idempotency: Idempotency | null
  }
}

export type AppContext = Context<AppEnv>

/** Every feature's routes are one of these, so that a fault in a request looks the same everywhere. */
export function router() {
  return new OpenAPIHono<AppEnv>({
    defaultHook: async (result, c) => {
      const text = result.target === 'json' ? await c.req.text() : null
      if (result.success && text !== null && !mayBeUnstorable(text)) return
      const strings = result.target === 'query' ? c.req.query() : c.req.param()
      const input: unknown = text === null ? strings : JSON.parse(text || '{}')
      const faults = faultsIn(input, result.success ? [] : result.error.issues)
      if (faults.length > 0) throw invalidRequest(faults)
    },
  })
}

type Input<R extends RouteConfig> = Parameters<RouteHandler<R, AppEnv>>[0]

/** Mounts one route: its input is typed by its schemas, its answer by the feature's `toWire`. */
export function route<const R extends RouteConfig>(
  app: ReturnType<typeof router>,
  config: R,
  handler: (c: Input<R>) => Promise<Response>,
): void {
  const request = { query: noQuery, ...config.request }
  const all = createRoute({ security: [{ bearer: [] }], ...config, request })
  app.openapi(all, handler as unknown as RouteHandler<typeof all, AppEnv>)
}

/** As `route`, for a handler that reads the body itself: what is said of it in `request` only documents it. */
export function routeReadingBody<const R extends RouteConfig>(
  app: ReturnType<typeof router>,
  config: R,
  handler: (c: AppContext) => Promise<Response>,
): void {
  const { body: _, ...checked } = { query: noQuery, ...config.request }
  app.openAPIRegistry.registerPath({ security: [{ bearer: [] }], ...config })
  app.openapi(createRoute({ ...config, request: checked, hide: true }), handler as never)
}

/** A parameter that a route does not know is refused: its sender means something by it. */
const noQuery = z.strictObject({})

/** So many faults are named; nobody reads on, and the answer must not outgrow the request. */
const MAX_FAULTS = 100

export function invalidRequest(faults: readonly Fault[]): Problem {
  const errors = faults.slice(0, MAX_FAULTS)
  return new Problem('invalid_request', {
    detail: errors.map(({ pointer, detail }) => `${pointer || 'The body'}: ${detail}`).join(' · '),
    hint: 'Correct every member listed in `errors`; nothing was written. The shapes are in /docs.',
    errors,
  })
}
