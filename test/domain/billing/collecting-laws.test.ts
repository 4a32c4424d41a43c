import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Overdue } from '../../../src/accounts/domain/account.ts'
import type { Decision } from '../../../src/billing/domain/decision.ts'
import { accessOf, isWorse, stepAt } from '../../../src/dunning/domain/overdue.ts'
import { balanceOf, isFinal } from '../../../src/invoices/domain/invoice.ts'
import type { NoticeKind } from '../../../src/notifications/domain/notice.ts'
import { isSmall } from '../../../src/payments/domain/gateway-amount.ts'
import type { Payment } from '../../../src/payments/domain/payment.ts'
import { givenBack, isOwed } from '../../../src/payments/domain/refund.ts'
import { standingIn } from './collecting.ts'
import { chargesIn, type History } from './history.ts'
import { type Life, lives, type Moment, moneyLives, remembered } from './life.ts'
import { balances } from './words.ts'

/** One seed for all, so that each life is lived once for all laws; a failure prints it. */
const runs = { numRuns: 150, seed: Date.now() }

const openTries = ({ attempts }: History) => [...attempts.values()].filter(({ endedAt }) => endedAt === null)
const invoiceOf = (history: History, payment: Payment['id']) => {
  const { invoiceId } = history.payments.get(payment) ?? {}
  const invoice = history.invoices.get(invoiceId ?? '')
  if (invoice === undefined || !isFinal(invoice)) throw new Error(`payment ${payment} is for no final invoice`)
  return invoice
}
const decisionOf = ({ before, after }: Moment): Decision | null =>
  after.decisions.length > before.decisions.length ? (after.decisions.at(-1) ?? null) : null

const laws: Readonly<Record<string, (moment: Moment) => void>> = {
  'the trial balance is zero': ({ after }) => {
    expect(Object.values(balances(after)).reduce((sum, one) => sum + one, 0n)).toBe(0n)
  },

  'what is to be paid back is on its way, or owed of a refund that failed': ({ after }) => {
    const owed = [...after.refunds.values()].filter((refund) => refund.status === 'pending' || isOwed(refund))
    const sum = owed.reduce((total, { amount, writtenOff }) => total + amount + writtenOff, 0n)
    expect(balances(after).refund ?? 0n).toBe(-sum)
  },

  'no more of a payment goes back from here than came in': ({ after, ...moment }) => {
    const made = decisionOf({ ...moment, after })?.refunds.filter(({ before }) => before === null) ?? []
    for (const { after: refund } of made.filter((change) => change.after.gatewayRefund === null)) {
      const own = [...after.refunds.values()].filter(({ paymentId }) => paymentId === refund.paymentId)
      const back = own.reduce((total, one) => total + givenBack(one), 0n)
      expect(back).toBeLessThanOrEqual(after.payments.get(refund.paymentId)?.amount ?? 0n)
    }
  },

  'at most one try is under way for an invoice, and one payment waits': ({ after }) => {
    const of = openTries(after).map(({ paymentId }) => invoiceOf(after, paymentId).id)
    expect(new Set(of).size).toBe(of.length)
    const pending = [...after.payments.values()].filter(({ status }) => status === 'pending')
    expect(new Set(pending.map(({ invoiceId }) => invoiceId)).size).toBe(pending.length)
  },

  'a try asks for no more than is owed as it begins, of an invoice that is open': ({ after, ...moment }) => {
    const made = (decisionOf({ ...moment, after })?.attempts ?? []).filter(({ before }) => before === null)
    for (const { after: attempt } of made) {
      const invoice = invoiceOf(after, attempt.paymentId)
      expect([invoice.status, attempt.amount > 0n]).toEqual(['open', true])
      expect(attempt.amount).toBeLessThanOrEqual(balanceOf(invoice))
      expect(after.payments.get(attempt.paymentId)).toMatchObject({ status: 'pending', amount: attempt.amount })
    }
  },

  'what a gateway took is what its last try asked for, once': ({ after, ...moment }) => {
    for (const { payment, attempt } of chargesIn(after)) expect(payment.amount).toBe(attempt.amount)
    for (const { before, after: payment } of decisionOf({ ...moment, after })?.payments ?? []) {
      if (before?.status === 'succeeded') expect(payment.status).toBe('succeeded')
    }
  },

  'while a try is under way nothing but money lowers what is owed': ({ before, command, after }) => {
    if (command.type === 'record_outcomes') return
    const still = new Set(openTries(after).map(({ id }) => id))
    for (const { id, paymentId } of openTries(before).filter((attempt) => still.has(attempt.id))) {
      expect(balanceOf(invoiceOf(after, paymentId)), id).toBeGreaterThanOrEqual(balanceOf(invoiceOf(before, paymentId)))
    }
  },

  'nothing is scheduled but on what is open, and by nobody but its schedule': ({ after }) => {
    const busy = new Set(openTries(after).map(({ paymentId }) => invoiceOf(after, paymentId).id))
    for (const invoice of [...after.invoices.values()].filter(isFinal)) {
      const { state, nextAttemptAt, failedAt } = invoice.collection
      expect((state === 'retrying') === (nextAttemptAt !== null)).toBe(true)
      if (invoice.status !== 'open') expect([state, failedAt]).toEqual(['idle', null])
      if (busy.has(invoice.id)) expect(nextAttemptAt).toBeNull()
      if (state === 'retrying' || state === 'exhausted') expect(invoice.status).toBe('open')
    }
  },

  'by invoice nothing is tried but what is asked for, and during a hold nothing again': ({ after, ...moment }) => {
    const { collection, disputeHold } = after.snapshot.account
    const asked = collection === 'invoice' ? ['customer', 'request'] : ['customer', 'request', 'first']
    if (collection === 'automatic' && disputeHold === null) return
    const made = (decisionOf({ ...moment, after })?.attempts ?? []).filter(({ before }) => before === null)
    expect(made.map((change) => change.after.reason).filter((reason) => !asked.includes(reason))).toEqual([])
  },

  'what is owed by who can be charged has been tried, or will be': ({ after }) => {
    const { account } = after.snapshot
    const methods = [...after.methods.values()].filter(({ removedAt }) => removedAt === null)
    if (account.collection !== 'automatic' || account.disputeHold !== null || methods.length === 0) return
    const tried = new Set([...after.attempts.values()].map(({ paymentId }) => invoiceOf(after, paymentId).id))
    const owed = [...after.invoices.values()].filter(isFinal).filter(({ status }) => status === 'open')
    const left = owed.filter(
      (invoice) =>
        !tried.has(invoice.id) &&
        invoice.collection.nextAttemptAt === null &&
        !isSmall(balanceOf(invoice), invoice.currency),
    )
    expect(left).toEqual([])
  },

  'a step never skips its notice, and none is told without it': (moment) => {
    const decision = decisionOf(moment)
    const steps = (decision?.events ?? []).flatMap((event) =>
      event.subject === 'account' && event.type === 'account.overdue_changed'
        ? [{ from: event.before?.overdue.step ?? 'none', to: event.after.overdue.step }]
        : [],
    )
    const due = steps.filter(({ from, to }) => isWorse(to, from)).flatMap(({ to }) => notices[to] ?? [])
    const told = (decision?.notices ?? []).filter(({ kind }) => Object.values(notices).includes(kind))
    expect(told.map(({ kind }) => kind)).toEqual(due)
  },

  'the account stands as what it owes says, and its subscriptions with it': ({ before, after, now, ...moment }) => {
    if (decisionOf({ before, after, now, ...moment }) === null || before === after) return
    const { account } = after.snapshot
    const standing = standingIn(after)
    expect(stepAt(standing, now)).toBe(account.overdue.step)
    const access = accessOf(account, standing.debts)
    const live = [...after.subscriptions.values()].filter((one) => !('endedAt' in one))
    expect(live.filter((one) => one.access !== access)).toEqual([])
    const open = [...after.disputes.values()].filter(({ status }) => status === 'open')
    expect(account.openDisputes).toBe(open.length)
  },

  'after an advance nothing is due any more, unless it is behind': ({ command, after, now, ...moment }) => {
    const decision = decisionOf({ command, after, now, ...moment })
    if (command.type !== 'advance' || decision === null) return
    const { nextBillingAt } = after.snapshot.account
    expect(nextBillingAt === null || nextBillingAt > now).toBe(!decision.behind)
  },

  'every payment came by a gateway or by hand': ({ after }) => {
    for (const { manual, gatewayAccountId, paymentMethodId } of after.payments.values())
      expect([gatewayAccountId === null, paymentMethodId === null]).toEqual([manual !== null, manual !== null])
  },
}

const notices: Readonly<Partial<Record<Overdue['step'], NoticeKind>>> = {
  ...{ reminder: 'payment_reminder', warning: 'overdue_warning', blocked: 'access_blocked' },
}

const kept = (law: (moment: Moment) => void) => (life: Life) => {
  for (const moment of remembered(life).all) law(moment)
}

test.each(Object.entries(laws))('in any life %s', (_, law) => {
  fc.assert(fc.property(lives, kept(law)), runs)
  fc.assert(fc.property(moneyLives, kept(law)), runs)
})
