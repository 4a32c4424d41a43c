import { accountToWire } from '../accounts/schemas.ts'
import { creditToWire } from '../credits/schemas.ts'
import { discountToWire } from '../discounts/schemas.ts'
import { creditNoteToWire } from '../invoices/credit-note-schemas.ts'
import { pendingNumberOf } from '../invoices/number-repository.ts'
import { invoiceToWire } from '../invoices/schemas.ts'
import type { Id, IdSource } from '../kernel/id.ts'
import { disputeToWire } from '../payments/dispute-schemas.ts'
import { refundToWire } from '../payments/refund-schemas.ts'
import { paymentToWire } from '../payments/schemas.ts'
import type { EventRow } from '../platform/events/event.ts'
import { subscriptionToWire } from '../subscriptions/schemas.ts'
import type { Decision, DomainEvent, EventOf } from './domain/decision.ts'

type Wire = Readonly<Record<string, unknown>>

/** The rows of a decision's events: each the whole object as the API shows it, with what its changed members were. */
export function eventRows(
  decision: Decision,
  commitId: Id<'commit'>,
  ids: IdSource,
  actor: string,
): readonly EventRow[] {
  const { organizationId, id: accountId } = decision.account.after
  // What one event leaves behind is where the next begins: the same object, shown once.
  const shown = new Map<DomainEvent['after'], Wire>()
  const show = (event: DomainEvent, value: DomainEvent['after']) => {
    if (event.subject === 'account') return accountWire(event, value === event.after ? 'after' : 'before')
    const wire = shown.get(value) ?? wireOf(event, value)
    shown.set(value, wire)
    return wire
  }
  return decision.events.map((event) => {
    const wire = show(event, event.after)
    const data = event.occasion === undefined ? wire : { ...wire, occasion: event.occasion }
    return {
      ...{ organizationId, accountId, commitId, actor, data },
      id: ids('event'),
      type: event.type,
      subjectId: event.after.id,
      sequence: event.after.version,
      previous: event.before === null ? null : changedMembers(show(event, event.before), wire),
      occurredAt: event.at,
      late: event.subject === 'invoice' || event.subject === 'credit_note' ? pendingNumberOf(event.after) : undefined,
    }
  })
}

/** An account is shown with its methods, which may have changed while it did not. */
function accountWire(event: EventOf<'account'>, which: 'before' | 'after'): Wire {
  return accountToWire(event[which] ?? event.after, event.methods[which])
}

function wireOf(event: Exclude<DomainEvent, { readonly subject: 'account' }>, value: DomainEvent['after']): Wire {
  switch (event.subject) {
    case 'subscription':
      return subscriptionToWire(value as typeof event.after)
    case 'invoice':
      return invoiceToWire(value as typeof event.after)
    case 'payment':
      return paymentToWire(value as typeof event.after)
    case 'credit':
      return creditToWire(value as typeof event.after)
    case 'credit_note':
      return creditNoteToWire(value as typeof event.after)
    case 'discount':
      return discountToWire(value as typeof event.after)
    case 'dispute':
      return disputeToWire(value as typeof event.after)
    case 'refund':
      return refundToWire(value as typeof event.after)
  }
}

/** The members that differ, as they were. */
function changedMembers(before: Wire, after: Wire): Record<string, unknown> {
  return Object.fromEntries(Object.entries(before).filter(([key, value]) => !same(value, after[key])))
}

function same(left: unknown, right: unknown): boolean {
  return left === right || (typeof left === 'object' && JSON.stringify(left) === JSON.stringify(right))
}
