import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plusMs } from '../../../src/kernel/instant.ts'
import type { Charge } from '../../../src/payments/domain/charge.ts'
import { applyOutcome, askAgainAt, type PaymentNews } from '../../../src/payments/domain/outcome.ts'
import { type Attempt, type OutcomeKind, outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { at, id } from '../../support/given.ts'
import { givenAttempt, givenDecline, givenOutcome, givenPayment } from '../../support/given-payments.ts'

const NOW = at('2026-02-01')

const begun = (about: Partial<Attempt> = {}): Charge => ({ payment: givenPayment(), attempt: givenAttempt(2, about) })

/** What is said to the attempt, unless it is meant for another one, or said by the gateway of itself (null). */
function told(charge: Charge, kind: OutcomeKind, attemptId: Attempt['id'] | null = charge.attempt.id): Charge | null {
  return applyOutcome(charge, said(charge, kind, attemptId), NOW)
}

function said({ payment: { id: paymentId } }: Charge, kind: OutcomeKind, attemptId: Attempt['id'] | null): PaymentNews {
  if (attemptId !== null) return { paymentId, attemptId, outcome: givenOutcome(kind) }
  if (isForGood(kind)) return { paymentId, attemptId, outcome: { kind } }
  throw new Error(`the gateway says ${kind} of a try alone`)
}

function isForGood(kind: OutcomeKind): kind is 'succeeded' | 'canceled' {
  return kind === 'succeeded' || kind === 'canceled'
}

/** Everything that is said, one after another; what is no news changes nothing. */
function heard(start: Charge, news: readonly PaymentNews[]): Charge {
  return news.reduce((charge, one) => applyOutcome(charge, one, NOW) ?? charge, start)
}

describe('FR-059 the first word of the gateway', () => {
  test.each([
    ['succeeded', 'succeeded', true, null],
    ['declined', 'failed', true, null],
    ['rejected', 'failed', true, null],
    ['canceled', 'failed', true, null],
    ['authentication_required', 'pending', true, null],
    ['authenticating', 'pending', false, 900_000],
    ['processing', 'pending', false, 3_600_000],
    ['throttled', 'pending', false, 60_000],
    ['unknown', 'pending', false, 60_000],
  ] as const)(
    '%s leaves the payment %s, its attempt ended: %s, asked again after %s ms',
    (kind, status, ended, wait) => {
      const charge = told(begun(), kind)
      expect(charge?.payment).toMatchObject({ status, outcome: kind })
      expect(charge?.attempt).toMatchObject({ outcome: kind, endedAt: ended ? NOW : null })
      const decline = kind === 'declined' ? { kind: 'soft', code: 'insufficient_funds' } : null
      expect([charge?.payment.decline, charge?.attempt.decline]).toEqual([decline, decline])
      expect(askAgainAt(kind, NOW)).toBe(wait === null ? null : plusMs(NOW, wait))
    },
  )

  test('nothing said is nothing to ask again', () => {
    expect(askAgainAt(null, NOW)).toBeNull()
  })

  test('the table speaks of every kind', () => {
    expect(outcomeKinds.filter((kind) => told(begun(), kind) === null)).toEqual([])
  })
})

describe('FR-061 FR-062 what comes later', () => {
  const older = id('attempt', 701)

  test.each(outcomeKinds)('never takes back a success: %s', (kind) => {
    const paid = told(begun(), 'succeeded') as Charge
    for (const attemptId of [paid.attempt.id, older, ...(isForGood(kind) ? [null] : [])])
      expect(told(paid, kind, attemptId)).toBeNull()
  })

  test.each(outcomeKinds.filter((kind) => kind !== 'succeeded' && kind !== 'canceled'))(
    'of an older attempt never touches the newer one: %s',
    (kind) => {
      for (const outcome of [null, 'processing', 'unknown', 'authenticating'] as const)
        expect(told(begun({ outcome }), kind, older)).toBeNull()
    },
  )

  test('is a success whoever it is said of, also of a payment that had failed', () => {
    const failed: Charge = {
      payment: givenPayment({ status: 'failed', outcome: 'declined' }),
      attempt: givenDecline(2),
    }
    for (const attemptId of [failed.attempt.id, older, null]) {
      expect(told(begun(), 'succeeded', attemptId)?.payment.status).toBe('succeeded')
      const late = told(failed, 'succeeded', attemptId)
      expect(late?.payment).toMatchObject({ status: 'succeeded', decline: null })
      expect(late?.attempt).toBe(failed.attempt)
    }
  })

  test.each(['processing', 'authenticating', 'throttled', 'unknown'] as const)(
    'is no news the second time: %s',
    (kind) => {
      expect(told(told(begun(), kind) as Charge, kind)).toBeNull()
    },
  )

  test('that the gateway closed it counts once, whatever is tried', () => {
    const closed = told(begun(), 'canceled', null) as Charge
    expect(closed).toMatchObject({ payment: { status: 'failed' }, attempt: { outcome: 'canceled', endedAt: NOW } })
    expect(told(closed, 'canceled', null)).toBeNull()
    const waiting = told(begun(), 'authentication_required') as Charge
    const left = told(waiting, 'canceled', null)
    expect(left?.payment).toMatchObject({ status: 'failed', outcome: 'canceled' })
    expect(left?.attempt).toBe(waiting.attempt)
  })

  test('after the customer had to be asked is heard if it is money', () => {
    const waiting = told(begun(), 'authentication_required') as Charge
    expect(told(waiting, 'processing')).toBeNull()
    expect(told(waiting, 'succeeded', null)?.payment.status).toBe('succeeded')
  })
})

/** What is true of one attempt: how it went on the way, and how it ended. */
const open = fc.constantFrom<OutcomeKind>('processing', 'authenticating', 'throttled', 'unknown')
const ends = fc.constantFrom<OutcomeKind>('succeeded', 'declined', 'rejected', 'canceled', 'authentication_required')

describe('FR-061 in any order, and however often', () => {
  test('what is said of an attempt ends as it ended', () => {
    fc.assert(
      fc.property(
        ends,
        fc.array(open, { maxLength: 6 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        (end, way, places) => {
          const charge = begun()
          const all = [end, ...way]
          // Told by its attempt; what is over is over wherever it stands among the rest.
          const kinds = [...places.map((place) => all[place % all.length] ?? end), end]
          const news = kinds.map((kind) => newsOf(charge, kind))
          const last = heard(charge, news)
          expect([last.attempt.outcome, last.payment.outcome]).toEqual([end, end])
          expect(heard(last, news)).toBe(last)
        },
      ),
    )
  })

  test('the money counts, whatever else was said and of whom', () => {
    const one = fc.record({ kind: fc.constantFrom(...outcomeKinds), of: fc.constantFrom('this', 'older', 'none') })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), fc.nat(12), (others, place) => {
        const charge = begun()
        const news = others.map(({ kind, of }) => newsOf(charge, kind, of))
        const paid = heard(charge, news.toSpliced(place, 0, newsOf(charge, 'succeeded', 'none')))
        expect(paid.payment).toMatchObject({ status: 'succeeded', outcome: 'succeeded', decline: null })
        expect(paid.payment.amount).toBe(charge.payment.amount)
      }),
    )
  })

  test('the same word again is no news', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...outcomeKinds), { minLength: 1, maxLength: 12 }),
        fc.nat(11),
        (kinds, n) => {
          const charge = begun()
          const news = kinds.map((kind) => newsOf(charge, kind))
          const place = n % news.length
          const twice = news.toSpliced(place, 0, ...news.slice(place, place + 1))
          expect(heard(charge, twice)).toEqual(heard(charge, news))
        },
      ),
    )
  })

  function newsOf(charge: Charge, kind: OutcomeKind, of: 'this' | 'older' | 'none' = 'this'): PaymentNews {
    const whole = isForGood(kind) ? null : charge.attempt.id
    return said(charge, kind, { this: charge.attempt.id, older: id('attempt', 701), none: whole }[of])
  }
})
