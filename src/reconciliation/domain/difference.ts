import type { Currency } from '../../kernel/currency.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'

/**
 * Where the gateway's books and ours disagree. unknown_here: it moved money that we know nothing of · missing_there: we
 * say it moved, it does not · amount, currency: both know it, otherwise · not_settled_here: it has the money, we say it
 * failed or is pending · without_document: somebody gave money back at the gateway, and no credit note says so ·
 * unanswered: an attempt has had no result for too long · not_applied: an event that could not be applied.
 */
export const differenceKinds = [
  'unknown_here',
  'missing_there',
  'amount',
  'currency',
  'not_settled_here',
  'without_document',
  'unanswered',
  'not_applied',
] as const
export const differenceStatuses = ['open', 'closed'] as const
/** How one ends: somebody looked into it and said how, or the next look found it gone. */
export const resolutions = ['corrected', 'accepted', 'not_ours', 'vanished'] as const

/** A row that someone must close. */
export type Difference = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'difference'>
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly version: number
  readonly kind: (typeof differenceKinds)[number]
  /** The gateway's id of what it is about: of a balance transaction, payment, refund, dispute or event. */
  readonly gatewayObject: string
  /** Ours, on the wire (`pay_…`, `ref_…`, `att_…`); null where we have none. */
  readonly object: string | null
  /** What we say and what the gateway says, in minor units. */
  readonly expected: bigint | null
  readonly actual: bigint | null
  readonly currency: Currency | null
  readonly detail: string
  readonly foundAt: Instant
  /** Who looks into it, as the caller names them. */
  readonly owner: string | null
  readonly status: (typeof differenceStatuses)[number]
  readonly resolution: (typeof resolutions)[number] | null
  readonly note: string | null
  readonly closedAt: Instant | null
}

/** How somebody ends one. */
export const decisions = ['corrected', 'accepted', 'not_ours'] as const

/** Whoever looks into it, or nobody any more. */
export function assign(difference: Difference, owner: string | null): Result<Difference, Rejection> {
  if (difference.status === 'closed') return err(closedAlready(difference))
  return ok({ ...difference, version: difference.version + 1, owner })
}

export function close(
  difference: Difference,
  { resolution, note }: { readonly resolution: NonNullable<Difference['resolution']>; readonly note: string | null },
  now: Instant,
): Result<Difference, Rejection> {
  if (difference.status === 'closed') return err(closedAlready(difference))
  const ended = { status: 'closed', resolution, note, closedAt: now } as const
  return ok({ ...difference, ...ended, version: difference.version + 1 })
}

function closedAlready({ id, resolution }: Difference): Rejection {
  return {
    code: 'command_not_possible',
    detail: `${encodeId('difference', id)} is closed: ${resolution}.`,
    hint: 'What is closed stays as it is. Where it still differs, the next run finds it again, unless it was accepted.',
  }
}
