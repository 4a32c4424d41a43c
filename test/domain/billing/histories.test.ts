import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DomainEvent } from '../../../src/billing/domain/decision.ts'
import { nextExpiry } from '../../../src/credits/domain/credit.ts'
import { nextStepAt } from '../../../src/dunning/domain/overdue.ts'
import { balanceOf, type FinalInvoice, isFinal } from '../../../src/invoices/domain/invoice.ts'
import { nextDueAt } from '../../../src/subscriptions/domain/due.ts'
import { standingIn } from './collecting.ts'
import type { History } from './history.ts'
import { live, lives } from './life.ts'
import { balances, invoicesOf } from './words.ts'

/** One seed for all, so that each life is lived once for all laws; a failure prints it. */
const runs = { numRuns: 150, seed: Date.now() }

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
const finals = (history: History): readonly FinalInvoice[] => invoicesOf(history).filter(isFinal)

const laws: Readonly<Record<string, (history: History) => void>> = {
  'debits are credits, transaction by transaction': ({ ledger }) => {
    for (const { postings } of ledger) expect(sum(postings.map(({ amount }) => amount))).toBe(0n)
  },

  'the customer owes what the final invoices say': (history) => {
    expect(balances(history).receivable ?? 0n).toBe(sum(finals(history).map(balanceOf)))
  },

  'the credit account is what is left of the credits, none of them negative': (history) => {
    const credits = [...history.credits.values()]
    expect(-(balances(history).credit ?? 0n)).toBe(sum(credits.map(({ remaining }) => remaining)))
    for (const { id, amount, remaining, expired, voided } of credits) {
      const applied = [...history.applications.values()].filter((one) => one.creditId === id && one.releasedAt === null)
      expect(remaining).toBeGreaterThanOrEqual(0n)
      expect(remaining + expired + voided + sum(applied.map((one) => one.amount))).toBe(amount)
    }
  },

  'the cash is what was paid and not paid back, taken back or withheld': (history) => {
    const paid = [...history.payments.values()].filter(({ status }) => status === 'succeeded')
    const back = [...history.refunds.values()].filter(({ status }) => status === 'succeeded')
    const notes = [...history.creditNotes.values()].filter(({ status }) => status === 'issued')
    const withheld = [...history.disputes.values()].filter(({ status }) => status === 'open')
    const lost = [...history.disputes.values()].filter(({ status }) => status === 'lost')
    const of = (some: readonly { readonly amount: bigint }[]) => sum(some.map(({ amount }) => amount))
    expect(balances(history).cash ?? 0n).toBe(
      of(paid) - of(back) - of(withheld) - of(lost) - sum(notes.map(({ outOfBand }) => outOfBand)),
    )
    expect(balances(history).dispute ?? 0n).toBe(of(withheld))
  },

  'an invoice is the sum of its lines, and its total is where it went': (history) => {
    for (const invoice of invoicesOf(history)) {
      const { lines, subtotal, discount, total } = invoice
      expect(lines.every(({ kind, period }) => kind !== 'base' || period.start < period.end)).toBe(true)
      expect(sum(lines.map(({ amount }) => amount))).toBe(subtotal)
      expect(sum(lines.map((line) => line.discount))).toBe(discount)
      for (const line of lines) {
        expect(sum(line.discounts.map(({ amount }) => amount))).toBe(line.discount)
        expect(sum(line.taxes.map(({ amount }) => amount))).toBe(line.tax)
      }
      if (!isFinal(invoice)) continue
      const { paid, creditsApplied, creditNotes, writtenOff } = invoice.settlement
      expect(sum(lines.map(({ tax }) => tax))).toBe(invoice.tax)
      expect(sum(invoice.taxes.map(({ amount }) => amount))).toBe(invoice.tax)
      expect(subtotal - discount + invoice.tax).toBe(total)
      expect(paid + creditsApplied + creditNotes + writtenOff + balanceOf(invoice)).toBe(total)
      expect([invoice.status, balanceOf(invoice) > 0n]).toEqual([invoice.status, invoice.status === 'open'])
    }
  },

  'nothing is billed twice': (history) => {
    const billed = invoicesOf(history)
      .filter(({ status }) => status !== 'void')
      .flatMap(({ lines }) => [
        ...new Set(
          lines.flatMap((line) => (line.billingKey === null ? [] : [`${line.subscriptionId} ${line.billingKey}`])),
        ),
      ])
    expect(billed.length - new Set(billed).size, billed.toSorted().join('\n')).toBe(0)
  },

  'no more is credited of a line than it came to': (history) => {
    const valid = invoicesOf(history).filter(({ status }) => status !== 'void')
    const taken = new Map<string, bigint>()
    const take = (id: string, amount: bigint) => taken.set(id, (taken.get(id) ?? 0n) + amount)
    for (const line of valid.flatMap(({ lines }) => lines))
      if (line.creditsLineId !== null) take(line.creditsLineId, line.discount - line.amount)
    for (const { status, lines } of history.creditNotes.values())
      if (status === 'issued') for (const { lineId, amount } of lines) take(lineId, amount)
    for (const line of valid.flatMap(({ lines }) => lines)) {
      const most = line.amount - line.discount
      expect(taken.get(line.id) ?? 0n).toBeLessThanOrEqual(most > 0n ? most : 0n)
    }
  },

  'FR-042 numbers follow one another, and versions count the changes': (history) => {
    const perAccount = history.snapshot.settings.numbering.series === 'account'
    const named = (type: DomainEvent['type'], infix: string) => {
      const made = history.events.filter((event) => event.type === type)
      expect(made.map(({ after }) => ('number' in after ? after.number : null)).toSorted()).toEqual(
        made
          .map(({ after }, index) =>
            perAccount ? `JANE-${infix}${String(index + 1).padStart(4, '0')}` : `number:${after.id}`,
          )
          .toSorted(),
      )
    }
    named('invoice.finalized', '')
    named('credit_note.created', 'CN-')
    for (const { account, subscriptions, invoices, credits, discounts } of history.decisions) {
      expect(account.after.version).toBe(account.before.version + 1)
      for (const { before, after } of [...subscriptions, ...invoices, ...credits, ...discounts])
        expect(after.version).toBe((before?.version ?? 0) + 1)
    }
  },

  'the account knows when it is due next, and one live subscription holds a plan': (history) => {
    const live = [...history.subscriptions.values()].filter((one) => !('endedAt' in one))
    const isHeld = history.snapshot.account.disputeHold !== null
    const due = [
      ...[...history.subscriptions.values()].map(nextDueAt),
      ...invoicesOf(history).map((one) => (one.status === 'draft' ? one.finalizeAt : null)),
      ...finals(history).map(({ collection }) => (isHeld ? null : collection.nextAttemptAt)),
      nextExpiry([...history.credits.values()]),
      nextStepAt(standingIn(history)),
    ].filter((one) => one !== null)
    expect(history.snapshot.account.nextBillingAt).toBe(due.length === 0 ? null : Math.min(...due))
    expect(new Set(live.map(({ planId }) => planId)).size).toBe(live.length)
  },

  'folding the events gives what there is, each beginning where the last one ended': (history) => {
    const { account } = history.snapshot
    const last = new Map<string, unknown>([[account.id, history.decisions[0]?.account.before ?? account]])
    for (const { before, after } of history.events) {
      // Of what a day's draft is reckoned from, which its end leaves behind, no event tells.
      expect({ ...bare(last.get(after.id) ?? null), baseline: null }).toEqual({ ...bare(before), baseline: null })
      last.set(after.id, after)
    }
    const { subscriptions, invoices, credits, creditNotes, discounts, refunds, disputes, payments } = history
    for (const things of [subscriptions, invoices, credits, creditNotes, discounts, refunds, disputes])
      for (const [id, thing] of things) expect(bare(last.get(id))).toEqual(bare(thing))
    expect(bare(last.get(account.id))).toEqual(bare(account))
    for (const [id, payment] of payments) expect(bare(last.get(id))).toEqual(bare(payment))
  },

  'billed periods tile, and pauses move them': (history) => {
    const ends = new Map<string, number>()
    for (const { subject, type, before, after } of history.events) {
      if (subject !== 'subscription' || after.status !== 'active') continue
      const { id, period, billingTime } = after
      const previous = ends.get(id)
      if (type === 'subscription.renewed') expect(period.start).toBe(previous)
      if (
        type === 'subscription.resumed' &&
        billingTime === 'anniversary' &&
        before?.status === 'paused' &&
        before.billing
      )
        expect(period.start).toBe(before.billing.period.start)
      expect(period.end).toBeGreaterThanOrEqual(period.start)
      ends.set(id, period.end)
    }
  },
}

/** What the gateway calls a payment is told to no decision, and how an account is counted on no event. */
function bare(thing: unknown): object | null {
  if (thing === null || typeof thing !== 'object') return null
  if ('gatewayPayment' in thing) return { ...thing, gatewayPayment: null }
  const counted = { version: 0, nextBillingAt: null, invoiceSequence: 0, creditNoteSequence: 0 }
  return 'invoicePrefix' in thing ? { ...thing, ...counted } : thing
}

test.each(Object.entries(laws))('in any life %s', (_, law) => {
  fc.assert(
    fc.property(lives, (life) => law(live(life))),
    runs,
  )
})
