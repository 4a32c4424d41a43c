import { env } from 'cloudflare:workers'
import { type NeonDbError, neon, neonConfig } from '@neondatabase/serverless'
import { inject } from 'vitest'
import type { Json } from './client.ts'

neonConfig.fetchEndpoint = inject('stack').neon

/** SQL against this file's database, past everything the Worker checks. Bigints come as text. */
export async function sql(text: string, ...parameters: readonly unknown[]): Promise<readonly Json[]> {
  return neon(databaseUrl()).query(text, [...parameters])
}

/** The constraint that refuses a statement; null where none does. */
export async function refusedBy(text: string, ...parameters: readonly unknown[]): Promise<string | null> {
  try {
    await sql(text, ...parameters)
    return null
  } catch (error) {
    return (error as NeonDbError).constraint ?? String(error)
  }
}

/** What can go wrong between the Worker and Postgres: see dev/neon-proxy.ts. `matching`: a text in the request. */
export const database = {
  down: (on: boolean) => control('down', { on: String(on) }),
  /** Executed, and its answer lost; once. */
  losesReply: (matching: string) => control('drop_reply', { matching }),
  /** Lost on the way there; once. */
  losesRequest: (matching: string) => control('drop_request', { matching }),
  trips: async () => ((await control('trips', {})) as { trips: number }).trips,
}

async function control(what: string, query: Record<string, string>): Promise<unknown> {
  const { origin } = new URL(inject('stack').neon)
  const about = new URLSearchParams({ ...query, database: new URL(databaseUrl()).pathname.slice(1) })
  const response = await fetch(`${origin}/_control/${what}?${about}`)
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

function databaseUrl(): string {
  return (env as unknown as { DATABASE_URL: string }).DATABASE_URL
}
