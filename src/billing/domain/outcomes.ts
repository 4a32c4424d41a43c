import type { Id } from '../../kernel/id.ts'
import { applyOutcome, type ChargeOutcome } from '../../payments/domain/outcome.ts'
import type { DomainEvent, PaymentEventType } from './decision.ts'
import { settlePending } from './pending-change.ts'
import { type Context, keep, post, tell, type Work } from './work.ts'

/** Says nothing where an outcome is no news: a late or repeated word of the gateway changes nothing. */
export function recordOutcomes(
  work: Work,
  outcomes: ReadonlyMap<Id<'attempt'>, ChargeOutcome>,
  context: Context,
): Work {
  const { snapshot, now } = context
  let next = work
  for (const { charge, invoice: read } of snapshot.charges) {
    const outcome = outcomes.get(charge.attempt.id)
    const current = next.invoices.now.get(read.id)
    const invoice = current !== undefined && 'settlement' in current ? current : read
    const applied = outcome && applyOutcome(charge, invoice, outcome, now)
    if (!applied) continue
    const type = paymentEvents[outcome.kind]
    const { payment } = applied.charge
    const event: DomainEvent = { subject: 'payment', type, at: now, before: charge.payment, after: payment }
    next = {
      ...post(next, applied.ledger),
      charges: [...next.charges, { before: charge, after: applied.charge }],
      events: [...next.events, event],
    }
    if (applied.invoice !== invoice) {
      next =
        applied.invoice.status === 'paid'
          ? tell(next, 'invoice', 'invoice.paid', applied.invoice, now)
          : keep(next, 'invoices', [applied.invoice])
    }
    next = settlePending(next, applied.invoice, context)
  }
  return next
}

const paymentEvents = {
  succeeded: 'payment.succeeded',
  declined: 'payment.failed',
  rejected: 'payment.failed',
  authentication_required: 'payment.action_required',
  processing: 'payment.pending',
  throttled: 'payment.pending',
  unknown: 'payment.pending',
} as const satisfies Record<ChargeOutcome['kind'], PaymentEventType>
