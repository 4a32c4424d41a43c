import type { Invoice } from '../invoices/domain/invoice.ts'
import type { Id } from '../kernel/id.ts'
import type { Payment } from '../payments/domain/payment.ts'
import type { LateValues } from '../platform/db/commit.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import type { Decision } from './domain/decision.ts'

/** What a command shows of what it did: the subscription, the newest invoice it made, and that invoice's payment. */
export type Shown = {
  readonly subscription: Subscription | null
  readonly invoice: Invoice | null
  readonly payment: Payment | null
}

/** The ids of it, and every payment begun: enough to finish the work of a request that died. */
export type Resume = {
  readonly subscription: Id<'subscription'> | null
  readonly invoice: Id<'invoice'> | null
  readonly payment: Id<'payment'> | null
  readonly payments: readonly Id<'payment'>[]
}

export function shownOf(decision: Decision, subject: Subscription | null): Shown {
  const subscription = decision.subscriptions.at(-1)?.after ?? subject
  const invoice = decision.invoices.at(-1)?.after ?? null
  const charge = decision.charges.find(({ after }) => after.payment.invoiceId === invoice?.id)
  return { subscription, invoice, payment: charge?.after.payment ?? null }
}

/** The same after more has happened to its parts. */
export function shownAfter(shown: Shown, decisions: readonly Decision[]): Shown {
  const invoices = decisions.flatMap((decision) => decision.invoices)
  const charges = decisions.flatMap((decision) => decision.charges)
  return {
    ...shown,
    invoice: invoices.findLast(({ after }) => after.id === shown.invoice?.id)?.after ?? shown.invoice,
    payment: charges.findLast(({ after }) => after.payment.id === shown.payment?.id)?.after.payment ?? shown.payment,
  }
}

/** Numbers that the commit's statement gave take the place of their placeholders. */
export function withNumbers<I extends Invoice | null>(invoice: I, late: LateValues): I {
  if (invoice === null || invoice.status === 'draft') return invoice
  return { ...invoice, number: late[invoice.number] ?? invoice.number }
}
