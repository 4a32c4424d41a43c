import { describe, expect, test } from 'vitest'
import { applyCredits, releaseApplications } from '../../../src/credits/domain/application.ts'
import { type Credit, expireCredits, voidCredit } from '../../../src/credits/domain/credit.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { at, id, idsOf } from '../../support/given.ts'
import { givenCredit, invoice, now, paying, remains, withCredits } from './given.ts'

describe('FR-049, FR-093 credits pay for an invoice', () => {
  const early = at('2026-01-01')
  const late = at('2026-02-01')
  test.each<[string, Partial<Credit>, Partial<Credit>]>([
    ['the soonest expiring', { createdAt: late, expiresAt: at('2026-04-01') }, { expiresAt: at('2026-04-02') }],
    ['one that expires before one that never does', { createdAt: late, expiresAt: at('2099-01-01') }, {}],
    ['then the oldest', { createdAt: early }, { createdAt: late }],
    ['then by id', {}, {}],
  ])('%s', (_, sooner, later) => {
    const [first, second] = [givenCredit(1, sooner), givenCredit(2, later)]
    const applied = applyCredits([second, first], paying(1400n), idsOf(1))
    expect(remains(applied.credits)).toEqual({ 1: 0n, 2: 600n })
    expect(applied.applications).toMatchObject([
      { creditId: first.id, amount: 1000n, at: now, version: 1, creditExpiresAt: first.expiresAt, releasedAt: null },
      { creditId: second.id, invoiceId: invoice, amount: 400n },
    ])
    expect(applied.applied).toBe(1400n)
  })

  test('the older, though its id is greater', () => {
    const credits = [givenCredit(1, { createdAt: late }), givenCredit(2, { createdAt: early })]
    expect(remains(applyCredits(credits, paying(1n), idsOf(1)).credits)).toEqual({ 2: 999n })
  })

  test('the id decides, whichever of two comes first', () => {
    const credits = [givenCredit(2, { expiresAt: at('2026-05-01') }), givenCredit(1, { expiresAt: at('2026-05-01') })]
    for (const order of [credits, credits.toReversed()])
      expect(remains(applyCredits(order, paying(1n), idsOf(1)).credits)).toEqual({ 1: 999n })
  })

  test.each<[string, Partial<Credit>]>([
    ['expires at that instant', { expiresAt: now }],
    ['was made after it', { createdAt: at('2026-03-01T00:00:00.001Z') }],
    ['has nothing left', { remaining: 0n }],
  ])('not one that %s', (_, about) => {
    expect(applyCredits([givenCredit(1, about)], paying(100n), idsOf(1))).toEqual({
      ...{ credits: [], applications: [], ledger: [], applied: 0n },
    })
  })

  test('nothing is owed, nothing is applied; less than nothing is a bug', () => {
    expect(applyCredits([givenCredit(1)], paying(0n), idsOf(1)).applications).toEqual([])
    expect(() => applyCredits([givenCredit(1)], paying(-1n), idsOf(1))).toThrow(/^-1 of .* cannot be paid by credit$/)
  })

  test('each part is posted: the customer owes less, and has less to their credit', () => {
    const { applications, ledger } = applyCredits([givenCredit(1)], paying(300n), idsOf(1))
    expect(ledger).toMatchObject([
      {
        ...{ document: applications[0]?.id, kind: 'credit_applied', at: now, accountId: id('account', 2) },
        postings: [
          { ledgerAccount: 'credit', amount: 300n },
          { ledgerAccount: 'receivable', amount: -300n },
        ],
      },
    ])
  })
})

describe('FR-050 a voided invoice gives its credits back', () => {
  const expiresAt = at('2026-03-11')
  const credit = givenCredit(1, { expiresAt })
  const applied = applyCredits([credit], paying(600n), idsOf(1))

  test('whole, and posted the other way round', () => {
    const released = releaseApplications(applied.applications, applied.credits, now)
    expect(released.credits).toEqual([credit])
    expect(released.applications).toMatchObject([{ version: 2, amount: 600n, releasedAt: now }])
    expect(released.released).toBe(600n)
    expect(released.ledger).toMatchObject([
      {
        ...{ document: applied.applications[0]?.id, kind: 'credit_released' },
        postings: [
          { ledgerAccount: 'credit', amount: -600n },
          { ledgerAccount: 'receivable', amount: 600n },
        ],
      },
    ])
  })

  test('with the ten days that were left when it was applied', () => {
    const [released] = releaseApplications(applied.applications, applied.credits, at('2026-03-06')).credits
    expect([released?.remaining, released?.expiresAt]).toEqual([1000n, at('2026-03-16')])
  })

  test('one that has expired meanwhile lives again, with what was given back', () => {
    const [expired] = expireCredits(applied.credits, expiresAt)
    const { credits } = releaseApplications(applied.applications, expired ? [expired.credit] : [], at('2026-05-01'))
    expect(credits).toMatchObject([
      { remaining: 600n, expired: 400n, expiresAt: at('2026-05-11'), endedAt: null, end: null },
    ])
    expect(expireCredits(credits, at('2026-05-11'))).toMatchObject([{ credit: { remaining: 0n, expired: 1000n } }])
  })

  test('one that was voided meanwhile too', () => {
    const voided = voidCredit({ ...credit, remaining: 400n }, at('2026-03-02'))
    const { credits } = releaseApplications(applied.applications, voided.ok ? [voided.value.credit] : [], now)
    expect(credits).toMatchObject([{ remaining: 600n, voided: 400n, endedAt: null, end: null }])
  })

  test('one that never expires still never does', () => {
    const { applications, credits } = applyCredits([givenCredit(1)], paying(600n), idsOf(1))
    expect(releaseApplications(applications, credits, at('2027-01-01')).credits[0]?.expiresAt).toBeNull()
    const now = credits.map((one) => ({ ...one, expiresAt: at('2026-06-01') }))
    expect(releaseApplications(applications, now, at('2027-01-01')).credits[0]?.expiresAt).toBeNull()
    const before = applications.map((one) => ({ ...one, creditExpiresAt: at('2026-06-01') }))
    expect(releaseApplications(before, credits, at('2027-01-01')).credits[0]?.expiresAt).toBeNull()
  })

  test('two voids: the lifetime of each is the one it was applied with, and none shortens it', () => {
    const second = applyCredits(applied.credits, paying(100n, at('2026-03-10')), idsOf(2))
    const first = releaseApplications(applied.applications, second.credits, at('2026-03-20'))
    expect(first.credits[0]?.expiresAt).toBe(at('2026-03-30'))
    const both = releaseApplications(second.applications, first.credits, at('2026-03-21'))
    expect(both.credits).toMatchObject([{ remaining: 1000n, expiresAt: at('2026-03-30') }])
  })

  test('a credit that paid for it twice comes back as one change', () => {
    const again = applyCredits(applied.credits, paying(100n), idsOf(2))
    const credits = withCredits(applied.credits, again.credits)
    const released = releaseApplications([...applied.applications, ...again.applications], credits, now)
    expect([released.credits, released.applications.length, released.released]).toEqual([[credit], 2, 700n])
  })

  test('once only, and never more than was granted', () => {
    const once = releaseApplications(applied.applications, applied.credits, now)
    expect(releaseApplications(once.applications, once.credits, now)).toEqual({
      ...{ credits: [], applications: [], ledger: [], released: 0n },
    })
    expect(() => releaseApplications(applied.applications, [credit], now)).toThrow(InvariantViolation)
    for (const taken of [{ expired: 401n }, { voided: 401n }]) {
      const spoiled = givenCredit(1, { remaining: 0n, ...taken })
      expect(() => releaseApplications(applied.applications, [spoiled], now)).toThrow(InvariantViolation)
    }
    expect(() => releaseApplications(applied.applications, [credit], now)).toThrow(/comes back than was applied/)
    expect(() => releaseApplications(applied.applications, [], now)).toThrow(/must be read to be given back/)
  })
})
