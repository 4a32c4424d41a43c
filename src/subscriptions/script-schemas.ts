import { z } from '@hono/zod-openapi'
import type { Id } from '../kernel/id.ts'
import { instantSchema } from '../platform/http/wire.ts'
import {
  cancelFromWire,
  cancelSchema,
  changeFromWire,
  changeSchema,
  itemFromWire,
  itemSchema,
  pauseFromWire,
  pauseSchema,
  trialFromWire,
  trialSchema,
} from './command-schemas.ts'
import type { SubscriptionCommand } from './domain/command.ts'

/** Commands as values: what the command routes take in, with the route's name as `command`. */

const nothingSchema = z.strictObject({})

export const namedCommandSchema = z
  .discriminatedUnion('command', [
    changeSchema.safeExtend({ command: z.literal('change') }),
    itemSchema.safeExtend({ command: z.literal('items') }),
    cancelSchema.safeExtend({ command: z.literal('cancel') }),
    pauseSchema.safeExtend({ command: z.literal('pause') }),
    trialSchema.safeExtend({ command: z.literal('trial') }),
    nothingSchema.safeExtend({ command: z.enum(['uncancel', 'resume', 'unschedule']) }),
  ])
  .openapi('NamedCommand')

const at = instantSchema

export const scriptedCommandSchema = z
  .discriminatedUnion('command', [
    changeSchema.safeExtend({ at, command: z.literal('change') }),
    itemSchema.safeExtend({ at, command: z.literal('items') }),
    cancelSchema.safeExtend({ at, command: z.literal('cancel') }),
    pauseSchema.safeExtend({ at, command: z.literal('pause') }),
    trialSchema.safeExtend({ at, command: z.literal('trial') }),
    nothingSchema.safeExtend({ at, command: z.enum(['uncancel', 'resume', 'unschedule']) }),
  ])
  .openapi('ScriptedCommand')

type Named = z.output<typeof namedCommandSchema>

/** The command that the route of that name would make of the body. */
export function namedFromWire(id: Id<'subscription'>, body: Named): SubscriptionCommand {
  switch (body.command) {
    case 'change':
      return changeFromWire(id, body)
    case 'items':
      return itemFromWire(id, body)
    case 'cancel':
      return cancelFromWire(id, body)
    case 'pause':
      return pauseFromWire(id, body)
    case 'trial':
      return trialFromWire(id, body)
    case 'uncancel':
      return { type: 'uncancel_subscription', id }
    case 'resume':
      return { type: 'resume_subscription', id }
    case 'unschedule':
      return { type: 'unschedule_change', id }
  }
}
