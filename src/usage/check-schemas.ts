import { z } from '@hono/zod-openapi'
import { decimal, storedDecimal } from '../kernel/decimal.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { capPolicies } from '../plans/domain/charge.ts'
import { idSchema, orNull, timeSchema } from '../platform/http/wire.ts'
import { usageRefusals } from './domain/event.ts'
import type { Checked } from './objects.ts'
import { MAX_METRIC } from './read-event.ts'
import { propertiesSchema, quantitySchema } from './schemas.ts'

/** What is reserved is used right away, or not at all. */
const MAX_RESERVED_SECONDS = 3_600

const askedQuantitySchema = quantitySchema.refine((text) => decimal(text).gt(0), 'must be above zero')

export const checkSchema = z
  .strictObject({
    subscription: idSchema('subscription'),
    metric: z.string().min(1).max(MAX_METRIC).openapi({ description: 'The code of a metric.', example: 'api_calls' }),
    quantity: askedQuantitySchema.default('1').openapi({ default: '1' }),
    properties: propertiesSchema.default({}).openapi({ default: {} }),
    reserve: z
      .strictObject({
        expires_in: z.number().int().min(1).max(MAX_RESERVED_SECONDS).openapi({ description: 'Seconds.' }),
      })
      .nullable()
      .default(null)
      .openapi({
        description: 'Holds the quantity, so that nobody else uses it, until it is confirmed, released or expires.',
        example: { expires_in: 60 },
      }),
  })
  .openapi('UsageCheck')

export const confirmSchema = z
  .strictObject({
    subscription: idSchema('subscription'),
    quantity: askedQuantitySchema
      .nullable()
      .default(null)
      .openapi({
        type: ['string', 'number', 'null'],
        description: 'What was really used, up to what was reserved; all of it unless given.',
      }),
  })
  .openapi('ReservationConfirmation')

export const releaseSchema = z.strictObject({ subscription: idSchema('subscription') }).openapi('ReservationRelease')

const capSchema = z.object({
  metric: z.string(),
  filters: z.record(z.string(), z.string()),
  limit: z.string(),
  over: z.enum(capPolicies).openapi({ description: 'reject: no more than the limit · bill: more is billed.' }),
  used: z.string(),
  reserved: z.string(),
  remaining: z.string(),
  resets_at: timeSchema,
})

export const checkedSchema = z
  .object({
    allowed: z.boolean(),
    refusal: orNull(z.object({ code: z.enum(usageRefusals), detail: z.string(), hint: z.string() })).openapi({
      description: 'Why not; null where it is allowed.',
    }),
    caps: z.array(capSchema).openapi({ description: 'The capped charges that such usage counts for.' }),
    reservation: orNull(z.object({ id: z.string(), expires_at: timeSchema })),
  })
  .openapi('CheckedUsage')

export const settledSchema = z
  .object({ id: z.string(), subscription: z.string(), status: z.enum(['confirmed', 'released']) })
  .openapi('SettledReservation')

export type Asked = { readonly metric: string; readonly quantity: string }

export function checkedToWire(
  asked: Asked,
  checked: Exclude<Checked, { status: 'too_many_reservations' }>,
): z.output<typeof checkedSchema> {
  if (checked.status === 'rejected') {
    const { code, detail, hint } = checked
    return { allowed: false, refusal: { code, detail, hint }, caps: [], reservation: null }
  }
  const { allowed, reservation } = checked
  const caps = checked.caps.map(({ filters, resetsAt, ...cap }) => ({
    ...{ metric: asked.metric, filters: { ...filters }, ...cap },
    resets_at: toIso(resetsAt),
  }))
  return {
    ...{ allowed, refusal: allowed ? null : capReached(asked, caps), caps },
    reservation: reservation && {
      id: encodeId('reservation', reservation.id),
      expires_at: toIso(reservation.expiresAt),
    },
  }
}

function capReached({ metric, quantity }: Asked, caps: readonly z.output<typeof capSchema>[]) {
  const short = caps.filter(
    ({ over, remaining }) => over === 'reject' && storedDecimal(remaining).lt(decimal(quantity)),
  )
  const told = short.map(
    ({ limit, used, reserved, remaining, resets_at }) =>
      `of ${limit} until ${resets_at} ${used} are used and ${reserved} reserved, ${remaining} are left`,
  )
  return {
    code: 'cap_reached' as const,
    detail: `${quantity} of ${metric} is more than its cap allows: ${told.join('; ')}.`,
    hint: 'Ask for less, wait until the cap resets, or change the subscription to a plan with a higher cap.',
  }
}
