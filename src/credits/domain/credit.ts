import type { Metadata } from '../../accounts/domain/account.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import { DAY_MS, earliest, type Instant, toIso } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'

/** Where the money comes from: a `grant` is given away, the others are owed to the customer by another document. */
export const creditSources = ['grant', 'proration', 'credit_note', 'overpayment', 'refund'] as const
export const creditEnds = ['expired', 'voided'] as const

/** Money to an account's credit, in minor units: amount = remaining + what is applied + expired + voided. */
export type Credit = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'credit'>
  readonly accountId: Id<'account'>
  /** Counts commits, and is the caller's to raise: the functions of this room leave it alone. */
  readonly version: number
  readonly currency: Currency
  /** As granted; never changes. */
  readonly amount: bigint
  readonly remaining: bigint
  /** Taken back at its expiry. A credit that lives again, after an invoice was voided, can expire again. */
  readonly expired: bigint
  readonly voided: bigint
  /** 1 to 500 characters, shown to the customer. */
  readonly reason: string
  readonly source: (typeof creditSources)[number]
  /** The UUID of the document that the money comes from. */
  readonly sourceId: string | null
  /** At this instant it is not usable any more. */
  readonly expiresAt: Instant | null
  readonly metadata: Metadata
  readonly createdAt: Instant
  /** When what was left was taken back, and why; null also where all of it was used. */
  readonly endedAt: Instant | null
  readonly end: (typeof creditEnds)[number] | null
}

/** The most an account can have to its credit: sums of it and an invoice stay exact on the wire. */
export const MAX_CREDIT = MAX_MINOR / 2n
/** A hundred years: a lifetime can be moved out, when an invoice is voided, and must stay a time we can write. */
const MAX_LIFETIME_MS = 36_525 * DAY_MS

export type NewCredit = Omit<
  Credit,
  'id' | 'version' | 'remaining' | 'expired' | 'voided' | 'createdAt' | 'endedAt' | 'end'
>

/** `ledger` is null where nothing moved by this alone. */
export type CreditChange = { readonly credit: Credit; readonly ledger: LedgerTransaction | null }

/**
 * A new credit beside those the account `held`. A grant is posted here: debit granted, credit credit. The money of every
 * other source is moved by the caller's own document, which posts it to `credit`: the ledger is null for these.
 * @throws {InvariantViolation} for an amount that is not positive.
 */
export function grantCredit(
  about: NewCredit,
  held: readonly Credit[],
  now: Instant,
  ids: IdSource,
): Result<CreditChange, Rejection> {
  const { amount, expiresAt } = about
  invariant(amount > 0n, `a credit of ${amount} is none`)
  if (expiresAt !== null && (expiresAt <= now || expiresAt - now > MAX_LIFETIME_MS))
    return err(noLifetime(expiresAt, now))
  const sum = held.reduce((total, { remaining }) => total + remaining, amount)
  if (sum > MAX_CREDIT) return err(tooLarge(about, sum))
  const credit = newCredit(about, now, ids)
  return ok({ credit, ledger: about.source === 'grant' ? granted(credit, 'credit_grant', amount, now) : null })
}

/** All of it is there. Whoever makes it posts where it comes from. */
export function newCredit(about: NewCredit, now: Instant, ids: IdSource): Credit {
  return {
    ...{ ...about, id: ids('credit'), version: 1, remaining: about.amount },
    ...{ expired: 0n, voided: 0n, createdAt: now, endedAt: null, end: null },
  }
}

/** Takes back what is left of one. What was applied to invoices stays applied. */
export function voidCredit(credit: Credit, at: Instant): Result<CreditChange, Rejection> {
  if (!isUsable(credit, at)) return err(nothingLeft(credit, at))
  return ok(endCredit(credit, 'voided', at))
}

/**
 * Takes back what is left of those whose time is over. The caller does it before anything else that happens at `at` or
 * later can count them: they are not usable from `expiresAt` on in any case.
 */
export function expireCredits(credits: readonly Credit[], at: Instant): readonly CreditChange[] {
  return credits
    .filter(({ remaining, expiresAt }) => remaining > 0n && expiresAt !== null && expiresAt <= at)
    .map((credit) => endCredit(credit, 'expired', at))
}

function endCredit(credit: Credit, end: (typeof creditEnds)[number], at: Instant): CreditChange {
  const { remaining } = credit
  const kind = end === 'expired' ? 'credit_expired' : 'credit_void'
  return {
    credit: { ...credit, remaining: 0n, [end]: credit[end] + remaining, endedAt: at, end },
    ledger: granted(credit, kind, -remaining, at),
  }
}

/** Half-open: created at `at` it counts, expiring at `at` it does not. */
export function isUsable({ remaining, createdAt, expiresAt }: Credit, at: Instant): boolean {
  return remaining > 0n && createdAt <= at && (expiresAt === null || at < expiresAt)
}

/** What could be applied at that instant, in minor units. */
export function availableAt(credits: readonly Credit[], at: Instant): bigint {
  return credits.reduce((total, credit) => (isUsable(credit, at) ? total + credit.remaining : total), 0n)
}

/** When something of them expires next, past or not; null where nothing ever does. */
export function nextExpiry(credits: readonly Credit[]): Instant | null {
  return earliest(...credits.map(({ remaining, expiresAt }) => (remaining > 0n ? expiresAt : null)))
}

/** Credit that is given away, or taken back where the amount is negative. */
function granted(credit: Credit, kind: LedgerTransaction['kind'], amount: bigint, at: Instant) {
  const { organizationId, accountId, currency } = credit
  return ledgerTransaction({
    ...{ organizationId, accountId, currency, kind, at },
    document: credit.id,
    postings: [
      { ledgerAccount: 'granted', amount },
      { ledgerAccount: 'credit', amount: -amount },
    ],
  })
}

function noLifetime(expiresAt: Instant, now: Instant): Rejection {
  return {
    code: 'invalid_request',
    detail: `The credit would expire at ${toIso(expiresAt)}; it must be later than the account’s time, ${toIso(now)}, by 100 years at most.`,
    hint: 'Give a time in the future, or leave it out for a credit that never expires.',
    pointer: '/expires_at',
  }
}

function tooLarge({ amount, currency }: NewCredit, sum: bigint): Rejection {
  return {
    code: 'credit_too_large',
    detail: `With ${amount} more the account would have ${sum} minor units of ${currency} to its credit; ${MAX_CREDIT} is the most.`,
    hint: 'Check the amount: it is in minor units. Void credits that are not needed.',
    pointer: '/amount',
  }
}

function nothingLeft({ amount, end, endedAt, expiresAt, remaining }: Credit, at: Instant): Rejection {
  const expired = remaining > 0n && expiresAt !== null && expiresAt <= at
  const why = expired
    ? `expired at ${toIso(expiresAt)}`
    : end !== null && endedAt !== null
      ? `was ${end} at ${toIso(endedAt)}`
      : `of ${amount} is applied to invoices to the last unit`
  return {
    code: 'credit_used_up',
    detail: `The credit ${why}: nothing is left to void.`,
    hint: 'What was applied to an invoice comes back when the invoice is voided; GET the credit to see its invoices.',
  }
}
