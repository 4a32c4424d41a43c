import type { Command } from '../../../src/billing/domain/command.ts'
import { type Invoice, isFinal, netOf } from '../../../src/invoices/domain/invoice.ts'
import { type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Interval } from '../../../src/kernel/period.ts'
import type { Refund } from '../../../src/payments/domain/refund.ts'
import type { RefundOutcome } from '../../../src/payments/domain/refund-outcome.ts'
import type { AddOnAsked, ChangeSubscription } from '../../../src/subscriptions/domain/command.ts'
import { id } from '../../support/given.ts'
import { givenCancel, givenChange, givenSale } from '../../support/given-selling.ts'
import { collectingMakers, type Make } from './collecting-happening.ts'
import type { History } from './history.ts'
import { type Happening, later } from './life.ts'

const codes = ['small', 'large', 'metered', 'small', 'large'] as const
const intervals = [
  { unit: 'month', count: 1 },
  { unit: 'week', count: 2 },
  { unit: 'year', count: 1 },
] as const satisfies readonly Interval[]

/** What each kind of happening asks for, of what there is. Amounts and quantities are as the wire lets them be. */
const makers: Readonly<Record<Happening['what'], Make>> = {
  ...collectingMakers,
  create: (_, one, now) => {
    const { unit, count } = intervals[one.choice % 3] ?? intervals[0]
    const startAt = one.which === 1 ? later(now, -100) : one.which === 2 ? later(now, 20) : null
    return givenSale({
      ...{
        planCode: codes[one.plan] ?? 'small',
        interval: unit,
        intervalCount: count,
        quantity: one.quantity,
        startAt,
      },
      ...{ trialDays: one.which === 3 ? 14 : 0, trialEnd: one.trialEnd, addOns: addOnsOf(one) },
      billingTime: one.choice % 3 !== 1 && one.choice > 7 ? 'calendar' : 'anniversary',
      endsAt: one.which === 4 ? later(now, 75) : null,
      billFrom: one.which === 1 && one.choice % 2 === 0 ? later(now, -40) : null,
      couponCode: ['HALF', 'ONCE', 'SMALL', 'ALL'][one.choice] ?? null,
    })
  },
  change: (history, one, now) => givenChange(subscriptionOf(history, one), changeOf(one, now)),
  unschedule: (history, one) => ({ type: 'unschedule_change', id: subscriptionOf(history, one) }),
  pause: (history, one, now) => ({
    ...{ type: 'pause_subscription', id: subscriptionOf(history, one) },
    resumesAt: one.choice % 2 === 0 ? null : later(now, one.amount % 90),
  }),
  resume: (history, one) => ({ type: 'resume_subscription', id: subscriptionOf(history, one) }),
  cancel: (history, one) =>
    givenCancel(subscriptionOf(history, one), { prorate: one.choice % 2 === 0, credit: one.credit }),
  end: (history, one) => givenCancel(subscriptionOf(history, one), { when: 'period_end' }),
  uncancel: (history, one) => ({ type: 'uncancel_subscription', id: subscriptionOf(history, one) }),
  trial: (history, one, now) => ({
    ...{ type: 'change_trial', id: subscriptionOf(history, one) },
    endsAt: one.choice % 2 === 0 ? 'now' : later(now, one.amount % 60),
  }),
  update: (history, one) => ({
    ...{ type: 'update_subscription', id: subscriptionOf(history, one), metadata: { n: String(one.which) } },
  }),
  write: (_, one) => ({
    ...{ type: 'create_invoice', memo: null, termsDays: null, finalize: one.choice % 2 === 0 },
    lines: [{ description: 'Set-up', quantity: `${one.quantity}.5`, unitAmount: `${one.amount}` }],
  }),
  rewrite: (history, one) => ({
    ...{ type: 'update_invoice', id: draftOf(history, one) },
    patch: { lines: [{ description: 'Set-up', quantity: '1', unitAmount: `${one.amount}` }], termsDays: one.choice },
  }),
  delete: (history, one) => ({ type: 'delete_invoice', id: draftOf(history, one) }),
  finalize: (history, one) => {
    const taxes = [{ name: 'VAT', country: null, region: null, percent: null, amount: BigInt(one.amount) }]
    return { type: 'finalize_invoice', id: draftOf(history, one), taxes: one.choice % 3 === 0 ? null : taxes }
  },
  void: (history, one) => ({
    ...{ type: 'void_invoice', id: invoiceOf(history, one).id, reason: 'Wrong' },
    regenerate: one.choice % 3 === 0 ? false : null,
  }),
  uncollectible: (history, one) => ({ type: 'mark_uncollectible', id: invoiceOf(history, one).id }),
  apply: (history, one) => ({
    ...{ type: 'apply_credit', id: invoiceOf(history, one).id },
    amount: one.choice % 2 === 0 ? null : BigInt(one.amount),
  }),
  note: noteOf,
  unnote: ({ creditNotes }, one) => {
    const note = pick([...creditNotes.values()], one)
    const invoiceId = note?.invoiceId ?? id('invoice', 999)
    return { type: 'void_credit_note', id: invoiceId, creditNoteId: note?.id ?? id('credit_note', 999) }
  },
  grant: (_, one, now) => ({
    ...{ type: 'grant_credit', amount: BigInt(one.amount), reason: 'Sorry', metadata: {} },
    expiresAt: one.choice % 2 === 0 ? null : later(now, 1 + one.choice * 9),
  }),
  ungrant: ({ credits }, one) => ({
    type: 'void_credit',
    creditId: pick([...credits.values()], one)?.id ?? id('credit', 999),
  }),
  attach: (history, one) => ({
    ...{ type: 'attach_coupon', couponCode: ['HALF', 'ONCE', 'SMALL', 'ALL'][one.plan] ?? 'NONE' },
    subscriptionId: one.choice % 2 === 0 ? null : subscriptionOf(history, one),
  }),
  detach: ({ discounts }, one) => ({
    ...{ type: 'detach_discounts', couponCode: one.choice % 2 === 0 ? null : 'HALF' },
    subscriptionId: pick([...discounts.values()], one)?.subscriptionId ?? null,
  }),
  advance: () => ({ type: 'advance' }),
  refunded: ({ refunds }, one) => ({
    type: 'record_refunds',
    outcomes: new Map([...refunds.values()].map((refund) => [refund.id, refundOutcome(one, refund)])),
  }),
}

export function commandOf(history: History, one: Happening, now: Instant): Command {
  return makers[one.what](history, one, now)
}

function changeOf(one: Happening, now: Instant): Partial<ChangeSubscription> {
  const { choice, granularity, invoicing, credit } = one
  const what: readonly Partial<ChangeSubscription>[] = [
    { planCode: codes[one.plan] ?? 'large' },
    { quantity: one.quantity },
    { interval: intervals[one.which % 3] ?? intervals[0] },
    { addOns: addOnsOf(one) },
    { unitAmount: one.which % 2 === 0 ? `${one.amount}.5` : null },
    { planCode: codes[one.plan] ?? 'large', quantity: one.quantity, addOns: addOnsOf(one) },
  ]
  const effective =
    one.which === 0 ? 'period_end' : one.which === 1 ? later(now, 9) : one.which === 2 ? plusMs(now, -7_200_000) : 'now'
  return {
    ...what[choice % 6],
    effective,
    granularity,
    invoicing,
    credit,
    onlyIfPaid: choice > 8 && effective === 'now',
  }
}

function addOnsOf({ which, quantity, choice }: Happening): readonly AddOnAsked[] {
  const planCode = which % 2 === 0 ? 'extra' : 'hours'
  return choice % 3 === 0 ? [{ planCode, quantity: quantity % 4, unitAmount: which === 5 ? '77.7' : null }] : []
}

function noteOf(history: History, one: Happening): Command {
  const invoice = invoiceOf(history, one)
  const line = pick('lines' in invoice ? invoice.lines.filter((each) => netOf(each) > 0n) : [], one)
  const amount = BigInt(one.amount)
  const lines = line === undefined || one.choice % 3 === 0 ? null : [{ lineId: line.id, amount }]
  const isPaid = 'status' in invoice && invoice.status === 'paid' && lines !== null
  const part = isPaid ? amount / 2n : 0n
  const asked = { reason: 'Wrong', lines, refund: part, credit: isPaid ? amount - part : 0n, outOfBand: 0n }
  return { type: 'create_credit_note', id: invoice.id, asked }
}

/** Mostly a live one. */
function subscriptionOf({ subscriptions }: History, one: Happening) {
  const all = [...subscriptions.values()]
  const live = all.filter((each) => !('endedAt' in each))
  return pick(live.length === 0 || one.choice === 11 ? all : live, one)?.id ?? id('subscription', 999)
}

function invoiceOf({ invoices }: History, one: Happening): Invoice | { readonly id: Invoice['id'] } {
  return pick([...invoices.values()].filter(isFinal).toReversed(), one) ?? { id: id('invoice', 999) }
}

function draftOf({ invoices }: History, one: Happening) {
  return (
    pick(
      [...invoices.values()].filter(({ status }) => status === 'draft'),
      one,
    )?.id ?? id('invoice', 999)
  )
}

function pick<T>(things: readonly T[], { which }: Happening): T | undefined {
  return things[which % Math.max(1, things.length)]
}

function refundOutcome({ refund }: Happening, of: Refund): RefundOutcome {
  const gatewayRefund = of.gatewayRefund ?? `re_${of.id}`
  if (refund === 'succeeded' || refund === 'processing') return { kind: refund, gatewayRefund }
  if (refund === 'failed') return { kind: refund, gatewayRefund, failure: 'lost_or_stolen_card' }
  return refund === 'rejected' ? { kind: refund, failure: 'charge_disputed' } : { kind: refund }
}
