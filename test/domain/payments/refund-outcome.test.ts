import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Currency } from '../../../src/kernel/currency.ts'
import { plusMs } from '../../../src/kernel/instant.ts'
import { type Refund, refundOutcomeKinds } from '../../../src/payments/domain/refund.ts'
import {
  applyRefundOutcome,
  askRefundAgainAt,
  type RefundOutcome,
} from '../../../src/payments/domain/refund-outcome.ts'
import { NOW, paid, refunded } from './refunding.ts'

const GATEWAY = 're_1'

function outcomeOf(kind: (typeof refundOutcomeKinds)[number]): RefundOutcome {
  if (kind === 'succeeded' || kind === 'processing') return { kind, gatewayRefund: GATEWAY }
  if (kind === 'failed') return { kind, gatewayRefund: GATEWAY, failure: 'lost_or_stolen_card' }
  return kind === 'rejected' ? { kind, failure: 'charge_already_refunded' } : { kind }
}

const one = () => refunded(paid([9900n, 0n]), 500n)[0] as Refund
const LATER = plusMs(NOW, 1)

describe('FR-063 what the gateway says', () => {
  test.each([
    ['succeeded', 'succeeded', true, null, GATEWAY, null],
    ['processing', 'pending', false, 3_600_000, GATEWAY, null],
    ['failed', 'failed', true, null, GATEWAY, 'lost_or_stolen_card'],
    ['rejected', 'failed', true, null, null, 'charge_already_refunded'],
    ['throttled', 'pending', false, 60_000, null, null],
    ['unknown', 'pending', false, 60_000, null, null],
  ] as const)('%s leaves it %s, ended: %s, asked again after %s ms', (kind, status, ended, wait, known, failure) => {
    const applied = applyRefundOutcome(one(), outcomeOf(kind), LATER)
    expect(applied?.refund).toMatchObject({ status, outcome: kind, version: 2, gatewayRefund: known, failure })
    expect(applied?.refund.endedAt).toBe(ended ? LATER : null)
    expect(askRefundAgainAt(kind, NOW)).toBe(wait === null ? null : plusMs(NOW, wait))
    expect(applied?.ledger === null).toBe(kind !== 'succeeded')
  })

  test('nothing said is nothing to ask again', () => {
    expect(askRefundAgainAt(null, NOW)).toBeNull()
  })

  test('is posted when it succeeds: refund, cash and what is written off', () => {
    const owed: Refund = { ...one(), amount: 1230n, writtenOff: 9n, currency: 'KWD' as Currency }
    expect(applyRefundOutcome(owed, outcomeOf('succeeded'), LATER)?.ledger).toMatchObject({
      document: owed.id,
      kind: 'refund',
      currency: 'KWD',
      at: LATER,
      postings: [
        { ledgerAccount: 'refund', amount: 1239n },
        { ledgerAccount: 'cash', amount: -1230n },
        { ledgerAccount: 'rounding', amount: -9n },
      ],
    })
  })

  test('and when the bank sends it back, all of it is owed again', () => {
    const sent = applyRefundOutcome(one(), outcomeOf('succeeded'), NOW)?.refund as Refund
    const back = applyRefundOutcome(sent, outcomeOf('failed'), LATER)
    expect(back?.refund).toMatchObject({ status: 'failed', failure: 'lost_or_stolen_card', version: 3, endedAt: LATER })
    expect(back?.ledger).toMatchObject({
      kind: 'refund_failed',
      postings: [
        { ledgerAccount: 'refund', amount: -500n },
        { ledgerAccount: 'cash', amount: 500n },
      ],
    })
  })

  test('of another refund is a bug', () => {
    const known = applyRefundOutcome(one(), outcomeOf('processing'), NOW)?.refund as Refund
    expect(() => applyRefundOutcome(known, { kind: 'succeeded', gatewayRefund: 're_2' }, NOW)).toThrow('re_2')
  })
})

describe('FR-061 whatever comes later, and however often', () => {
  const outcomes = fc.array(fc.constantFrom(...refundOutcomeKinds), { minLength: 1, maxLength: 12 })

  /** Applies them one after another, as they come; answers what cash moved too. */
  function fold(kinds: readonly (typeof refundOutcomeKinds)[number][]) {
    let refund = one()
    let cash = 0n
    for (const kind of kinds) {
      const applied = applyRefundOutcome(refund, outcomeOf(kind), NOW)
      if (applied === null) continue
      expect(applied.refund.version).toBe(refund.version + 1)
      refund = applied.refund
      for (const { ledgerAccount, amount } of applied.ledger?.postings ?? [])
        if (ledgerAccount === 'cash') cash += amount
    }
    return { refund, cash }
  }

  test('it only moves on: pending, succeeded, failed; and cash is out while it has succeeded', () => {
    fc.assert(
      fc.property(outcomes, (kinds) => {
        const { refund, cash } = fold(kinds)
        const sent = kinds.indexOf('succeeded')
        const refused = kinds.indexOf('rejected')
        const failed = kinds.includes('failed') || (refused >= 0 && (sent < 0 || refused < sent))
        expect(refund.status).toBe(failed ? 'failed' : sent >= 0 ? 'succeeded' : 'pending')
        expect(cash).toBe(refund.status === 'succeeded' ? -500n : 0n)
        expect(refund.endedAt === null).toBe(refund.status === 'pending')
      }),
    )
  })

  test('the same word again is no news', () => {
    fc.assert(
      fc.property(outcomes, fc.nat(11), (kinds, place) => {
        const index = place % kinds.length
        expect(fold(kinds.toSpliced(index, 0, ...kinds.slice(index, index + 1)))).toEqual(fold(kinds))
      }),
    )
  })
})
