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
  /** Whose entry it is: what moves money once has one only. */
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
  /** What it is called where it stands otherwise. */
  readonly otherwise: 'not_settled_here' | 'missing_there'
}

const rules: Readonly<Record<EntryKind, Rule | null>> = {
  charge: { of: 'payment', sign: 1n, statuses: ['succeeded'], otherwise: 'not_settled_here' },
  charge_failure: { of: 'payment', sign: -1n, statuses: ['pending', 'failed'], otherwise: 'missing_there' },
  refund: { of: 'refund', sign: -1n, statuses: ['succeeded'], otherwise: 'not_settled_here' },
  refund_failure: { of: 'refund', sign: 1n, statuses: ['failed'], otherwise: 'not_settled_here' },
  dispute: { of: 'dispute', sign: -1n, statuses: ['open', 'won', 'lost'], otherwise: 'not_settled_here' },
  dispute_reversal: { of: 'dispute', sign: 1n, statuses: ['won'], otherwise: 'not_settled_here' },
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
    return { whose: 'ours', match: movesOnce(entry.kind) ? found.match : null, finding }
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

function movesOnce(kind: EntryKind): boolean {
  return kind === 'charge' || kind === 'refund'
}

/** One at most: what is said of the amount before it has moved would be said again after. */
function disagreement(
  entry: GatewayEntry,
  { statuses, otherwise, actual }: Rule & { readonly actual: bigint },
  subject: Subject,
): Finding | null {
  const isSettledHere = statuses.includes(subject.status)
  if (entry.state === 'pending') return isSettledHere ? notInBooks(entry.gatewayObject, subject) : null
  // What failed after it was in the books has an entry of its own for that.
  if (entry.state === 'succeeded' && !isSettledHere) {
    return otherwise === 'missing_there' ? notInBooks(entry.gatewayObject, subject) : notSettled(entry, actual, subject)
  }
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
