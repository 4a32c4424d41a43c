import type { Currency } from '../../kernel/currency.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import type { Payment } from './payment.ts'

/**
 * inquiry: the bank only asks, no money moved · open: the money was taken back for now · won: it came back · lost: it is
 * gone · closed: an inquiry that came to nothing.
 */
export const disputeStatuses = ['inquiry', 'open', 'won', 'lost', 'closed'] as const

/** A customer's bank contests a payment. */
export type Dispute = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'dispute'>
  readonly accountId: Id<'account'>
  readonly paymentId: Id<'payment'>
  readonly gatewayAccountId: Id<'gateway_account'>
  /** The gateway's id (`du_…`, `dp_…`). */
  readonly gatewayDispute: string
  readonly version: number
  readonly status: (typeof disputeStatuses)[number]
  /** What is contested, in minor units: at most the payment. */
  readonly amount: bigint
  readonly currency: Currency
  /** In the gateway's word: `fraudulent`, `product_not_received`. */
  readonly reason: string
  readonly evidenceDueAt: Instant | null
  readonly createdAt: Instant
  readonly endedAt: Instant | null
}

/** How a dispute stands at the gateway. */
export type DisputeNews = Pick<Dispute, 'gatewayDispute' | 'status' | 'amount' | 'reason' | 'evidenceDueAt'>

/** Where a dispute goes from there; what the gateway says besides is old news. */
const goesOn = {
  inquiry: ['open', 'won', 'lost', 'closed'],
  open: ['won', 'lost'],
  won: [],
  lost: [],
  closed: ['open', 'won', 'lost'],
} as const satisfies Record<Dispute['status'], readonly Dispute['status'][]>

const ended: readonly Dispute['status'][] = ['won', 'lost', 'closed']

/** The same step whoever brings the news, and however often: null when it tells nothing new. */
export function applyDispute(
  before: Dispute | null,
  { payment, news }: { readonly payment: Payment; readonly news: DisputeNews },
  now: Instant,
  ids: IdSource,
): Dispute | null {
  const { status, reason, evidenceDueAt, gatewayDispute } = news
  const amount = news.amount < payment.amount ? news.amount : payment.amount
  const endedAt = ended.includes(status) ? now : null
  if (before !== null) {
    const further: readonly Dispute['status'][] = goesOn[before.status]
    if (further.includes(status))
      return { ...before, status, amount: withheldOf(before, amount), reason, evidenceDueAt, endedAt }
    const isSame = before.status !== status || (before.reason === reason && before.evidenceDueAt === evidenceDueAt)
    return isSame ? null : { ...before, reason, evidenceDueAt }
  }
  const { organizationId, accountId, id: paymentId, gatewayAccountId, currency } = payment
  invariant(gatewayAccountId !== null, `${paymentId} was not taken by a gateway, so no bank can contest it`)
  return {
    ...{ organizationId, accountId, paymentId, gatewayAccountId, currency },
    ...{
      id: ids('dispute'),
      version: 1,
      gatewayDispute,
      status,
      amount,
      reason,
      evidenceDueAt,
      createdAt: now,
      endedAt,
    },
  }
}

/** What a bank asks about may be less than what it then contests: until it does nothing is withheld. */
function withheldOf(before: Dispute, amount: bigint): bigint {
  return before.status === 'open' ? before.amount : amount
}

/** Where the contested money lies: with us, withheld by the gateway, or with the customer. */
function placeOf(status: Dispute['status'] | null): 'cash' | 'dispute' | 'gone' {
  if (status === 'open') return 'dispute'
  return status === 'lost' ? 'gone' : 'cash'
}

/**
 * The money moves from where it was to where it is. Of what is lost `owed` (minor units) is the customer's to pay again,
 * `credit` was credit that they had for it, and `refund` was owed to them of a refund that failed; the rest is a bad debt.
 * Null where nothing moved.
 */
export function disputePostings(
  before: Dispute | null,
  after: Dispute,
  { owed, credit, refund }: { readonly owed: bigint; readonly credit: bigint; readonly refund: bigint },
  at: Instant,
): LedgerTransaction | null {
  const from = placeOf(before?.status ?? null)
  const to = placeOf(after.status)
  if (from === to) return null
  const { organizationId, accountId, id, currency, amount } = after
  const kind = to === 'dispute' ? 'dispute_opened' : to === 'cash' ? 'dispute_won' : 'dispute_lost'
  invariant(from !== 'gone', `${id} was lost for good`)
  const lost = [
    { ledgerAccount: 'receivable', amount: owed },
    { ledgerAccount: 'credit', amount: credit },
    { ledgerAccount: 'refund', amount: refund },
    { ledgerAccount: 'bad_debt', amount: amount - owed - credit - refund },
  ] as const
  const put = to === 'gone' ? lost : [{ ledgerAccount: to, amount }]
  const postings = [{ ledgerAccount: from, amount: -amount }, ...put]
  return ledgerTransaction({ organizationId, accountId, document: id, kind, currency, at, postings })
}
