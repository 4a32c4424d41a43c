import { z } from '@hono/zod-openapi'
import { overdueStatuses, overdueSteps } from '../accounts/domain/account.ts'
import type { accountSchema } from '../accounts/schemas.ts'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import type { events } from '../platform/events/tables.ts'
import { orNull, timeSchema } from '../platform/http/wire.ts'
import { overdueEvents } from './history-repository.ts'

const standing = z.object({ status: z.enum(overdueStatuses), step: z.enum(overdueSteps) })

export const overdueChangeSchema = z
  .object({
    event: z.string(),
    type: z.enum(overdueEvents),
    at: timeSchema,
    actor: z.string().openapi({ description: 'Who: an API key, or what runs by itself.' }),
    overdue: standing.openapi({ description: 'How it stood from then on.' }),
    before: orNull(standing).openapi({ description: 'How it stood before, where that changed.' }),
    dispute_hold: orNull(z.object({ since: timeSchema, reason: z.string() })),
    open_disputes: z.number().int(),
  })
  .openapi('OverdueChange')

type AccountWire = z.output<typeof accountSchema>

/** An event's data is the account as the API showed it then. */
export function overdueChangeToWire(row: typeof events.$inferSelect): z.output<typeof overdueChangeSchema> {
  const account = row.data as AccountWire
  const previous = row.previous as Partial<AccountWire> | null
  const pick = ({ status, step }: AccountWire['overdue']) => ({ status, step })
  return {
    event: encodeId('event', row.id),
    type: row.type as (typeof overdueEvents)[number],
    at: toIso(row.occurredAt),
    actor: row.actor,
    overdue: pick(account.overdue),
    before: previous?.overdue === undefined ? null : pick(previous.overdue),
    dispute_hold: account.dispute_hold,
    open_disputes: account.open_disputes,
  }
}
