import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { Collection } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import { DAY_MS, earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import { addLocalDays, type Zone } from '../../kernel/zone.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import type { Attempt } from './payment.ts'

/** Card schemes fine who tries a card more often than this in so many days (Stripe, "Smart Retries", scheme limits). */
const MAX_TRIES = 15
const TRIES_WITHIN_MS = 30 * DAY_MS

export type Collecting = {
  readonly collection: Collection
  /** Of the invoice's payments that are not paid, oldest first. */
  readonly attempts: readonly Attempt[]
  /** Those of all that the account owes: a card is tried for several invoices. */
  readonly tries: readonly Attempt[]
  /** The default first, then the newest: those that may be charged by themselves. */
  readonly methods: readonly PaymentMethod[]
  readonly retries: Pick<Settings['retries'], 'days' | 'fallbacks'>
  readonly zone: Zone
  /** While an account is blocked what it is billed is tried once. */
  readonly isBlocked: boolean
}

/** What comes of a failure: a place in the schedule, and before that another method at once, where there is one. */
export type Next =
  | { readonly kind: 'fallback'; readonly method: PaymentMethod; readonly collection: Collection }
  | { readonly kind: 'wait'; readonly collection: Collection }

/**
 * After an attempt ended without the money. A hard decline, or one that only the customer can mend, rules its method out
 * for this invoice; where none is left the retries are suspended, which does not use them up (semantics.md, Paying).
 */
export function afterFailure(collecting: Collecting, now: Instant): Next {
  const { attempts, retries } = collecting
  const { round, byItself } = lastRound(attempts)
  const fallback = byItself && retries.fallbacks ? usable(collecting, now).find(({ id }) => !round.has(id)) : undefined
  const collection = afterRound(collecting, now)
  return fallback === undefined ? { kind: 'wait', collection } : { kind: 'fallback', method: fallback, collection }
}

/** Every method that could be tried now has been. */
function afterRound(collecting: Collecting, now: Instant): Collection {
  const { collection, retries, isBlocked } = collecting
  const failedAt = collection.failedAt ?? now
  const failed = { ...collection, failedAt, nextAttemptAt: null }
  if (collection.state === 'exhausted') return { ...failed, state: 'exhausted' }
  const isLeft = asked(collecting).some((method) => !isRuledOut(collecting.attempts, method))
  if (isBlocked || retries.days.length === 0 || !isLeft) return { ...failed, state: 'suspended' }
  const nextAttemptAt = nextRetryAt(failedAt, collecting, now)
  if (nextAttemptAt === null) return { ...failed, state: 'exhausted' }
  return { ...failed, state: 'retrying', nextAttemptAt }
}

/**
 * Where what waits goes on: at its next place in the schedule, or by one try more where all of them have passed
 * meanwhile. What every retry was made of, and what has not failed, stays as it is.
 */
export function goneOn(collection: Collection, schedule: Schedule, now: Instant): Collection {
  const { state, failedAt } = collection
  if (state !== 'suspended' || failedAt === null) return collection
  return scheduled(collection, nextRetryAt(failedAt, schedule, now) ?? now)
}

/** After a part was paid: what had failed goes on where the schedule stands. */
export function afterPart(collecting: Collecting, now: Instant): Collection {
  const { collection } = collecting
  const { state, failedAt } = collection
  if (state !== 'idle' || failedAt === null) return collection
  const nextAttemptAt = methodToTry(collecting, now) === null ? null : nextRetryAt(failedAt, collecting, now)
  return nextAttemptAt === null ? suspended(collection) : { ...collection, state: 'retrying', nextAttemptAt }
}

/** When the last try is made by itself, where one is scheduled. */
export function lastRetryAt({ state, failedAt }: Collection, { retries, zone }: Schedule): Instant | null {
  const day = retries.days.at(-1)
  return state === 'retrying' && failedAt !== null && day !== undefined ? addLocalDays(failedAt, day, zone) : null
}

type Schedule = { readonly retries: Pick<Settings['retries'], 'days'>; readonly zone: Zone }

function nextRetryAt(failedAt: Instant, { retries, zone }: Schedule, now: Instant): Instant | null {
  return retries.days.map((day) => addLocalDays(failedAt, day, zone)).find((at) => at > now) ?? null
}

/** Whom the next try by itself charges; null: nobody. */
export function methodToTry(collecting: Omit<Collecting, 'zone' | 'isBlocked'>, now: Instant): PaymentMethod | null {
  return usable(collecting, now)[0] ?? null
}

/** When one may be tried again that now was tried too often; null: no method will be by itself. */
export function restedAt({ attempts, tries, methods, retries }: Usable, now: Instant): Instant | null {
  const left = asked({ methods, retries }).filter((method) => !isRuledOut(attempts, method))
  return earliest(...left.map(({ id }) => restOf(tries, id, now)))
}

/** When a card that was tried too often may be tried again. */
export function restOf(tries: readonly Attempt[], method: Id<'payment_method'>, now: Instant): Instant | null {
  const first = triesOf(tries, method, now).toSorted((left, right) => left.dueAt - right.dueAt)[0]
  return first === undefined ? null : plusMs(first.dueAt, TRIES_WITHIN_MS)
}

/** Only the customer can go on: nothing is tried by itself until the method changes. */
export function suspended(collection: Collection): Collection {
  return { ...collection, state: stayingExhausted(collection, 'suspended'), nextAttemptAt: null }
}

/** Nothing more is tried by itself, whatever becomes of it. */
export function exhausted(collection: Collection): Collection {
  return { ...collection, state: 'exhausted', nextAttemptAt: null }
}

/** It is tried by itself at that time, unless every retry was made. */
export function scheduled(collection: Collection, nextAttemptAt: Instant): Collection {
  return collection.state === 'exhausted' ? collection : { ...collection, state: 'retrying', nextAttemptAt }
}

/** A try begins: its outcome says what comes next. */
export function begun(collection: Collection): Collection {
  return { ...collection, state: stayingExhausted(collection, 'idle'), nextAttemptAt: null }
}

/** Only money ends what is exhausted: another try alone does not unblock its account. */
function stayingExhausted({ state }: Collection, otherwise: Collection['state']): Collection['state'] {
  return state === 'exhausted' ? state : otherwise
}

type Usable = Pick<Collecting, 'attempts' | 'tries' | 'methods' | 'retries'>

function usable({ attempts, tries, methods, retries }: Usable, now: Instant): readonly PaymentMethod[] {
  return asked({ methods, retries }).filter((method) => !isRuledOut(attempts, method) && !isTiredOf(tries, method, now))
}

function asked({ methods, retries }: Pick<Usable, 'methods' | 'retries'>): readonly PaymentMethod[] {
  return retries.fallbacks ? methods : methods.slice(0, 1)
}

/** A card that was tried so often is left alone for a while, whoever asks. */
export function isTiredOf(tries: readonly Attempt[], { id }: Pick<PaymentMethod, 'id'>, now: Instant): boolean {
  return triesOf(tries, id, now).length >= MAX_TRIES
}

function isRuledOut(attempts: readonly Attempt[], method: PaymentMethod): boolean {
  const last = triesWith(attempts, method).findLast(({ endedAt }) => endedAt !== null)
  return last?.decline != null && last.decline.kind !== 'soft'
}

/** Those with a method as it is now: what was said of the card before says nothing of the one that its bank sent since. */
export function triesWith(attempts: readonly Attempt[], method: PaymentMethod): readonly Attempt[] {
  const { id: methodId, renewedAfter } = method
  return attempts.filter(
    ({ paymentMethodId, id }) => paymentMethodId === methodId && (renewedAfter === null || id > renewedAfter),
  )
}

function triesOf(attempts: readonly Attempt[], method: Id<'payment_method'>, now: Instant): readonly Attempt[] {
  const since = now - TRIES_WITHIN_MS
  return attempts.filter(({ paymentMethodId, dueAt }) => paymentMethodId === method && dueAt > since)
}

/** The methods tried since the last try that was no fallback, and whether that was made by itself. */
function lastRound(attempts: readonly Attempt[]) {
  const from = attempts.findLastIndex(({ reason }) => reason !== 'fallback')
  const tries = attempts.slice(Math.max(0, from))
  const reason = attempts[from]?.reason
  return {
    round: new Set(tries.map(({ paymentMethodId }) => paymentMethodId)),
    byItself: reason !== 'customer' && reason !== 'request',
  }
}
