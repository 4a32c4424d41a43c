import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './app.ts'
import { type CallerOf, PUBLISHABLE } from './authenticate.ts'
import { Problem } from './problem.ts'

/** Any page, and programs that send no origin. */
const ANYWHERE = '*'

/** A browser asks once in so many seconds whether a page may send, where it asks at all. */
const PREFLIGHT_SECONDS = 600

/**
 * `?key=pk_…`, from a web page that the key is for: a browser says which page that is in `Origin`. Without one only a key
 * for `*` is taken. Answers the browser's preflight, and lets the page read what is answered, refusals too.
 */
export function fromPages(callerOf: CallerOf): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.header('Vary', 'Origin')
    const key = c.req.query('key') ?? ''
    if (!key.startsWith(PUBLISHABLE)) throw noPublishableKey(key)
    const caller = await callerOf(c, key)
    if (caller === null) throw unauthenticated('The key is not known, or was revoked.')
    const origin = c.req.header('Origin')
    const origins = caller.origins ?? []
    if (!origins.includes(ANYWHERE) && (origin === undefined || !origins.includes(origin))) {
      throw notFromHere(origin, origins)
    }
    if (origin !== undefined) {
      c.header('Access-Control-Allow-Origin', origin)
      // navigator.sendBeacon sends as with credentials, and a browser then wants this said. There are no cookies.
      c.header('Access-Control-Allow-Credentials', 'true')
      c.header('Access-Control-Expose-Headers', 'Request-Id, Retry-After')
    }
    if (c.req.method === 'OPTIONS') {
      c.header('Access-Control-Allow-Methods', 'POST')
      c.header('Access-Control-Allow-Headers', 'Content-Type')
      c.header('Access-Control-Max-Age', String(PREFLIGHT_SECONDS))
      return c.body(null, 204)
    }
    c.set('caller', caller)
    return next()
  }
}

function noPublishableKey(key: string): Problem {
  if (key === '') return unauthenticated('No publishable key was sent.')
  if (!key.startsWith('sk_')) return unauthenticated('This is no publishable key.')
  return new Problem('unauthenticated', {
    detail: 'A secret key was sent in an address, where logs and histories keep it; it was not used.',
    hint: 'Revoke it (DELETE /v1/api_keys/{id}), and make a publishable one: POST /v1/api_keys {"kind": "publishable", …}.',
  })
}

function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', {
    detail,
    hint: 'Send `?key=pk_…`: POST /v1/api_keys {"name": …, "kind": "publishable", "origins": […]} makes one.',
  })
}

function notFromHere(origin: string | undefined, origins: readonly string[]): Problem {
  const from = origin === undefined ? 'a request that names no Origin' : `pages of ${origin}`
  return new Problem('forbidden', {
    detail: `The key is not for ${from}, but for ${origins.join(', ')}.`,
    hint: 'Make a key whose `origins` name the page’s, as in https://app.example; "*" allows all. A server uses POST /v1/usage/events.',
  })
}
