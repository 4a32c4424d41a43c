import { createRoute, OpenAPIHono, type RouteConfig, type RouteHandler } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Id } from '../../kernel/id.ts'
import type { Database } from '../db/client.ts'
import type { Env } from '../env.ts'
import { type Fault, Problem } from './problem.ts'

/** Who asks, as their API key says. */
export type Caller = {
  readonly organizationId: Id<'organization'>
  readonly mode: 'live' | 'sandbox'
  readonly keyId: Id<'api_key'>
  readonly scopes: readonly string[]
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
    defaultHook: (result) => {
      if (result.success) return
      throw invalidRequest(result.error.issues.flatMap(faultsOf))
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
  app.openapi(createRoute({ security: [{ bearer: [] }], ...config }), handler as unknown as RouteHandler<R, AppEnv>)
}

export function invalidRequest(errors: readonly Fault[]): Problem {
  return new Problem('invalid_request', {
    detail: errors.map(({ pointer, detail }) => `${pointer || 'The body'}: ${detail}`).join(' · '),
    hint: 'Correct every member listed in `errors`; nothing was written. The shapes are in /docs.',
    errors,
  })
}

type Issue = {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

/** One fault a member: an unknown member is named by itself. */
function faultsOf(issue: Issue): readonly Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      detail: 'is not a known member',
    }))
  }
  const detail = issue.message.endsWith('received undefined') ? 'is required' : issue.message
  return [{ pointer: pointerOf(issue.path), detail }]
}

/** RFC 6901. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
