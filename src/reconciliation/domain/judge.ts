import { encodeId, type Id } from '../../kernel/id.ts'
import type { EntryKind, GatewayEntry } from '../../payments/domain/gateway-entry.ts'
import type { Known, Subject } from './books.ts'
import {
  amountDiffers,
  currencyDiffers,
  type Finding,
  notInBooks,
  notSettled,
  undocumented,
  unknown,
} from './finding.ts'

/** not_ours: of what else is sold through the gateway account · nobodys: no customer's money. */
export type Verdict = {
  readonly whose: 'ours' | 'not_ours' | 'nobodys'
  /** Whose money it is: what moves once has one such entry only. */
  readonly match: Match | null
  readonly finding: Finding | null
}

export type Match =
  | { readonly kind: 'payment'; readonly id: Id<'payment'> }
  | { readonly kind: 'refund'; readonly id: Id<'refund'> }

type Rule = {
  readonly of: 'payment' | 'refund' | 'dispute'
  /** Of the entry's amount. */
  readonly sign: 1n | -1n
  /** Where what it is of stands here when the money has moved so. */
  readonly statuses: readonly Subject['status'][]
}

const rules: Readonly<Record<EntryKind, Rule | null>> = {
  charge: { of: 'payment', sign: 1n, statuses: ['succeeded'] },
  charge_failure: { of: 'payment', sign: -1n, statuses: ['pending', 'succeeded', 'failed'] },
  refund: { of: 'refund', sign: -1n, statuses: ['succeeded'] },
  refund_failure: { of: 'refund', sign: 1n, statuses: ['failed'] },
  dispute: { of: 'dispute', sign: -1n, statuses: ['open', 'won', 'lost'] },
  dispute_reversal: { of: 'dispute', sign: 1n, statuses: ['won'] },
  other: null,
}

/** One entry of the gateway's books against ours. */
export function judge(entry: GatewayEntry, known: Known): Verdict {
  const rule = rules[entry.kind]
  if (rule === null) return { whose: 'nobodys', match: null, finding: null }
  const found = subjects[rule.of](entry, known)
  const actual = rule.sign * entry.amount
  if (found !== null) {
    const finding = disagreement(entry, { ...rule, actual }, found.subject)
    return { whose: 'ours', match: movesOnce(entry) ? found.match : null, finding }
  }
  const finding = unclaimed(entry, actual, known)
  return { whose: finding === null ? 'not_ours' : 'ours', match: null, finding }
}

type Found = { readonly subject: Subject; readonly match: Match | null }

const subjects: Readonly<Record<Rule['of'], (entry: GatewayEntry, known: Known) => Found | null>> = {
  payment: (entry, known) => {
    const payment = known.payment(entry)
    if (payment === null) return null
    const { id, status, amount, currency } = payment
    const subject = { object: encodeId('payment', id), status, amount, currency, isDocumented: true }
    return { subject, match: { kind: 'payment', id } }
  },
  refund: (entry, known) => {
    const refund = known.refund(entry)
    if (refund === null) return null
    const { id, status, amount, currency, creditNoteId } = refund
    // What we sent carries our id. What somebody sent past us is here because the gateway told of it.
    const isDocumented = creditNoteId !== null || entry.ours.refund !== null || entry.kind !== 'refund'
    const subject = { object: encodeId('refund', id), status, amount, currency, isDocumented }
    return { subject, match: { kind: 'refund', id } }
  },
  dispute: (entry, known) => {
    const dispute = known.dispute(entry)
    if (dispute === null) return null
    const { id, status, amount, currency } = dispute
    return { subject: { object: encodeId('dispute', id), status, amount, currency, isDocumented: true }, match: null }
  },
}

/** A debit that bounced, or its reversal: none of its payment's money, which another try may have brought since. */
export function cameBack({ kind, state }: GatewayEntry): boolean {
  return kind === 'charge_failure' || (kind === 'charge' && state === 'failed')
}

function movesOnce(entry: GatewayEntry): boolean {
  return entry.kind === 'refund' || (entry.kind === 'charge' && !cameBack(entry))
}

/** One at most: what is said of the amount before it has moved would be said again after. */
function disagreement(
  entry: GatewayEntry,
  { statuses, actual }: Rule & { readonly actual: bigint },
  subject: Subject,
): Finding | null {
  // Another try may have asked for another amount.
  if (cameBack(entry)) return null
  const isSettledHere = statuses.includes(subject.status)
  if (entry.state === 'pending') return isSettledHere ? notInBooks(entry.gatewayObject, subject) : null
  // What failed after it was in the books has an entry of its own for that.
  if (entry.state === 'succeeded' && !isSettledHere) return notSettled(entry, actual, subject)
  if (entry.currency !== subject.currency) return currencyDiffers(entry, actual, subject)
  if (actual !== subject.amount) return amountDiffers(entry, actual, subject)
  return subject.isDocumented ? null : undocumented(entry, actual, subject.object)
}

/** Of nothing that is here. It concerns us where it names something of ours, or moves the money of a payment of ours. */
function unclaimed(entry: GatewayEntry, actual: bigint, known: Known): Finding | null {
  const { kind, ours } = entry
  if (ours.refund !== null) return unknown(entry, actual, encodeId('refund', ours.refund))
  const payment = known.payment(entry)?.id ?? ours.payment
  if (payment === null || kind === 'charge_failure') return null
  const object = encodeId('payment', payment)
  return kind === 'refund' ? undocumented(entry, actual, object) : unknown(entry, actual, object)
}
