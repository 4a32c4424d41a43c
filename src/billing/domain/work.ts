import type { Account } from '../../accounts/domain/account.ts'
import type { CreditApplication } from '../../credits/domain/application.ts'
import { type Credit, nextExpiry } from '../../credits/domain/credit.ts'
import type { Coupon } from '../../discounts/domain/coupon.ts'
import type { Discount } from '../../discounts/domain/discount.ts'
import type { CreditNote } from '../../invoices/domain/credit-note.ts'
import type { DraftInvoice, Invoice } from '../../invoices/domain/invoice.ts'
import type { IdSource } from '../../kernel/id.ts'
import { earliest, type Instant, MINUTE_MS } from '../../kernel/instant.ts'
import type { LedgerTransaction } from '../../ledger/domain/posting.ts'
import type { Charge, ChargeOf } from '../../payments/domain/payment.ts'
import type { Refund } from '../../payments/domain/refund.ts'
import type { Facts } from '../../subscriptions/domain/begin-and-end.ts'
import { type Due, nextDue } from '../../subscriptions/domain/due.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { all, type Book, bookOf, type Changed, changesIn, put, versioned } from './book.ts'
import type { Decision, DomainEvent, EventOf, EventSubject } from './decision.ts'
import type { Snapshot } from './snapshot.ts'

export type Context = { readonly snapshot: Snapshot; readonly now: Instant; readonly ids: IdSource }

/** An account while a decision changes it: each function takes one and answers the next. */
export type Work = {
  readonly account: Account
  readonly subscriptions: Book<Subscription>
  readonly invoices: Book<Invoice>
  readonly creditNotes: Book<CreditNote>
  readonly credits: Book<Credit>
  readonly applications: Book<CreditApplication>
  readonly discounts: Book<Discount>
  readonly coupons: Book<Coupon>
  readonly refunds: Book<Refund>
  readonly charges: readonly Changed<Charge>[]
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
}

export function beginWork(snapshot: Snapshot): Work {
  const { account, subscriptions, invoices, creditNotes, credits, applications, discounts, coupon, refunds } = snapshot
  return {
    account,
    subscriptions: bookOf(subscriptions),
    invoices: bookOf([...invoices, ...snapshot.charges.map(({ invoice }) => invoice)]),
    creditNotes: bookOf(creditNotes),
    credits: bookOf(credits),
    applications: bookOf(applications),
    discounts: bookOf(discounts),
    coupons: bookOf(coupon === null ? [] : [coupon]),
    refunds: bookOf(refunds),
    ...{ charges: [], ledger: [], events: [] },
  }
}

const bookBySubject = {
  subscription: 'subscriptions',
  invoice: 'invoices',
  credit: 'credits',
  credit_note: 'creditNotes',
  discount: 'discounts',
  refund: 'refunds',
} as const satisfies Partial<Record<EventSubject, keyof Work>>

type Bookable = keyof typeof bookBySubject

/** The thing as it is from now on, and the event that says so. */
export function tell<S extends Bookable>(
  work: Work,
  subject: S,
  type: EventOf<S>['type'],
  after: EventOf<S>['after'],
  at: Instant,
  occasion?: unknown,
): Work {
  const name = bookBySubject[subject]
  const book = work[name] as unknown as Book<{ id: string; version: number }>
  // What was only kept since is part of this event's change.
  const told = work.events.findLast((event) => event.after.id === after.id)?.after
  const before = told ?? book.read.get(after.id) ?? null
  const saved = versioned(book, after)
  const about = occasion === undefined ? {} : { occasion }
  const event = { subject, type, at, before, after: saved, ...about } as unknown as DomainEvent
  return { ...work, [name]: put(book, saved), events: [...work.events, event] }
}

/** The thing as it is from now on, where its change is part of another one's event: its own last one says it too. */
export function keep<N extends (typeof bookBySubject)[Bookable] | 'applications' | 'coupons'>(
  work: Work,
  name: N,
  values: readonly (Work[N] extends Book<infer T> ? T : never)[],
): Work {
  let book = work[name] as unknown as Book<{ id: string; version: number }>
  let { events } = work
  for (const value of values) {
    const saved = versioned(book, value)
    book = put(book, saved)
    const last = events.findLastIndex(({ after }) => after.id === saved.id)
    if (last !== -1) events = events.with(last, { ...events[last], after: saved } as unknown as DomainEvent)
  }
  return { ...work, [name]: book, events }
}

export function post(work: Work, ...transactions: readonly (LedgerTransaction | null)[]): Work {
  const posted = transactions.filter((transaction) => transaction !== null)
  return posted.length === 0 ? work : { ...work, ledger: [...work.ledger, ...posted] }
}

/** What the steps of a subscription's life may depend on. */
export function factsOf({ snapshot, now }: Context): Facts {
  const { account, method, versions, usageOf, settings } = snapshot
  return {
    ...{ versions, usageOf, now },
    graceMs: settings.usage.graceMinutes * MINUTE_MS,
    canPay: account.collection === 'invoice' || method !== null,
    pausesBy: settings.proration.granularity === 'second' ? 'second' : 'day',
  }
}

/** Invoices whose charge has no outcome yet: while one is under way, nothing may lower their balance. */
export function isBeingPaid({ charges }: Work, { payments }: Snapshot, invoice: Invoice): boolean {
  const isOpen = ({ invoiceId, status }: ChargeOf['charge']['payment']) =>
    invoiceId === invoice.id && status === 'pending'
  const changed = new Map(charges.map(({ after }) => [after.payment.id, after.payment]))
  return payments.some((payment) => isOpen(changed.get(payment.id) ?? payment)) || [...changed.values()].some(isOpen)
}

/** The account moves on by one version, and to when the billing run must look at it next. */
export function decisionOf(work: Work, { snapshot, now }: Context): Decision {
  const { account, charges, ledger, events } = work
  const nextBillingAt = nextBillingOf(work)
  return {
    ...{ charges, ledger, events },
    account: { before: snapshot.account, after: { ...account, version: snapshot.account.version + 1, nextBillingAt } },
    subscriptions: changesIn(work.subscriptions),
    invoices: changesIn(work.invoices).filter(({ before, after }) => before !== null || after.status !== 'deleted'),
    creditNotes: changesIn(work.creditNotes),
    credits: changesIn(work.credits),
    applications: changesIn(work.applications),
    discounts: changesIn(work.discounts),
    coupons: changesIn(work.coupons),
    refunds: changesIn(work.refunds),
    behind: nextBillingAt !== null && nextBillingAt <= now,
  }
}

export function nextBillingOf(work: Work): Instant | null {
  return earliest(...fallingDue(work).map(({ at }) => at))
}

type DueOf = { readonly at: Instant } & (
  | { readonly kind: 'draft'; readonly draft: DraftInvoice }
  | { readonly kind: 'subscription'; readonly subscription: Subscription; readonly due: Due }
  | { readonly kind: 'credit' }
)

/** Every source of what falls due by itself. */
export function fallingDue(work: Work): readonly DueOf[] {
  const expiry = nextExpiry(all(work.credits))
  return [
    ...draftsIn(work).flatMap((draft) =>
      draft.finalizeAt === null ? [] : [{ kind: 'draft' as const, at: draft.finalizeAt, draft }],
    ),
    ...all(work.subscriptions).flatMap((subscription) => {
      const due = nextDue(subscription)
      return due === null ? [] : [{ kind: 'subscription' as const, at: due.at, subscription, due }]
    }),
    ...(expiry === null ? [] : [{ kind: 'credit' as const, at: expiry }]),
  ]
}

export function draftsIn({ invoices }: Work): readonly DraftInvoice[] {
  return all(invoices).filter((invoice): invoice is DraftInvoice => invoice.status === 'draft')
}
