import type { Command } from '../../../src/billing/domain/command.ts'
import { isFinal } from '../../../src/invoices/domain/invoice.ts'
import type { Instant } from '../../../src/kernel/instant.ts'
import type { Charge } from '../../../src/payments/domain/charge.ts'
import type { PaymentNews } from '../../../src/payments/domain/outcome.ts'
import type { Payment } from '../../../src/payments/domain/payment.ts'
import { askedResolutions } from '../../../src/payments/domain/refund.ts'
import { id } from '../../support/given.ts'
import { givenOutcome } from '../../support/given-payments.ts'
import { attachesCard, card, choosesCard, removesCard } from './collecting.ts'
import { type Asked, chargesIn, type History } from './history.ts'
import type { Happening } from './life.ts'

export type Make = (history: History, one: Happening, now: Instant) => Command

const codes = ['insufficient_funds', 'lost_card', 'expired_card', 'do_not_honor'] as const

/** What happens to money in any life: paid, contested, given back, and with which card. */
export const collectingMakers = {
  pay: (history, one) => ({
    ...{ type: 'pay_invoice', id: owedIn(history, one), returnUrl: null, insteadOf: null },
    amount: one.choice % 2 === 0 ? null : BigInt(one.amount),
    methodId: one.choice % 3 === 0 ? card(1 + (one.which % 3)).id : null,
    reason: one.choice % 4 === 0 ? 'customer' : 'request',
  }),
  record: (history, one) => ({
    ...{ type: 'record_payment', id: owedIn(history, one), manual: { kind: 'check', reference: null } },
    amount: one.choice % 2 === 0 ? null : BigInt(one.amount),
  }),
  attachCard: (history, one) => commandOf(attachesCard(1 + (one.which % 3), one.choice % 2 === 0), history),
  chooseCard: (history, one) => commandOf(choosesCard(1 + (one.which % 3)), history),
  removeCard: (history, one) => commandOf(removesCard(1 + (one.which % 3)), history),
  renewCard: (_, one) => ({
    ...{ type: 'update_method', methodId: card(1 + (one.which % 3)).id },
    facts: { brand: 'visa', last4: '0009', expiryMonth: 1, expiryYear: 2030 + one.quantity },
  }),
  hold: () => ({ type: 'place_hold', reason: 'Too many seats' }),
  release: () => ({ type: 'release_hold' }),
  contest: (history, one) => {
    const payment = taken(history, one)
    if (payment === undefined) return { type: 'advance' }
    const about = { gatewayDispute: `du_${payment.id}`, reason: `${one.choice % 2}`, evidenceDueAt: null }
    return {
      type: 'record_dispute',
      paymentId: payment.id,
      news: { ...about, status: one.dispute, amount: BigInt(one.amount) },
    }
  },
  giveBack: (history, one) => {
    const payment = taken(history, one) ?? [...history.payments.values()][0]
    if (payment === undefined) return { type: 'advance' }
    const amount = one.choice % 2 === 0 ? null : BigInt(one.amount)
    return { type: 'refund_payment', paymentId: payment.id, amount, reason: 'goodwill' }
  },
  givenBack: (history, one) => {
    const payment = taken(history, one)
    if (payment === undefined) return { type: 'advance' }
    const amount = BigInt(one.amount) < payment.amount ? BigInt(one.amount) : payment.amount
    const gatewayRefund = `re_past_${one.choice}_${payment.id}`
    const outcome = { kind: one.choice % 2 === 0 ? 'succeeded' : 'processing', gatewayRefund } as const
    return { type: 'record_foreign_refund', paymentId: payment.id, amount, outcome }
  },
  resolve: ({ refunds }, one) => {
    const failed = [...refunds.values()].filter(({ status }) => status === 'failed')
    const refund = failed[one.which % Math.max(1, failed.length)]
    const resolution = askedResolutions[one.choice % 3] ?? 'refund'
    return refund === undefined ? { type: 'advance' } : { type: 'resolve_refund', refundId: refund.id, resolution }
  },
  outcome: (history, one) => ({
    type: 'record_outcomes',
    news: chargesIn(history)
      .filter((_, index) => one.choice > 5 || index === one.which % Math.max(1, history.payments.size))
      .map(({ payment, attempt }) => newsOf(history, { payment, attempt }, one)),
  }),
  collectOtherwise: (_, one) => ({
    type: 'update_account',
    patch: { collection: one.choice % 2 === 0 ? 'automatic' : 'invoice' },
  }),
} as const satisfies Readonly<Record<string, Make>>

/** Mostly of the newest try; else of an older one, or the gateway speaks by itself. */
function newsOf(
  { attempts }: History,
  { payment, attempt }: Charge,
  { choice, outcome, plan }: Happening,
): PaymentNews {
  const paymentId = payment.id
  const alone = choice % 6 === 0 && (outcome === 'succeeded' || outcome === 'canceled')
  if (alone) return { paymentId, attemptId: null, outcome: { kind: outcome } }
  const older = choice % 6 === 1 ? [...attempts.values()].find((one) => one.paymentId === paymentId) : undefined
  return { paymentId, attemptId: (older ?? attempt).id, outcome: givenOutcome(outcome, codes[plan % 4]) }
}

/** Mostly one that is open. */
function owedIn({ invoices }: History, { which, choice }: Happening) {
  const final = [...invoices.values()].filter(isFinal)
  const open = final.filter(({ status }) => status === 'open')
  const some = open.length === 0 || choice === 11 ? final : open
  return some[which % Math.max(1, some.length)]?.id ?? id('invoice', 999)
}

/** What a gateway took. */
function taken({ payments }: History, { which }: Happening): Payment | undefined {
  const all = [...payments.values()].filter(({ status, manual }) => status === 'succeeded' && manual === null)
  return all[which % Math.max(1, all.length)]
}

function commandOf(asked: Asked, history: History): Command {
  return typeof asked === 'function' ? asked(history) : asked
}
