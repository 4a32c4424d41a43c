import { encodeId, type Id } from '../../kernel/id.ts'
import type { GatewayEntry } from '../../payments/domain/gateway-entry.ts'
import { knownOf, type OurPayment, type OurRefund, type Ours } from './books.ts'
import { type Finding, keyOf, movedTwice, notInBooks } from './finding.ts'
import { cameBack, judge, type Match, type Verdict } from './judge.ts'

export type Comparison = {
  /** Whose the entries are, where that is news. Whether they agree is another matter. */
  readonly matches: readonly Rematch[]
  readonly findings: readonly Finding[]
  /** The gateway's payments that succeeded here, whose debit came back: other money of theirs is to be looked for. */
  readonly inDoubt: readonly string[]
  /** Entries that are as we say. */
  readonly agreed: number
  /** Entries of whatever else is sold through the gateway account. */
  readonly notOurs: number
}

/** `balanceTransaction`: the entry that holds the money instead of `before`; null: that came back, and there is no other. */
type Rematch = Match & { readonly before: string | null; readonly balanceTransaction: string | null }

/**
 * Both ways: each entry of the gateway against what is known here, and of `awaited`, which succeeded so long ago that the
 * gateway must have it, what none of the entries is of. The order of the entries makes no difference.
 */
export function compare(
  entries: readonly GatewayEntry[],
  ours: Ours,
  awaited: Pick<Ours, 'payments' | 'refunds'>,
): Comparison {
  const known = knownOf(ours)
  const reversed = new Set(
    entries.flatMap((entry) => (entry.kind === 'charge_failure' ? (known.payment(entry)?.id ?? []) : [])),
  )
  const kept = keptOf(ours, entries, reversed)
  const owned = new Map<string, string>()
  const judged = entries.toSorted(byTime).map((entry) => {
    const verdict = judge(entry, known)
    if (verdict.match === null) return { entry, ...verdict }
    const { id } = verdict.match
    const first = kept.get(id) ?? owned.get(id) ?? entry.id
    owned.set(id, first)
    return { entry, ...(first === entry.id ? verdict : second(entry, verdict.match, first)) }
  })
  const findings = [...judged.flatMap(({ finding }) => finding ?? []), ...missing(awaited, owned)]
  const holds = (id: string) => owned.get(id) ?? kept.get(id) ?? null
  return {
    matches: rematches(ours, holds),
    inDoubt: ours.payments.flatMap(({ id, status, gatewayPayment }) =>
      status === 'succeeded' && reversed.has(id) && holds(id) === null ? (gatewayPayment ?? []) : [],
    ),
    findings: [...new Map(findings.map((finding) => [keyOf(finding), finding])).values()],
    agreed: judged.filter(({ whose, finding }) => whose === 'ours' && finding === null).length,
    notOurs: judged.filter(({ whose }) => whose === 'not_ours').length,
  }
}

/** Of what is matched already, what holds its money still. A reversal does not say which entry it reverses. */
function keptOf(
  { payments, refunds }: Ours,
  entries: readonly GatewayEntry[],
  reversed: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const read = new Map(entries.map((entry) => [entry.id, entry]))
  const isGone = (id: string, matched: string) => {
    const entry = read.get(matched)
    return entry === undefined ? reversed.has(id) : cameBack(entry)
  }
  return new Map(
    [...payments, ...refunds].flatMap(({ id, balanceTransaction: matched }) =>
      matched === null || isGone(id, matched) ? [] : [[id, matched]],
    ),
  )
}

function rematches({ payments, refunds }: Ours, holds: (id: string) => string | null): readonly Rematch[] {
  return [
    ...payments.map(({ id, balanceTransaction: before }) => ({ kind: 'payment' as const, id, before })),
    ...refunds.map(({ id, balanceTransaction: before }) => ({ kind: 'refund' as const, id, before })),
  ].flatMap((match) => {
    const balanceTransaction = holds(match.id)
    return balanceTransaction === match.before ? [] : [{ ...match, balanceTransaction }]
  })
}

function byTime(left: GatewayEntry, right: GatewayEntry): number {
  return left.at - right.at || (left.id < right.id ? -1 : 1)
}

function second(entry: GatewayEntry, match: Match, first: string): Verdict {
  const actual = match.kind === 'refund' ? -entry.amount : entry.amount
  return { whose: 'ours', match: null, finding: movedTwice(entry, actual, wireIdOf(match), first) }
}

function wireIdOf(match: Match): string {
  return match.kind === 'payment' ? encodeId('payment', match.id) : encodeId('refund', match.id)
}

function missing(
  awaited: { readonly payments: readonly OurPayment[]; readonly refunds: readonly OurRefund[] },
  owned: ReadonlyMap<string, string>,
): readonly Finding[] {
  const isMissing = ({ id }: { readonly id: Id<'payment'> | Id<'refund'> }) => !owned.has(id)
  return [
    ...awaited.payments.filter(isMissing).map((payment) => {
      const object = encodeId('payment', payment.id)
      return notInBooks(payment.gatewayPayment ?? object, { ...payment, object })
    }),
    ...awaited.refunds.filter(isMissing).map((refund) => {
      const object = encodeId('refund', refund.id)
      return notInBooks(refund.gatewayRefund ?? object, { ...refund, object })
    }),
  ]
}
