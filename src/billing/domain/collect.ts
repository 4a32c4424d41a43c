import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import { blockedAt } from '../../dunning/domain/overdue.ts'
import { balanceOf, type Collection, type FinalInvoice } from '../../invoices/domain/invoice.ts'
import { earliest, type Instant } from '../../kernel/instant.ts'
import { chargeFor } from '../../payments/domain/charge.ts'
import {
  afterFailure,
  afterPart,
  begun,
  type Collecting,
  exhausted,
  goneOn,
  isTiredOf,
  lastRetryAt,
  methodToTry,
  type Next,
  restedAt,
  restOf,
  scheduled,
  suspended,
  triesWith,
} from '../../payments/domain/collection.ts'
import { chargeable, isSmall } from '../../payments/domain/gateway-amount.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import { all } from './book.ts'
import { notify } from './notices.ts'
import {
  attemptsOn,
  type Context,
  isBeingPaid,
  isTakenBack,
  keep,
  methodsIn,
  openIn,
  standingOf,
  tell,
  type Work,
} from './work.ts'

/** What a final invoice asks for first: the charge itself, a way to be charged, or nothing that a gateway could take. */
export function collectFirst(work: Work, invoice: FinalInvoice, context: Context): Work {
  const balance = balanceOf(invoice)
  if (work.account.collection !== 'automatic' || invoice.status !== 'open') return work
  if (isSmall(balance, invoice.currency)) return work
  const [method] = methodsIn(work)
  if (method !== undefined) return beginCharge(work, invoice, { method, reason: 'first' }, context)
  return withoutMethod(work, [invoice], context)
}

/** The account is charged, and there is nothing to charge. */
function withoutMethod(work: Work, invoices: readonly FinalInvoice[], context: Context): Work {
  const amount = invoices.reduce((sum, invoice) => sum + balanceOf(invoice), 0n)
  return notify(work, 'payment_method_missing', { invoices, amount, blockedAt: blockingAt(work, context) }, context)
}

type Try = {
  readonly method: PaymentMethod
  readonly reason: Attempt['reason']
  /** Minor units; all that is owed, where it is left out. */
  readonly amount?: bigint | null
  readonly returnUrl?: string | null
}

/** A try to be paid begins with this decision: from its commit on nothing lowers the balance until it has an outcome. */
export function beginCharge(work: Work, invoice: FinalInvoice, asked: Try, { snapshot, now, ids }: Context): Work {
  const { method, reason, amount = null, returnUrl = null } = asked
  const own = all(work.payments).filter(({ invoiceId, manual }) => invoiceId === invoice.id && manual === null)
  const request = {
    ...{ method, reason, returnUrl, clockId: snapshot.account.clockId },
    amount: amount ?? chargeable(balanceOf(invoice), invoice.currency),
    payment: newest(own),
  }
  const { payment, attempt } = chargeFor(invoice, request, now, ids)
  const isKnown = work.payments.now.has(payment.id)
  const left = request.payment !== null && !isKnown ? closed(work, request.payment, now) : work
  const told = tell(left, 'payment', isKnown ? 'payment.retried' : 'payment.created', payment, now)
  return withCollection(keep(told, 'attempts', [attempt]), invoice, begun(invoice.collection), now)
}

/** A payment that still waited for its customer waits no more. */
export function closed(work: Work, payment: Payment, now: Context['now']): Work {
  if (payment.status !== 'pending') return work
  const over: Payment = { ...payment, status: 'failed', outcome: 'canceled', decline: null }
  return tell(work, 'payment', 'payment.failed', over, now)
}

function newest(payments: readonly Payment[]): Payment | null {
  return payments.toSorted((left, right) => (left.id < right.id ? -1 : 1)).at(-1) ?? null
}

/** The schedule says that it is time. */
export function retry(work: Work, invoice: FinalInvoice, context: Context): Work {
  const isCharged = work.account.collection === 'automatic' && !isSmall(balanceOf(invoice), invoice.currency)
  const about = collecting(work, invoice, context)
  const method = isCharged ? methodToTry(about, context.now) : null
  if (method !== null) return beginCharge(work, invoice, { method, reason: 'retry' }, context)
  const later = isCharged ? restedAt(about, context.now) : null
  if (later !== null) return withCollection(work, invoice, scheduled(invoice.collection, later), context.now)
  const told = isCharged && methodsIn(work).length === 0 ? withoutMethod(work, [invoice], context) : work
  return withCollection(told, invoice, suspended(invoice.collection), context.now)
}

/** With a new way to pay everything that is owed is tried once, at once (semantics.md, Paying). */
export function collectAll(
  work: Work,
  context: Context,
  isMeant: (invoice: FinalInvoice) => boolean = () => true,
): Work {
  const { account } = work
  const [method] = methodsIn(work)
  if (account.collection !== 'automatic' || account.disputeHold !== null || method === undefined) return work
  const owed = openIn(work).filter(
    (invoice) => !isBeingPaid(work, invoice) && !isSmall(balanceOf(invoice), invoice.currency) && isMeant(invoice),
  )
  return owed.reduce((next, invoice) => tryNew(next, invoice, method, context), work)
}

/** By what the invoice was not tried by: at once, or when that may be tried again. */
function tryNew(work: Work, invoice: FinalInvoice, method: PaymentMethod, context: Context): Work {
  const tries = all(work.attempts)
  const { state } = invoice.collection
  if (!isTiredOf(tries, method, context.now))
    return beginCharge(work, invoice, { method, reason: 'new_method' }, context)
  const rested = restOf(tries, method.id, context.now)
  if (rested === null || state === 'retrying') return work
  return withCollection(work, invoice, scheduled(invoice.collection, rested), context.now)
}

/** It waits, though the default has not been tried for it; nor since it was renewed, unless its day will come. */
export function isUntried(work: Work, invoice: FinalInvoice): boolean {
  const [method] = methodsIn(work)
  const tries = attemptsOn(work, invoice).filter(({ paymentMethodId }) => paymentMethodId === method?.id)
  const hasPaid = all(work.payments).some(
    ({ invoiceId, status, paymentMethodId }) =>
      invoiceId === invoice.id && status === 'succeeded' && paymentMethodId === method?.id,
  )
  const isTried = hasPaid || (method !== undefined && triesWith(tries, method).length > 0)
  const { state, failedAt, nextAttemptAt } = invoice.collection
  const isSoft = tries.at(-1)?.decline?.kind === 'soft' && state !== 'exhausted'
  const isAwaited = failedAt === null ? nextAttemptAt !== null : tries.length > 0 && (state === 'retrying' || isSoft)
  return !isTried && !isAwaited && !isTakenBack(work, invoice)
}

/** The account is charged by itself from now on, or not any more. */
export function collectOtherwise(work: Work, context: Context): Work {
  const owed = openIn(work).filter((invoice) => !isBeingPaid(work, invoice))
  if (work.account.collection !== 'automatic') {
    return owed.reduce(
      (next, invoice) => withCollection(next, invoice, suspended(invoice.collection), context.now),
      work,
    )
  }
  const charged = owed.filter((invoice) => !isSmall(balanceOf(invoice), invoice.currency))
  if (methodsIn(work).length === 0) return charged.length === 0 ? work : withoutMethod(work, charged, context)
  return charged.reduce(
    (next, invoice) => (isUntried(next, invoice) ? collectWhenDue : goOn)(next, invoice, context),
    work,
  )
}

/** What came to be owed in another way than by its finalisation; at once, where it is past due. */
export function collectWhenDue(work: Work, invoice: FinalInvoice, context: Context): Work {
  const { collection, disputeHold } = work.account
  if (collection !== 'automatic' || isBeingPaid(work, invoice)) return work
  if (isSmall(balanceOf(invoice), invoice.currency)) return work
  if (isTakenBack(work, invoice)) return withCollection(work, invoice, exhausted(invoice.collection), context.now)
  if (invoice.dueAt <= context.now && disputeHold === null) return retry(work, invoice, context)
  const at = invoice.dueAt > context.now ? invoice.dueAt : context.now
  return withCollection(work, invoice, scheduled(invoice.collection, at), context.now)
}

/** What was tried once while the account was blocked is tried again as its schedule says. */
export function collectUnblocked(work: Work, context: Context): Work {
  if (work.account.collection !== 'automatic') return work
  return openIn(work)
    .filter((invoice) => !isBeingPaid(work, invoice) && methodToTry(collecting(work, invoice, context), context.now))
    .reduce((next, invoice) => goOn(next, invoice, context), work)
}

function goOn(work: Work, invoice: FinalInvoice, context: Context): Work {
  const { zone, retries } = collecting(work, invoice, context)
  return withCollection(work, invoice, goneOn(invoice.collection, { retries, zone }, context.now), context.now)
}

/** An attempt has ended without the money: another method, a later time, or the customer. */
export function collectAgain(
  work: Work,
  { payment, attempt }: { readonly payment: Payment; readonly attempt: Attempt },
  invoice: FinalInvoice,
  context: Context,
): Work {
  const { now } = context
  const { outcome } = attempt
  if (invoice.status !== 'open') return work
  const isPromised = isAskedFor(work, invoice) && invoice.dueAt > now
  const missed = isPromised ? null : missedMeanwhile(work, invoice, context)
  if (missed !== null) return beginCharge(work, invoice, { method: missed, reason: 'new_method' }, context)
  const told = { invoices: [invoice], amount: payment.amount, payment, attempt }
  if (outcome === 'authentication_required') {
    const waiting = withCollection(work, invoice, suspended(invoice.collection), now)
    return notify(waiting, 'payment_action_required', told, context)
  }
  const isCharged = work.account.collection === 'automatic'
  const { failedAt } = invoice.collection
  const hasFailed = outcome !== 'canceled' || failedAt !== null
  if (isPromised || (!hasFailed && isAskedFor(work, invoice))) return collectWhenDue(work, invoice, context)
  if (!hasFailed || (!isCharged && isAskedFor(work, invoice))) return work
  const failed = { ...invoice.collection, failedAt: failedAt ?? now }
  const isOurs = isCharged && !isTakenBack(work, invoice)
  const left = isCharged ? exhausted(failed) : suspended(failed)
  const next: Next = isOurs ? afterFailure(collecting(work, invoice, context), now) : { kind: 'wait', collection: left }
  if (next.kind === 'fallback' && work.account.disputeHold === null)
    return beginCharge(work, invoice, { method: next.method, reason: 'fallback' }, context)
  const waiting = withCollection(work, invoice, next.collection, now)
  // What the customer saw fail on our page, and what failed by our own fault, is not told to them.
  if (attempt.reason === 'customer' || outcome !== 'declined') return waiting
  const { nextAttemptAt } = next.collection
  const isOver = next.collection.state === 'exhausted'
  const about = { ...told, nextAttemptAt, blockedAt: isOver ? null : blockingAt(waiting, context) }
  return notify(waiting, 'payment_failed', about, context)
}

/** The default, where it came or was renewed while another try was under way: it is tried as it would have been then. */
function missedMeanwhile(work: Work, invoice: FinalInvoice, { now }: Context): PaymentMethod | null {
  const { collection, disputeHold } = work.account
  const [method] = methodsIn(work)
  if (method === undefined || collection !== 'automatic' || disputeHold !== null) return null
  if (isSmall(balanceOf(invoice), invoice.currency) || isTiredOf(all(work.attempts), method, now)) return null
  return isUntried(work, invoice) ? method : null
}

/** Nothing of it has been tried by itself: only who asked for it. */
function isAskedFor(work: Work, invoice: FinalInvoice): boolean {
  return attemptsOn(work, invoice).every(({ reason }) => reason === 'customer' || reason === 'request')
}

/** When access ends if nothing is paid: by the days, or when the last retry has failed. Null where it has ended. */
export function blockingAt(work: Work, { snapshot }: Context): Instant | null {
  if (work.account.overdue.status === 'blocked') return null
  const { settings } = snapshot
  const standing = standingOf(work, settings)
  const exhausted = standing.debts.map(({ collection, dueAt }) => {
    const last = lastRetryAt(collection, { retries: settings.retries, zone: standing.zone })
    return last !== null && last < dueAt ? dueAt : last
  })
  return earliest(blockedAt(standing), ...exhausted)
}

/** A part of it was paid. */
export function collectRest(work: Work, invoice: FinalInvoice, context: Context): Work {
  if (invoice.status !== 'open' || work.account.collection !== 'automatic') return work
  const { state, failedAt } = invoice.collection
  if (state === 'idle' && failedAt === null) {
    return methodsIn(work).length === 0 ? work : collectWhenDue(work, invoice, context)
  }
  const { now } = context
  return withCollection(work, invoice, afterPart(collecting(work, invoice, context), now), now)
}

function collecting(work: Work, invoice: FinalInvoice, { snapshot }: Context): Collecting {
  return {
    collection: invoice.collection,
    attempts: attemptsOn(work, invoice),
    tries: all(work.attempts),
    methods: methodsIn(work),
    retries: snapshot.settings.retries,
    zone: work.account.timezone,
    isBlocked: work.account.overdue.status === 'blocked',
  }
}

function withCollection(work: Work, invoice: FinalInvoice, collection: Collection, now: Context['now']): Work {
  const { state, failedAt, nextAttemptAt } = invoice.collection
  const isSame =
    state === collection.state && failedAt === collection.failedAt && nextAttemptAt === collection.nextAttemptAt
  return isSame ? work : tell(work, 'invoice', 'invoice.updated', { ...invoice, collection }, now)
}
