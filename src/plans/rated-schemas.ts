import { z } from '@hono/zod-openapi'
import type { RatedPart } from './domain/rating.ts'

/** What usage costs tier by tier: on an invoice's line, and so far. */
export const ratedPartSchema = z
  .object({
    from: z.string().openapi({ description: 'Exclusive.' }),
    up_to: z.string().nullable().openapi({ description: 'Inclusive; null: without end.' }),
    quantity: z.string(),
    unit_amount: z.string(),
    flat_amount: z.string(),
    amount: z.string().openapi({ description: 'Exact, in minor units: the line is rounded once, as a whole.' }),
  })
  .openapi('LineTier')

export function ratedPartToWire({ from, upTo, quantity, unitAmount, flatAmount, amount }: RatedPart) {
  return { from, up_to: upTo, quantity, unit_amount: unitAmount, flat_amount: flatAmount, amount }
}
