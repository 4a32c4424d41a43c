import type { MiddlewareHandler } from 'hono'
import type { Database } from '../db/client.ts'
import { sha256 } from '../hash.ts'
import type { AppContext, AppEnv, Caller } from './app.ts'
import { Problem } from './problem.ts'

export type FindCaller = (database: Database, keyHash: string) => Promise<Caller | null>

/** Whose key it is; null for one that is not known or was revoked. */
export type CallerOf = (c: AppContext, key: string) => Promise<Caller | null>

/** Begins a publishable key, which is in the source of web pages. */
export const PUBLISHABLE = 'pk_'

/**
 * `Authorization: Bearer sk_…`. The key is known by its hash; GET and HEAD need the scope `read`, everything else `write`,
 * besides what a route asks for by `requires`.
 */
export function authenticate(callerOf: CallerOf): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const [scheme, key, ...rest] = (c.req.header('Authorization') ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !key || rest.length > 0) throw unauthenticated('No key was sent.')
    if (key.startsWith(PUBLISHABLE)) throw onlyForBeacons()
    const caller = await callerOf(c, key)
    if (caller === null) throw unauthenticated('The key is not known, or was revoked.')
    c.set('caller', caller)
    mustHave(caller, c.req.method === 'GET' || c.req.method === 'HEAD' ? 'read' : 'write')
    await next()
  }
}

/** A revoked key works this long at most: the price of not asking the database at every request. */
const CACHE_MS = 30_000
/** Beyond this many keys in one isolate the cache starts anew. */
const CACHE_SIZE = 1_000

export function knownCallers(find: FindCaller): CallerOf {
  const known = new Map<string, { readonly caller: Caller; readonly until: number }>()
  return async (c, key) => {
    const hash = await sha256(key)
    // The database's address is part of it: two environments in one isolate never share a key.
    const name = `${c.env.DATABASE_URL} ${hash}`
    const entry = known.get(name)
    if (entry !== undefined && entry.until >= Date.now()) return entry.caller
    const caller = await find(c.get('database'), hash)
    if (caller === null) return null
    if (known.size >= CACHE_SIZE) known.clear()
    known.set(name, { caller, until: Date.now() + CACHE_MS })
    return caller
  }
}

export function requires(scope: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    mustHave(c.get('caller'), scope)
    await next()
  }
}

function mustHave(caller: Caller, scope: string): void {
  if (caller.scopes.includes(scope)) return
  throw new Problem('forbidden', {
    detail: `The key has the scopes ${caller.scopes.join(', ')}; this needs ${scope}.`,
    hint: `Use a key with the scope ${scope}: POST /v1/api_keys makes one.`,
  })
}

function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', {
    detail,
    hint: 'Send `Authorization: Bearer sk_…` with a key of your organization.',
  })
}

function onlyForBeacons(): Problem {
  return new Problem('forbidden', {
    detail: 'This is a publishable key, which only sends usage from web pages.',
    hint: 'Send usage to POST /v1/usage/beacon?key=pk_…; for everything else use a secret key, sk_…, on your server.',
  })
}
