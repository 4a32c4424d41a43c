import { encodeId, type Id } from '../../kernel/id.ts'
import type { GatewayEntry } from '../../payments/domain/gateway-entry.ts'
import { knownOf, type OurPayment, type OurRefund, type Ours } from './books.ts'
import { type Finding, keyOf, movedTwice, notInBooks } from './finding.ts'
import { judge, type Match, type Verdict } from './judge.ts'

export type Comparison = {
  /** Whose the entries are, where it was not known before. Whether they agree is another matter. */
  readonly matches: readonly (Match & { readonly balanceTransaction: string })[]
  readonly findings: readonly Finding[]
  /** Entries that are as we say. */
  readonly agreed: number
  /** Entries of whatever else is sold through the gateway account. */
  readonly notOurs: number
}

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
  const before = new Map<string, string | null>(
    [...ours.payments, ...ours.refunds].map(({ id, balanceTransaction }) => [id, balanceTransaction]),
  )
  const owned = new Map<string, string>()
  const judged = entries.toSorted(byTime).map((entry) => {
    const verdict = judge(entry, known)
    if (verdict.match === null) return { entry, ...verdict }
    const first = before.get(verdict.match.id) ?? owned.get(verdict.match.id) ?? entry.id
    owned.set(verdict.match.id, first)
    return { entry, ...(first === entry.id ? verdict : second(entry, verdict.match, first)) }
  })
  const findings = [...judged.flatMap(({ finding }) => finding ?? []), ...missing(awaited, owned)]
  return {
    matches: judged.flatMap(({ entry, match }) =>
      match === null || before.get(match.id) === entry.id ? [] : [{ ...match, balanceTransaction: entry.id }],
    ),
    findings: [...new Map(findings.map((finding) => [keyOf(finding), finding])).values()],
    agreed: judged.filter(({ whose, finding }) => whose === 'ours' && finding === null).length,
    notOurs: judged.filter(({ whose }) => whose === 'not_ours').length,
  }
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
