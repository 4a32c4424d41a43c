import { describe, expect, test } from 'vitest'
import {
  availableAt,
  type Credit,
  creditSources,
  expireCredits,
  grantCredit,
  MAX_CREDIT,
  type NewCredit,
  nextExpiry,
  voidCredit,
} from '../../../src/credits/domain/credit.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { at, id, idsOf } from '../../support/given.ts'
import { givenCredit, newCredit, now } from './given.ts'

function granted(about: Partial<NewCredit> = {}, held: readonly Credit[] = []) {
  return grantCredit(newCredit(about), held, now, idsOf(1))
}

function refused(about: Partial<NewCredit>, held: readonly Credit[] = []) {
  const result = granted(about, held)
  return result.ok ? null : result.error
}

describe('FR-092 a grant', () => {
  test('FR-094 has its reason and its time, and all of it remains', () => {
    expect(granted({ reason: 'Welcome' })).toMatchObject({
      value: {
        credit: {
          ...{ version: 1, amount: 1000n, remaining: 1000n, expired: 0n, voided: 0n },
          ...{ reason: 'Welcome', source: 'grant', createdAt: now, endedAt: null, end: null },
        },
      },
    })
  })

  test('is posted as given away', () => {
    const result = granted()
    expect(result.ok && result.value.ledger).toMatchObject({
      document: result.ok && result.value.credit.id,
      kind: 'credit_grant',
      at: now,
      postings: [
        { ledgerAccount: 'granted', amount: 1000n },
        { ledgerAccount: 'credit', amount: -1000n },
      ],
    })
  })

  test.each(creditSources.filter((source) => source !== 'grant'))('of %s is posted by its own document', (source) => {
    const result = granted({ source, sourceId: id('invoice', 8) })
    expect(result.ok && [result.value.ledger, result.value.credit.remaining]).toEqual([null, 1000n])
  })

  test('refuses a time that is past, now, or beyond a hundred years', () => {
    for (const expiresAt of [at('2026-02-28'), now, at('2126-03-03')]) {
      expect(refused({ expiresAt })).toMatchObject({ code: 'invalid_request', pointer: '/expires_at' })
    }
    expect(refused({ expiresAt: at('2026-02-28') })).toMatchObject({
      detail:
        'The credit would expire at 2026-02-28T00:00:00Z; it must be later than the account’s time, 2026-03-01T00:00:00Z, by 100 years at most.',
      hint: expect.stringMatching(/in the future, or leave it out/),
    })
    expect(refused({ expiresAt: at('2026-03-01T00:00:01Z') })).toBeNull()
  })

  test('refuses more than an account can have, with what it has', () => {
    expect(refused({ amount: MAX_CREDIT })).toBeNull()
    expect(refused({ amount: MAX_CREDIT + 1n })).toMatchObject({ code: 'credit_too_large', pointer: '/amount' })
    const held = [givenCredit(1, { amount: MAX_CREDIT, remaining: 5n })]
    expect(refused({ amount: MAX_CREDIT - 5n }, held)).toBeNull()
    expect(refused({ amount: MAX_CREDIT - 4n }, held)).toEqual({
      ...{ code: 'credit_too_large', pointer: '/amount' },
      detail: `With ${MAX_CREDIT - 4n} more the account would have ${MAX_CREDIT + 1n} minor units of USD to its credit; ${MAX_CREDIT} is the most.`,
      hint: expect.stringMatching(/minor units.*Void credits/),
    })
  })

  test.each([0n, -1n])('of %s is a bug', (amount) => {
    expect(() => granted({ amount })).toThrow(new InvariantViolation(`a credit of ${amount} is none`))
  })
})

describe('what is available', () => {
  const expiresAt = at('2026-04-01')
  test.each([
    ['before it is made', '2025-12-31T23:59:59.999Z', 0n],
    ['from the instant it is made', '2026-01-01', 1000n],
    ['a millisecond before it expires', '2026-03-31T23:59:59.999Z', 1000n],
    ['not at its expiry', '2026-04-01', 0n],
  ])('%s', (_, when, available) => {
    expect(availableAt([givenCredit(1, { expiresAt })], at(when))).toBe(available)
  })

  test('is the sum of what remains', () => {
    expect(availableAt([givenCredit(1, { remaining: 1n }), givenCredit(2)], now)).toBe(1001n)
    expect(availableAt([], now)).toBe(0n)
  })

  test('the next expiry is the soonest of those with something left', () => {
    const soon = givenCredit(1, { expiresAt: at('2026-03-02'), remaining: 0n })
    const later = givenCredit(2, { expiresAt: at('2026-05-01') })
    expect(nextExpiry([soon, later, givenCredit(3)])).toBe(at('2026-05-01'))
    expect(nextExpiry([soon, givenCredit(3)])).toBeNull()
  })
})

describe('expiring', () => {
  const due = givenCredit(1, { expiresAt: now, remaining: 400n })

  test('takes back what is left of those that are due, and no others', () => {
    const others = [givenCredit(2), givenCredit(3, { expiresAt: at('2026-03-02') })]
    const usedUp = givenCredit(4, { expiresAt: now, remaining: 0n })
    const expired = expireCredits([...others, due, usedUp], now)
    expect(expired.map(({ credit }) => credit)).toEqual([
      { ...due, remaining: 0n, expired: 400n, endedAt: now, end: 'expired' },
    ])
    expect(expired[0]?.ledger).toMatchObject({
      ...{ document: due.id, kind: 'credit_expired' },
      postings: [
        { ledgerAccount: 'granted', amount: -400n },
        { ledgerAccount: 'credit', amount: 400n },
      ],
    })
  })

  test('again changes nothing', () => {
    const [expired] = expireCredits([due], now)
    expect(expired && expireCredits([expired.credit], now)).toEqual([])
  })
})

describe('voiding a credit', () => {
  test('takes back what is left; what was applied stays applied', () => {
    const credit = givenCredit(1, { remaining: 300n })
    expect(voidCredit(credit, now)).toMatchObject({
      value: {
        credit: { ...credit, remaining: 0n, voided: 300n, endedAt: now, end: 'voided' },
        ledger: {
          kind: 'credit_void',
          postings: [
            { ledgerAccount: 'granted', amount: -300n },
            { ledgerAccount: 'credit', amount: 300n },
          ],
        },
      },
    })
  })

  test.each<[string, Partial<Credit>, RegExp]>([
    ['used up', { remaining: 0n }, /^The credit of 1000 is applied to invoices to the last unit: nothing/],
    ['used up before it expired', { remaining: 0n, expiresAt: at('2026-02-01') }, /of 1000 is applied/],
    ['used up, with time left', { remaining: 0n, expiresAt: at('2027-02-01') }, /of 1000 is applied/],
    ['to expire at this instant', { expiresAt: now }, /expired at 2026-03-01T00:00:00Z/],
    ['voided', { remaining: 0n, voided: 1000n, end: 'voided', endedAt: now }, /was voided at 2026-03-01T00:00:00Z/],
    ['expired', { remaining: 0n, expired: 1000n, end: 'expired', endedAt: now }, /was expired at 2026-03-01/],
    [
      'voided before it would have expired',
      { remaining: 0n, voided: 1000n, end: 'voided', endedAt: at('2026-01-20'), expiresAt: at('2026-02-01') },
      /was voided at 2026-01-20/,
    ],
    ['past its expiry', { expiresAt: at('2026-02-01') }, /expired at 2026-02-01/],
  ])('that is %s is refused, and says so', (_, about, detail) => {
    const result = voidCredit(givenCredit(1, about), now)
    expect(result).toMatchObject({ error: { code: 'credit_used_up', detail: expect.stringMatching(detail) } })
    expect(result).toMatchObject({
      error: { hint: expect.stringMatching(/when the invoice is voided; GET the credit/) },
    })
  })
})
