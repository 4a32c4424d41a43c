import type { Id } from '../../kernel/id.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * A snapshot in which the account has this subscription alone, with its drafts and what was billed for it; credit and
 * coupons of the account are all there. Null: it has none, as before an imagined one is sold.
 */
export function forkOf(snapshot: Snapshot, subject: Id<'subscription'> | null): Snapshot {
  const isOwn = ({ subscriptionId }: { readonly subscriptionId: Id<'subscription'> | null }) =>
    subject !== null && subscriptionId === subject
  return {
    ...snapshot,
    subscriptions: snapshot.subscriptions.filter(({ id }) => id === subject),
    invoices: snapshot.invoices.filter((invoice) => isOwn(invoice) || invoice.lines.some(isOwn)),
    discounts: snapshot.discounts.filter((discount) => discount.subscriptionId === null || isOwn(discount)),
  }
}

/** What is owed on terms, or is being charged as it begins, is expected to be paid: nothing ends for it. */
export function expectingPayment(snapshot: Snapshot): Snapshot {
  const { settings } = snapshot
  return { ...snapshot, settings: { ...settings, dunning: { ...settings.dunning, terminalAction: 'leave' } } }
}
