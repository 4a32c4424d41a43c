import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyDispute,
  type Dispute,
  type DisputeNews,
  disputePostings,
  disputeStatuses,
} from '../../../src/payments/domain/dispute.ts'
import { at, idsOf } from '../../support/given.ts'
import { givenPayment } from '../../support/given-payments.ts'

const NOW = at('2026-03-01')
const LATER = at('2026-03-15')
const payment = givenPayment({ status: 'succeeded', outcome: 'succeeded' })
const newsOf = (status: Dispute['status'], about: Partial<DisputeNews> = {}): DisputeNews => ({
  ...{ gatewayDispute: 'du_1', status, amount: 4900n, reason: 'fraudulent', evidenceDueAt: at('2026-03-20') },
  ...about,
})
const told = (before: Dispute | null, news: DisputeNews, now = LATER) =>
  applyDispute(before, { payment, news }, now, idsOf(1))

function begun(status: Dispute['status'], about: Partial<DisputeNews> = {}): Dispute {
  const dispute = told(null, newsOf(status, about), NOW)
  if (dispute === null) throw new Error('the first word of a dispute is news')
  return dispute
}

describe('FR-088 a bank’s dispute', () => {
  test('is of the payment, and of no more than it', () => {
    const { organizationId, accountId, id: paymentId, gatewayAccountId, currency } = payment
    expect(begun('open', { amount: 9900n })).toEqual({
      ...{ organizationId, accountId, paymentId, gatewayAccountId, currency, id: idsOf(1)('dispute'), version: 1 },
      ...{ gatewayDispute: 'du_1', status: 'open', amount: 4900n, reason: 'fraudulent', createdAt: NOW, endedAt: null },
      evidenceDueAt: at('2026-03-20'),
    })
    expect(begun('open', { amount: 1000n }).amount).toBe(1000n)
  })

  const goes: Readonly<Record<Dispute['status'], readonly Dispute['status'][]>> = {
    inquiry: ['open', 'won', 'lost', 'closed'],
    open: ['won', 'lost'],
    won: [],
    lost: [],
    closed: ['open', 'won', 'lost'],
  }

  test.each(Object.entries(goes))('that is %s goes on to: %s', (from, to) => {
    const before = begun(from as Dispute['status'])
    for (const status of disputeStatuses) {
      const after = told(before, newsOf(status))
      expect(after?.status ?? null, status).toBe(to.includes(status) ? status : null)
      if (after === null) continue
      expect(after.endedAt).toBe(['won', 'lost', 'closed'].includes(status) ? LATER : null)
      expect(told(after, newsOf(status))).toBeNull()
    }
  })

  test('may get a new day for the evidence, and else stays as it is', () => {
    const open = begun('open')
    expect(told(open, newsOf('open', { evidenceDueAt: LATER }))).toEqual({ ...open, evidenceDueAt: LATER })
    expect(told(open, newsOf('open', { reason: 'duplicate' }))).toEqual({ ...open, reason: 'duplicate' })
    expect(told(open, newsOf('open', { amount: 1n }))).toBeNull()
    expect(told(begun('lost'), newsOf('open', { reason: 'duplicate' }))).toBeNull()
  })

  test('of money that no gateway took cannot be', () => {
    const manual = givenPayment({ manual: { kind: 'cash', reference: null }, gatewayAccountId: null })
    expect(() => applyDispute(null, { payment: manual, news: newsOf('open') }, NOW, idsOf(1))).toThrow(/no bank/)
  })
})

describe('the money of a dispute', () => {
  const moved = (before: Dispute | null, after: Dispute, owed = 0n) =>
    disputePostings(before, after, { owed, credit: 0n, refund: 0n }, LATER)?.postings.map(
      ({ ledgerAccount, amount }) => [ledgerAccount, amount] as const,
    ) ?? null
  const to = (from: Dispute['status'], status: Dispute['status']) => [begun(from), begun(status)] as const

  test('stays where it is while the bank only asks, and where an inquiry comes to nothing', () => {
    expect(moved(null, begun('inquiry'))).toBeNull()
    expect(moved(...to('inquiry', 'closed'))).toBeNull()
    expect(moved(...to('inquiry', 'won'))).toBeNull()
    expect(moved(null, begun('won'))).toBeNull()
  })

  test('is withheld while it is open, and comes back when it is won', () => {
    const withheld = [
      ['cash', -4900n],
      ['dispute', 4900n],
    ]
    expect(moved(null, begun('open'))).toEqual(withheld)
    expect(moved(...to('inquiry', 'open'))).toEqual(withheld)
    expect(moved(...to('closed', 'open'))).toEqual(withheld)
    expect(moved(...to('open', 'won'))).toEqual([
      ['dispute', -4900n],
      ['cash', 4900n],
    ])
  })

  test('is owed again when it is lost, and what is not owed is a bad debt', () => {
    expect(moved(...to('open', 'lost'), 4900n)).toEqual([
      ['dispute', -4900n],
      ['receivable', 4900n],
    ])
    expect(moved(...to('open', 'lost'), 4000n)).toEqual([
      ['dispute', -4900n],
      ['receivable', 4000n],
      ['bad_debt', 900n],
    ])
    expect(moved(null, begun('lost'))).toEqual([
      ['cash', -4900n],
      ['bad_debt', 4900n],
    ])
  })

  test('says what happened', () => {
    const kind = (before: Dispute | null, after: Dispute) =>
      disputePostings(before, after, { owed: 0n, credit: 0n, refund: 0n }, LATER)?.kind
    expect(kind(null, begun('open'))).toBe('dispute_opened')
    expect(kind(...to('open', 'won'))).toBe('dispute_won')
    expect(kind(...to('open', 'lost'))).toBe('dispute_lost')
    expect(disputePostings(null, begun('open'), { owed: 0n, credit: 0n, refund: 0n }, LATER)).toMatchObject({
      at: LATER,
      document: begun('open').id,
    })
  })

  test('is in one place at the end, in whatever order the gateway tells it', () => {
    const amounts = fc.record({ status: fc.constantFrom(...disputeStatuses), reason: fc.constantFrom('a', 'b') })
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1, maxLength: 10 }), fc.bigInt(1n, 4900n), (all, amount) => {
        const places = new Map<string, bigint>()
        let dispute: Dispute | null = null
        for (const { status, reason } of all) {
          const next = told(dispute, newsOf(status, { reason, amount }))
          if (next === null) continue
          const ledger = disputePostings(dispute, next, { owed: amount, credit: 0n, refund: 0n }, LATER)
          for (const { ledgerAccount: place, amount: by } of ledger?.postings ?? [])
            places.set(place, (places.get(place) ?? 0n) + by)
          dispute = next
        }
        const held = (place: string) => places.get(place) ?? 0n
        expect([...places.values()].reduce((sum, one) => sum + one, 0n)).toBe(0n)
        const { status } = dispute as Dispute
        expect([held('dispute'), held('receivable')]).toEqual([
          status === 'open' ? amount : 0n,
          status === 'lost' ? amount : 0n,
        ])
      }),
    )
  })
})
