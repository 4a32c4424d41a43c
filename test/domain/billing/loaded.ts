import type { Command } from '../../../src/billing/domain/command.ts'
import type { Snapshot } from '../../../src/billing/domain/snapshot.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import { periodOf, type Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import type { History } from './history.ts'

/** What the repositories would read for a command: no more than the snapshot says that it holds. */
export function loaded(history: History, command: Command): Snapshot {
  const target = 'id' in command ? command.id : null
  const subscriptions = [...history.subscriptions.values()].filter(
    (one) => !('endedAt' in one) || one.metered.length > 0 || one.id === target,
  )
  const invoices = [...history.invoices.values()].filter(isRead(history, command, subscriptions))
  const read = new Set<string>(invoices.map(({ id }) => id))
  const of = <T extends { readonly invoiceId: string }>(things: Iterable<T>) =>
    [...things].filter(({ invoiceId }) => read.has(invoiceId))
  const payments = of(history.payments.values())
  const unpaid = new Set<string>(payments.flatMap(({ id, status }) => (status === 'succeeded' ? [] : [id])))
  const applications = of(history.applications.values())
  const creditNotes = of(history.creditNotes.values())
  const paid = new Set<string>(payments.map(({ id }) => id))
  const sources = new Set<string | null>(creditNotes.map(({ id }) => id))
  const applied = new Set<string>(applications.map(({ creditId }) => creditId))
  const used = new Set<string>(
    invoices.flatMap(({ lines }) => lines.flatMap(({ discounts }) => discounts.map((one) => one.discountId))),
  )
  return {
    ...history.snapshot,
    ...{ subscriptions, invoices, payments, applications, creditNotes },
    versions: versionsOf(history),
    plans: plansFor(history, command, subscriptions),
    coupon: couponFor(history, command),
    refunds: [...history.refunds.values()].filter(({ id, paymentId }) => paid.has(paymentId) || isTold(command, id)),
    credits: [...history.credits.values()].filter(
      ({ id, remaining, sourceId }) =>
        remaining > 0n || applied.has(id) || sources.has(sourceId) || isTold(command, id),
    ),
    discounts: [...history.discounts.values()].filter(({ id, endedAt }) => endedAt === null || used.has(id)),
    methods: [...history.methods.values()].filter(({ removedAt }) => removedAt === null),
    attempts: [...history.attempts.values()].filter(({ paymentId }) => unpaid.has(paymentId)),
    disputes: [...history.disputes.values()].filter(({ paymentId }) => paid.has(paymentId)),
  }
}

function isTold(command: Command, id: string): boolean {
  if (command.type === 'record_refunds') return [...command.outcomes.keys()].some((key) => key === id)
  return command.type === 'void_credit' && command.creditId === id
}

/** Drafts and what they credit, what bills the present periods, what the command is about, and what corrects or credits that. */
function isRead(history: History, command: Command, subscriptions: readonly Subscription[]) {
  const meant = new Set<string>(meantBy(history, command, subscriptions))
  const lines = new Set<string | null>(
    [...meant].flatMap((id) => history.invoices.get(id)?.lines.map((line) => line.id) ?? []),
  )
  const drafts = [...history.invoices.values()].filter(({ status }) => status === 'draft')
  const drafted = new Set<string | null>(drafts.flatMap((draft) => draft.lines.map((line) => line.creditsLineId)))
  return (invoice: Invoice): boolean => {
    if (invoice.status === 'deleted') return false
    return (
      invoice.status === 'draft' ||
      invoice.status === 'open' ||
      meant.has(invoice.id) ||
      invoice.lines.some(({ id }) => drafted.has(id)) ||
      (invoice.corrects !== null && meant.has(invoice.corrects)) ||
      invoice.lines.some(({ creditsLineId }) => creditsLineId !== null && lines.has(creditsLineId)) ||
      subscriptions.some((one) => billsPresent(invoice, one) || billsSupplemented(invoice, one))
    )
  }
}

function meantBy(history: History, command: Command, subscriptions: readonly Subscription[]): readonly string[] {
  const pending = subscriptions.flatMap((one) =>
    one.status === 'active' && one.pendingChange !== null ? [one.pendingChange.invoiceId] : [],
  )
  return [...pending, ...namedBy(history, command)]
}

function namedBy({ payments, refunds }: History, command: Command): readonly string[] {
  const paid = (id: string | undefined) => [payments.get(id ?? '')?.invoiceId ?? '']
  if (command.type === 'record_outcomes') return command.news.flatMap(({ paymentId }) => paid(paymentId))
  if ('id' in command) return [command.id]
  if ('paymentId' in command) return paid(command.paymentId)
  return 'refundId' in command ? paid(refunds.get(command.refundId)?.paymentId) : []
}

function billsPresent({ lines }: Invoice, subscription: Subscription): boolean {
  const start = periodOf(subscription)?.start
  const from = subscription.status === 'active' ? (subscription.baseline?.period.start ?? start) : start
  if (start === undefined || from === undefined) return false
  const first = from < start ? from : start
  return lines.some(({ subscriptionId, period }) => subscriptionId === subscription.id && period.start >= first)
}

/** Usage came late for a metering period that it billed. */
function billsSupplemented({ lines }: Invoice, { id, metered }: Subscription): boolean {
  return metered.some(
    ({ period, supplementAt }) =>
      supplementAt !== null &&
      lines.some(
        (line) =>
          line.subscriptionId === id &&
          ['usage', 'minimum'].includes(line.kind) &&
          line.period.end > period.start &&
          line.period.end <= period.end,
      ),
  )
}

function versionsOf({ plans, snapshot }: History): Snapshot['versions'] {
  return new Map([...snapshot.versions, ...plans.map(({ current }) => [current.id, current] as const)])
}

/** Those the command names, and the one that the subscription is to. */
function plansFor({ plans }: History, command: Command, subscriptions: readonly Subscription[]): Snapshot['plans'] {
  if (command.type !== 'create_subscription' && command.type !== 'change_subscription') return []
  const codes = [command.planCode, ...command.addOns.map(({ planCode }) => planCode)]
  const own = 'id' in command ? subscriptions.find(({ id }) => id === command.id)?.planId : undefined
  return plans.filter(({ id, code }) => codes.includes(code) || id === own)
}

function couponFor({ coupons }: History, command: Command): Snapshot['coupon'] {
  const code = command.type === 'create_subscription' || command.type === 'attach_coupon' ? command.couponCode : null
  return [...coupons.values()].find((coupon) => coupon.code === code) ?? null
}
