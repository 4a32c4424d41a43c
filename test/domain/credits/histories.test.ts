import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyCredits, type CreditApplication, releaseApplications } from '../../../src/credits/domain/application.ts'
import {
  availableAt,
  type Credit,
  type CreditChange,
  expireCredits,
  grantCredit,
  voidCredit,
} from '../../../src/credits/domain/credit.ts'
import type { Id } from '../../../src/kernel/id.ts'
import { DAY_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { LedgerTransaction } from '../../../src/ledger/domain/posting.ts'
import { id, idsOf } from '../../support/given.ts'
import { newCredit, now, paying, withCredits } from './given.ts'

type History = {
  readonly credits: readonly Credit[]
  readonly applications: readonly CreditApplication[]
  readonly ledger: readonly LedgerTransaction[]
}

type Deed = { readonly kind: 'grant' | 'apply' | 'release' | 'void'; readonly amount: bigint; readonly days: number }

const deeds = fc.array(
  fc.record<Deed>({
    kind: fc.constantFrom('grant', 'grant', 'apply', 'apply', 'release', 'void'),
    amount: fc.bigInt(1n, 10_000n),
    days: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 30 },
)

/** One deed a day, each after what expires until then. */
function lived(all: readonly Deed[]): History {
  return all.reduce<History>(
    (before, deed, day) => {
      const at = plusMs(now, day * DAY_MS)
      const expired = changed(before, expireCredits(before.credits, at))
      return done(expired, deed, at, day)
    },
    { credits: [], applications: [], ledger: [] },
  )
}

function done(history: History, { kind, amount, days }: Deed, at: Instant, day: number): History {
  const { credits, applications } = history
  if (kind === 'grant') {
    const expiresAt = days % 3 === 0 ? null : plusMs(at, days * DAY_MS)
    const granted = grantCredit(newCredit({ amount, expiresAt }), credits, at, idsOf(day))
    return granted.ok ? changed(history, [granted.value]) : history
  }
  if (kind === 'void') {
    const voided = credits.map((credit) => voidCredit(credit, at)).find(({ ok }) => ok)
    return voided?.ok ? changed(history, [voided.value]) : history
  }
  const invoiceId = id('invoice', kind === 'apply' ? day : days)
  const { ledger, ...next } =
    kind === 'apply'
      ? applyCredits(credits, { invoiceId, amount, at }, idsOf(day))
      : releaseApplications(applications.filter(isOf(invoiceId)), credits, at)
  const known = new Map([...applications, ...next.applications].map((application) => [application.id, application]))
  return {
    credits: withCredits(credits, next.credits),
    applications: [...known.values()],
    ledger: [...history.ledger, ...ledger],
  }
}

function isOf(invoice: Id<'invoice'>) {
  return ({ invoiceId }: CreditApplication) => invoiceId === invoice
}

function changed(history: History, changes: readonly CreditChange[]): History {
  const ledger = changes.flatMap((change) => (change.ledger === null ? [] : [change.ledger]))
  const credits = withCredits(
    history.credits,
    changes.map(({ credit }) => credit),
  )
  return { ...history, credits, ledger: [...history.ledger, ...ledger] }
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}

test('whatever happens, a credit is what remains of it, is applied, has expired and was voided; none goes below zero', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const { credits, applications } = lived(all)
      for (const credit of credits) {
        const own = applications.filter(({ creditId, releasedAt }) => creditId === credit.id && releasedAt === null)
        const applied = sum(own.map(({ amount }) => amount))
        expect(credit.remaining + applied + credit.expired + credit.voided).toBe(credit.amount)
        expect(credit.remaining).toBeGreaterThanOrEqual(0n)
        expect(credit.endedAt === null || credit.remaining === 0n).toBe(true)
      }
    }),
  )
})

test('whatever happens, the ledger says what remains, and what invoices were spared', () => {
  fc.assert(
    fc.property(deeds, (all) => {
      const { credits, applications, ledger } = lived(all)
      const posted = (name: string) =>
        sum(
          ledger.flatMap(({ postings }) =>
            postings.filter((entry) => entry.ledgerAccount === name).map(({ amount }) => amount),
          ),
        )
      const applied = applications.filter(({ releasedAt }) => releasedAt === null).map(({ amount }) => amount)
      expect(-posted('credit')).toBe(sum(credits.map(({ remaining }) => remaining)))
      expect(-posted('receivable')).toBe(sum(applied))
      expect(posted('granted') + posted('credit') + posted('receivable')).toBe(0n)
    }),
  )
})

test('what is applied is the lesser of what is asked and what is available, whatever order the credits are in', () => {
  fc.assert(
    fc.property(deeds, fc.bigInt(0n, 50_000n), fc.integer({ min: 0, max: 90 }), (all, amount, days) => {
      const { credits } = lived(all)
      const at = plusMs(now, days * DAY_MS)
      const available = availableAt(credits, at)
      const applied = applyCredits(credits, paying(amount, at), idsOf(99))
      expect(applied.applied).toBe(amount < available ? amount : available)
      expect(sum(applied.applications.map((application) => application.amount))).toBe(applied.applied)
      expect(applyCredits(credits.toReversed(), paying(amount, at), idsOf(99))).toEqual(applied)
    }),
  )
})

test('applied and given back at once, everything is as it was', () => {
  fc.assert(
    fc.property(deeds, fc.bigInt(0n, 50_000n), (all, amount) => {
      const { credits } = lived(all)
      const at = plusMs(now, all.length * DAY_MS)
      const applied = applyCredits(credits, paying(amount, at), idsOf(99))
      const after = withCredits(credits, applied.credits)
      const released = releaseApplications(applied.applications, after, at)
      expect(withCredits(after, released.credits)).toEqual(credits)
    }),
  )
})
