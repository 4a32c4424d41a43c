import type { Credit, NewCredit } from '../../../src/credits/domain/credit.ts'
import type { Instant } from '../../../src/kernel/instant.ts'
import { at, id, USD } from '../../support/given.ts'

export const now = at('2026-03-01')

export function newCredit(about: Partial<NewCredit> = {}): NewCredit {
  return {
    ...{ organizationId: id('organization', 1), accountId: id('account', 2), currency: USD, amount: 1000n },
    ...{ reason: 'Sorry for the outage', source: 'grant', sourceId: null, expiresAt: null, metadata: {} },
    ...about,
  }
}

/** The n-th credit of Jane, of 10 USD that never expire. */
export function givenCredit(n: number, about: Partial<Credit> = {}): Credit {
  const amount = about.amount ?? 1000n
  return {
    ...newCredit({ amount }),
    ...{ id: id('credit', n), version: 1, remaining: amount, expired: 0n, voided: 0n },
    ...{ createdAt: at('2026-01-01'), endedAt: null, end: null },
    ...about,
  }
}

/** What each credit still has, as `n: remaining`. */
export function remains(credits: readonly Credit[]): Readonly<Record<string, bigint>> {
  return Object.fromEntries(credits.map((credit) => [Number.parseInt(credit.id.slice(-4), 16), credit.remaining]))
}

export const invoice = id('invoice', 8)

export function paying(amount: bigint, when: Instant = now) {
  return { invoiceId: invoice, amount, at: when }
}

/** The credits with the changed ones in place of their former selves; what is not among them is added. */
export function withCredits(credits: readonly Credit[], changed: readonly Credit[]): readonly Credit[] {
  return [...new Map([...credits, ...changed].map((credit) => [credit.id, credit])).values()]
}
