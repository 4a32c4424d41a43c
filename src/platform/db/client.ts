import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless'
import { sql } from 'drizzle-orm'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'

/** `orm` builds and maps reads; `http` carries the commit. Both make one round trip a call. */
export type Database = {
  readonly orm: NeonHttpDatabase
  readonly http: NeonQueryFunction<false, true>
}

export type DatabaseEnv = {
  readonly DATABASE_URL: string
  /** The address of Neon's HTTP protocol; empty in production, where the driver derives it from DATABASE_URL. */
  readonly NEON_HTTP_ENDPOINT: string
}

/** No statement of ours runs longer; a reply that is later than this counts as lost. */
const TRIP_TIMEOUT_MS = 10_000

/** Reads the whole answer: one that breaks off after its headers is no answer either, and the driver must be told so. */
neonConfig.fetchFunction = async (url: string, init: RequestInit) => {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TRIP_TIMEOUT_MS) })
  return new Response(await response.arrayBuffer(), response)
}

let connected: { readonly url: string; readonly endpoint: string; readonly database: Database } | null = null

/** Stateless over HTTP, so one client serves an isolate: no request waits for another's connection. */
export function connect(env: DatabaseEnv): Database {
  const { DATABASE_URL: url, NEON_HTTP_ENDPOINT: endpoint } = env
  if (connected?.url === url && connected.endpoint === endpoint) return connected.database
  if (endpoint) neonConfig.fetchEndpoint = endpoint
  const http = neon<false, true>(url, { fullResults: true })
  const database = { orm: drizzle(http as unknown as NeonQueryFunction<false, false>), http }
  connected = { url, endpoint, database }
  return database
}

/** First in a batch of reads that must agree with one another. */
export const oneSnapshot = sql`set transaction isolation level repeatable read, read only`
