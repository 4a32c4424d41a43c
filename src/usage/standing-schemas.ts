import { z } from '@hono/zod-openapi'
import { encodeId, type Id } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import { timeSchema } from '../platform/http/wire.ts'
import type { Line } from './domain/acknowledged.ts'
import type { ShardBalance, StoredUsage } from './domain/standing.ts'

const countSchema = z.number().int()

export const standingSchema = z
  .object({
    balanced: z.boolean().openapi({ description: 'Every event that was acknowledged is counted once.' }),
    faults: z.array(z.string()).openapi({ description: 'What does not add up.' }),
    events: countSchema.openapi({ description: 'Rows there are of events.' }),
    set_aside: countSchema.openapi({ description: 'Rows there are of events that the database refused.' }),
    shards: z.array(
      z.object({
        shard: countSchema,
        acknowledged: countSchema,
        flushed: countSchema,
        pending: countSchema,
        held_up_by: z.string().nullable(),
        stored: z.object({
          flushed: countSchema,
          inserted: countSchema,
          duplicates: countSchema,
          set_aside: countSchema,
        }),
      }),
    ),
  })
  .openapi('UsageStanding')

type Standing = {
  readonly faults: readonly string[]
  readonly usage: StoredUsage
  readonly shards: readonly (ShardBalance & { readonly heldUpBy: string | null })[]
}

/** Of shards that have ever acknowledged an event. */
export function standingToWire({ faults, usage, shards }: Standing): z.output<typeof standingSchema> {
  return {
    balanced: faults.length === 0,
    faults: [...faults],
    ...{ events: usage.rows, set_aside: usage.setAside },
    shards: shards
      .filter(({ before, stored }) => before.acknowledged > 0 || stored.flushed > 0)
      .map(({ shard, before: { acknowledged, flushed, pending }, heldUpBy, stored }) => ({
        ...{ shard, acknowledged, flushed, pending, held_up_by: heldUpBy },
        stored: {
          ...{ flushed: stored.flushed, inserted: stored.inserted },
          ...{ duplicates: stored.duplicates, set_aside: stored.setAside },
        },
      })),
  }
}

export const setAsideSchema = z
  .object({
    id: z.string(),
    event: z.object({
      ...{ id: z.string(), subscription: z.string(), metric: z.string(), timestamp: z.string(), quantity: z.string() },
      properties: z.record(z.string(), z.string()),
    }),
    reason: z.string().openapi({ description: 'What the database said to it.' }),
    at: timeSchema,
  })
  .openapi('UsageSetAside')

type Row = { readonly id: string; readonly event: unknown; readonly reason: string; readonly at: Instant }

export function setAsideToWire({ id: place, event, reason, at }: Row): z.output<typeof setAsideSchema> {
  const { event_id: id, subscription_id, metric, quantity, properties, ...rest } = event as Line & { quantity: string }
  const subscription = encodeId('subscription', subscription_id as Id<'subscription'>)
  return {
    id: place,
    event: { id, subscription, metric, timestamp: rest.at, quantity, properties },
    reason,
    at: toIso(at),
  }
}
