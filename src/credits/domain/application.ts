import type { Id, IdSource } from '../../kernel/id.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { type Credit, isUsable } from './credit.ts'

/** A part of one credit that pays for one invoice. */
export type CreditApplication = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'credit_application'>
  readonly accountId: Id<'account'>
  readonly version: number
  readonly creditId: Id<'credit'>
  readonly invoiceId: Id<'invoice'>
  /** Minor units, positive. */
  readonly amount: bigint
  readonly at: Instant
  /** When the credit would have expired, as it stood then: what comes back has the rest of that time. */
  readonly creditExpiresAt: Instant | null
  /** When its invoice was voided. */
  readonly releasedAt: Instant | null
}

export type Applied = {
  /** The changed ones only, each once. */
  readonly credits: readonly Credit[]
  readonly applications: readonly CreditApplication[]
  readonly ledger: readonly LedgerTransaction[]
  /** Of the amount asked for, what the credits cover. */
  readonly applied: bigint
}

/**
 * Pays up to `amount` (minor units, not negative) of an invoice: soonest expiring first, then oldest, then by id
 * (semantics.md, Paying). Each application posts debit credit, credit receivable.
 */
export function applyCredits(
  credits: readonly Credit[],
  { invoiceId, amount, at }: { readonly invoiceId: Id<'invoice'>; readonly amount: bigint; readonly at: Instant },
  ids: IdSource,
): Applied {
  invariant(amount >= 0n, `${amount} of ${invoiceId} cannot be paid by credit`)
  const parts: { readonly credit: Credit; readonly application: CreditApplication }[] = []
  let left = amount
  for (const credit of credits.filter((one) => isUsable(one, at)).toSorted(byUse)) {
    if (left === 0n) break
    const part = credit.remaining < left ? credit.remaining : left
    left -= part
    parts.push({
      credit: { ...credit, remaining: credit.remaining - part },
      application: applicationOf(credit, { invoiceId, amount: part, at }, ids),
    })
  }
  return {
    credits: parts.map(({ credit }) => credit),
    applications: parts.map(({ application }) => application),
    ledger: parts.flatMap(({ credit, application }) => posted(credit, application, 'credit_applied', at)),
    applied: amount - left,
  }
}

function byUse(left: Credit, right: Credit): number {
  const [a, b] = [left.expiresAt ?? Number.POSITIVE_INFINITY, right.expiresAt ?? Number.POSITIVE_INFINITY]
  if (a !== b) return a - b
  return left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1)
}

function applicationOf(
  { organizationId, accountId, id, expiresAt }: Credit,
  about: Pick<CreditApplication, 'invoiceId' | 'amount' | 'at'>,
  ids: IdSource,
): CreditApplication {
  return {
    ...{ organizationId, accountId, ...about },
    id: ids('credit_application'),
    version: 1,
    creditId: id,
    creditExpiresAt: expiresAt,
    releasedAt: null,
  }
}

export type Released = Omit<Applied, 'applied'> & { readonly released: bigint }

/**
 * Gives back what a voided invoice used, with the lifetime it had left when it was applied (semantics.md, States): the
 * credit's expiry moves out, never in, and one that had expired or was voided lives again. Applications that were released
 * before stay as they are. `credits` holds those of the applications, whether or not anything is left of them.
 */
export function releaseApplications(
  applications: readonly CreditApplication[],
  credits: readonly Credit[],
  at: Instant,
): Released {
  const held = new Map(credits.map((credit) => [credit.id, credit]))
  const changed = new Map<Id<'credit'>, Credit>()
  const ledger: LedgerTransaction[] = []
  const due = applications.filter(({ releasedAt }) => releasedAt === null)
  for (const application of due) {
    const credit = changed.get(application.creditId) ?? held.get(application.creditId)
    invariant(credit !== undefined, `credit ${application.creditId} must be read to be given back`)
    changed.set(credit.id, givenBack(credit, application, at))
    ledger.push(...posted(credit, application, 'credit_released', at))
  }
  return {
    credits: [...changed.values()],
    applications: due.map((application) => ({
      ...application,
      version: application.version + 1,
      // Whoever applied it may have had a clock ahead of ours.
      releasedAt: at > application.at ? at : application.at,
    })),
    ledger,
    released: due.reduce((total, { amount }) => total + amount, 0n),
  }
}

function givenBack(credit: Credit, application: CreditApplication, at: Instant): Credit {
  const remaining = credit.remaining + application.amount
  invariant(
    remaining + credit.expired + credit.voided <= credit.amount,
    `more of credit ${credit.id} comes back than was applied`,
  )
  return { ...credit, remaining, expiresAt: expiryAfter(credit, application, at), endedAt: null, end: null }
}

function expiryAfter({ expiresAt }: Credit, application: CreditApplication, at: Instant): Instant | null {
  if (expiresAt === null || application.creditExpiresAt === null) return null
  const moved = plusMs(at, application.creditExpiresAt - application.at)
  return moved > expiresAt ? moved : expiresAt
}

const direction = { credit_applied: 1n, credit_released: -1n } as const

function posted(
  { organizationId, accountId, currency }: Credit,
  application: CreditApplication,
  kind: keyof typeof direction,
  at: Instant,
): readonly LedgerTransaction[] {
  const amount = direction[kind] * application.amount
  const transaction = ledgerTransaction({
    ...{ organizationId, accountId, currency, kind, at },
    document: application.id,
    postings: [
      { ledgerAccount: 'credit', amount },
      { ledgerAccount: 'receivable', amount: -amount },
    ],
  })
  return transaction === null ? [] : [transaction]
}
