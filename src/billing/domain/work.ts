import type { Account } from '../../accounts/domain/account.ts'
import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { CreditApplication } from '../../credits/domain/application.ts'
import { type Credit, nextExpiry } from '../../credits/domain/credit.ts'
import type { Coupon } from '../../discounts/domain/coupon.ts'
import type { Discount } from '../../discounts/domain/discount.ts'
import { nextStepAt, type Standing } from '../../dunning/domain/overdue.ts'
import type { CreditNote } from '../../invoices/domain/credit-note.ts'
import { balanceOf, type DraftInvoice, type FinalInvoice, type Invoice } from '../../invoices/domain/invoice.ts'
import type { IdSource } from '../../kernel/id.ts'
import { earliest, type Instant, MINUTE_MS } from '../../kernel/instant.ts'
import type { LedgerTransaction } from '../../ledger/domain/posting.ts'
import type { Notice } from '../../notifications/domain/notice.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import type { Dispute } from '../../payments/domain/dispute.ts'
import { isSmall } from '../../payments/domain/gateway-amount.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import type { Refund } from '../../payments/domain/refund.ts'
import type { Facts } from '../../subscriptions/domain/begin-and-end.ts'
import { type Due, nextDue } from '../../subscriptions/domain/due.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { all, type Book, bookOf, changesIn, put, versioned } from './book.ts'
import type { Decision, DomainEvent, EventOf, EventSubject } from './decision.ts'
import type { Snapshot } from './snapshot.ts'

export type Context = { readonly snapshot: Snapshot; readonly now: Instant; readonly ids: IdSource }

/** An account while a decision changes it: each function takes one and answers the next. */
export type Work = {
  readonly account: Account
  readonly methods: Book<PaymentMethod>
  readonly subscriptions: Book<Subscription>
  readonly invoices: Book<Invoice>
  readonly creditNotes: Book<CreditNote>
  readonly credits: Book<Credit>
  readonly applications: Book<CreditApplication>
  readonly discounts: Book<Discount>
  readonly coupons: Book<Coupon>
  readonly payments: Book<Payment>
  readonly attempts: Book<Attempt>
  readonly refunds: Book<Refund>
  readonly disputes: Book<Dispute>
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
  readonly notices: readonly Notice[]
}

export function beginWork(snapshot: Snapshot): Work {
  const { account, methods, subscriptions, invoices, creditNotes, credits, applications, discounts, coupon } = snapshot
  const { payments, attempts, refunds, disputes } = snapshot
  return {
    account,
    methods: bookOf(methods),
    subscriptions: bookOf(subscriptions),
    invoices: bookOf(invoices),
    creditNotes: bookOf(creditNotes),
    credits: bookOf(credits),
    applications: bookOf(applications),
    discounts: bookOf(discounts),
    coupons: bookOf(coupon === null ? [] : [coupon]),
    payments: bookOf(payments),
    attempts: bookOf(attempts),
    refunds: bookOf(refunds),
    disputes: bookOf(disputes),
    ...{ ledger: [], events: [], notices: [] },
  }
}

const bookBySubject = {
  subscription: 'subscriptions',
  invoice: 'invoices',
  credit: 'credits',
  credit_note: 'creditNotes',
  discount: 'discounts',
  payment: 'payments',
  refund: 'refunds',
  dispute: 'disputes',
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
export function keep<N extends (typeof bookBySubject)[Bookable] | 'applications' | 'coupons' | 'attempts' | 'methods'>(
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
  const { account, methods, versions, usageOf, settings } = snapshot
  return {
    ...{ versions, usageOf, now },
    graceMs: settings.usage.graceMinutes * MINUTE_MS,
    canPay: account.collection === 'invoice' || methods.length > 0,
    pausesBy: settings.proration.granularity === 'second' ? 'second' : 'day',
  }
}

/** A try to pay it has no outcome yet: while one is under way, nothing may lower what is owed. */
export function isBeingPaid(work: Work, invoice: Invoice): boolean {
  return attemptsOn(work, invoice).some(({ endedAt }) => endedAt === null)
}

/** The tries to pay an invoice that are not of a payment that succeeded, oldest first. */
export function attemptsOn({ payments, attempts }: Work, { id }: Pick<Invoice, 'id'>): readonly Attempt[] {
  return all(attempts)
    .filter(({ paymentId }) => payments.now.get(paymentId)?.invoiceId === id)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

/** The customer's bank took money for it back: by itself it is charged no more. */
export function isTakenBack({ payments, disputes }: Work, { id }: Pick<Invoice, 'id'>): boolean {
  const lost = all(disputes).filter(({ status }) => status === 'lost')
  return lost.some(({ paymentId }) => payments.now.get(paymentId)?.invoiceId === id)
}

/** What is owed, oldest first. */
export function openIn({ invoices }: Work): readonly FinalInvoice[] {
  return all(invoices)
    .filter((invoice): invoice is FinalInvoice => invoice.status === 'open')
    .toSorted((left, right) => left.dueAt - right.dueAt || (left.id < right.id ? -1 : 1))
}

/** What may be charged by itself: the default first, then the newest. */
export function methodsIn({ account, methods }: Work): readonly PaymentMethod[] {
  const rank = ({ id }: PaymentMethod) => (id === account.defaultPaymentMethodId ? 0 : 1)
  return all(methods)
    .filter(({ removedAt }) => removedAt === null)
    .toSorted((left, right) => rank(left) - rank(right) || (left.id > right.id ? -1 : 1))
}

/** The account as it is from now on, and the event that says so. */
export function tellAccount(
  work: Work,
  type: EventOf<'account'>['type'],
  account: Account,
  { now, snapshot }: Pick<Context, 'now' | 'snapshot'>,
  before: Work = work,
): Work {
  const after = { ...account, version: snapshot.account.version + 1 }
  const methods = { before: methodsIn(before), after: methodsIn({ ...work, account: after }) }
  const event: DomainEvent = { subject: 'account', type, at: now, before: before.account, after, methods }
  return { ...work, account: after, events: [...work.events, event] }
}

/** The account moves on by one version, and to when the billing run must look at it next. */
export function decisionOf(work: Work, { snapshot, now }: Context): Decision {
  const { account, ledger, events, notices } = work
  const nextBillingAt = nextBillingOf(work, snapshot.settings)
  return {
    ...{ ledger, events, notices },
    account: { before: snapshot.account, after: { ...account, version: snapshot.account.version + 1, nextBillingAt } },
    subscriptions: changesIn(work.subscriptions),
    invoices: changesIn(work.invoices).filter(({ before, after }) => before !== null || after.status !== 'deleted'),
    creditNotes: changesIn(work.creditNotes),
    credits: changesIn(work.credits),
    applications: changesIn(work.applications),
    discounts: changesIn(work.discounts),
    coupons: changesIn(work.coupons),
    methods: changesIn(work.methods),
    payments: changesIn(work.payments),
    attempts: changesIn(work.attempts),
    refunds: changesIn(work.refunds),
    disputes: changesIn(work.disputes),
    behind: nextBillingAt !== null && nextBillingAt <= now,
  }
}

export function nextBillingOf(work: Work, settings: Settings): Instant | null {
  return earliest(nextStepAt(standingOf(work, settings)), ...fallingDue(work).map(({ at }) => at))
}

type DueOf = { readonly at: Instant } & (
  | { readonly kind: 'draft'; readonly draft: DraftInvoice }
  | { readonly kind: 'subscription'; readonly subscription: Subscription; readonly due: Due }
  | { readonly kind: 'retry'; readonly invoice: FinalInvoice }
  | { readonly kind: 'credit' }
)

/** Every source of what falls due by itself. While the customer disputes something, what is owed waits. */
export function fallingDue(work: Work): readonly DueOf[] {
  const expiry = nextExpiry(all(work.credits))
  const isHeld = work.account.disputeHold !== null
  return [
    ...draftsIn(work).flatMap((draft) =>
      draft.finalizeAt === null ? [] : [{ kind: 'draft' as const, at: draft.finalizeAt, draft }],
    ),
    ...all(work.subscriptions).flatMap((subscription) => {
      const due = nextDue(subscription)
      return due === null ? [] : [{ kind: 'subscription' as const, at: due.at, subscription, due }]
    }),
    ...(isHeld ? [] : openIn(work)).flatMap((invoice) => {
      const at = invoice.collection.nextAttemptAt
      return at === null ? [] : [{ kind: 'retry' as const, at, invoice }]
    }),
    ...(expiry === null ? [] : [{ kind: 'credit' as const, at: expiry }]),
  ]
}

/** By what an account is judged. A balance that nobody is asked for does not count. */
export function standingOf(work: Work, { dunning, retries }: Settings): Standing {
  const { overdue, timezone: zone, collection, disputeHold } = work.account
  const isLeft = (invoice: FinalInvoice) =>
    retries.smallBalances === 'hold' && collection === 'automatic' && isSmall(balanceOf(invoice), invoice.currency)
  const debts = openIn(work).filter((invoice) => !isLeft(invoice))
  const tried = all(work.attempts).filter(({ endedAt }) => endedAt === null)
  const underWay = new Set(tried.flatMap(({ paymentId }) => work.payments.now.get(paymentId)?.invoiceId ?? []))
  return { overdue, debts, underWay, policy: dunning, zone, heldSince: disputeHold?.since ?? null }
}

export function draftsIn({ invoices }: Work): readonly DraftInvoice[] {
  return all(invoices).filter((invoice): invoice is DraftInvoice => invoice.status === 'draft')
}
