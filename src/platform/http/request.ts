import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { encodeId } from '../../kernel/id.ts'
import { newId } from '../clock.ts'
import { connect } from '../db/client.ts'
import type { AppEnv } from './app.ts'
import { Problem } from './problem.ts'

/** A thousand usage events fit; what is larger would only fill the isolate's memory. */
export const MAX_BODY_BYTES = 1024 * 1024
/** What a browser takes of a beacon. */
export const MAX_BEACON_BYTES = 64 * 1024

export function limitBody(maxBytes: number) {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new Problem('body_too_large', {
        detail: `A body has ${maxBytes} bytes at most.`,
        hint: 'Send it in several requests.',
      })
    },
  })
}

/** The customer's pages: whoever reads such an address may use it. */
const secretPath = /^\/(pay|card)\/[^/]+/
/** As long as a card's number, in groups or not: no id of ours is. */
const cardNumber = /(?:\d(?:%20|[ +-])?){13,}/g

/** Gives the request its id and its database, and writes its one line of log. */
export const request: MiddlewareHandler<AppEnv> = async (c, next) => {
  const started = performance.now()
  const requestId = encodeId('request', newId('request'))
  c.set('requestId', requestId)
  c.set('database', connect(c.env))
  c.set('idempotency', null)
  await next()
  c.header('Request-Id', requestId)
  const { method, path } = c.req
  const caller = c.get('caller')
  console.log(
    JSON.stringify({
      level: c.res.status >= 500 ? 'error' : 'info',
      message: 'request',
      request_id: requestId,
      method,
      path: path.replace(secretPath, '/$1/…').replace(cardNumber, '…'),
      status: c.res.status,
      duration_ms: Math.round((performance.now() - started) * 10) / 10,
      organization: caller ? encodeId('organization', caller.organizationId) : null,
    }),
  )
}
