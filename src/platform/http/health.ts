import type { Database } from '../db/client.ts'
import { logError } from '../log.ts'
import { router } from './app.ts'

type Checks = Readonly<Record<string, (database: Database) => Promise<void>>>

/** /health says that the Worker answers; /health/ready asks each dependency. */
export function health(checks: Checks) {
  const routes = router()
  routes.get('/health', (c) => c.json({ status: 'ok' }))
  routes.get('/health/ready', async (c) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const started = performance.now()
        const error = await check(c.get('database')).then(
          () => null,
          (reason: unknown) => reason,
        )
        if (error !== null) logError(`${name} is not ready`, error, { request_id: c.get('requestId') })
        const latency = Math.round((performance.now() - started) * 10) / 10
        return [name, { status: error === null ? 'ok' : 'unavailable', latency_ms: latency }] as const
      }),
    )
    const ready = results.every(([, { status }]) => status === 'ok')
    if (!ready) c.header('Retry-After', '5')
    return c.json({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) }, ready ? 200 : 503)
  })
  return routes
}
