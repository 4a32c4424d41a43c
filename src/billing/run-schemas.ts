import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { freeText, instantSchema, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import type { Clock, runPage } from './run-repository.ts'
import type { deadLetters } from './tables.ts'

export const newRunSchema = z
  .strictObject({
    as_of: instantSchema
      .optional()
      .openapi({ description: 'Default: now. In a live organization not later than now.' }),
  })
  .openapi('NewBillingRun')

export const runSchema = z
  .object({
    id: z.string(),
    by: z.enum(['cron', 'request']),
    status: z.enum(['running', 'finished']),
    as_of: timeSchema,
    started_at: timeSchema,
    ranges: z.number().int().openapi({ description: 'Of the whole run; cron’s serves every organization.' }),
    ranges_finished: z.number().int(),
    accounts: z.number().int(),
    subscriptions: z.number().int(),
    invoices: z.number().int(),
    left: z.number().int().openapi({
      description: 'Of the whole run: accounts still due, because others wrote to them; the next run takes them.',
    }),
    failed: z
      .number()
      .int()
      .openapi({ description: 'Of the whole run: accounts whose billing failed; the log says why.' }),
  })
  .openapi('BillingRun')

export function runToWire(row: Awaited<ReturnType<typeof runPage>>[number]): z.output<typeof runSchema> {
  return {
    id: encodeId('billing_run', row.id),
    by: row.organizationId === null ? 'cron' : 'request',
    status: Number(row.finished) >= row.ranges ? 'finished' : 'running',
    as_of: toIso(row.asOf),
    started_at: toIso(row.startedAt),
    ranges: row.ranges,
    ranges_finished: Number(row.finished),
    accounts: Number(row.accounts),
    subscriptions: Number(row.subscriptions),
    invoices: Number(row.invoices),
    left: Number(row.left),
    failed: Number(row.failed),
  }
}

export const newClockSchema = z
  .strictObject({ name: freeText(100).default('Test clock'), now: instantSchema.optional() })
  .openapi('NewTestClock')

export const advanceClockSchema = z.strictObject({ to: instantSchema }).openapi('AdvanceTestClock')

export const clockSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    now: timeSchema,
    status: z.enum(['ready', 'advancing']),
    advancing_to: timeSchema.nullable(),
    progress: z.number().openapi({ description: 'From 0 to 1, of the way to `advancing_to`.' }),
    created_at: timeSchema,
  })
  .openapi('TestClock')

export function clockToWire({ id, name, now, target, startedFrom, createdAt }: Clock): z.output<typeof clockSchema> {
  const underWay = target !== null && startedFrom !== null && target > startedFrom
  return {
    id: encodeId('test_clock', id),
    name,
    now: toIso(now),
    status: target === null ? 'ready' : 'advancing',
    advancing_to: timeOrNull(target),
    progress: underWay ? Math.round(((now - startedFrom) / (target - startedFrom)) * 1000) / 1000 : 1,
    created_at: toIso(createdAt),
  }
}

export const deadLetterSchema = z
  .object({
    id: z.string(),
    queue: z.string(),
    body: z.unknown(),
    received_at: timeSchema,
    replayed_at: timeSchema.nullable(),
  })
  .openapi('DeadLetter')

export function deadLetterToWire(row: typeof deadLetters.$inferSelect): z.output<typeof deadLetterSchema> {
  return {
    id: encodeId('dead_letter', row.id),
    queue: row.queue,
    body: row.body,
    received_at: toIso(row.receivedAt),
    replayed_at: timeOrNull(row.replayedAt),
  }
}
