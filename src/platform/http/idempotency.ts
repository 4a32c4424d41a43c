import { and, eq, isNull } from 'drizzle-orm'
import type { MiddlewareHandler } from 'hono'
import type { Id } from '../../kernel/id.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { realNow } from '../clock.ts'
import type { Database } from '../db/client.ts'
import { LEASE_MS } from '../db/commit.ts'
import { idempotencyKeys } from '../db/tables.ts'
import { sha256 } from '../hash.ts'
import type { AppContext, AppEnv, Idempotency } from './app.ts'
import { Problem } from './problem.ts'

const MAX_KEY_LENGTH = 255

/** Reads `Idempotency-Key` of a POST. The record itself is written by the commit of what the request does. */
export const idempotency: MiddlewareHandler<AppEnv> = async (c, next) => {
  const key = c.req.method === 'POST' ? c.req.header('Idempotency-Key') : undefined
  if (key !== undefined) {
    if (key === '' || key.length > MAX_KEY_LENGTH) {
      throw new Problem('invalid_request', {
        detail: `An Idempotency-Key has 1 to ${MAX_KEY_LENGTH} characters.`,
        hint: 'Use a UUID, a new one for each thing to be done.',
      })
    }
    const fingerprint = await sha256(`${c.req.method} ${c.req.path}\n${await c.req.text()}`)
    c.set('idempotency', { key, fingerprint })
  }
  await next()
}

export type KeyRecord = typeof idempotencyKeys.$inferSelect

/** The read of a key's record, to be batched with the reads of the command itself. */
export function keyRecordOf(database: Database, organizationId: Id<'organization'>, idempotency: Idempotency | null) {
  return database.orm
    .select()
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.organizationId, organizationId), eq(idempotencyKeys.key, idempotency?.key ?? '')))
}

export type Replay =
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'resume'; readonly resume: unknown }

/** How a key that was used before stands: its first request was another, has its answer, is at work, or died on the way. */
export function standingOf(
  record: KeyRecord,
  fingerprint: string,
  now: Instant,
): 'reused' | 'answered' | 'in_use' | 'resume' {
  if (record.fingerprint !== fingerprint) return 'reused'
  if (record.status !== null && record.body !== null) return 'answered'
  return record.leasedUntil > now ? 'in_use' : 'resume'
}

/**
 * What the record of a key asks for: the first response again, or to finish what the first request left when it died.
 * @throws {Problem} for another body under the same key, and while the first request is still at work.
 */
export function replayOf(c: AppContext, record: KeyRecord): Replay {
  const now = realNow()
  switch (standingOf(record, c.get('idempotency')?.fingerprint ?? '', now)) {
    case 'reused':
      throw new Problem('idempotency_key_reused', {
        detail: 'This Idempotency-Key came with another method, path or body before.',
        hint: 'Use a new key for a new request, or send the very same request.',
      })
    case 'answered':
      c.header('Idempotent-Replayed', 'true')
      return { kind: 'answered', response: jsonResponse(c, record.status ?? 0, record.body ?? '') }
    case 'in_use':
      throw keyInUse(Math.ceil((record.leasedUntil - now) / 1000))
    case 'resume':
      return { kind: 'resume', resume: record.resume }
  }
}

export function keyInUse(retryAfterSeconds: number): Problem {
  return new Problem('idempotency_key_in_use', {
    detail: 'The first request with this key is still being worked on.',
    hint: 'Repeat the request after the time in Retry-After.',
    retryAfterSeconds,
  })
}

/** Takes over the work of a request that died; false where someone else was faster. */
export async function takeOver(database: Database, record: KeyRecord): Promise<boolean> {
  const { organizationId, key, leasedUntil } = record
  const taken = await database.orm
    .update(idempotencyKeys)
    .set({ leasedUntil: plusMs(realNow(), LEASE_MS) })
    .where(
      and(
        eq(idempotencyKeys.organizationId, organizationId),
        eq(idempotencyKeys.key, key),
        eq(idempotencyKeys.leasedUntil, leasedUntil),
        isNull(idempotencyKeys.status),
      ),
    )
    .returning({ key: idempotencyKeys.key })
  return taken.length > 0
}

/** After a commit found the key taken. */
export async function replay(c: AppContext): Promise<Replay> {
  const [record] = await keyRecordOf(c.get('database'), c.get('caller').organizationId, c.get('idempotency'))
  if (record === undefined) throw new Error('a taken idempotency key has a record')
  return replayOf(c, record)
}

export function jsonResponse(c: AppContext, status: number, body: string): Response {
  return c.body(body, status as 200, { 'Content-Type': 'application/json' })
}
