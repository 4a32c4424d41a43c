import type { Currency } from '../../kernel/currency.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { chargeable, unchargeableBelow } from './gateway-amount.ts'
import type { Payment } from './payment.ts'

export const refundStatuses = ['pending', 'succeeded', 'failed'] as const

/** What a gateway can say to a refund; `unknown` is no answer. */
export const refundOutcomeKinds = ['succeeded', 'processing', 'failed', 'throttled', 'rejected', 'unknown'] as const
export type RefundOutcomeKind = (typeof refundOutcomeKinds)[number]

/** How somebody gives back what failed after all: by another refund, as credit, or past us. */
export const askedResolutions = ['refund', 'credit', 'out_of_band'] as const
/** Or the customer's bank took it, by a dispute that was lost. */
export const refundResolutions = [...askedResolutions, 'dispute'] as const

/** Money of one payment that goes back the way it came. Its id is the gateway's idempotency key. */
export type Refund = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'refund'>
  readonly accountId: Id<'account'>
  readonly paymentId: Id<'payment'>
  readonly gatewayAccountId: Id<'gateway_account'>
  readonly clockId: Id<'test_clock'> | null
  /** The credit note it follows from. Unused time is on the invoice that credits it. */
  readonly creditNoteId: Id<'credit_note'> | null
  /** In minor units, of what is given back without a document: what was given away; the rest was the customer's credit. */
  readonly granted: bigint | null
  readonly version: number
  readonly status: (typeof refundStatuses)[number]
  /** What the gateway sends, in minor units. */
  readonly amount: bigint
  /** What no gateway can send: owed with it, and written off when it succeeds. */
  readonly writtenOff: bigint
  readonly currency: Currency
  readonly reason: string | null
  /** The gateway's id (`re_…`), once it has told it. */
  readonly gatewayRefund: string | null
  readonly outcome: RefundOutcomeKind | null
  /** Why it failed, in the gateway's word. */
  readonly failure: string | null
  /** Of one that failed; null: what a document gave back is owed still. */
  readonly resolution: (typeof refundResolutions)[number] | null
  /** When it is sent, in the account's time. */
  readonly dueAt: Instant
  readonly createdAt: Instant
  /** Null while the outcome is open. */
  readonly endedAt: Instant | null
}

/** A payment, and what of it was given back or is on its way: @see givenBack. */
export type Refundable = { readonly payment: Payment; readonly refunded: bigint }

export type RefundFor = Pick<Refund, 'clockId' | 'creditNoteId' | 'reason'>

/**
 * Gives back `amount` (minor units, positive) of an invoice's payments, the newest first, due now. What is less than a
 * gateway can send is written off with the last. Refused where less is left of the payments, or where nothing of the
 * amount can be sent. Payments that did not succeed, or that no gateway took, give nothing.
 */
export function refundsFor(
  paid: readonly Refundable[],
  amount: bigint,
  about: RefundFor,
  now: Instant,
  ids: IdSource,
): Result<readonly Refund[], Rejection> {
  invariant(amount > 0n, `${amount} is nothing to give back`)
  const lefts = paid.map((one) => ({ ...one, left: refundableOf(one) }))
  const most = lefts.reduce((sum, { left }) => sum + left, 0n)
  if (amount > most) return err(tooLarge(amount, most))
  const sources = lefts.filter(({ payment, left }) => chargeable(left, payment.currency) > 0n)
  const refunds: Refund[] = []
  let open = amount
  for (const { payment, left } of sources.toSorted(newestFirst)) {
    const part = left < open ? left : open
    const sent = chargeable(part, payment.currency)
    if (sent === 0n) break
    refunds.push(refundOf(payment, { amount: sent, writtenOff: part - sent }, about, now, ids))
    open -= part
  }
  const last = refunds.at(-1)
  if (last === undefined) return err(tooSmall(amount, sources))
  // A last part too small to be sent by itself goes with the one before.
  return ok([...refunds.slice(0, -1), { ...last, writtenOff: last.writtenOff + open }])
}

/**
 * What a refund takes of its payment, in minor units, also while it is owed. What failed takes nothing where it was a gift,
 * or where another refund or a dispute took its place.
 */
export function givenBack({ status, granted, resolution, amount, writtenOff }: Refund): bigint {
  const isReplaced = resolution === 'refund' || resolution === 'dispute'
  return status === 'failed' && (granted !== null || isReplaced) ? 0n : amount + writtenOff
}

/** What can still go back of a payment, in minor units. Past us more may have gone back than is on its way from here. */
export function refundableOf({ payment, refunded }: Refundable): bigint {
  invariant(refunded >= 0n, `${payment.id} cannot be refunded by ${refunded}`)
  const isTaken = payment.status === 'succeeded' && payment.gatewayPayment !== null
  return isTaken && payment.amount > refunded ? payment.amount - refunded : 0n
}

/** Instead of one that failed: as much, of the same payment and for the same reason. */
export function sentAgain(refund: Refund, now: Instant, ids: IdSource): Refund {
  return {
    ...{ ...refund, id: ids('refund'), version: 1, status: 'pending', dueAt: now, createdAt: now, endedAt: null },
    ...{ gatewayRefund: null, outcome: null, failure: null, resolution: null },
  }
}

/** One that was made at the gateway, past us. */
export function foreignRefund(
  payment: Payment,
  { amount, ...about }: RefundFor & { readonly amount: bigint },
  now: Instant,
  ids: IdSource,
): Refund {
  return refundOf(payment, { amount, writtenOff: 0n }, about, now, ids)
}

/** Owed to the customer without a document that says why: given away, but for the credit that they had for it. */
export function refundGranted(refund: Refund, at: Instant): LedgerTransaction | null {
  const { organizationId, accountId, id, currency, amount, writtenOff } = refund
  const credit = creditIn(refund)
  return ledgerTransaction({
    ...{ organizationId, accountId, document: id, kind: 'refund_granted', currency, at },
    postings: [
      { ledgerAccount: 'credit', amount: credit },
      { ledgerAccount: 'granted', amount: amount + writtenOff - credit },
      { ledgerAccount: 'refund', amount: -(amount + writtenOff) },
    ],
  })
}

/** What a document gives back is owed until it is given; what was only given away, like any gift, is not. */
export function isOwed({ status, granted, resolution }: Refund): boolean {
  return status === 'failed' && granted === null && resolution === null
}

/** Owed no more: it is the customer's credit, or went out past us. Another refund posts what it sends by itself. */
export function refundResolved(refund: Refund, at: Instant): LedgerTransaction | null {
  const { organizationId, accountId, id, currency, amount, writtenOff, resolution } = refund
  if (resolution !== 'credit' && resolution !== 'out_of_band') return null
  return ledgerTransaction({
    ...{ organizationId, accountId, document: id, kind: 'refund_resolved', currency, at },
    postings: [
      { ledgerAccount: 'refund', amount: amount + writtenOff },
      { ledgerAccount: resolution === 'credit' ? 'credit' : 'cash', amount: -(amount + writtenOff) },
    ],
  })
}

/** What of it was the customer's credit, in minor units: theirs again where it fails. */
export function creditIn({ amount, writtenOff, granted }: Pick<Refund, 'amount' | 'writtenOff' | 'granted'>): bigint {
  return granted === null ? 0n : amount + writtenOff - granted
}

function newestFirst({ payment: left }: Refundable, { payment: right }: Refundable): number {
  return right.createdAt - left.createdAt || (left.id < right.id ? 1 : -1)
}

function refundOf(
  payment: Payment,
  amounts: Pick<Refund, 'amount' | 'writtenOff'>,
  about: RefundFor,
  now: Instant,
  ids: IdSource,
): Refund {
  const { organizationId, accountId, gatewayAccountId, currency } = payment
  invariant(gatewayAccountId !== null, `${payment.id} was not taken by a gateway`)
  return {
    ...{ organizationId, accountId, gatewayAccountId, currency },
    ...amounts,
    ...about,
    id: ids('refund'),
    granted: null,
    paymentId: payment.id,
    version: 1,
    status: 'pending',
    gatewayRefund: null,
    outcome: null,
    failure: null,
    resolution: null,
    dueAt: now,
    createdAt: now,
    endedAt: null,
  }
}

export function tooLarge(amount: bigint, most: bigint): Rejection {
  return {
    code: 'refund_too_large',
    detail: `${amount} minor units cannot be refunded: ${most} of what was paid is left.`,
    hint: `Refund ${most} at most, and give the rest as credit or out of band.`,
  }
}

function tooSmall(amount: bigint, [source]: readonly Refundable[]): Rejection {
  const least = source === undefined ? 1n : unchargeableBelow(source.payment.currency)
  return {
    code: 'refund_too_small',
    detail: `${amount} minor units cannot be refunded: ${least} is the least that a gateway sends.`,
    hint: 'Give it as credit, or out of band.',
  }
}
