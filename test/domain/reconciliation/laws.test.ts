import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plusMs } from '../../../src/kernel/instant.ts'
import type { GatewayEntry } from '../../../src/payments/domain/gateway-entry.ts'
import type { Ours } from '../../../src/reconciliation/domain/books.ts'
import { compare } from '../../../src/reconciliation/domain/compare.ts'
import { cameBack } from '../../../src/reconciliation/domain/judge.ts'
import { at, EUR, USD } from '../../support/given.ts'
import { charge, disputed, entry, ourDispute, ourPayment, ourRefund, payment, refund, refunded } from './given.ts'

/** What happened at the gateway, of one payment after the other. */
type Deed = {
  readonly payment: 'none' | 'pending' | 'succeeded' | 'failed'
  readonly refund: 'none' | 'pending' | 'succeeded' | 'failed'
  readonly dispute: 'none' | 'open' | 'won' | 'lost'
  readonly amount: bigint
  readonly currency: typeof USD
  readonly hour: number
  readonly foreign: boolean
  /** A debit that came back before, of another amount. */
  readonly bounced: boolean
}

const deeds = fc.array(
  fc.record<Deed>({
    payment: fc.constantFrom('none', 'pending', 'succeeded', 'succeeded', 'failed'),
    refund: fc.constantFrom('none', 'pending', 'succeeded', 'failed'),
    dispute: fc.constantFrom('none', 'open', 'won', 'lost'),
    amount: fc.bigInt(2n, 10n ** 12n),
    currency: fc.constantFrom(USD, EUR),
    hour: fc.integer({ min: 0, max: 40 }),
    foreign: fc.boolean(),
    bounced: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

type Books = { readonly entries: readonly GatewayEntry[]; readonly ours: Ours }

/** Both sides as they are when all went well. */
function booksOf(all: readonly Deed[]): Books {
  const paid = all.map((deed, n) => ({ deed, n })).filter(({ deed }) => deed.payment === 'succeeded')
  const tried = all.flatMap((deed, n) =>
    deed.payment === 'none' ? [] : [{ deed: { ...deed, payment: deed.payment }, n }],
  )
  return {
    ours: {
      payments: tried.map(({ deed: { payment: status, amount, currency }, n }) =>
        ourPayment(n, { status, amount, currency }),
      ),
      refunds: paid
        .filter(({ deed }) => deed.refund !== 'none')
        .map(({ deed: { refund: status, amount, currency }, n }) =>
          ourRefund(n, { status: status === 'none' ? 'pending' : status, amount: amount - 1n, currency }),
        ),
      disputes: paid
        .filter(({ deed }) => deed.dispute !== 'none')
        .map(({ deed: { dispute: status, amount, currency }, n }) =>
          ourDispute(n, { status: status === 'none' ? 'open' : status, amount, currency }),
        ),
    },
    entries: all.flatMap((deed, n) => entriesOf(deed, n)),
  }
}

function entriesOf(deed: Deed, n: number): readonly GatewayEntry[] {
  const { amount, currency } = deed
  const moved = { currency, at: plusMs(at('2026-03-01'), deed.hour * 3_600_000) }
  const ours = { payment: payment(n), refund: refund(n) }
  const foreign = [
    entry('charge', 500 + n, moved),
    entry('refund', 500 + n, { ...moved, gatewayObject: `re_${500 + n}` }),
  ]
  const bounced = [
    charge(n, { ...moved, id: `txn_bounced_${n}`, state: 'failed', amount: amount + 1n }),
    entry('charge_failure', n, { ...moved, amount: -amount - 1n, ours: { payment: payment(n), refund: null } }),
  ]
  const others = [...(deed.foreign ? foreign : []), ...(deed.bounced && deed.payment !== 'none' ? bounced : [])]
  if (deed.payment !== 'succeeded') return [...others, entry('other', n, moved)]
  return [
    ...others,
    charge(n, { ...moved, amount }),
    ...(deed.refund === 'succeeded' || deed.refund === 'failed'
      ? [refunded(n, { ...moved, amount: 1n - amount, state: deed.refund })]
      : []),
    ...(deed.refund === 'failed'
      ? [entry('refund_failure', n, { ...moved, gatewayObject: `re_${n}`, amount: amount - 1n, ours })]
      : []),
    ...(deed.dispute === 'none' ? [] : [disputed(n, { ...moved, amount: -amount })]),
    ...(deed.dispute === 'won' ? [entry('dispute_reversal', n, { ...moved, gatewayObject: `du_${n}`, amount })] : []),
  ]
}

/** The entry of a payment or refund, which has one of them only; whatever bounced before is none. */
const isMoney = (one: GatewayEntry) => (one.kind === 'charge' || one.kind === 'refund') && !cameBack(one)

/** All that succeeded here is awaited there. */
function comparison({ entries, ours }: Books) {
  return compare(entries, ours, {
    payments: ours.payments.filter(succeeded),
    refunds: ours.refunds.filter(succeeded),
  })
}

test('FR-071 books that agree have no difference, and everything of ours is matched', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const books = booksOf(all)
      const { findings, matches, agreed, notOurs } = comparison(books)
      expect(findings).toEqual([])
      expect(matches.map(({ balanceTransaction }) => balanceTransaction).toSorted()).toEqual(
        books.entries
          .filter((one) => isMoney(one) && one.ours.payment !== null)
          .map(({ id }) => id)
          .toSorted(),
      )
      expect(agreed + notOurs).toBe(books.entries.filter(({ kind }) => kind !== 'other').length)
    }),
  )
})

/** The n-th of those that fit, changed; null where none does. */
function changedAt<T>(list: readonly T[], n: number, fits: (one: T) => boolean, change: (one: T) => readonly T[]) {
  const fitting = list.filter(fits)
  const chosen = fitting[n % Math.max(1, fitting.length)]
  if (chosen === undefined) return null
  return { chosen, list: list.flatMap((one) => (one === chosen ? change(one) : [one])) }
}

type Change = (
  books: Books,
  n: number,
) => { readonly books: Books; readonly kind: string; readonly names: string } | null

type There = {
  readonly kind: string
  readonly fits: (one: GatewayEntry) => boolean
  readonly change: (one: GatewayEntry) => readonly GatewayEntry[]
  readonly names?: (one: GatewayEntry) => string
}

/** Something happens in the gateway's books. */
function there({ kind, fits, change, names = ({ id }) => id }: There): Change {
  return ({ entries, ours }, n) => {
    const changed = changedAt(entries, n, fits, change)
    return changed && { books: { entries: changed.list, ours }, kind, names: names(changed.chosen) }
  }
}

type Here<K extends keyof Ours> = {
  readonly kind: string
  readonly what: K
  readonly fits: (one: Ours[K][number], books: Books) => boolean
  readonly change: (one: Ours[K][number]) => readonly Ours[K][number][]
  /** The gateway's id of it, by which its first entry is found. */
  readonly id: (one: Ours[K][number]) => string | null
}

/** Something happens in ours. */
function here<K extends keyof Ours>({ kind, what, fits, change, id }: Here<K>): Change {
  return (books, n) => {
    const list: readonly Ours[K][number][] = books.ours[what]
    const changed = changedAt(list, n, (one) => fits(one, books), change)
    if (changed === null) return null
    const named = books.entries.find((one) => one.gatewayObject === id(changed.chosen) && !cameBack(one))
    const ours = { ...books.ours, [what]: changed.list }
    return { books: { entries: books.entries, ours }, kind, names: named?.id ?? '' }
  }
}

const isOurs = (one: GatewayEntry) =>
  one.kind !== 'other' && !cameBack(one) && (one.kind.startsWith('dispute') || one.ours.payment !== null)
/** Something that moves once, and has not come back. */
const movesOnce = (one: GatewayEntry) => isOurs(one) && one.state === 'succeeded' && isMoney(one)
const succeeded = ({ status }: { readonly status: string }) => status === 'succeeded'
const gatewayObject = (one: GatewayEntry) => one.gatewayObject
const past = { id: 'txn_past', kind: 'refund', gatewayObject: 're_past', amount: -1n } as const

const changes: Readonly<Record<string, Change>> = {
  'an entry is dropped': there({
    ...{ kind: 'missing_there', fits: movesOnce, change: () => [] },
    names: gatewayObject,
  }),
  'an entry is under way still': there({
    ...{ kind: 'missing_there', fits: movesOnce, change: (one) => [{ ...one, state: 'pending' }] },
    names: gatewayObject,
  }),
  'an entry is of another amount': there({
    ...{ kind: 'amount', fits: isOurs, change: (one) => [{ ...one, amount: one.amount + 1n }] },
  }),
  'an entry is in another currency': there({
    ...{ kind: 'currency', fits: isOurs },
    change: (one) => [{ ...one, currency: one.currency === USD ? EUR : USD }],
  }),
  'an entry is there twice': there({
    ...{ kind: 'unknown_here', fits: movesOnce, change: (one) => [one, { ...one, id: `${one.id}_again` }] },
    names: ({ id }) => `${id}_again`,
  }),
  'money is given back past us': there({
    ...{ kind: 'without_document', fits: (one) => one.kind === 'charge' && isOurs(one) },
    change: (one) => [one, { ...one, ...past, ours: { payment: null, refund: null } }],
    names: () => past.id,
  }),
  'a payment has failed here': here({
    ...{ kind: 'not_settled_here', what: 'payments', fits: succeeded },
    change: (one) => [{ ...one, status: 'failed' }],
    id: ({ gatewayPayment }) => gatewayPayment,
  }),
  'a refund is pending here': here({
    ...{ kind: 'not_settled_here', what: 'refunds', fits: succeeded },
    change: (one) => [{ ...one, status: 'pending' }],
    id: ({ gatewayRefund }) => gatewayRefund,
  }),
  'a payment is gone here': here({
    ...{ kind: 'unknown_here', what: 'payments', change: () => [] },
    fits: ({ status, gatewayPayment }, { entries }) =>
      status === 'succeeded' && entries.filter((one) => one.gatewayPayment === gatewayPayment).length === 1,
    id: ({ gatewayPayment }) => gatewayPayment,
  }),
  'a dispute is gone here': here({
    ...{ kind: 'unknown_here', what: 'disputes', change: () => [] },
    fits: ({ status }) => status !== 'won',
    id: ({ gatewayDispute }) => gatewayDispute,
  }),
}

test.each(Object.entries(changes))('FR-071 one change is one difference that names it: %s', (_, change) => {
  fc.assert(
    fc.property(deeds, fc.nat(100), (all, n) => {
      const changed = change(booksOf(all), n)
      fc.pre(changed !== null)
      const found = comparison(changed.books).findings
      expect(found.map(({ kind, gatewayObject }) => [kind, gatewayObject])).toEqual([[changed.kind, changed.names]])
    }),
  )
})

/** Books in which a few things are wrong at once. No gateway gives one id to two entries. */
const disordered = fc
  .tuple(deeds, fc.array(fc.tuple(fc.constantFrom(...Object.values(changes)), fc.nat(100)), { maxLength: 4 }))
  .map(([all, wrong]) => wrong.reduce<Books>((books, [change, n]) => change(books, n)?.books ?? books, booksOf(all)))
  .filter(({ entries }) => new Set(entries.map(({ id }) => id)).size === entries.length)

test('FR-071 the order of the entries makes no difference', () => {
  const sorted = ({ findings, matches, ...counts }: ReturnType<typeof comparison>) => ({
    ...counts,
    findings: findings.toSorted((left, right) => (left.detail < right.detail ? -1 : 1)),
    matches: matches.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  })
  fc.assert(
    fc.property(disordered, fc.nat(100), ({ entries, ours }, n) => {
      const turned = [...entries.slice(n % entries.length), ...entries.slice(0, n % entries.length)].reverse()
      expect(sorted(comparison({ entries: turned, ours }))).toEqual(sorted(comparison({ entries, ours })))
    }),
  )
})

test('FR-071 once matched, the same books say the same again and match nothing more', () => {
  fc.assert(
    fc.property(disordered, (books) => {
      const first = comparison(books)
      const owners = new Map<string, string | null>(
        first.matches.map(({ id, balanceTransaction }) => [id, balanceTransaction]),
      )
      const matched = <T extends { readonly id: string }>(one: T) => ({
        ...one,
        balanceTransaction: owners.get(one.id) ?? null,
      })
      const { payments, refunds, disputes } = books.ours
      const ours = { payments: payments.map(matched), refunds: refunds.map(matched), disputes }
      expect(comparison({ entries: books.entries, ours })).toEqual({ ...first, matches: [] })
    }),
  )
})
