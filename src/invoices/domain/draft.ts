import type { LineDiscount } from '../../discounts/domain/discount-lines.ts'
import type { Currency } from '../../kernel/currency.ts'
import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { formatDay, type Zone } from '../../kernel/zone.ts'
import { type Billable, lineAmount } from '../../subscriptions/domain/billable.ts'
import type { DraftInvoice, Line } from './invoice.ts'

/** What an invoice is about. */
export type DraftFor = Pick<
  DraftInvoice,
  'organizationId' | 'accountId' | 'subscriptionId' | 'reason' | 'awaits' | 'finalizeAt'
> & { readonly currency: Currency; readonly period: Period; readonly at: Instant } & Partial<
    Pick<DraftInvoice, 'corrects' | 'memo' | 'termsDays'>
  >

/** Gathers lines, before tax. Refused where an amount is more than the wire can carry (2^53 − 1). */
export function draftInvoice(
  { at, ...about }: DraftFor,
  lines: readonly Line[],
  ids: IdSource,
): Result<DraftInvoice, Rejection> {
  return withLines(
    {
      ...{ corrects: null, memo: null, termsDays: null },
      ...about,
      ...{ id: ids('invoice'), version: 1, status: 'draft', issuedAt: at, lines: [], taxes: [] },
      ...{ subtotal: 0n, discount: 0n, tax: 0n, total: 0n },
    },
    lines,
  )
}

/** The same draft with other lines; a credit brings the tax of what it credits. */
export function withLines(draft: DraftInvoice, lines: readonly Line[]): Result<DraftInvoice, Rejection> {
  const sum = (part: (line: Line) => bigint) => lines.reduce((total, line) => total + part(line), 0n)
  const subtotal = sum(({ amount }) => amount)
  const discount = sum((line) => line.discount)
  const tax = sum((line) => line.tax)
  const largest = lines.reduce(
    (most, { amount }) => larger(most, amount),
    sum(({ amount }) => larger(amount, 0n)),
  )
  if (largest > MAX_MINOR / 2n) return err(tooLarge(largest))
  return ok({ ...draft, lines, subtotal, discount, tax, total: subtotal - discount + tax })
}

/** What is billed as a line, not yet discounted or taxed. */
export function lineOf(billable: Billable, zone: Zone, ids: IdSource): Line {
  const { subscriptionId, planVersionId, kind, quantity, period, proration } = billable
  return {
    id: ids('line'),
    ...{ subscriptionId, planVersionId, kind, quantity, period, proration },
    billingKey: billable.key,
    description: describe(billable, zone),
    unitAmount: billable.kind === 'usage' ? null : billable.unitAmount,
    usage:
      billable.kind === 'usage' ? { metric: billable.metric, parts: billable.parts, earlier: billable.earlier } : null,
    covered: billable.kind === 'minimum' ? billable.covered : null,
    amount: lineAmount(billable),
    ...untaxed,
  }
}

const untaxed = { discounts: [], discount: 0n, tax: 0n, taxes: [], creditsLineId: null } as const

/** A line that somebody wrote: quantity × unit amount, rounded once. */
export function writtenLine(
  {
    description,
    quantity,
    unitAmount,
    period,
  }: Pick<Line, 'description' | 'quantity' | 'period'> & {
    readonly unitAmount: string
  },
  ids: IdSource,
): Line {
  return {
    id: ids('line'),
    ...{ subscriptionId: null, planVersionId: null, billingKey: null, kind: 'one_off', proration: null },
    ...{ usage: null, covered: null, description, quantity, unitAmount, period },
    amount: lineAmount({ kind: 'base', quantity, unitAmount, proration: null }),
    ...untaxed,
  }
}

/** A discounted line is net of what was taken off, in the order it was. */
export function discounted(line: Line, discounts: readonly LineDiscount[]): Line {
  return { ...line, discounts, discount: discounts.reduce((sum, { amount }) => sum + amount, 0n) }
}

/** `Pro × 5, 31 Jan – 28 Feb 2026`: the days the period starts and ends on, in the subscription's zone. */
function describe({ name, quantity, period, ...billable }: Billable, zone: Zone): string {
  const what = billable.kind === 'usage' ? `${name}, ${billable.metric}` : name
  const much = billable.kind === 'usage' || quantity !== '1' ? ` × ${quantity}` : ''
  return `${what}${much}, ${describePeriod(period, zone)}`
}

function describePeriod(period: Period, zone: Zone): string {
  const start = formatDay(period.start, zone)
  const end = formatDay(period.end, zone)
  const from = start.slice(-4) === end.slice(-4) ? start.slice(0, -5) : start
  return `${from} – ${end}`
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}

/** Half of the wire's limit, so that tax cannot carry the total over it. */
function tooLarge(amount: bigint): Rejection {
  return {
    code: 'amount_too_large',
    detail: `The invoice would come to ${amount} minor units; ${MAX_MINOR / 2n} is the most.`,
    hint: 'Lower the quantity or the price.',
    pointer: '/quantity',
  }
}
