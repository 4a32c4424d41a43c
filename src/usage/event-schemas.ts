import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { type Instant, instant, parseInstant, toIso } from '../kernel/instant.ts'
import { wrongWith } from '../platform/http/faults.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { idSchema, instantSchema, orNull, timeOrNull, timeSchema } from '../platform/http/wire.ts'
import { latenesses } from './domain/event.ts'
import { MAX_ID, MAX_METRIC } from './read-event.ts'
import type { After, UsageCorrectionRow, UsageEventRow } from './repository.ts'
import { propertiesSchema, quantitySchema } from './schemas.ts'

/** Events as they are read and corrected, one at a time. */

export const eventParam = z.object({
  subscription: idSchema('subscription'),
  id: z.string().min(1).max(MAX_ID).openapi({ description: 'Your own, as it was sent.', example: 'evt-1' }),
})

export const eventQuerySchema = z.strictObject({
  subscription: idSchema('subscription'),
  metric: z.string().max(MAX_METRIC).optional().openapi({ description: 'The code of a metric.' }),
  from: instantSchema.optional().openapi({ description: 'Used then or later.' }),
  to: instantSchema.optional().openapi({ description: 'Used before then.' }),
  late: z.enum(latenesses).optional().openapi({ description: 'What was late so: `unbilled` is on no invoice.' }),
  limit: pageQuery.limit,
  cursor: z
    .string()
    .transform((text, context): After => {
      const after = decodeCursor(text)
      if (after !== null) return after
      context.addIssue({ code: 'custom', message: 'must be a `next_cursor` that a list gave' })
      return z.NEVER
    })
    .optional()
    .openapi({ type: 'string', description: '`next_cursor` of the page before.' }),
})

export const correctionSchema = z
  .strictObject({
    metric: z.string().min(1).max(MAX_METRIC),
    quantity: quantitySchema,
    timestamp: instantSchema,
    properties: propertiesSchema.default({}).openapi({ default: {} }),
  })
  .openapi('UsageCorrection')

const usedSchema = z.object({
  version: z.number().int().openapi({ description: '1 as it was sent; each correction is one more.' }),
  metric: z.string(),
  quantity: z.string(),
  timestamp: timeSchema,
  properties: z.record(z.string(), z.string()),
  voided_at: orNull(timeSchema).openapi({ description: 'Since then it does not count.' }),
})

export const usageEventSchema = z
  .object({
    id: z.string(),
    subscription: z.string(),
    ...usedSchema.shape,
    late: orNull(z.enum(latenesses)).openapi({
      description: 'supplemental: it came when its period was invoiced · unbilled: too late to be billed.',
    }),
    received_at: timeSchema,
  })
  .openapi('UsageEvent')

export const correctedEventSchema = usageEventSchema
  .extend({
    corrections: z
      .array(
        usedSchema.extend({
          corrected_at: timeSchema,
          actor: z.string().openapi({ description: 'The API key that did it.' }),
        }),
      )
      .openapi({ description: 'What it was before, oldest first.' }),
  })
  .openapi('UsageEventWithCorrections')

export function usageEventToWire(row: UsageEventRow): z.output<typeof usageEventSchema> {
  const { eventId, subscriptionId, version, metric, quantity, at, properties, late, receivedAt, voidedAt } = row
  return {
    ...{ id: eventId, subscription: encodeId('subscription', subscriptionId) },
    ...{ version, metric, quantity, timestamp: toIso(at), properties: { ...properties } },
    ...{ late, received_at: toIso(receivedAt), voided_at: timeOrNull(voidedAt) },
  }
}

export function correctedEventToWire({
  event,
  corrections,
}: {
  readonly event: UsageEventRow
  readonly corrections: readonly UsageCorrectionRow[]
}): z.output<typeof correctedEventSchema> {
  return { ...usageEventToWire(event), corrections: corrections.map(correctionToWire) }
}

function correctionToWire({ version, before, actor, at }: UsageCorrectionRow) {
  const { metric, quantity, properties, at: usedAt, voided_at } = before as Before
  return {
    ...{ version, metric, quantity, timestamp: fromPostgres(usedAt), properties },
    ...{ voided_at: voided_at === null ? null : fromPostgres(voided_at), corrected_at: toIso(at), actor },
  }
}

/** What a correction keeps of the event: columns of its row, as Postgres writes them in JSON. */
type Before = {
  readonly metric: string
  readonly quantity: string
  readonly at: string
  readonly properties: Record<string, string>
  readonly voided_at: string | null
}

function fromPostgres(time: string): string {
  return toIso(instant(Date.parse(time)))
}

/** Events have no id of ours to page by: the cursor is the time and the id of the last one. */
export function cursorOf({ at, eventId }: { readonly at: Instant; readonly eventId: string }): string {
  return btoa(encodeURIComponent(`${toIso(at)} ${eventId}`)).replaceAll('=', '')
}

function decodeCursor(text: string): After | null {
  const plain = /^[A-Za-z0-9+/]{1,4000}$/.test(text) ? decoded(text) : null
  const [, at, id] = /^(\S+) ([\s\S]{1,200})$/.exec(plain ?? '') ?? []
  const parsed = parseInstant(at ?? '')
  return parsed.ok && id !== undefined && wrongWith(id) === null ? { at: parsed.value, id } : null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(atob(text))
  } catch {
    // Both throw for whatever they did not write, and do nothing else.
    return null
  }
}
