import { invalidRequest } from './errors.ts'
import { refusalOf } from './faults.ts'
import type { World } from './world.ts'

/** What one second may take, of all requests and of each operation; `recent` holds the arrivals of the last one. */
export type RateLimit = {
  readonly per_second: number
  readonly per_operation: number
  readonly recent: { readonly at_ms: number; readonly operation: string }[]
}

const window_ms = 1_000

/** Throws Stripe's 429 when the last second of real time was full; a refused request does not count. */
export function checkRate({ rateLimit }: World, operation: string): void {
  if (!rateLimit) return
  const at_ms = performance.now()
  const { recent, per_second, per_operation } = rateLimit
  recent.splice(0, recent.filter((request) => request.at_ms <= at_ms - window_ms).length)
  const ofOperation = recent.filter((request) => request.operation === operation)
  if (recent.length >= per_second || ofOperation.length >= per_operation) throw refusalOf('rate_limited_429', '')
  recent.push({ at_ms, operation })
}

/** `per_second: null` lifts the limit; without `per_operation` only the whole is counted. */
export function toRateLimit(body: Readonly<Record<string, unknown>>): RateLimit | null {
  const { per_second, per_operation = per_second } = body
  if (per_second === null) return null
  if (isCount(per_second) && isCount(per_operation)) return { per_second, per_operation, recent: [] }
  throw invalidRequest('per_second and per_operation are positive integers')
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0
}
