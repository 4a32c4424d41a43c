import { prorationDiscounts } from '../../discounts/domain/proration-discounts.ts'
import { type DraftFor, discounted, draftInvoice, lineOf } from '../../invoices/domain/draft.ts'
import { type DraftInvoice, type FinalInvoice, isFinal, type Line } from '../../invoices/domain/invoice.ts'
import { decimal, decimalText } from '../../kernel/decimal.ts'
import { HOUR_MS, type Instant, plusMs } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { type Billable, lineAmount } from '../../subscriptions/domain/billable.ts'
import { meteredBillables } from '../../subscriptions/domain/metering.ts'
import type { MeteredPeriod, Subscription } from '../../subscriptions/domain/subscription.ts'
import { keyBehind } from './billing-key.ts'
import { all } from './book.ts'
import { close } from './close.ts'
import { type Compared, creditUsage, usageCredited } from './usage-credit.ts'
import { type Context, draftsIn, factsOf, isBeingPaid, tell, type Work } from './work.ts'

/**
 * What came late for the periods whose time it is, in one document each: round(f(all)) − what the period was invoiced
 * (semantics.md, Usage). More is a supplemental invoice, less a credit note, the same is nothing.
 */
export function supplement(work: Work, subscription: Subscription, context: Context): Result<Work, Rejection> {
  const due = subscription.metered.filter(({ supplementAt }) => supplementAt !== null && supplementAt <= context.now)
  let next: Result<Work, Rejection> = ok(work)
  for (const period of due) if (next.ok) next = supplemented(next.value, subscription, period, context)
  return next
}

function supplemented(
  work: Work,
  subscription: Subscription,
  period: MeteredPeriod,
  context: Context,
): Result<Work, Rejection> {
  const { now } = context
  const invoices = billing(work, subscription)
  const billables = meteredBillables(subscription, period, factsOf(context), 'even_nothing')
  const again = () => ok(told(work, subscription, period, plusMs(now, HOUR_MS), context))
  if (draftsIn(work).some((draft) => isBilling(draft, subscription, billables))) return again()
  const lines = invoices.flatMap((invoice) => invoice.lines.filter((line) => line.subscriptionId === subscription.id))
  const compared = billables.map((billable): Compared => {
    const invoiced = lines.filter(({ billingKey }) => billingKey !== null && keyBehind(billingKey) === billable.key)
    const net = invoiced.reduce((sum, line) => sum + line.amount - usageCredited(work, line), 0n)
    return { billable, invoiced, difference: lineAmount(billable) - net }
  })
  const total = compared.reduce((sum, { difference }) => sum + difference, 0n)
  // While one is being paid nothing may lower what is owed on it.
  if (total < 0n && invoices.some((invoice) => isBeingPaid(work, invoice))) return again()
  const cleared = told(work, subscription, period, null, context)
  if (total > 0n) return invoiceMore(cleared, { subscription, period, compared, invoices }, context)
  return total < 0n ? creditUsage(cleared, { less: -total, compared }, context) : ok(cleared)
}

/** Final invoices in force on which the subscription was billed. */
function billing({ invoices }: Work, { id }: Subscription): readonly FinalInvoice[] {
  return all(invoices)
    .filter(isFinal)
    .filter(({ status, lines }) => status !== 'void' && lines.some(({ subscriptionId }) => subscriptionId === id))
}

/** It awaits its tax, and what it will have billed then is not known before. */
function isBilling({ lines }: DraftInvoice, { id }: Subscription, billables: readonly Billable[]): boolean {
  const keys = new Set(billables.map(({ key }) => key))
  return lines.some(
    ({ subscriptionId, billingKey }) => subscriptionId === id && billingKey !== null && keys.has(keyBehind(billingKey)),
  )
}

/** When the next of what comes late is invoiced; null: not before more comes. */
function told(
  work: Work,
  { id }: Subscription,
  { interval, period }: MeteredPeriod,
  supplementAt: Instant | null,
  { now }: Context,
): Work {
  const subscription = work.subscriptions.now.get(id)
  if (subscription === undefined) return work
  const metered = subscription.metered.map((one) =>
    one.interval === interval && one.period === period ? { ...one, supplementAt } : one,
  )
  const type = supplementAt === null ? 'usage.supplemented' : 'subscription.updated'
  return tell(work, 'subscription', type, { ...subscription, metered }, now)
}

type More = {
  readonly subscription: Subscription
  readonly period: MeteredPeriod
  readonly compared: readonly Compared[]
  readonly invoices: readonly FinalInvoice[]
}

function invoiceMore(
  work: Work,
  { subscription, period, compared, invoices }: More,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const watermark = period.supplementAt ?? now
  const changed = compared.filter(({ difference }) => difference !== 0n)
  const plain = changed.map(({ billable, difference, invoiced }): Line => {
    const line = lineOf(supplementOf(billable, invoiced, difference), subscription.timezone, ids)
    return { ...line, billingKey: `supplemental:${period.period.start}:${watermark}:${billable.key}` }
  })
  const charges = changed.map(({ difference, billable }) => ({ amount: difference, planId: billable.planId }))
  const taken = prorationDiscounts(charges, [{ discounts: percentagesOn(invoices, period), unused: 0n, served: 1n }])
  const lines = plain.map((line, index) => discounted(line, taken[index] ?? []))
  const { organizationId, accountId, id: subscriptionId, currency } = subscription
  const about: DraftFor = {
    ...{ organizationId, accountId, subscriptionId, currency, reason: 'supplemental', period: period.period, at: now },
    ...{ awaits: 'tax', finalizeAt: null },
  }
  const draft = draftInvoice(about, lines, ids)
  return draft.ok ? close(work, draft.value, context) : draft
}

/** The same derivation, of which what was invoiced is taken off. */
function supplementOf(billable: Billable, invoiced: readonly Line[], difference: bigint): Billable {
  const before = lineAmount(billable) - difference
  switch (billable.kind) {
    case 'usage':
      return { ...billable, earlier: billable.earlier + before, quantity: quantityLeft(billable.quantity, invoiced) }
    case 'minimum':
      return { ...billable, covered: billable.covered + before }
    default:
      return billable
  }
}

function quantityLeft(quantity: string, invoiced: readonly Line[]): string {
  return decimalText(invoiced.reduce((left, line) => left.minus(line.quantity), decimal(quantity)))
}

/** A coupon that takes a percentage off the period's invoice takes it off what comes late, without using a period. */
function percentagesOn(invoices: readonly FinalInvoice[], { invoiceId }: MeteredPeriod): Line['discounts'] {
  const lines = invoices.find(({ id }) => id === invoiceId)?.lines ?? []
  return lines.flatMap(({ discounts }) => discounts.filter(({ percent }) => percent !== null))
}
