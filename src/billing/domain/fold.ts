import type { Discount } from '../../discounts/domain/discount.ts'
import type { Invoice } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import { earliest, type Instant } from '../../kernel/instant.ts'
import { periodOf, type Subscription } from '../../subscriptions/domain/subscription.ts'
import type { Changed } from './book.ts'
import type { Decision } from './decision.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The snapshot as it would be read once a decision is committed: what the decision changed, less what no later decision
 * can ask for. Plans, settings and usage stay as they were read.
 */
export function nextSnapshot(snapshot: Snapshot, decision: Decision): Snapshot {
  const subscriptions = folded(snapshot.subscriptions, decision.subscriptions)
  const invoices = neededOf(folded(snapshot.invoices, decision.invoices), subscriptions)
  const creditNotes = folded(snapshot.creditNotes, decision.creditNotes)
  const payments = folded(snapshot.payments, decision.payments)
  const refunds = folded(snapshot.refunds, decision.refunds)
  const applications = folded(snapshot.applications, decision.applications)
  const credits = folded(snapshot.credits, decision.credits)
  const discounts = folded(snapshot.discounts, decision.discounts)
  const isOfInvoice = ofSome('invoiceId', invoices)
  const ownPayments = payments.filter(isOfInvoice)
  const unpaid = ownPayments.filter(({ status }) => status !== 'succeeded')
  const ownApplications = applications.filter(isOfInvoice)
  const applied = new Set(ownApplications.map(({ creditId }) => creditId))
  const used = discountsOn(invoices)
  return {
    ...snapshot,
    account: decision.account.after,
    versions: withSold(snapshot),
    coupon: decision.coupons.find(({ after }) => after.id === snapshot.coupon?.id)?.after ?? snapshot.coupon,
    ...{ subscriptions, invoices },
    methods: folded(snapshot.methods, decision.methods).filter(({ removedAt }) => removedAt === null),
    creditNotes: creditNotes.filter(isOfInvoice),
    payments: ownPayments,
    attempts: folded(snapshot.attempts, decision.attempts).filter(ofSome('paymentId', unpaid)),
    disputes: folded(snapshot.disputes, decision.disputes).filter(ofSome('paymentId', ownPayments)),
    refunds: refunds.filter(ofSome('paymentId', ownPayments)),
    applications: ownApplications,
    credits: credits.filter(({ id, remaining }) => remaining > 0n || applied.has(id)),
    discounts: discounts.filter(({ id, endedAt }) => endedAt === null || used.has(id)),
  }
}

/** Each once, as it is from now on; what was not there is added. */
function folded<T extends { readonly id: string }>(
  read: readonly T[],
  changes: readonly Pick<Changed<T>, 'after'>[],
): readonly T[] {
  if (changes.length === 0) return read
  return [...new Map([...read, ...changes.map(({ after }) => after)].map((one) => [one.id, one])).values()]
}

/**
 * Drafts and what they credit, what is open, what bills the present period of a live subscription or a later one, with what credits it,
 * and what a change waits for.
 */
function neededOf(invoices: readonly Invoice[], subscriptions: readonly Subscription[]): readonly Invoice[] {
  const live = new Map(subscriptions.flatMap((one) => ('endedAt' in one ? [] : [[one.id, presentFrom(one)]])))
  const awaited = new Set(subscriptions.map((one) => (one.status === 'active' ? one.pendingChange?.invoiceId : null)))
  const drafts = invoices.filter(({ status }) => status === 'draft')
  const credited = new Set(drafts.flatMap(({ lines }) => lines.flatMap(({ creditsLineId }) => creditsLineId ?? [])))
  const late = subscriptions.filter(({ metered }) => metered.some(({ supplementAt }) => supplementAt !== null))
  const supplemented = new Set(late.map(({ id }) => id))
  return invoices.filter((invoice) => {
    if (invoice.status === 'deleted') return false
    if (invoice.status === 'draft' || invoice.status === 'open' || awaited.has(invoice.id)) return true
    if (invoice.lines.some(({ subscriptionId }) => subscriptionId !== null && supplemented.has(subscriptionId)))
      return true
    return invoice.lines.some(({ id, subscriptionId, period }) => {
      if (credited.has(id)) return true
      const since = subscriptionId === null ? undefined : live.get(subscriptionId)
      return since !== undefined && since !== null && period.end > since
    })
  })
}

/** Where the present period begins; after a day's change of interval, the one that it ended. Null before the first. */
function presentFrom(subscription: Subscription): Instant | null {
  const start = periodOf(subscription)?.start ?? null
  return earliest(start, subscription.status === 'active' ? (subscription.baseline?.period.start ?? null) : null)
}

function ofSome<K extends 'invoiceId' | 'paymentId', T extends { readonly id: string }>(key: K, some: readonly T[]) {
  const ids = new Set(some.map(({ id }) => id))
  return (one: { readonly [P in K]: string }) => ids.has(one[key])
}

function discountsOn(invoices: readonly Invoice[]): ReadonlySet<Id<'discount'>> {
  const lines = invoices.flatMap((invoice) => invoice.lines)
  return new Set(lines.flatMap(({ discounts }) => discounts.map(({ discountId }): Discount['id'] => discountId)))
}

/** What was sold at the versions on sale goes on being priced by them. */
function withSold({ versions, plans }: Snapshot): Snapshot['versions'] {
  if (plans.every(({ current }) => versions.has(current.id))) return versions
  return new Map([...versions, ...plans.map(({ current }) => [current.id, current] as const)])
}
