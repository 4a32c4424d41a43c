import type { Currency } from '../../kernel/currency.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import { DAY_MS, type Instant, plusMs } from '../../kernel/instant.ts'
import type { Finding } from './finding.ts'

/** A key of the gateway's is good for 24 hours: who has no answer by then will not get one by asking again. */
const UNANSWERED_AFTER_MS = DAY_MS
/** So long it is tried again to apply an event. */
const NOT_APPLIED_AFTER_MS = 3 * DAY_MS

/** Money that was asked for, and nobody knows what became of it. */
export type Unanswered = {
  readonly id: { readonly attempt: Id<'attempt'> } | { readonly refund: Id<'refund'> }
  readonly amount: bigint
  readonly currency: Currency
}

export type NotApplied = {
  readonly eventId: string
  readonly type: string
  readonly objectId: string
  readonly error: string | null
}

export function limitsOf(now: Instant): { readonly unanswered: Instant; readonly notApplied: Instant } {
  return { unanswered: plusMs(now, -UNANSWERED_AFTER_MS), notApplied: plusMs(now, -NOT_APPLIED_AFTER_MS) }
}

/** It goes by our id, which is its key at the gateway. */
export function unanswered({ id, amount, currency }: Unanswered): Finding {
  const object = 'attempt' in id ? encodeId('attempt', id.attempt) : encodeId('refund', id.refund)
  return {
    ...{ kind: 'unanswered', gatewayObject: object, object, expected: amount, actual: null, currency },
    detail: `${object} of ${amount} ${currency} in minor units has had no answer for a day.`,
  }
}

export function notApplied({ eventId, type, objectId, error }: NotApplied): Finding {
  return {
    ...{ kind: 'not_applied', gatewayObject: eventId, object: null, expected: null, actual: null, currency: null },
    detail: `The event ${type} of ${objectId} could not be applied for three days. ${error ?? 'No reason was kept.'}`,
  }
}
